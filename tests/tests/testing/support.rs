//! A small shop, and a limit that fails a hang.

use std::time::Duration;

use rem::prelude::*;
use serde::{Deserialize, Serialize};

/// Long enough for any machine: it ends a test that would hang.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "order")]
pub(crate) enum Order {
    Placed { id: u32, items: Vec<String> },
    Paid { id: u32 },
    Sent { id: u32, by: String },
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "stock", name = "low")]
pub(crate) struct StockLow {
    pub(crate) item: String,
    #[event(redact)]
    pub(crate) supplier: String,
}

pub(crate) fn placed(id: u32) -> Order {
    Order::Placed { id, items: vec!["tea".into(), "pot".into()] }
}

pub(crate) fn stock_low() -> StockLow {
    StockLow { item: "tea".into(), supplier: "secret".into() }
}
