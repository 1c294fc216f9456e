//! What a unit takes of memory, counted: a plan with its run stay below 300 bytes a unit, and one that came as an event below 1,000.

use std::sync::{Mutex, mpsc};
use std::time::Duration;

use allocation_counter::measure;
use rem_core::Bus;
use rem_partition::{EventDrivenPartitioner, LocalTask, Plan, Unit, Workers};

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

#[test]
fn a_unit_that_came_and_waits_for_another_takes_at_most_1000_bytes() {
    let (bus, workers) = (Bus::new(), Workers::rayon(1).unwrap());
    let partitioner = EventDrivenPartitioner::builder(&bus, &workers).attach().unwrap();
    // The one worker is busy, so that all that is taken is taken by this thread.
    let ((say, begun), (tell, go_on)) = (mpsc::channel(), mpsc::channel());
    let go_on = Mutex::new(go_on);
    let gate = Unit::new("unit 0").run(move |_| {
        say.send(())?;
        Ok(go_on.lock().expect("whole").recv_timeout(Duration::from_secs(60))?)
    });
    bus.publish(LocalTask::new(gate)).unwrap();
    begun.recv_timeout(Duration::from_secs(60)).unwrap();
    let taken = measure(|| {
        for unit in 1..=UNITS {
            let after = format!("unit {}", (unit - 1) / 2);
            let unit = Unit::new(format!("unit {unit}")).after(after).run(|_| Ok(()));
            bus.publish(LocalTask::new(unit)).unwrap();
        }
    });
    let each = taken.bytes_current / i64::try_from(UNITS).unwrap();
    println!("{each} bytes a unit kept, {} at the most", taken.bytes_max / UNITS);
    assert_eq!(partitioner.stats().open, UNITS + 1);
    assert!(each > 0 && each <= 1_000, "{each} bytes a unit");
    partitioner.cancel_all();
    tell.send(()).unwrap();
}
