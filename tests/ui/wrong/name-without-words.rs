//! A name of underscores has no words to make a topic of.

use rem::EventType;

#[derive(EventType, Debug, Clone)]
#[event(local)]
enum Inner {
    Hit,
}

#[derive(EventType, Debug, Clone)]
#[event(local)]
enum Outer {
    __,
    #[event(nested)]
    ___(Inner),
}

fn main() {}
