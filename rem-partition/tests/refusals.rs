//! What a partitioner does not take: each for its reason, told, counted, and harming no other unit.

use std::sync::mpsc;
use std::time::Duration;

use rem_core::Bus;
use rem_core::testing::{Recorder, TestBus};
use rem_partition::{
    AttachErrorKind, CallErrorKind, EventDrivenPartitioner, LocalTask, OutputErrorKind,
    PartitionerBuilder, Refusal, RefusalKind, Status, TaskEvent, Unit, Workers,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Until then a test would have hung.
const HUNG: Duration = Duration::from_secs(60);

fn builder(bus: &Bus) -> PartitionerBuilder {
    EventDrivenPartitioner::builder(bus, &Workers::rayon(2).expect("threads"))
}

fn publish(bus: &Bus, name: &str, after: &[&str]) {
    let unit = Unit::new(name).after_all(after.iter().copied()).run(|_| Ok(()));
    bus.publish(LocalTask::new(unit)).expect("the bus is open");
}

/// The newest refusal, which was told as well.
fn newest(partitioner: &EventDrivenPartitioner, recorder: &Recorder) -> Refusal {
    let refusal = partitioner.refusals().pop().expect("one was refused");
    let told = TaskEvent::Refused {
        unit: refusal.unit().to_owned(),
        kind: refusal.kind(),
        units: refusal.units().map(str::to_owned).collect(),
        error: refusal.to_string(),
    };
    recorder.expect().equal(told).among_others();
    refusal
}

#[test]
fn a_name_that_is_there_is_not_taken_again() {
    let test = TestBus::new();
    let recorder = Recorder::new(&test.bus);
    let partitioner = builder(&test.bus).attach().unwrap();
    publish(&test.bus, "ended", &[]);
    partitioner.settled_within(HUNG).unwrap();
    publish(&test.bus, "open", &["unknown"]);
    for name in ["open", "ended"] {
        publish(&test.bus, name, &["another"]);
        let refusal = newest(&partitioner, &recorder);
        assert_eq!((refusal.kind(), refusal.unit()), (RefusalKind::Duplicate, name));
        assert!(refusal.to_string().contains("give each a name of its own"), "{refusal}");
    }
    assert_eq!(
        partitioner.status("open"),
        Some(Status::Held { waits_for: vec!["unknown".into()] })
    );
    assert_eq!(partitioner.status("ended"), Some(Status::Completed));
    let stats = partitioner.stats();
    assert_eq!((stats.came, stats.refused, stats.completed, stats.open), (4, 2, 1, 1));
}

#[test]
fn who_waits_for_itself_by_itself_or_by_others_is_refused_with_the_names_of_the_cycle() {
    let test = TestBus::new();
    let recorder = Recorder::new(&test.bus);
    let partitioner = builder(&test.bus).attach().unwrap();
    publish(&test.bus, "narcissus", &["other", "narcissus"]);
    let refusal = newest(&partitioner, &recorder);
    assert_eq!(refusal.kind(), RefusalKind::Itself);
    assert_eq!(partitioner.status("narcissus"), None);

    // c waits for b, which waits for a, which is to wait for c; and beside them what is in no cycle.
    publish(&test.bus, "b", &["a", "z"]);
    publish(&test.bus, "c", &["b"]);
    publish(&test.bus, "beside", &["b"]);
    publish(&test.bus, "a", &["c"]);
    let refusal = newest(&partitioner, &recorder);
    assert_eq!(refusal.kind(), RefusalKind::Cycle);
    assert!(refusal.units().eq(["a", "c", "b"]), "each waits for the next: {refusal}");
    assert!(refusal.to_string().contains("a → c → b → a"), "{refusal}");
    // The name is free, and they go on when one comes that is right.
    for name in ["z", "a"] {
        publish(&test.bus, name, &[]);
    }
    partitioner.settled_within(HUNG).unwrap();
    for name in ["a", "b", "c", "beside"] {
        assert_eq!(partitioner.status(name), Some(Status::Completed), "{name}");
    }
}

#[test]
fn a_cycle_by_what_is_read_and_written_is_one_too() {
    let test = TestBus::new();
    let recorder = Recorder::new(&test.bus);
    let partitioner = builder(&test.bus).attach().unwrap();
    let writes = Unit::new("writes").after("reads").writes("table").run(|_| Ok(()));
    test.bus.publish(LocalTask::new(writes)).unwrap();
    let reads = Unit::new("reads").reads("table").run(|_| Ok(()));
    test.bus.publish(LocalTask::new(reads)).unwrap();
    let refusal = newest(&partitioner, &recorder);
    assert_eq!(refusal.kind(), RefusalKind::Cycle);
    assert!(refusal.units().eq(["reads", "writes"]));
}

#[test]
fn what_never_comes_is_waited_for_so_long_and_what_stands_behind_is_skipped() {
    let test = TestBus::new();
    let recorder = Recorder::new(&test.bus);
    let limit = Duration::from_secs(30);
    let partitioner = builder(&test.bus).hold_for(limit).attach().unwrap();
    publish(&test.bus, "held", &["never", "nor this"]);
    publish(&test.bus, "behind", &["held"]);
    publish(&test.bus, "further", &["behind"]);
    test.clock.advance(Duration::from_secs(29));
    publish(&test.bus, "nor this", &[]);
    publish(&test.bus, "later", &["never"]);
    assert_eq!(partitioner.stats().held, 2);
    test.clock.advance(Duration::from_secs(1));
    let refusal = newest(&partitioner, &recorder);
    assert_eq!((refusal.kind(), refusal.unit()), (RefusalKind::Unknown, "held"));
    assert!(refusal.units().eq(["never"]) && refusal.to_string().contains("30s"), "{refusal}");
    assert_eq!(partitioner.status("held"), Some(Status::Refused));
    for name in ["behind", "further"] {
        assert_eq!(partitioner.status(name), Some(Status::Skipped { because: "held".into() }));
    }
    // Also what comes when it is over; the time of the other has not come.
    publish(&test.bus, "too late", &["further"]);
    assert_eq!(partitioner.status("too late"), Some(Status::Skipped { because: "held".into() }));
    publish(&test.bus, "never", &[]);
    partitioner.settled_within(HUNG).unwrap();
    assert_eq!(partitioner.status("later"), Some(Status::Completed));
    assert_eq!(partitioner.status("held"), Some(Status::Refused), "it has ended");
    let stats = partitioner.stats();
    assert_eq!((stats.came, stats.completed, stats.skipped, stats.refused), (7, 3, 3, 1));
}

#[test]
fn with_no_time_to_be_held_what_is_unknown_is_refused_at_once() {
    let test = TestBus::new();
    let recorder = Recorder::new(&test.bus);
    let partitioner = builder(&test.bus).hold_for(Duration::ZERO).attach().unwrap();
    publish(&test.bus, "1", &["never"]);
    assert_eq!(newest(&partitioner, &recorder).kind(), RefusalKind::Unknown);
    assert_eq!((partitioner.status("1"), partitioner.stats().open), (Some(Status::Refused), 0));
}

#[test]
fn no_more_are_held_and_open_than_may_be() {
    let test = TestBus::new();
    let recorder = Recorder::new(&test.bus);
    let partitioner = builder(&test.bus).hold_at_most(2).open_at_most(4).attach().unwrap();
    publish(&test.bus, "1", &["x"]);
    publish(&test.bus, "2", &["y"]);
    publish(&test.bus, "3", &["z"]);
    let refusal = newest(&partitioner, &recorder);
    assert_eq!((refusal.kind(), refusal.unit()), (RefusalKind::TooManyHeld, "3"));
    publish(&test.bus, "3", &["1"]);
    publish(&test.bus, "4", &["2"]);
    publish(&test.bus, "5", &[]);
    let refusal = newest(&partitioner, &recorder);
    assert_eq!((refusal.kind(), refusal.unit()), (RefusalKind::Full, "5"));
    assert!(partitioner.cancel("1") && partitioner.cancel("2"));
    partitioner.settled_within(HUNG).unwrap();
    publish(&test.bus, "5", &[]);
    publish(&test.bus, "6", &["x"]);
    assert_eq!(partitioner.stats().held, 1);
    let stats = partitioner.stats();
    assert_eq!((stats.refused, stats.cancelled), (2, 4));
}

#[test]
fn what_was_let_go_is_told_apart_from_what_is_unknown() {
    let test = TestBus::new();
    let recorder = Recorder::new(&test.bus);
    let partitioner = builder(&test.bus).remember(2).attach().unwrap();
    for name in ["a", "b", "c", "d"] {
        publish(&test.bus, name, &[]);
        partitioner.settled_within(HUNG).unwrap();
    }
    assert_eq!((partitioner.status("b"), partitioner.status("c")), (None, Some(Status::Completed)));
    assert_eq!(partitioner.stats().remembered, 2);
    publish(&test.bus, "late", &["a", "d", "b"]);
    let refusal = newest(&partitioner, &recorder);
    assert_eq!(refusal.kind(), RefusalKind::LetGo);
    assert!(refusal.units().eq(["a", "b"]), "{refusal}");
    let kinds =
        ["a", "nobody", "late"].map(|name| partitioner.output_of::<()>(name).unwrap_err().kind());
    assert_eq!(kinds, [OutputErrorKind::LetGo, OutputErrorKind::Unknown, OutputErrorKind::Unknown]);
    // Its name can be used again.
    publish(&test.bus, "a", &["d"]);
    publish(&test.bus, "late", &["a"]);
    partitioner.settled_within(HUNG).unwrap();
    assert_eq!(partitioner.status("late"), Some(Status::Completed));
}

/// Arguments whose reading panics.
#[derive(Debug)]
struct Trap;

impl<'de> Deserialize<'de> for Trap {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        panic!("it snaps")
    }
}

