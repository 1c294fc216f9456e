//! A handler of two event types.

use rem::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
struct Paid;

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
struct Lost;

struct Billing;

#[rem::handlers]
impl Billing {
    #[on("paid,lost")]
    fn both(&self, _paid: &Event<Paid>, _lost: Received<Lost>) {}
}

fn main() {}
