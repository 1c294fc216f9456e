//! Keys of spans, positions and lifetimes whose values the compiler finds to be of another type.

use rem::prelude::*;

struct Billing;

const THREE: u32 = 3;

#[rem::handlers]
impl Billing {
    #[on("order.*.paid", traced = THREE)]
    fn spans(&self, _event: &Event) {}

    #[on("order.*.paid", durable = THREE)]
    async fn position(&self, _event: Received) {}

    #[on("order.*.paid", until = THREE)]
    fn until(&self, _event: &Event) {}

    #[on("order.*.paid", until = Self::count)]
    fn until_a_number(&self, _event: &Event) {}

    fn count(&self) -> u32 {
        THREE
    }
}

#[rem::on("order.*.paid", until = THREE)]
fn audit(_event: &Event) {}

fn main() {}
