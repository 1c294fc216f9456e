//! A name alone is no unit: it has its work first, by `run`, `run_async`, or as the call of a function.

use rem::partition::{LocalTask, Plan, Unit};

fn main() {
    let mut units = Plan::builder();
    units.add(Unit::new("load").after("table"));
    let _task = LocalTask::new(Unit::new("load"));
}
