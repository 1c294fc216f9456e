//! Units on a runtime of tokio, and on any other by its spawner.
#![cfg(feature = "tokio")]

use std::sync::mpsc;
use std::time::Duration;

use rem_core::Bus;
use rem_partition::{
    EventDrivenPartitioner, LocalTask, Plan, RunErrorKind, Status, Unit, UnitErrorKind, Workers,
};
use tokio::runtime::Builder;

fn runtime() -> tokio::runtime::Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_time().build().expect("it can be made")
}

/// Both kinds of work, mixed: sums of what each unit waits for.
fn mixed() -> Plan {
    let mut units = Plan::builder();
    for unit in 0..200_u64 {
        let before: Vec<_> = (0..unit).rev().take(2).map(|before| before.to_string()).collect();
        let builder = Unit::new(unit.to_string()).after_all(&before);
        let sum = move |attempt: &rem_partition::Attempt| {
            before.iter().try_fold(unit, |sum, before| {
                Ok(attempt.output_of::<u64>(before)?.wrapping_add(sum))
            })
        };
        units.add(if unit % 3 == 0 {
            builder.run_async(move |attempt| {
                let sum = sum(&attempt);
                async move {
                    tokio::task::yield_now().await;
                    sum
                }
            })
        } else {
            builder.run(sum)
        });
    }
    units.build().expect("it can be made")
}

#[test]
fn both_kinds_of_work_come_to_the_same_on_threads_tokio_and_a_spawner() {
    let (runtime, plan) = (runtime(), mixed());
    let handle = runtime.handle();
    let all = [
        Workers::rayon(2).unwrap(),
        Workers::tokio(handle, 2).unwrap(),
        Workers::spawner(handle.clone(), 2).unwrap(),
    ];
    let sums = all.map(|workers| {
        let report = runtime.block_on(plan.runner(&workers).start()).unwrap();
        *report.output_of::<u64>("199").unwrap()
    });
    let mut model = vec![0_u64, 1];
    for unit in 2..200_usize {
        let sum = model[unit - 1].wrapping_add(model[unit - 2]);
        model.push(sum.wrapping_add(u64::try_from(unit).unwrap()));
    }
    assert_eq!(sums, [model[199]; 3]);
}

#[test]
fn a_runtime_that_is_shut_down_leaves_no_run_without_an_end() {
    let runtime = runtime();
    let (say, said) = mpsc::channel();
    let mut units = Plan::builder();
    units.add(Unit::new("endless").run_async(move |_| {
        let say = say.clone();
        async move {
            say.send(())?;
            std::future::pending::<()>().await;
            Ok(())
        }
    }));
    units.add(Unit::new("behind").after("endless").run(|_| Ok(())));
    let workers = Workers::spawner(runtime.handle().clone(), 1).unwrap();
    let run = units.build().unwrap().runner(&workers).start();
    said.recv_timeout(Duration::from_secs(60)).unwrap();
    runtime.shutdown_background();
    let error = run.wait().unwrap_err();
    assert_eq!(error.kind(), RunErrorKind::Failed);
    let report = error.into_report().unwrap();
    assert_eq!(report.failures()[0].kind(), UnitErrorKind::Abandoned);
    assert_eq!(report.status("behind"), Some(Status::Skipped { because: "endless".into() }));
}

#[test]
fn units_that_come_run_on_threads_tokio_and_a_spawner() {
    let runtime = runtime();
    let handle = runtime.handle();
    let all = [
        Workers::rayon(2).unwrap(),
        Workers::tokio(handle, 2).unwrap(),
        Workers::spawner(handle.clone(), 2).unwrap(),
    ];
    for workers in all {
        let bus = Bus::new();
        let partitioner = EventDrivenPartitioner::builder(&bus, &workers).attach().unwrap();
        for unit in 0..200_u32 {
            let before = (unit > 0).then(|| (unit - 1).to_string());
            let builder = Unit::new(unit.to_string()).after_all(before.clone());
            let sum = move |attempt: &rem_partition::Attempt| match &before {
                Some(before) => Ok(*attempt.output_of::<u32>(before)? + unit),
                None => Ok(0),
            };
            let unit = if unit % 3 == 0 {
                builder.run_async(move |attempt| {
                    let sum = sum(&attempt);
                    async move {
                        tokio::task::yield_now().await;
                        sum
                    }
                })
            } else {
                builder.run(sum)
            };
            bus.publish(LocalTask::new(unit)).unwrap();
        }
        runtime.block_on(partitioner.settled());
        assert_eq!(*partitioner.output_of::<u32>("199").unwrap(), 199 * 200 / 2, "{workers:?}");
        let report = runtime.block_on(partitioner.close_async());
        assert!(report.is_complete() && report.stats().completed == 200, "{report}");
    }
}

#[test]
fn units_that_come_end_also_when_the_runtime_under_them_is_shut_down() {
    let (runtime, bus) = (runtime(), Bus::new());
    let workers = Workers::spawner(runtime.handle().clone(), 1).unwrap();
    let partitioner = EventDrivenPartitioner::builder(&bus, &workers).attach().unwrap();
    let (say, said) = mpsc::channel();
    let endless = Unit::new("endless").run_async(move |_| {
        let say = say.clone();
        async move {
            say.send(())?;
            std::future::pending::<()>().await;
            Ok(())
        }
    });
    bus.publish(LocalTask::new(endless)).unwrap();
    said.recv_timeout(Duration::from_secs(60)).unwrap();
    for (unit, after) in [("behind", "endless"), ("held", "nobody")] {
        let unit = Unit::new(unit).after(after).run(|_| Ok(()));
        bus.publish(LocalTask::new(unit)).unwrap();
    }
    runtime.shutdown_background();
    partitioner.settled_within(Duration::from_secs(60)).unwrap();
    assert_eq!(partitioner.failures()[0].kind(), UnitErrorKind::Abandoned);
    assert_eq!(partitioner.status("behind"), Some(Status::Skipped { because: "endless".into() }));
    assert_eq!(partitioner.status("held"), Some(Status::Cancelled { because: None }));
    // What comes to a runtime that is no more has an end too.
    bus.publish(LocalTask::new(Unit::new("late").run(|_| Ok(())))).unwrap();
    partitioner.settled_within(Duration::from_secs(60)).unwrap();
    assert_eq!(partitioner.status("late"), Some(Status::Cancelled { because: None }));
}
