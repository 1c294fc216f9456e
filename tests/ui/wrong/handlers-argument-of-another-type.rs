//! Arguments that a handler cannot take.

use std::sync::Arc;

use rem::prelude::*;

struct Tenant;

struct Billing;

#[rem::handlers]
impl Billing {
    #[on("order.*.paid")]
    fn paid(&self, _tenant: Tenant) {}

    #[on("order.*.lost")]
    fn lost(&self, _event: Arc<Event>) {}
}

#[rem::on("order.*.paid")]
fn audit(_id: u64) {}

fn main() {}
