//! The past given once more: to handlers, to other buses, at a speed, paused, stopped.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rem::prelude::*;
use rem::testing::TestBus;
use rem::{EventId, Lagged, OnFailure, ReplayErrorKind, ReplayHandle, Timestamp, TryRecvError};
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "step")]
enum Step {
    Taken(u64),
    #[event(topic = "of.{name}")]
    Of {
        name: String,
        value: f64,
    },
}

#[derive(EventType, Debug)]
#[event(topic = "step.secret", local)]
struct Secret;

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(topic = "effect")]
struct Effect;

fn bus(capacity: usize) -> Bus {
    Bus::builder().history(Ring::events(capacity)).build()
}

fn take(bus: &Bus, numbers: std::ops::RangeInclusive<u64>) {
    for number in numbers {
        bus.publish(Step::Taken(number)).unwrap();
    }
}

/// Longer than anything takes: a limit that ends what hangs.
const LONG: Duration = Duration::from_secs(60);

#[test]
fn a_handler_has_what_is_asked_for_once_more() {
    let bus = bus(1_000);
    take(&bus, 1..=600);
    bus.publish(Effect).unwrap();
    let seen = RefCell::new(Vec::new());
    let handler = |event: &Event<Step>| match event.data {
        Step::Taken(number) => seen.borrow_mut().push(number),
        Step::Of { .. } => {}
    };
    let report = bus.replay("**").unwrap().to_handler(handler).run().unwrap();
    assert_eq!((report.replayed, report.skipped, report.last), (600, 1, 601));
    assert_eq!(seen.take(), (1..=600).collect::<Vec<_>>());
    let query = || bus.query("step").unwrap();
    for (query, expected) in [
        (query().after(597), vec![598, 599, 600]),
        (query().before(3), vec![1, 2]),
        (query().first(2), vec![1, 2]),
        (query().last(2), vec![599, 600]),
        (query().last(0), vec![]),
        (query().last(9_999).before(3), vec![1, 2]),
        (query().last_per_topic(), vec![600]),
        (query().id(query().first(7).events()[6].id()), vec![7]),
    ] {
        let report = query.replay().to_handler(handler).run().unwrap();
        assert_eq!(report.replayed, expected.len() as u64);
        assert_eq!(seen.take(), expected, "{query:?}");
    }
    let none = self::bus(1).replay("**").unwrap().to_handler(|_: &Event| ()).run().unwrap();
    assert_eq!(none, rem::ReplayReport::default());
}

#[test]
fn what_a_handler_publishes_is_caused_by_the_event_and_not_replayed() {
    let bus = bus(100);
    take(&bus, 1..=3);
    let effects = bus.clone();
    let replay = bus.replay("**").unwrap();
    let report = replay.to_handler(move |_: &Event| drop(effects.publish(Effect).unwrap())).run();
    assert_eq!(report.unwrap().replayed, 3);
    let all = bus.query("**").unwrap().events();
    let causes: Vec<_> = all[3..].iter().map(|event| event.causation()).collect();
    assert_eq!(causes, all[..3].iter().map(|event| Some(event.id())).collect::<Vec<_>>());
}

