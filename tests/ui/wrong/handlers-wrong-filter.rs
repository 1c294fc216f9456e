//! Values whose type only the compiler knows.

use rem::prelude::*;

const LOUD: u8 = 3;

struct Billing;

#[rem::handlers]
impl Billing {
    #[on("order.*.paid", filter = Self::name)]
    fn filter(&self, _event: &Event) {}

    #[on("order.*.paid", filter = |event| 3)]
    fn closure(&self, _event: &Event) {}

    #[on("order.*.paid", priority = LOUD)]
    fn priority(&self, _event: &Event) {}

    fn name() -> &'static str {
        "billing"
    }
}

fn main() {}
