//! `#[handlers]` above what is no `impl` block, above one without handlers, above a trait's, and with a wrong argument.

use rem::prelude::*;

#[handlers]
struct Billing;

#[handlers]
impl Billing {
    fn paid(&self) {}
}

struct Audit;

#[handlers]
impl Clone for Audit {
    #[on("order.*.paid")]
    fn clone(&self) -> Self {
        Self
    }
}

struct Shipping;

#[handlers(priority = 3)]
impl Shipping {
    #[on("order.*.paid")]
    fn paid(&self) {}
}

fn main() {}