/// What cannot be written.
struct Unwritable;

impl Serialize for Unwritable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("not with me"))
    }
}

#[test]
fn functions_that_are_unknown_and_arguments_that_are_none_are_refused() {
    let test = TestBus::new();
    let recorder = Recorder::new(&test.bus);
    let partitioner = builder(&test.bus)
        .register("double", |number: &u32, _| Ok(number * 2))
        .register("trap", |_: &Trap, _| Ok(()))
        .attach()
        .unwrap();
    let cases = [
        (Unit::new("1").call("duoble", &1), RefusalKind::NoSuchFunction, "`duoble`"),
        (
            Unit::new("2").call("double", "two"),
            RefusalKind::Arguments,
            "takes a `u32`: invalid type",
        ),
        (Unit::new("3").call("trap", &()), RefusalKind::Arguments, "panicked: it snaps"),
    ];
    for (task, kind, said) in cases {
        let task = task.unwrap();
        let unit = task.unit().to_owned();
        let receipt = test.bus.publish(task).unwrap();
        assert_eq!(receipt.failed(), 0, "it is the unit that is wrong, and not the handler");
        let refusal = newest(&partitioner, &recorder);
        assert_eq!((refusal.kind(), refusal.unit()), (kind, &*unit));
        assert!(refusal.to_string().contains(said), "{refusal}");
        assert_eq!(partitioner.status(&unit), None);
    }
    assert_eq!((partitioner.stats().came, partitioner.stats().refused), (3, 3));

    let error = Unit::new("4").call("double", &Unwritable).unwrap_err();
    assert_eq!((error.kind(), error.unit()), (CallErrorKind::Arguments, "4"));
    assert!(error.to_string().contains("not with me"), "{error}");
    let retry = rem_core::Retry::times(1_001);
    let error = Unit::new("5").retry(retry).call("double", &1).unwrap_err();
    assert_eq!(error.kind(), CallErrorKind::Retries);
}

