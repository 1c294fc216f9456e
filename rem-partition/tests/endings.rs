//! How the units of a partitioner end: failures that reach what comes later, cancelling, closing, what is kept.

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use rem_core::Bus;
use rem_core::testing::Recorder;
use rem_partition::{
    Attempt, EventDrivenPartitioner, LocalTask, Status, TaskEvent, Unit, UnitErrorKind, Workers,
};

/// Until then a test would have hung.
const HUNG: Duration = Duration::from_secs(60);

fn attach(bus: &Bus, workers: usize) -> EventDrivenPartitioner {
    let workers = Workers::rayon(workers).expect("threads");
    EventDrivenPartitioner::builder(bus, &workers).attach().expect("the bus is open")
}

fn publish<T>(bus: &Bus, unit: Unit<T>) {
    bus.publish(LocalTask::new(unit)).expect("the bus is open");
}

fn skipped(because: &str) -> Status {
    Status::Skipped { because: because.into() }
}

#[test]
fn a_failure_skips_all_behind_it_also_what_comes_later_and_no_others() {
    let bus = Bus::new();
    let recorder = Recorder::new(&bus);
    let partitioner = attach(&bus, 2);
    publish(&bus, Unit::new("1").after("bad").run(|_| Ok(())));
    publish(&bus, Unit::new("2").after("1").run(|_| Ok(())));
    publish(&bus, Unit::new("good").run(|_| Ok(())));
    publish(&bus, Unit::new("bad").run(|_| Err::<(), _>("no".into())));
    publish(&bus, Unit::new("panics").run(|_| -> Result<(), _> { panic!("ouch") }));
    partitioner.settled_within(HUNG).unwrap();
    publish(&bus, Unit::new("3").after("good").after("2").run(|_| Ok(())));
    publish(&bus, Unit::new("4").after("panics").run(|_| Ok(())));
    publish(&bus, Unit::new("5").after("good").run(|_| Ok(())));
    partitioner.settled_within(HUNG).unwrap();
    for unit in ["1", "2", "3"] {
        assert_eq!(partitioner.status(unit), Some(skipped("bad")), "{unit}");
    }
    assert_eq!(partitioner.status("4"), Some(skipped("panics")));
    assert_eq!(partitioner.status("5"), Some(Status::Completed));
    let mut kinds: Vec<_> = partitioner
        .failures()
        .iter()
        .map(|error| (error.unit().to_owned(), error.kind()))
        .collect();
    kinds.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    let wanted = [("bad", UnitErrorKind::Failed), ("panics", UnitErrorKind::Panicked)];
    assert_eq!(kinds, wanted.map(|(unit, kind)| (unit.to_owned(), kind)));
    let told = TaskEvent::Skipped { unit: "3".into(), because: "bad".into() };
    recorder.expect().equal(told).among_others();
    let stats = partitioner.stats();
    assert_eq!((stats.came, stats.completed, stats.failed, stats.skipped), (8, 2, 2, 4));
}

/// Work that says that it has begun, and goes on when it is told.
fn gate(name: &str) -> (Unit<u32>, mpsc::Receiver<Attempt>, mpsc::Sender<()>) {
    let ((say, begun), (tell, go_on)) = (mpsc::channel(), mpsc::channel());
    let go_on = Mutex::new(go_on);
    let unit = Unit::new(name).run(move |attempt| {
        say.send(attempt.clone())?;
        go_on.lock().expect("whole").recv_timeout(HUNG)?;
        Ok(1)
    });
    (unit, begun, tell)
}

