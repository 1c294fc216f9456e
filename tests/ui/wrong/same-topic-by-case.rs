//! Two names that are one in the case that was chosen.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(rename_all = "lowercase")]
enum LinkEvent {
    SetUp,
    Setup,
}

fn main() {}
