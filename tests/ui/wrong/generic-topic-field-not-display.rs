//! A parameter in a topic and one as the key, neither of which can be displayed.

use rem::{Bus, EventType};

#[derive(EventType, Debug)]
#[event(topic = "changed.{key}", local)]
struct Changed<T> {
    key: T,
}

#[derive(EventType, Debug)]
#[event(local)]
struct Lost<T> {
    #[event(key)]
    key: Vec<T>,
}

fn main() {
    let _ = Bus::new().publish(Changed { key: vec![1] });
    let _ = Bus::new().publish(Lost { key: vec![1] });
}