#[test]
fn a_unit_is_cancelled_with_all_behind_it_while_others_go_on() {
    let bus = Bus::new();
    let recorder = Recorder::new(&bus);
    let partitioner = attach(&bus, 2);
    let (unit, begun, go_on) = gate("gate");
    publish(&bus, unit);
    publish(&bus, Unit::new("endless").run_async(|_| pending::<Result<(), _>>()));
    let attempt = begun.recv_timeout(HUNG).unwrap();
    recorder.wait_for_count("task.started", 2, HUNG).unwrap();
    publish(&bus, Unit::new("behind").after("endless").run(|_| Ok(())));
    publish(&bus, Unit::new("wanted").after("gate").run(|_| Ok(())));
    publish(&bus, Unit::new("unwanted").after("gate").run(|_| Ok(())));
    publish(&bus, Unit::new("held").after("unwanted").after("nobody").run(|_| Ok(())));
    for unit in ["endless", "unwanted"] {
        assert!(partitioner.cancel(unit), "{unit}");
        assert!(!partitioner.cancel(unit), "{unit} has ended");
        assert_eq!(partitioner.status(unit), Some(Status::Cancelled { because: None }));
    }
    assert!(!partitioner.cancel("nobody"));
    let with = |unit: &str| Some(Status::Cancelled { because: Some(unit.into()) });
    assert_eq!(partitioner.status("behind"), with("endless"));
    assert_eq!(partitioner.status("held"), with("unwanted"));
    publish(&bus, Unit::new("later").after("held").run(|_| Ok(())));
    assert_eq!(partitioner.status("later"), with("unwanted"));
    assert!(!attempt.is_stopped());
    go_on.send(()).unwrap();
    partitioner.settled_within(HUNG).unwrap();
    let stats = partitioner.stats();
    assert_eq!((stats.came, stats.completed, stats.cancelled, stats.held), (7, 2, 5, 0));
    recorder
        .expect()
        .equal(TaskEvent::Cancelled { unit: "endless".into(), because: None })
        .equal(TaskEvent::Cancelled { unit: "behind".into(), because: Some("endless".into()) })
        .among_others();
}

#[test]
fn what_is_cancelled_whole_ends_at_once_and_others_may_come() {
    let bus = Bus::new();
    let partitioner = attach(&bus, 1);
    let (unit, begun, go_on) = gate("gate");
    publish(&bus, unit);
    for unit in 0..1_000 {
        publish(&bus, Unit::new(unit.to_string()).after("gate").run(|_| Ok(())));
    }
    publish(&bus, Unit::new("ready").run(|_| Ok(())));
    let attempt = begun.recv_timeout(HUNG).unwrap();
    partitioner.cancel_all();
    partitioner.settled_within(Duration::ZERO).unwrap();
    assert!(attempt.is_stopped());
    assert_eq!((partitioner.stats().cancelled, partitioner.stats().open), (1_002, 0));
    publish(&bus, Unit::new("next").run(|_| Ok(())));
    go_on.send(()).unwrap();
    partitioner.settled_within(HUNG).unwrap();
    assert_eq!(partitioner.status("next"), Some(Status::Completed));
    assert_eq!(partitioner.status("gate"), Some(Status::Cancelled { because: None }));
}

#[test]
fn to_close_runs_what_has_come_or_cuts_it_short_and_says_so() {
    let bus = Bus::new();
    let partitioner = attach(&bus, 1);
    for unit in 0..50 {
        publish(&bus, Unit::new(unit.to_string()).run(|_| Ok(())));
    }
    let report = partitioner.close(HUNG);
    assert!(report.is_complete() && report.failures().is_empty(), "{report}");
    assert_eq!((report.stats().completed, report.cut_short()), (50, 0));
    let receipt = bus.publish(LocalTask::new(Unit::new("late").run(|_| Ok(())))).unwrap();
    assert_eq!(receipt.delivered(), 0, "nobody listens any more");

    let partitioner = attach(&bus, 1);
    let (unit, begun, go_on) = gate("gate");
    publish(&bus, unit);
    publish(&bus, Unit::new("behind").after("gate").run(|_| Ok(())));
    begun.recv_timeout(HUNG).unwrap();
    let report = partitioner.close(Duration::ZERO);
    assert!(!report.is_complete());
    assert_eq!((report.cut_short(), report.stats().cancelled), (1, 2));
    assert!(report.to_string().contains("1 of them had to be cancelled"), "{report}");
    go_on.send(()).unwrap();
}

