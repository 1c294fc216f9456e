//! The same for async functions: what borrows cannot be kept from one attempt to the next.

use std::sync::Arc;

use rem::partition::{EventDrivenPartitioner, Workers};
use rem::Bus;

fn attach(bus: &Bus, workers: &Workers) {
    let _partitioner = EventDrivenPartitioner::builder(bus, workers)
        .register_async("length", |text: Arc<&'static str>, _| async move { Ok(text.len()) })
        .attach();
}

fn main() {}
