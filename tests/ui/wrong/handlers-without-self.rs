//! Handlers of a type that do not take it as `&self`.

use std::sync::Arc;

use rem::prelude::*;

struct Billing;

#[rem::handlers]
impl Billing {
    #[on("order.*.paid")]
    fn without(_event: &Event) {}

    #[on("order.*.paid")]
    fn mutable(&mut self, _event: &Event) {}

    #[on("order.*.paid")]
    fn by_value(self, _event: &Event) {}

    #[on("order.*.paid")]
    fn by_arc(self: Arc<Self>, _event: &Event) {}
}

fn main() {}
