//! Handlers of a type that threads cannot share.

use std::cell::Cell;

use rem::prelude::*;

struct Billing {
    _paid: Cell<u64>,
}

#[rem::handlers]
impl Billing {
    #[on("order.*.paid")]
    fn paid(&self, _event: &Event) {}

    #[on("order.*.lost")]
    fn lost(&self, _event: Received) {}

    #[on("order.*.late")]
    async fn late(&self, _event: Received) {}
}

fn main() {}
