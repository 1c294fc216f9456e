//! Keys with values that they do not take, and without one.

use rem::prelude::*;

struct Billing;

#[rem::handlers]
impl Billing {
    #[on("order.*.paid", from = 3)]
    fn from(&self, _event: &Event) {}

    #[on("order.*.paid", priority = "high")]
    fn priority(&self, _event: &Event) {}

    #[on("order.*.paid", filter = "test")]
    fn filter(&self, _event: &Event) {}

    #[on("order.*.paid", priority)]
    fn missing(&self, _event: &Event) {}

    #[on("order.*.paid", priority =)]
    fn missing_behind_the_sign(&self, _event: &Event) {}

    #[on("order.*.paid", priority(3))]
    fn in_parentheses(&self, _event: &Event) {}
}

fn main() {}