#[test]
fn functions_of_one_name_and_closed_buses_are_told_when_it_is_attached() {
    let bus = Bus::new();
    let twice = builder(&bus).register("f", |(): &(), _| Ok(())).register("f", |_: &u8, _| Ok(1));
    let error = twice.attach().unwrap_err();
    assert_eq!(error.kind(), AttachErrorKind::FunctionTwice);
    assert!(error.to_string().contains("`f` is registered twice"), "{error}");
    bus.close(Duration::ZERO);
    assert_eq!(builder(&bus).attach().unwrap_err().kind(), AttachErrorKind::Closed);
}

#[test]
fn a_partitioner_that_is_being_closed_refuses_what_units_still_bring() {
    let test = TestBus::new();
    let recorder = Recorder::new(&test.bus);
    let partitioner = builder(&test.bus).attach().unwrap();
    publish(&test.bus, "held", &["never"]);
    let ((say, begun), (tell, go_on)) = (mpsc::channel(), mpsc::channel());
    let (go_on, inner) = (std::sync::Mutex::new(go_on), test.bus.clone());
    let last = Unit::new("last").run(move |_| {
        say.send(())?;
        go_on.lock().expect("whole").recv_timeout(HUNG)?;
        publish(&inner, "more", &[]);
        Ok(())
    });
    test.bus.publish(LocalTask::new(last)).unwrap();
    begun.recv_timeout(HUNG).unwrap();
    let closing = std::thread::spawn({
        let partitioner = partitioner.clone();
        move || partitioner.close(HUNG)
    });
    recorder.wait_for("task.refused", HUNG).unwrap();
    tell.send(()).unwrap();
    let report = closing.join().unwrap();
    assert!(report.is_complete(), "{report}");
    let stats = report.stats();
    // Nobody listens to `task.created` any more, so that what comes is not counted.
    assert_eq!((stats.came, stats.completed, stats.refused, stats.open), (2, 1, 1, 0));
    assert_eq!(report.refusals()[0].kind(), RefusalKind::Unknown);
    assert!(report.refusals()[0].to_string().contains("when the partitioner was closed"));
    assert_eq!(partitioner.status("more"), None);
}
