//! What a program that uses REM names most: `use rem::prelude::*;`.

pub use crate::{
    Bus, Draft, Event, EventStream, EventType, Overflow, Pattern, Publisher, Receipt, Received,
    Ring, Stop, Subscription, Topic, pattern, topic,
};
