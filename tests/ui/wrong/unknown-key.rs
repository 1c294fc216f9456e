//! Keys that do not exist, near to one that does and far from all.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namspace = "order", colour = "red")]
enum OrderEvent {
    #[event(nme = "paid")]
    Paid,
    #[event(weight = 3)]
    Lost,
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(topik = "placed")]
struct Placed;

fn main() {}
