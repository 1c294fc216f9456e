//! `other` twice, with another key, without a field, and in a local type.

use rem::EventType;
use rem::wire::RawEvent;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Serialize, Deserialize)]
enum Order {
    #[event(other)]
    Unknown(RawEvent),
    #[event(other)]
    Unheard(RawEvent),
    #[event(other, name = "x")]
    Named(RawEvent),
    #[event(other)]
    Nothing,
}

#[derive(EventType, Debug)]
#[event(local)]
enum Here {
    #[event(other)]
    Unknown(RawEvent),
}

fn main() {}
