//! Keys of durable handlers above plain ones and with those of a queue, and names that two of them share.

use rem::prelude::*;

struct Billing;

#[rem::handlers]
impl Billing {
    #[on("order.*.paid", durable = "invoices", window = 64)]
    fn plain(&self, _event: &Event) {}

    #[on("order.*.paid", durable = "invoices", queue = 64, overflow = Overflow::Reject)]
    async fn queue(&self, _event: Received) {}

    #[on("order.*.paid", window = 64)]
    async fn not_durable(&self, _event: Received) {}

    #[on("order.*.paid", durable = "letters")]
    #[on("order.*.lost", durable = "letters")]
    async fn twice(&self, _event: Received) {}
}

#[rem::on("order.*.paid", durable = "audit")]
#[on("order.*.lost", durable = "audit")]
async fn audit(_event: Received) {}

fn main() {}
