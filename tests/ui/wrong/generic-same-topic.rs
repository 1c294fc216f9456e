//! Two variants that have the same topic with one parameter and not with another; and two that have it with any.

use rem::{EventType, pattern};

#[derive(EventType, Debug, Clone)]
#[event(local)]
enum Cache {
    Hit,
}

#[derive(EventType, Debug)]
#[event(local)]
enum Site<E> {
    Closed,
    Hit,
    #[event(nested = "")]
    Inner(E),
}

#[derive(EventType, Debug)]
#[event(local)]
enum Shop<T> {
    Of(T),
    Hit,
    #[event(nested = "")]
    Cache(Cache),
}

fn main() {
    let _ = pattern!(Site<Cache>, "closed");
}
