//! Patterns that select none of the topics of the event type that the handler takes, and `#[on]` of a type without any.

use rem::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "order")]
enum Order {
    #[event(topic = "{id}.paid")]
    Paid { id: u64 },
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
enum Silent {
    #[event(skip)]
    Internal,
}

struct Billing;

#[rem::handlers]
impl Billing {
    #[on("order.*.payed")]
    fn mistyped(&self, _event: &Event<Order>) {}

    #[on("*.paid")]
    fn without_its_namespace(&self, _event: Received<Order>) {}

    #[on("$rem.handler.faild")]
    fn of_the_system(&self, _event: &Event<rem::SystemEvent>) {}

    #[on("**")]
    fn by_a_wildcard(&self, _event: &Event<rem::SystemEvent>) {}

    #[on]
    fn of_no_topics(&self, _event: &Event<Silent>) {}
}

#[rem::on("ordr.*.paid")]
fn audit(_event: &Event<Order>) {}

fn main() {}