#[test]
fn to_drop_the_last_handle_cancels_and_nothing_of_it_is_kept_by_the_bus() {
    let bus = Bus::new();
    let partitioner = attach(&bus, 1);
    let kept = Arc::new(());
    let (unit, begun, go_on) = gate("gate");
    publish(&bus, unit);
    let held = Arc::clone(&kept);
    publish(&bus, Unit::new("behind").after("gate").run(move |_| Ok(Arc::strong_count(&held))));
    let attempt = begun.recv_timeout(HUNG).unwrap();
    let other = partitioner.clone();
    drop(partitioner);
    assert!(!attempt.is_stopped());
    drop(other);
    assert!(attempt.is_stopped());
    drop(attempt);
    assert_eq!(Arc::strong_count(&kept), 1, "its work is gone");
    go_on.send(()).unwrap();
    assert_eq!(bus.topology().subscriptions.len(), 0);
}

/// What gives a value says how many of it there are.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
        panic!("it does not like to go");
    }
}

#[test]
fn of_what_has_ended_so_much_is_kept_as_was_told_and_what_panics_as_it_goes_harms_nobody() {
    let bus = Bus::new();
    let workers = Workers::rayon(2).unwrap();
    let partitioner =
        EventDrivenPartitioner::builder(&bus, &workers).remember(10).attach().unwrap();
    let (outputs, works) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    for unit in 0..500_u32 {
        let (outputs, work) = (Arc::clone(&outputs), Counted::new(&works));
        let mut builder = Unit::new(unit.to_string());
        if unit > 0 {
            builder = builder.after((unit - 1).to_string());
        }
        publish(
            &bus,
            builder.run(move |_| {
                let _ = &work;
                Ok(Counted::new(&outputs))
            }),
        );
        partitioner.settled_within(HUNG).unwrap();
    }
    assert_eq!(partitioner.stats().completed, 500, "a chain without end, of which 10 are kept");
    // And three for each of two workers: the oldest, its own and the one that this waited for, which it lets go when it has let
    // others see the end.
    assert!(outputs.load(SeqCst) <= 16, "{outputs:?} outputs are kept");
    partitioner.close(HUNG);
    drop(partitioner);
    drop(workers);
    // The workers that were the last to hold something are gone when their threads are.
    while works.load(SeqCst) + outputs.load(SeqCst) > 0 {
        std::thread::yield_now();
    }
}

#[test]
fn a_future_waits_until_all_have_ended() {
    struct Tells(mpsc::Sender<()>);
    impl Wake for Tells {
        fn wake(self: Arc<Self>) {
            let _ = self.0.send(());
        }
    }
    let bus = Bus::new();
    let partitioner = attach(&bus, 1);
    let (unit, begun, go_on) = gate("gate");
    publish(&bus, unit);
    begun.recv_timeout(HUNG).unwrap();
    let (told, calls) = mpsc::channel();
    let waker = Waker::from(Arc::new(Tells(told)));
    let mut cx = Context::from_waker(&waker);
    let mut waits = [Box::pin(partitioner.settled()), Box::pin(partitioner.settled())];
    let mut closes = Box::pin(partitioner.close_async());
    assert!(waits.iter_mut().all(|wait| wait.as_mut().poll(&mut cx).is_pending()));
    let [mut wait, given_up] = waits;
    drop(given_up);
    assert!(closes.as_mut().poll(&mut cx).is_pending());
    go_on.send(()).unwrap();
    for _ in 0..2 {
        calls.recv_timeout(HUNG).unwrap();
    }
    assert!(wait.as_mut().poll(&mut cx).is_ready());
    let Poll::Ready(report) = closes.as_mut().poll(&mut cx) else { panic!("woken too early") };
    assert!(report.is_complete());
    assert!(calls.try_recv().is_err(), "who gave up is not woken");
}
