//! Units that come as events: whom they wait for, in which order they begin, what a bus is told.

use std::future::pending;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use rem_core::testing::{Recorder, TestBus};
use rem_core::wire::{Codec, RawEvent};
use rem_core::{Bus, Event};
use rem_partition::{
    EventDrivenPartitioner, LocalTask, Status, TaskCreated, TaskEvent, Unit, UnsettledErrorKind,
    Workers,
};
use serde::{Deserialize, Serialize};

/// Until then a test would have hung.
const HUNG: Duration = Duration::from_secs(60);

fn attach(bus: &Bus, workers: usize) -> EventDrivenPartitioner {
    let workers = Workers::rayon(workers).expect("threads");
    EventDrivenPartitioner::builder(bus, &workers).attach().expect("the bus is open")
}

fn publish<T>(bus: &Bus, unit: Unit<T>) {
    bus.publish(LocalTask::new(unit)).expect("the bus is open");
}

#[derive(Serialize, Deserialize)]
struct Range {
    from: u64,
    to: u64,
}

#[test]
fn functions_are_called_by_name_with_their_arguments_sync_and_async() {
    let test = TestBus::new();
    let recorder = Recorder::new(&test.bus);
    let workers = Workers::rayon(2).unwrap();
    let partitioner = EventDrivenPartitioner::builder(&test.bus, &workers)
        .register("sum", |range: &Range, _| Ok((range.from..range.to).sum::<u64>()))
        .register_async("add", |names: Arc<Vec<String>>, attempt| async move {
            let mut sum = 0;
            for name in &*names {
                sum += *attempt.output_of::<u64>(name)?;
            }
            Ok(sum)
        })
        .source("sums")
        .attach()
        .unwrap();
    let created: Vec<TaskCreated> = vec![
        Unit::new("low").call("sum", &Range { from: 0, to: 10 }).unwrap(),
        Unit::new("high").after("low").call("sum", &Range { from: 10, to: 20 }).unwrap(),
        Unit::new("all").after("low").after("high").call("add", &["low", "high"]).unwrap(),
    ];
    assert_eq!((created[2].unit(), created[2].function()), ("all", "add"));
    assert!(created[2].after().eq(["low", "high"]));
    for task in created {
        test.bus.publish(task).unwrap();
    }
    partitioner.settled_within(HUNG).unwrap();
    assert_eq!(*partitioner.output_of::<u64>("all").unwrap(), 190);
    let stats = partitioner.stats();
    assert_eq!((stats.came, stats.completed, stats.open, stats.events_lost), (3, 3, 0, 0));
    let started = TaskEvent::Started { unit: "all".into(), attempt: 1, error: None };
    recorder.expect().equal(started).among_others();
    assert_eq!(recorder.topics().iter().filter(|topic| **topic == "task.completed").count(), 3);
}

