//! Deliveries that this version has not, and values that they would not take.

use rem::prelude::*;

struct Billing;

#[rem::handlers]
impl Billing {
    #[on("order.*.paid", queue = 1_024)]
    fn queue(&self, _event: &Event) {}

    #[on("order.*.paid", concurrency = 8, by_key = "order_id", retry = 3, dead_letter = "failed.order")]
    fn task(&self, _event: &Event) {}

    #[on("order.*.paid", queue = 0)]
    fn no_room(&self, _event: &Event) {}

    #[on("order.*.paid", concurrency = "many", by_key = 3, retry = -1, dead_letter = "failed.*")]
    fn wrong(&self, _event: &Event) {}

    #[on("order.*.paid")]
    async fn asynchronous(&self, _event: Received) {}
}

#[rem::on("order.*.paid")]
async fn audit(_event: Received) {}

fn main() {}
