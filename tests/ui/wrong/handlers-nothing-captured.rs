//! Captures of a pattern that captures nothing, and of none; and a handler that says nowhere what it handles.

use rem::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
struct Paid;

struct Billing;

#[rem::handlers]
impl Billing {
    #[on("order.*.paid")]
    fn id(&self, Captured(_id): Captured<u64>) {}

    #[on]
    fn every(&self, _event: &Event<Paid>, Captured(_id): Captured<u64>) {}

    #[on(priority = 3)]
    fn nothing(&self, _event: &Event) {}
}

fn main() {}
