//! Names that no topic can have.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
enum OrderEvent {
    #[event(name = "")]
    Paid,
    #[event(name = "re paid")]
    Repaid,
    #[event(name = "lost*")]
    Lost,
}

fn main() {}
