//! What is not known is held as it came.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Serialize, Deserialize)]
enum Order {
    Paid,
    #[event(other)]
    Unknown(String),
}

fn main() {}
