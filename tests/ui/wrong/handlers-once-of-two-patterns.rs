//! A handler that is to be called once, above which stand patterns that select one topic.

use rem::prelude::*;

struct Billing;

#[rem::handlers]
impl Billing {
    #[on("order.*.paid", once)]
    #[on("order.7.*")]
    fn once(&self, _event: &Event) {}

    #[on("order.*.paid")]
    #[on("order.7.*,!order.*.lost", take = 3)]
    async fn take(&self, _event: Received) {}

    #[on("order.*.paid", once)]
    #[on("order.*.lost", once)]
    fn apart(&self, _event: &Event) {}

    #[on("order.*.paid", once, from = "shop")]
    #[on("order.**", once, from = "web")]
    fn apart_by_source(&self, _event: &Event) {}
}

fn main() {}