#[test]
fn what_another_program_wrote_is_a_unit_too_and_what_is_none_is_told_by_the_bus() {
    let bus = Bus::new();
    let workers = Workers::rayon(1).unwrap();
    let partitioner = EventDrivenPartitioner::builder(&bus, &workers)
        .register("sum", |range: &Range, _| Ok((range.from..range.to).sum::<u64>()))
        .attach()
        .unwrap();
    let mismatched = bus.subscription("$rem.event.mismatched").wait::<dyn rem_core::Payload>();
    let raw = |json: &str| RawEvent::new(Codec::Json, json.as_bytes().to_vec());
    let json = r#"{"unit":"four","call":"sum","arguments":{"from":0,"to":4},"retry_after_ms":[1]}"#;
    bus.publish_to("task.created", raw(json)).unwrap();
    partitioner.settled_within(HUNG).unwrap();
    assert_eq!(*partitioner.output_of::<u64>("four").unwrap(), 6);
    bus.publish_to("task.created", raw(r#"{"name":"five"}"#)).unwrap();
    mismatched.unwrap().within(HUNG).unwrap();
    assert_eq!(partitioner.stats().came, 1);
}

/// A unit that says that it has begun, and waits until it is told to go on.
fn gate(name: &str) -> (Unit<()>, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let ((say, begun), (tell, go_on)) = (mpsc::channel(), mpsc::channel());
    let go_on = Mutex::new(go_on);
    let unit = Unit::new(name).run(move |_| {
        say.send(())?;
        Ok(go_on.lock().expect("whole").recv_timeout(HUNG)?)
    });
    (unit, begun, tell)
}

#[test]
fn the_highest_priority_begins_first_and_then_the_oldest() {
    let bus = Bus::new();
    let partitioner = attach(&bus, 1);
    let (unit, begun, go_on) = gate("gate");
    publish(&bus, unit);
    begun.recv_timeout(HUNG).unwrap();
    let order = Arc::new(Mutex::new(Vec::new()));
    for (name, priority) in [("a", 0), ("b", 7), ("c", -1), ("d", 7), ("e", 0), ("f", i32::MAX)] {
        let order = Arc::clone(&order);
        let unit = Unit::new(name).priority(priority).run(move |_| {
            order.lock().expect("whole").push(name);
            Ok(())
        });
        publish(&bus, unit);
    }
    go_on.send(()).unwrap();
    partitioner.settled_within(HUNG).unwrap();
    assert_eq!(*order.lock().unwrap(), ["f", "b", "d", "a", "e", "c"]);
}

#[test]
fn dependencies_may_come_before_at_the_time_or_after_and_outputs_are_there() {
    let test = TestBus::new();
    let recorder = Recorder::new(&test.bus);
    let partitioner = attach(&test.bus, 2);
    let one = Unit::new("one").run(|_| Ok(1_u32));
    let (first, second) = (one.reference(), rem_partition::UnitRef::<u32>::new("two"));
    let sum = Unit::new("sum").after(&first).after(&second).after("two").run({
        let (first, second) = (first.clone(), second.clone());
        move |attempt| Ok(*attempt.output(&first)? + *attempt.output(&second)?)
    });
    let sum_ref = sum.reference();
    publish(&test.bus, one);
    recorder.wait_for_count("task.completed", 1, HUNG).unwrap();
    publish(&test.bus, sum);
    assert_eq!(partitioner.status("sum"), Some(Status::Held { waits_for: vec!["two".into()] }));
    assert_eq!(partitioner.stats().held, 1);
    let held = TaskEvent::Held { unit: "sum".into(), waits_for: vec!["two".into()] };
    recorder.expect().equal(held).among_others();
    publish(&test.bus, Unit::new("two").run(|_| Ok(2_u32)));
    partitioner.settled_within(HUNG).unwrap();
    assert_eq!(*partitioner.output(&sum_ref).unwrap(), 3);
    assert_eq!((partitioner.stats().held, partitioner.stats().completed), (0, 3));
    // What has completed already is waited for no longer, and its output is still there.
    let late = Unit::new("late").after("sum").run(move |attempt| Ok(*attempt.output(&sum_ref)?));
    publish(&test.bus, late);
    partitioner.settled_within(HUNG).unwrap();
    assert_eq!(*partitioner.output_of::<u32>("late").unwrap(), 3);
    // Nobody needs an alarm any more: the time of what was held can come.
    test.clock.advance(Duration::from_secs(3_600));
    assert_eq!(partitioner.status("sum"), Some(Status::Completed));
}

#[test]
fn a_handler_of_what_units_tell_can_add_units() {
    let bus = Bus::new();
    let partitioner = attach(&bus, 2);
    let _chain = bus.on({
        let weak = bus.downgrade();
        move |event: &Event<TaskEvent>| {
            let (TaskEvent::Completed { unit, .. }, Some(bus)) = (&event.data, weak.upgrade())
            else {
                return;
            };
            let number: u32 = unit.parse().expect("a number");
            if number < 20 {
                let next = Unit::new((number + 1).to_string()).after(unit).run(|_| Ok(()));
                publish(&bus, next);
            }
        }
    });
    publish(&bus, Unit::new("0").run(|_| Ok(())));
    partitioner.settled_within(HUNG).unwrap();
    assert_eq!(partitioner.stats().completed, 21);
}

#[test]
fn whoever_hears_that_a_unit_has_completed_finds_what_it_gave() {
    let bus = Bus::new();
    let partitioner = attach(&bus, 1);
    let (tell, told) = mpsc::channel();
    let asks = partitioner.clone();
    let _sub = bus.on(move |event: &Event<TaskEvent>| {
        if let TaskEvent::Completed { unit, .. } = &event.data {
            tell.send(asks.output_of::<usize>(unit).map(|gave| *gave)).unwrap();
        }
    });
    publish(&bus, Unit::new("one").run(|_| Ok(7_usize)));
    assert_eq!(told.recv_timeout(HUNG).unwrap().unwrap(), 7);
}

#[test]
fn units_added_by_a_unit_run_on_the_same_workers() {
    let bus = Bus::new();
    let partitioner = attach(&bus, 1);
    let inner = bus.clone();
    publish(
        &bus,
        Unit::new("outer").run(move |_| {
            for unit in 0..5 {
                publish(&inner, Unit::new(format!("inner {unit}")).after("outer").run(|_| Ok(())));
            }
            Ok(())
        }),
    );
    partitioner.settled_within(HUNG).unwrap();
    assert_eq!(partitioner.stats().completed, 6);
}

#[test]
fn readers_wait_for_the_writer_before_them_and_a_writer_for_both() {
    let bus = Bus::new();
    let recorder = Recorder::new(&bus);
    let partitioner = attach(&bus, 3);
    let order = Arc::new(Mutex::new(Vec::new()));
    let sheets = Arc::new(Mutex::new(Vec::new()));
    let noted_in = |order: &Arc<Mutex<Vec<&'static str>>>, name: &'static str| {
        let order = Arc::clone(order);
        move |_: &rem_partition::Attempt| {
            order.lock().expect("whole").push(name);
            Ok(())
        }
    };
    let (noted, sheet) = (|name| noted_in(&order, name), |name| noted_in(&sheets, name));
    let (unit, begun, go_on) = gate("gate");
    publish(&bus, unit);
    begun.recv_timeout(HUNG).unwrap();
    publish(&bus, Unit::new("first").after("gate").writes("table").run(noted("write")));
    publish(&bus, Unit::new("r1").reads("table").run(noted("read")));
    publish(&bus, Unit::new("r2").reads("table").run(noted("read")));
    publish(&bus, Unit::new("second").writes("table").run(noted("write again")));
    publish(&bus, Unit::new("r3").reads("table").run(noted("read again")));
    // This reader cannot begin before the gate opens, and so its writer cannot.
    publish(&bus, Unit::new("slow").after("gate").reads("sheet").run(sheet("read")));
    publish(&bus, Unit::new("its writer").writes("sheet").run(sheet("write")));
    publish(&bus, Unit::new("other").reads("another table").run(|_| Ok(())));
    recorder.wait_for_count("task.completed", 1, HUNG).unwrap();
    assert_eq!(partitioner.status("other"), Some(Status::Completed));
    assert!(order.lock().unwrap().is_empty(), "all others wait for the gate");
    go_on.send(()).unwrap();
    partitioner.settled_within(HUNG).unwrap();
    assert_eq!(*order.lock().unwrap(), ["write", "read", "read", "write again", "read again"]);
    assert_eq!(*sheets.lock().unwrap(), ["read", "write"]);
    // What has ended is of no account, however it ended.
    publish(&bus, Unit::new("bad").writes("table").run(|_| Err::<(), _>("no".into())));
    partitioner.settled_within(HUNG).unwrap();
    publish(&bus, Unit::new("r4").reads("table").run(|_| Ok(())));
    partitioner.settled_within(HUNG).unwrap();
    assert_eq!(partitioner.status("r4"), Some(Status::Completed));
}

/// Who came between has ended, and the one before it has not.
#[test]
fn a_writer_waits_for_those_before_one_that_was_cancelled_or_skipped() {
    let bus = Bus::new();
    let recorder = Recorder::new(&bus);
    let partitioner = attach(&bus, 2);
    let open = Arc::new(AtomicBool::new(false));
    let (say, begun) = mpsc::channel();
    let (tell, go_on) = mpsc::channel::<()>();
    let go_on = Mutex::new(go_on);
    let opens = Arc::clone(&open);
    let first = Unit::new("first").writes("table").reads("sheet").run(move |_| {
        say.send(())?;
        go_on.lock().expect("whole").recv_timeout(HUNG)?;
        opens.store(true, SeqCst);
        Ok(())
    });
    publish(&bus, first);
    begun.recv_timeout(HUNG).unwrap();
    publish(&bus, Unit::new("cancelled").writes("table").run(|_| Ok(())));
    assert!(partitioner.cancel("cancelled"));
    publish(&bus, Unit::new("bad").run(|_| Err::<(), _>("no".into())));
    publish(&bus, Unit::new("skipped").after("bad").writes("sheet").run(|_| Ok(())));
    recorder.wait_for_count("task.skipped", 1, HUNG).unwrap();
    let is_open = |unit: rem_partition::UnitBuilder| {
        let open = Arc::clone(&open);
        unit.run(move |_| if open.load(SeqCst) { Ok(()) } else { Err("beside the first".into()) })
    };
    publish(&bus, is_open(Unit::new("writes").writes("table")));
    publish(&bus, is_open(Unit::new("reads").reads("table")));
    publish(&bus, is_open(Unit::new("writes what is read").writes("sheet")));
    // The worker that is free comes to this one after all that are ready.
    publish(&bus, Unit::new("other").priority(-1).run(|_| Ok(())));
    recorder.wait_for_count("task.completed", 1, HUNG).unwrap();
    tell.send(()).unwrap();
    partitioner.settled_within(HUNG).unwrap();
    for unit in ["first", "writes", "reads", "writes what is read"] {
        assert_eq!(partitioner.status(unit), Some(Status::Completed), "{unit}");
    }
}

#[test]
fn time_limits_and_retries_are_those_of_a_plan() {
    let test = TestBus::new();
    let recorder = Recorder::new(&test.bus);
    let workers = Workers::rayon(2).unwrap();
    let partitioner = EventDrivenPartitioner::builder(&test.bus, &workers)
        .register("second", |wanted: &u32, attempt| {
            if attempt.number() < *wanted { Err("not yet".into()) } else { Ok(attempt.number()) }
        })
        .register_async("endless", |_: Arc<()>, _| pending::<Result<(), _>>())
        .attach()
        .unwrap();
    let retry = rem_core::Retry::times(2)
        .backoff(Duration::from_secs(1), 1.0, Duration::from_secs(1))
        .jitter(false);
    let task = Unit::new("tries").retry(retry).call("second", &3).unwrap();
    test.bus.publish(task).unwrap();
    for _ in 1..3 {
        recorder.wait_for_count("task.started", 1, HUNG).unwrap();
        assert!(test.clock.wait_for_timers(1, HUNG));
        assert_eq!(partitioner.status("tries"), Some(Status::Paused));
        test.clock.advance(Duration::from_secs(1));
    }
    partitioner.settled_within(HUNG).unwrap();
    assert_eq!(*partitioner.output_of::<u32>("tries").unwrap(), 3);

    let task = Unit::new("slow").time_limit(Duration::from_secs(9)).call("endless", &()).unwrap();
    test.bus.publish(task).unwrap();
    assert!(test.clock.wait_for_timers(1, HUNG));
    test.clock.advance(Duration::from_secs(9));
    partitioner.settled_within(HUNG).unwrap();
    assert_eq!(partitioner.status("slow"), Some(Status::Failed));
    let error = partitioner.failures().pop().unwrap();
    assert_eq!(error.kind(), rem_partition::UnitErrorKind::TimedOut);
}

#[test]
fn causes_lead_from_the_event_that_brought_a_unit_to_its_end_and_on_to_the_next() {
    let bus = Bus::new();
    let (say, said) = mpsc::channel();
    let _kept = bus.on(move |event: &Event<TaskEvent>| {
        let _ = say.send((
            event.id(),
            event.causation(),
            event.source().map(str::to_owned),
            event.data.clone(),
        ));
    });
    let workers = Workers::rayon(1).unwrap();
    let partitioner =
        EventDrivenPartitioner::builder(&bus, &workers).source("flow").attach().unwrap();
    let (gate, begun, go_on) = gate("first");
    let first = bus.publish(LocalTask::new(gate)).unwrap().id();
    begun.recv_timeout(HUNG).unwrap();
    publish(&bus, Unit::new("second").after("first").run(|_| Err::<(), _>("no".into())));
    publish(&bus, Unit::new("third").after("second").run(|_| Ok(())));
    go_on.send(()).unwrap();
    partitioner.settled_within(HUNG).unwrap();
    let told: Vec<_> = said.try_iter().collect();
    assert!(told.iter().all(|(_, _, source, _)| source.as_deref() == Some("flow")));
    assert_eq!(told[0].1, first, "began because of the event that brought it");
    for (before, after) in told.iter().zip(&told[1..]) {
        assert_eq!(after.1, Some(before.0), "{:?}", after.3);
    }
    let names: Vec<_> = told.iter().map(|(_, _, _, event)| event.unit()).collect();
    assert_eq!(names, ["first", "first", "second", "second", "third"]);
}

#[test]
fn to_wait_in_a_thread_of_the_workers_is_an_error_and_no_deadlock() {
    let bus = Bus::new();
    let partitioner = attach(&bus, 1);
    let inner = partitioner.clone();
    let unit = Unit::new("waits").run(move |_| {
        let error = inner.settled_within(HUNG).unwrap_err();
        Ok((error.kind(), error.open(), error.oldest().map(str::to_owned).collect::<Vec<_>>()))
    });
    let waits = unit.reference();
    publish(&bus, unit);
    partitioner.settled_within(HUNG).unwrap();
    let wanted = (UnsettledErrorKind::WouldDeadlock, 1, vec!["waits".to_owned()]);
    assert_eq!(*partitioner.output(&waits).unwrap(), wanted);
    let (unit, begun, go_on) = gate("gate");
    publish(&bus, unit);
    begun.recv_timeout(HUNG).unwrap();
    let error = partitioner.settled_within(Duration::ZERO).unwrap_err();
    assert_eq!(error.kind(), UnsettledErrorKind::Late);
    assert!(error.to_string().contains("1 units had not ended when the limit came"), "{error}");
    go_on.send(()).unwrap();
    partitioner.settled_within(HUNG).unwrap();
}

#[test]
fn pictures_show_where_each_unit_is() {
    let bus = Bus::new();
    let partitioner = attach(&bus, 1);
    publish(&bus, Unit::new("a \"quoted\" one").run(|_| Ok(())));
    publish(&bus, Unit::new("bad").run(|_| Err::<(), _>("no".into())));
    publish(&bus, Unit::new("behind").after("bad").after("a \"quoted\" one").run(|_| Ok(())));
    partitioner.settled_within(HUNG).unwrap();
    publish(&bus, Unit::new("held").after("bad too").after("bad too").run(|_| Ok(())));
    assert_eq!(
        partitioner.dot(),
        r#"digraph units {
    rankdir=LR;
    node [shape=box];
    n0 [label="a \"quoted\" one", color=darkgreen];
    n1 [label="bad", color=red, penwidth=2];
    n2 [label="behind", color=gray, style=dashed];
    n3 [label="held"];
    n4 [label="bad too", style=dotted];
    n0 -> n2;
    n1 -> n2;
    n4 -> n3;
}
"#
    );
    let mermaid = partitioner.mermaid();
    assert!(mermaid.contains("n0[\"a #34;quoted#34; one\"]:::completed\n"), "{mermaid}");
    assert!(mermaid.contains("n2[\"behind\"]:::dropped\n") && mermaid.contains("n4 --> n3\n"));
}
