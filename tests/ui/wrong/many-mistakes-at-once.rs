//! Every mistake is shown at once, each in its place.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "order.", rename_all = "Kebab")]
enum OrderEvent {
    #[event(nmae = "paid")]
    Paid { id: u64 },
    #[event(topic = "{ib}.lost")]
    Lost { id: u64 },
    #[event(nested)]
    Found,
    #[event(name = "one two")]
    Other,
}

fn main() {}
