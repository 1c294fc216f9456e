//! Keys of spans, positions and lifetimes with values that they do not take.

use rem::prelude::*;

struct Billing;

#[rem::handlers]
impl Billing {
    #[on("order.*.paid", traced = 3)]
    #[on("order.*.lost", traced = "")]
    fn spans(&self, _event: &Event) {}

    #[on("order.*.paid", durable = 3)]
    #[on("order.*.lost", durable = "")]
    #[on("order.*.late", durable)]
    async fn position(&self, _event: Received) {}

    #[on("order.*.paid", durable = "orders", window = 0)]
    async fn window(&self, _event: Received) {}

    #[on("order.*.paid", until = "noon")]
    #[on("order.*.lost", until)]
    fn until(&self, _event: &Event) {}

    #[on("order.*.paid", start = 3)]
    fn start(&self, _event: &Event) {}

    #[on("order.*.paid", position = "orders")]
    async fn other_word(&self, _event: Received) {}
}

fn main() {}
