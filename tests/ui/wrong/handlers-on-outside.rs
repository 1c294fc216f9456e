//! `#[on]` above a method of a block that is not marked, and above what is no function.

use rem::prelude::*;

struct Billing;

impl Billing {
    #[on("order.*.paid")]
    fn paid(&self, _event: &Event) {}
}

#[on("order.*.paid")]
struct Audit;

fn main() {}
