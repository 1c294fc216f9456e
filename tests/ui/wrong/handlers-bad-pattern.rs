//! Patterns that are none.

use rem::prelude::*;

struct Billing;

#[rem::handlers]
impl Billing {
    #[on("order.[a-c")]
    fn open(&self, _event: &Event) {}

    #[on("order..paid")]
    fn empty_segment(&self, _event: &Event) {}

    #[on(7)]
    fn a_number(&self, _event: &Event) {}

    #[on(PATTERN)]
    fn by_a_name(&self, _event: &Event) {}

    #[on("order.*.paid", "order.*.lost")]
    fn two(&self, _event: &Event) {}

    #[on = "order.*.paid"]
    fn without_parentheses(&self, _event: &Event) {}

    #[on("order.*.paid")]
    #[on("order.*.paid")]
    fn the_same_twice(&self, _event: &Event) {}
}

const PATTERN: &str = "order.*.paid";

fn main() {}
