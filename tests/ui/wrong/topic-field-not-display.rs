//! A field that has no text.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
enum OrderEvent {
    #[event(topic = "by_tags.{tags}.paid")]
    Paid { tags: Vec<String> },
    #[event(topic = "{0}.lost")]
    Lost(Option<u8>),
}

fn main() {}
