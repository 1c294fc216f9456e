//! Arguments come out of an event: they own what they hold, and say how they are read.

use rem::partition::{EventDrivenPartitioner, Workers};
use rem::Bus;

struct Resize {
    width: u32,
}

fn attach(bus: &Bus, workers: &Workers) {
    let _partitioner = EventDrivenPartitioner::builder(bus, workers)
        .register("resize", |resize: &Resize, _| Ok(resize.width))
        .attach();
}

fn main() {}
