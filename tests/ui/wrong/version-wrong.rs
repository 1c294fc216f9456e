//! A version without the way to it, a way without a version, versions of what has no data, and no numbers.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(name = "hit", version = "2")]
struct Hit;

#[derive(EventType, Debug, Serialize, Deserialize)]
enum Order {
    #[event(version = 2)]
    Placed(u32),
    #[event(upcast = placed)]
    Paid(u32),
    #[event(version = 0)]
    Sent(u32),
    #[event(version = 2, upcast = "placed")]
    Lost(u32),
    #[event(nested, version = 2, upcast = placed)]
    Hit(Hit),
}

fn main() {}
