//! Keys of async handlers with values that they do not take.

use rem::prelude::*;

struct Billing;

#[rem::handlers]
impl Billing {
    #[on("order.*.paid", queue = 0, overflow = "reject")]
    async fn no_room(&self, _event: Received) {}

    #[on("order.*.paid", concurrency = 0)]
    async fn nobody(&self, _event: Received) {}

    #[on("order.*.paid", concurrency = "many", by_key = 3, retry = -1, dead_letter = "failed.*")]
    async fn wrong(&self, _event: Received) {}

    #[on("order.*.paid", concurrency = 100_000, by_key = "", retry = 0, dead_letter = "$rem.failed")]
    async fn out_of_bounds(&self, _event: Received) {}

    #[on("order.*.paid", time_limit = 5, keep_dead_letters = -1, start = "earliest", timeout = 5)]
    async fn more(&self, _event: Received) {}

    #[on("order.*.paid", once = true)]
    #[on("order.*.lost", once, take = 3)]
    #[on("order.*.late", take = 0)]
    async fn ends(&self, _event: Received) {}

    #[on("order.*.paid", retry, time_limit)]
    async fn missing(&self, _event: Received) {}
}

fn main() {}
