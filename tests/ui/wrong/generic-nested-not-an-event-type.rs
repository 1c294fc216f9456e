//! Nested in a type with parameters: a parameter that is no event type, and a type that is none with any.

use rem::{Bus, EventType};

#[derive(Debug, Clone)]
struct Hit;

#[derive(EventType, Debug)]
#[event(local)]
enum Site<E> {
    #[event(nested)]
    Inner(E),
}

#[derive(Debug, Clone)]
struct Plain<T>(T);

#[derive(EventType, Debug)]
#[event(local)]
enum Shop<T> {
    #[event(nested)]
    Plain(Plain<T>),
}

fn main() {
    let _ = Bus::new().publish(Site::Inner(Hit));
    let _ = Bus::new().publish(Shop::Plain(Plain(1)));
}
