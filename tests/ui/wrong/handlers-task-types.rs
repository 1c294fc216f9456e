//! Keys of async handlers whose values the compiler finds to be of another type.

use rem::prelude::*;

struct Billing;

const THREE: &str = "3";

#[rem::handlers]
impl Billing {
    #[on("order.*.paid", retry = THREE)]
    async fn retry(&self, _event: Received) {}

    #[on("order.*.paid", time_limit = THREE)]
    async fn time_limit(&self, _event: Received) {}

    #[on("order.*.paid", by_key = Self::key)]
    async fn by_key(&self, _event: Received) {}

    fn key(_event: &Event) -> String {
        String::new()
    }
}

fn main() {}
