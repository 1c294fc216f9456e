//! Async handlers that take or return what none does.

use rem::prelude::*;

#[derive(EventType, Debug)]
#[event(local, namespace = "order")]
enum Order {
    #[event(topic = "{id}.paid")]
    Paid { id: u64 },
}

struct Billing;

#[rem::handlers]
impl Billing {
    #[on("order.*.paid")]
    async fn changes(&mut self, _event: Received) {}

    #[on("order.*.paid")]
    async fn without_self(_event: Received) {}

    #[on("order.*.paid")]
    async fn not_shared(&self, _event: Event<Order>, _other: &Received<Order>) {}

    #[on("order.*.paid")]
    async fn generic<T>(&self, _event: Received) {}
}

struct Books;

#[rem::handlers]
impl Books {
    #[on("order.*.paid")]
    async fn returns(&self, _event: Received) -> u64 {
        1
    }

    #[on("order.*.paid")]
    async fn takes(&self, _event: Received, _number: u64) {}
}

fn main() {
    let _ = Order::Paid { id: 1 };
}
