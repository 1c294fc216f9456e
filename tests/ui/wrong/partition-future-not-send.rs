//! What an async function holds while it waits must be able to go to another thread.

use std::future::ready;
use std::rc::Rc;
use std::sync::Arc;

use rem::Bus;
use rem::partition::{EventDrivenPartitioner, Workers};

fn attach(bus: &Bus, workers: &Workers) {
    let _partitioner = EventDrivenPartitioner::builder(bus, workers)
        .register_async("length", |text: Arc<String>, _| async move {
            let text = Rc::new(text);
            ready(()).await;
            Ok(text.len())
        })
        .attach();
}

fn main() {}
