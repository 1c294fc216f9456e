//! What a program that uses REM names most: `use rem::prelude::*;`.

pub use crate::{
    Bus, Captured, Draft, Event, EventStream, EventType, Metadata, Overflow, Pattern, Publisher,
    Receipt, Received, Retry, Ring, Signal, Start, State, Stop, Subscription, Subscriptions, Topic,
    handlers, on, pattern, topic,
};
