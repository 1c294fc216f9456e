//! Handlers that are generic.

use rem::prelude::*;

struct Billing;

#[rem::handlers]
impl Billing {
    #[on("order.*.paid")]
    fn generic<E: EventType>(&self, _event: &Event<E>) {}

    #[on("order.*.paid")]
    fn hidden(&self, _event: impl Send) {}
}

fn main() {}
