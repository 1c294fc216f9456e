//! Events taken as what they are not.

use rem::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
struct Paid;

struct Billing;

#[rem::handlers]
impl Billing {
    #[on("paid")]
    fn mutable(&self, _event: &mut Event) {}

    #[on("paid")]
    fn by_value(&self, _event: Event<Paid>) {}

    #[on("paid")]
    fn received_by_reference(&self, _event: &Received) {}
}

fn main() {}