#[test]
fn on_another_bus_events_stay_what_they_are() {
    let test = TestBus::with(Bus::builder().history(Ring::events(100)).source("shop"));
    let eu = test.bus.child("eu").unwrap();
    let first = test.bus.publish(Step::Taken(1)).unwrap().id().unwrap();
    let event = eu.event(Step::Of { name: "a".into(), value: 0.1 }).source("else");
    let event = event.metadata("tenant", "acme").causation(first).correlation(first);
    event.timestamp("2024-03-01T09:00:00Z".parse::<Timestamp>().unwrap()).publish().unwrap();

    let sandbox = test.bus.sandbox().history(Ring::events(100)).build();
    let typed = Arc::new(Mutex::new(Vec::new()));
    let note = Arc::clone(&typed);
    let _typed =
        sandbox.on(move |event: &Event<Step>| note.lock().unwrap().push(event.data.clone()));
    sandbox.publish(Effect).unwrap();
    let report = test.bus.replay("**").unwrap().to(&sandbox).run().unwrap();
    assert_eq!((report.replayed, report.failed), (2, 0));
    let expected = [Step::Taken(1), Step::Of { name: "a".into(), value: 0.1 }];
    assert_eq!(*typed.lock().unwrap(), expected);
    let (old, new) =
        (test.bus.query("**").unwrap().events(), sandbox.query("**").unwrap().events());
    let told = |event: &Arc<Event>| {
        let head = (event.id(), event.topic().clone(), event.timestamp(), event.scope());
        let more = (event.source().map(str::to_owned), event.metadata().clone());
        (head, more, event.causation(), event.correlation(), event.scoped_topic().to_owned())
    };
    assert_eq!(
        old.iter().map(told).collect::<Vec<_>>(),
        new[1..].iter().map(told).collect::<Vec<_>>()
    );
    assert_eq!(new.iter().map(|event| event.sequence().unwrap()).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(old.len(), 2, "the bus itself has nothing more");

    // Once more, from there: raw data goes as it came. Below a prefix the topics are below it.
    let third = Bus::builder().history(Ring::events(10)).build();
    let below = third.child("copy").unwrap();
    assert_eq!(sandbox.replay("step,eu").unwrap().to(&below).run().unwrap().replayed, 2);
    let copies = below.query("**").unwrap();
    assert_eq!(&**copies.events()[1].topic(), "copy.eu.step.of.a");
    assert_eq!(copies.of::<Step>().len(), 2);
}

#[test]
fn what_cannot_be_replayed_to_says_why() {
    let bus = bus(10);
    take(&bus, 1..=2);
    bus.publish(Secret).unwrap();
    take(&bus, 4..=4);
    let other = Bus::new();
    let nothing = |_: &Event| ();
    let replay = || bus.replay("**").unwrap();
    for speed in [0.0, -1.0, f64::NAN] {
        let error = replay().speed(speed).to_handler(nothing).run().unwrap_err();
        assert_eq!(error.kind(), ReplayErrorKind::Speed);
        assert!(error.to_string().contains("is no speed"), "{error}");
    }
    for same in [bus.clone(), bus.child("a").unwrap()] {
        let error = replay().to(&same).run().unwrap_err();
        assert_eq!(error.kind(), ReplayErrorKind::SameBus);
        assert!(error.to_string().contains("bus.sandbox()"), "{error}");
    }
    // Data that never leaves the process: an end, or counted.
    let error = replay().to(&other).run().unwrap_err();
    assert_eq!((error.kind(), error.report().replayed), (ReplayErrorKind::Failed, 2));
    assert_eq!((error.report().failures[0].0, error.report().last), (3, 3));
    let said = error.to_string();
    assert!(said.contains("#3 of `step.secret`") && said.contains("local"), "{said}");
    let report = replay().on_failure(OnFailure::GoOn).to(&other).run().unwrap();
    assert_eq!((report.replayed, report.failed), (3, 1));
    // A handler that it is run in would wait for itself.
    let (told, inner) = (Arc::new(Mutex::new(None)), bus.clone());
    let tell = Arc::clone(&told);
    let _sub = other.on(move |_: &Event<Effect>| {
        let replay = inner.replay("**").unwrap().to_handler(|_: &Event| ());
        *tell.lock().unwrap() = replay.run().err();
    });
    other.publish(Effect).unwrap();
    assert_eq!(told.lock().unwrap().take().unwrap().kind(), ReplayErrorKind::WithinHandler);
    other.close(Duration::ZERO);
    let error = replay().on_failure(OnFailure::GoOn).to(&other).run().unwrap_err();
    assert_eq!((error.kind(), error.report().last), (ReplayErrorKind::Closed, 0));
    assert!(error.to_string().contains("after(0)"), "{error}");
}

#[test]
fn a_handler_that_fails_or_panics_ends_it_or_is_counted() {
    let bus = bus(10);
    take(&bus, 1..=6);
    let handler = |event: &Event<Step>| match event.data {
        Step::Taken(2) => Err("two"),
        Step::Taken(5) => panic!("five"),
        _ => Ok(()),
    };
    let error = bus.replay("step").unwrap().to_handler(handler).run().unwrap_err();
    assert_eq!((error.kind(), error.report().replayed), (ReplayErrorKind::Failed, 1));
    let go_on = bus.query("step").unwrap().after(error.report().last).replay();
    let error = go_on.to_handler(handler).run().unwrap_err();
    assert!(error.to_string().contains("panicked: five"), "{error}");
    let report = bus.replay("step").unwrap().on_failure(OnFailure::GoOn).to_handler(handler).run();
    let report = report.unwrap();
    assert_eq!((report.replayed, report.failed, report.last), (4, 2, 6));
    assert_eq!(report.failures, [(2, "two".into()), (5, "panicked: five".into())]);
    assert_eq!(report.to_string(), "4 replayed, 2 failed");
    // The handlers of another bus count too, and what its middleware stops is skipped.
    let other = Bus::new();
    let _sub = other.on(move |event: &Event<Step>| match event.data {
        Step::Taken(4) => Err("four"),
        _ => Ok(()),
    });
    let first = bus.query("step").unwrap().events()[0].id();
    let keep = move |draft: &Draft| draft.id() != first;
    other.middleware("step", rem::middleware::filter("not the first", keep)).unwrap();
    let report = bus.replay("step").unwrap().on_failure(OnFailure::GoOn).to(&other).run().unwrap();
    assert_eq!((report.replayed, report.skipped, report.failed), (4, 1, 1), "{report:?}");
}

/// The thread that replays `times` as fast as they were, with the numbers that it has given so far.
fn paced(
    test: &TestBus,
    speed: f64,
) -> (thread::JoinHandle<rem::ReplayReport>, Arc<Mutex<Vec<u64>>>, ReplayHandle) {
    let replay = test.bus.replay("step").unwrap().speed(speed);
    let (seen, handle) = (Arc::new(Mutex::new(Vec::new())), replay.handle());
    let note = Arc::clone(&seen);
    let handler = move |event: &Event| note.lock().unwrap().push(event.sequence().unwrap());
    (thread::spawn(|| replay.to_handler(handler).run().unwrap()), seen, handle)
}

fn at(test: &TestBus, seconds: &[u64]) {
    let start = test.clock.now();
    for &seconds in seconds {
        let event = test.bus.event(Step::Taken(seconds));
        event.timestamp(start + Duration::from_secs(seconds)).publish().unwrap();
    }
}

#[test]
fn gaps_follow_the_clock() {
    for speed in [1_u32, 10] {
        let test = TestBus::with(Bus::builder().history(Ring::events(100)));
        at(&test, &[100, 110, 105, 110, 140, 139]);
        let (thread, seen, handle) = paced(&test, speed.into());
        let step = |seconds: u32, expected: &[u64]| {
            assert!(test.clock.wait_for_timers(1, LONG));
            test.clock
                .advance(Duration::from_millis(u64::from(seconds) * 1_000 / u64::from(speed)));
            if expected.len() < 6 {
                assert!(test.clock.wait_for_timers(1, LONG));
                assert_eq!(*seen.lock().unwrap(), expected);
            }
        };
        step(9, &[1]);
        step(1, &[1, 2, 3, 4]);
        step(29, &[1, 2, 3, 4]);
        step(1, &[1, 2, 3, 4, 5, 6]);
        assert_eq!(thread.join().unwrap().replayed, 6);
        assert!(handle.is_over());
    }
}

#[test]
fn it_is_paused_goes_on_and_is_stopped() {
    let test = TestBus::with(Bus::builder().history(Ring::events(100)));
    at(&test, &[0, 10, 20, 30]);
    let (thread, seen, handle) = paced(&test, 1.0);
    let timers = |count| {
        while test.clock.timers() != count {
            thread::yield_now();
        }
    };
    timers(1);
    test.clock.advance(Duration::from_secs(4));
    handle.pause();
    timers(0);
    // Its time stands still.
    test.clock.advance(Duration::from_secs(1_000));
    assert!(handle.is_paused());
    handle.resume();
    timers(1);
    test.clock.advance(Duration::from_secs(5));
    timers(1);
    assert_eq!(*seen.lock().unwrap(), [1]);
    test.clock.advance(Duration::from_secs(1));
    while seen.lock().unwrap().len() < 2 {
        thread::yield_now();
    }
    timers(1);
    handle.stop();
    let report = thread.join().unwrap();
    assert!(report.stopped);
    assert_eq!((report.replayed, report.last), (2, 2));
    assert_eq!(report.to_string(), "2 replayed, stopped behind #2");
}

#[test]
fn who_pauses_it_and_goes_lets_it_go_on() {
    let bus = bus(10);
    take(&bus, 1..=3);
    let replay = bus.replay("step").unwrap();
    let (handle, other) = (replay.handle(), replay.handle());
    handle.pause();
    let thread = thread::spawn(|| replay.to_handler(|_: &Event| ()).run().unwrap());
    drop(handle);
    assert!(other.is_paused() && !other.is_over());
    drop(other);
    assert_eq!(thread.join().unwrap().replayed, 3);
    // A handler may stop it.
    let replay = bus.replay("step").unwrap();
    let handle = replay.handle();
    let report = replay.to_handler(move |_: &Event| handle.stop()).run().unwrap();
    assert_eq!((report.replayed, report.stopped, report.last), (1, true, 1));
}

#[test]
fn progress_is_told() {
    let bus = bus(1_000);
    for number in 1..=400 {
        take(&bus, number..=number);
        bus.publish(Effect).unwrap();
    }
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let progress = move |progress: &rem::Progress| tell.lock().unwrap().push(*progress);
    let replay = bus.replay("step").unwrap().on_progress(100, progress);
    replay.to_handler(|_: &Event| ()).run().unwrap();
    let told = told.lock().unwrap();
    assert_eq!(told.len(), 9, "{told:?}");
    for progress in &told[..8] {
        assert_eq!(progress.of, 800);
        assert!(progress.total().abs_diff(400) < 10, "{progress}");
    }
    let last = told[8];
    assert_eq!((last.done, last.read, last.total()), (400, 800, 400));
    assert!((last.fraction() - 1.0).abs() < f64::EPSILON);
    assert!(last.to_string().starts_with("100 % read, 400 of about 400 events, at "), "{last}");
    // A panic of it harms nothing.
    let replay = bus.replay("step").unwrap().on_progress(0, |_| panic!("no"));
    assert_eq!(replay.to_handler(|_: &Event| ()).run().unwrap().replayed, 400);
}

#[test]
fn what_goes_while_it_is_replayed_is_a_loss() {
    let bus = bus(500);
    take(&bus, 1..=500);
    let more = bus.clone();
    // The page that was read is held; what is behind it goes.
    let handler = move |event: &Event| {
        if event.sequence() == Some(1) {
            take(&more, 501..=900);
        }
    };
    let report = bus.replay("step").unwrap().to_handler(handler).run().unwrap();
    assert_eq!((report.replayed, report.lost, &*report.lost_ranges), (356, 144, &[257..=400][..]));
    assert_eq!((report.last, report.to_string()), (500, "356 replayed, 144 lost".to_owned()));
}

#[test]
fn as_a_future_under_any_runtime() {
    let bus = bus(1_000);
    take(&bus, 1..=500);
    let count = Arc::new(Mutex::new(0));
    let add = Arc::clone(&count);
    let replay = || {
        let add = Arc::clone(&add);
        bus.replay("step").unwrap().to_handler(move |_: &Event| *add.lock().unwrap() += 1)
    };
    let report = smol::block_on(replay().run_async()).unwrap();
    assert_eq!((report.replayed, *count.lock().unwrap()), (500, 500));
    // It lets others run, and dropped it replays no more.
    let once = smol::block_on(smol::future::or(
        async { replay().run_async().await.map(|report| report.replayed) },
        async { Ok(0) },
    ));
    let given = *count.lock().unwrap() - 500;
    assert!(once.unwrap() == 0 && given > 0 && given < 500, "{given}");
    // In a task of another thread, paced.
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let report = runtime.block_on(async {
        let fast = bus.replay("step").unwrap().speed(1e9).to(&Bus::new());
        tokio::spawn(fast.run_async()).await.unwrap()
    });
    assert_eq!(report.unwrap().replayed, 500);
}

#[test]
fn in_a_task_nothing_causes_what_has_happened() {
    let past = bus(10);
    take(&past, 1..=2);
    let (live, copy) = (Bus::new(), Bus::builder().history(Ring::events(10)).build());
    let (from, to) = (past.clone(), copy.clone());
    let done = Arc::new(AtomicBool::new(false));
    let tell = Arc::clone(&done);
    let _task = live
        .subscription("effect")
        .task(move |_: Received<Effect>| {
            let (replay, tell) = (from.replay("**").unwrap().to(&to), Arc::clone(&tell));
            async move {
                replay.run_async().await.unwrap();
                tell.store(true, Ordering::Release);
            }
        })
        .unwrap();
    live.publish(Effect).unwrap();
    live.settle(LONG).unwrap();
    assert!(done.load(Ordering::Acquire));
    let ids = |bus: &Bus| -> Vec<(EventId, Option<EventId>, EventId)> {
        let events = bus.query("**").unwrap().events();
        events.iter().map(|event| (event.id(), event.causation(), event.correlation())).collect()
    };
    assert_eq!(ids(&past), ids(&copy));
}

#[test]
fn a_replay_and_a_stream_tell_the_same_losses() {
    let ring = Ring::events(100).quota("step.taken", 1).unwrap();
    let bus = Bus::builder().history(ring).build();
    bus.publish(Effect).unwrap();
    take(&bus, 2..=5);
    bus.publish(Effect).unwrap();
    for (pattern, lost) in [("**", &[2..=4][..]), ("effect", &[])] {
        let report = bus.replay(pattern).unwrap().to_handler(|_: &Event| ()).run().unwrap();
        assert_eq!(report.lost_ranges, lost);
        let queue = bus.subscription(pattern).from(Start::Earliest).queue(8, Overflow::Reject);
        let mut stream: EventStream = queue.stream().unwrap();
        let mut told: Vec<Lagged> = Vec::new();
        loop {
            match stream.try_recv() {
                Ok(_) => {}
                Err(TryRecvError::Lagged(lagged)) => told.push(lagged),
                Err(_) => break,
            }
        }
        let told: Vec<_> = told.iter().map(|lagged| lagged.from()..=lagged.to()).collect();
        assert_eq!(told, lost, "{pattern}");
    }
}
