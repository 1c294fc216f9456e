//! Handlers that return what means nothing to a bus.

use rem::prelude::*;

struct Billing;

#[rem::handlers]
impl Billing {
    #[on("order.*.paid")]
    fn paid(&self, _event: &Event) -> bool {
        true
    }
}

#[rem::on("order.*.paid")]
fn audit(_event: &Event) -> Option<()> {
    None
}

fn main() {}
