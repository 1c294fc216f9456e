//! A type without handlers, and one that is no function's.

use std::sync::Arc;

use rem::prelude::*;

struct Audit;

fn main() {
    let bus = Bus::new();
    let _ = bus.register(Arc::new(Audit));
    let _ = bus.register_weak(&Arc::new(Audit));
    let _ = bus.register_fn::<Audit>();
}
