//! What a bus is told of a run: topics, data, and causes that lead from unit to unit.

use std::collections::HashMap;
use std::time::Duration;

use rem_core::testing::{Recorder, TestBus};
use rem_core::{Event, EventId, Retry};
use rem_partition::{Plan, TaskEvent, Unit, UnitErrorKind, Workers};

#[test]
fn units_tell_of_their_beginning_their_progress_and_their_end() {
    let test = TestBus::new();
    let recorder = Recorder::new(&test.bus);
    let mut units = Plan::builder();
    units.add(Unit::new("load").cost(9).run(|attempt| {
        for done in 0..1_000 {
            attempt.progress(done / 500, 2);
        }
        Ok(())
    }));
    units.add(Unit::new("bad").after("load").run(|_| Err::<(), _>("no".into())));
    units.add(Unit::new("behind").after("bad").run(|_| Ok(())));
    let plan = units.build().unwrap();
    let runner = plan.runner(&Workers::rayon(1).unwrap()).watch(&test.bus).source("nightly");
    let report = runner.run().unwrap_err().into_report().unwrap();
    assert_eq!(report.events_lost(), 0);
    assert_eq!(
        recorder.topics(),
        [
            "task.started",
            "task.progressed",
            "task.progressed",
            "task.completed",
            "task.started",
            "task.failed",
            "task.skipped"
        ]
    );
    let unit = || "bad".to_owned();
    recorder
        .expect()
        .data("progress of one half", |event: &TaskEvent| {
            matches!(event, TaskEvent::Progressed { done: 1, total: 2, attempt: 1, .. })
        })
        .data("the end of load", |event: &TaskEvent| {
            matches!(event, TaskEvent::Completed { unit, attempts: 1, .. } if unit == "load")
        })
        .equal(TaskEvent::Started { unit: unit(), attempt: 1, error: None })
        .equal(TaskEvent::Failed {
            unit: unit(),
            attempts: 1,
            kind: UnitErrorKind::Failed,
            error: "unit `bad` failed: no".into(),
        })
        .equal(TaskEvent::Skipped { unit: "behind".into(), because: unit() })
        .among_others();
}

#[test]
fn each_event_is_caused_by_what_let_it_come() {
    let test = TestBus::new();
    let (say, said) = std::sync::mpsc::channel();
    let _kept = test.bus.on(move |event: &Event<TaskEvent>| {
        let _ = say.send((
            event.id(),
            event.causation(),
            event.source().map(str::to_owned),
            event.data.clone(),
        ));
    });
    let mut units = Plan::builder();
    units.add(Unit::new("first").run(|attempt| Ok(attempt.cause())));
    let retry = Retry::times(1).backoff(Duration::ZERO, 1.0, Duration::ZERO);
    units.add(Unit::new("second").after("first").retry(retry).run(|attempt| {
        if attempt.number() == 1 { Err("at first".into()) } else { Err::<(), _>("at last".into()) }
    }));
    units.add(Unit::new("third").after("second").run(|_| Ok(())));
    let plan = units.build().unwrap();
    let runner = plan.runner(&Workers::rayon(1).unwrap()).watch(&test.bus).source("nightly");
    let report = runner.run().unwrap_err().into_report().unwrap();

    let mut by: HashMap<(String, &str, u32), (EventId, Option<EventId>)> = HashMap::new();
    for (id, cause, source, event) in said.try_iter() {
        assert_eq!(source.as_deref(), Some("nightly"));
        let (what, attempt) = match &event {
            TaskEvent::Started { attempt, error, .. } => {
                assert_eq!(error.is_some(), *attempt == 2, "why the one before failed");
                ("started", *attempt)
            }
            TaskEvent::Completed { attempts, .. } => ("completed", *attempts),
            TaskEvent::Failed { attempts, .. } => ("failed", *attempts),
            TaskEvent::Skipped { .. } => ("skipped", 0),
            _ => ("other", 0),
        };
        by.insert((event.unit().to_owned(), what, attempt), (id, cause));
    }
    let of = |unit: &str, what, attempt| by[&(unit.to_owned(), what, attempt)];
    let (began, cause) = of("first", "started", 1);
    assert_eq!(cause, None);
    assert_eq!(*report.output_of::<Option<EventId>>("first").unwrap(), Some(began));
    let (done, cause) = of("first", "completed", 1);
    assert_eq!(cause, Some(began));
    assert_eq!(of("second", "started", 1).1, Some(done));
    assert_eq!(of("second", "started", 2).1, Some(of("second", "started", 1).0));
    let (failed, cause) = of("second", "failed", 2);
    assert_eq!(cause, Some(of("second", "started", 2).0));
    assert_eq!(of("third", "skipped", 0).1, Some(failed));
    assert_eq!(by.len(), 6);
}

#[test]
fn what_is_cancelled_is_told_with_whom_it_waited_for() {
    let test = TestBus::new();
    let recorder = Recorder::new(&test.bus);
    let mut units = Plan::builder();
    units.add(Unit::new("ends").run(|_| Ok(())));
    units.add(
        Unit::new("endless").after("ends").run_async(|_| std::future::pending::<Result<(), _>>()),
    );
    units.add(Unit::new("behind").after("endless").run(|_| Ok(())));
    let run = units.build().unwrap().runner(&Workers::rayon(1).unwrap()).watch(&test.bus).start();
    recorder.wait_for_count("task.started", 2, Duration::from_secs(60)).unwrap();
    assert!(run.cancel("endless"));
    run.wait().unwrap_err();
    recorder
        .expect()
        .equal(TaskEvent::Cancelled { unit: "endless".into(), because: None })
        .equal(TaskEvent::Cancelled { unit: "behind".into(), because: Some("endless".into()) })
        .among_others();
}
