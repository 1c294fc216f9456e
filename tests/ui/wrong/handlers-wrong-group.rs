//! Groups beside a pattern, without an event type, and of another one.

use rem::prelude::*;

#[derive(EventType, Debug)]
#[event(local, namespace = "order", group(Settled = "{paid,lost}"))]
enum Order {
    Paid,
    Lost,
}

#[derive(EventType, Debug)]
#[event(local, namespace = "cache", group(All = "**"))]
enum Cache {
    Hit,
}

struct Billing;

#[rem::handlers]
impl Billing {
    #[on("order.*", group = Order::settled)]
    fn both(&self, _event: &Event<Order>) {}

    #[on(group = Order::settled)]
    fn of_any(&self, _event: &Event) {}

    #[on(group = "settled")]
    fn named(&self, _event: &Event<Order>) {}
}

struct Books;

#[rem::handlers]
impl Books {
    #[on(group = Cache::all)]
    fn of_another(&self, _event: &Event<Order>) {}
}

fn main() {
    let _ = (Order::Paid, Order::Lost, Cache::Hit);
}
