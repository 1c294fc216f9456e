//! Spellings that `rename_all` does not know.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(rename_all = "snakecase")]
enum OrderEvent {
    Paid,
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(rename_all = "sPoNgE")]
struct Placed;

fn main() {}
