//! What a unit takes of memory, counted: a plan with its run stay below 300 bytes a unit.

use allocation_counter::measure;
use rem_partition::{Plan, Unit, Workers};

const UNITS: u64 = 50_000;

#[test]
fn a_unit_with_a_dependency_takes_at_most_300_bytes_of_plan_and_run() {
    let workers = Workers::rayon(1).unwrap();
    let mut kept = None;
    let taken = measure(|| {
        let mut units = Plan::builder();
        for unit in 0..UNITS {
            let builder = Unit::new(format!("unit {unit}"));
            let builder =
                if unit > 0 { builder.after(format!("unit {}", (unit - 1) / 2)) } else { builder };

            units.add(builder.run(|_| Ok(())));
        }
        let plan = units.build().unwrap();
        let report = plan.run(&workers).unwrap();
        kept = Some((plan, report));
    });
    let each = taken.bytes_current / i64::try_from(UNITS).unwrap();
    println!("{each} bytes a unit kept, {} at the most", taken.bytes_max / UNITS);
    assert!(each > 0 && each <= 300, "{each} bytes a unit");
    drop(kept);
}
