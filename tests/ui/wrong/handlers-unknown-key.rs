//! Keys that do not exist, near to one that does and far from all; and one that stands twice.

use rem::prelude::*;

struct Billing;

#[rem::handlers]
impl Billing {
    #[on("order.*.paid", priorty = 3)]
    fn near(&self, _event: &Event) {}

    #[on("order.*.paid", colour = "red")]
    fn far(&self, _event: &Event) {}

    #[on("order.*.paid", priority = 1, priority = 2)]
    fn twice(&self, _event: &Event) {}

    #[on("order.*.paid", crate = ::rem)]
    fn elsewhere(&self, _event: &Event) {}
}

#[rem::on("order.*.paid", form = "shop")]
fn audit(_event: &Event) {}

fn main() {}
