//! Keys of async handlers above plain ones, and one of plain handlers above an async one.

use rem::prelude::*;

struct Billing;

#[rem::handlers]
impl Billing {
    #[on("order.*.paid", queue = 1_024)]
    fn queue(&self, _event: &Event) {}

    #[on("order.*.paid", concurrency = 8, by_key = "order_id", retry = 3, dead_letter = "failed.order")]
    #[on("order.*.lost", by_key)]
    fn task(&self, _event: &Event) {}

    #[on("order.*.paid", priority = 10, concurrency = 8)]
    async fn asynchronous(&self, _event: Received) {}
}

#[rem::on("order.*.paid", overflow = Overflow::Reject)]
fn audit(_event: Received) {}

fn main() {}
