//! How long async handlers last, and that all are registered or none.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rem::prelude::*;
use rem::{RegisterErrorKind, SubscribeError, TaskFuture};

use crate::support::{Door, LONG, Log, Order, bus, paid, wait_for_lines};

/// Waits at a door, and says when it is dropped.
struct Waits {
    door: Door,
    log: Log,
}

impl Drop for Waits {
    fn drop(&mut self) {
        self.log.add("dropped");
    }
}

#[rem::handlers]
impl Waits {
    #[on("order.*.paid")]
    async fn paid(&self, topic: &Topic) {
        self.log.add(format_args!("begun {topic}"));
        self.door.pass().await;
        self.log.add(format_args!("ended {topic}"));
    }

    #[on("order.*.lost")]
    fn lost(&self) {
        self.log.add("lost");
    }
}

fn waits() -> (Bus, Log, Door, Arc<Waits>) {
    let ((bus, log), door) = (bus(), Door::new());
    let value = Arc::new(Waits { door: door.clone(), log: log.clone() });
    (bus, log, door, value)
}

#[test]
fn with_its_guard_no_call_starts_and_one_that_runs_goes_on() {
    let (bus, log, door, value) = waits();
    let subs = bus.register(value).unwrap();
    bus.publish(paid(1)).unwrap();
    bus.publish(paid(2)).unwrap();
    wait_for_lines(&log, 1);
    drop(subs);
    assert_eq!(bus.publish(paid(3)).unwrap().matched(), 0);
    assert_eq!(log.take(), ["begun order.1.paid"]);
    door.open();
    wait_for_lines(&log, 2);
    assert_eq!(log.take(), ["ended order.1.paid", "dropped"], "the second has gone with its queue");
}

#[test]
fn unsubscribed_no_call_runs_and_the_value_is_dropped() {
    let (bus, log, door, value) = waits();
    let subs = bus.register(value).unwrap();
    bus.publish(paid(1)).unwrap();
    wait_for_lines(&log, 1);
    door.open();
    assert_eq!(subs.unsubscribe(), rem::Unsubscribed::Done);
    assert_eq!(log.take(), ["begun order.1.paid", "ended order.1.paid", "dropped"]);
}

#[test]
fn what_is_let_go_lasts_as_long_as_the_bus() {
    let (bus, log, door, value) = waits();
    bus.register(value).unwrap().detach();
    door.open();
    bus.publish(paid(1)).unwrap();
    bus.close(LONG);
    assert_eq!(log.take()[..2], ["begun order.1.paid", "ended order.1.paid"]);
}

#[test]
fn a_weak_registration_ends_with_the_value() {
    let (bus, log, door, value) = waits();
    let subs = bus.register_weak(&value).unwrap();
    (1..=4).for_each(|id| drop(bus.publish(paid(id)).unwrap()));
    wait_for_lines(&log, 1);
    // The call that runs keeps it to its end; what waits behind finds it gone.
    drop(value);
    assert_eq!(log.take(), ["begun order.1.paid"]);
    door.open();
    bus.settle(LONG).unwrap();
    wait_for_lines(&log, 2);
    assert_eq!(log.take(), ["ended order.1.paid", "dropped"]);
    let receipt = bus.publish(paid(5)).unwrap();
    assert_eq!((receipt.delivered(), receipt.failed()), (0, 0));
    let (_, task) = subs.iter().next().unwrap();
    assert!(!task.is_active());
    // One that was let go, and found gone by an event of its own.
    let (bus, log, _, value) = waits();
    bus.register_weak(&value).unwrap().detach();
    drop(value);
    assert_eq!(bus.publish(paid(1)).unwrap().delivered(), 0);
    assert!(bus.topology().subscriptions.is_empty(), "both have ended: {}", bus.topology());
    assert_eq!(log.take(), ["dropped"]);
}

struct Terms {
    log: Log,
}

const TWICE: u64 = 2;

#[rem::handlers]
impl Terms {
    #[on("order.{id}.paid", once)]
    async fn first(&self, Captured(id): Captured<u64>) {
        self.log.add(format_args!("async once {id}"));
    }

    #[on("order.{id}.paid", take = TWICE)]
    async fn two(&self, Captured(id): Captured<u64>) {
        self.log.add(format_args!("async twice {id}"));
    }

    #[on("order.{id}.paid", take = 2)]
    fn inline(&self, Captured(id): Captured<u64>) {
        self.log.add(format_args!("inline twice {id}"));
    }

    #[on("order.{id}.paid", once, filter = |event| !event.topic().as_str().contains('1'))]
    fn inline_once(&self, Captured(id): Captured<u64>) {
        self.log.add(format_args!("inline once {id}"));
    }
}

#[test]
fn a_handler_ends_with_so_many_calls() {
    let (bus, log) = bus();
    let subs = bus.register(Arc::new(Terms { log: log.clone() })).unwrap();
    for id in 1..=4 {
        bus.publish(paid(id)).unwrap();
        bus.settle(LONG).unwrap();
    }
    let mut lines = log.take();
    lines.sort();
    assert_eq!(
        lines,
        [
            "async once 1",
            "async twice 1",
            "async twice 2",
            "inline once 2",
            "inline twice 1",
            "inline twice 2"
        ]
    );
    assert!(!subs.is_active());
}

/// The first would read the past at once.
struct Eager {
    log: Log,
}

#[rem::handlers]
impl Eager {
    #[on("order.*.paid", start = Start::Earliest, concurrency = 2)]
    async fn past(&self, event: Received<Order>) {
        self.log.add(event.topic());
    }

    #[on("order.*.paid", priority = 1)]
    fn inline(&self) {
        self.log.add("inline");
    }

    #[on("order.*.lost", dead_letter = Self::LETTERS)]
    async fn last(&self, _state: Option<State<u8>>) {}

    const LETTERS: &str = "failed.order";
}

struct NeedsState;

#[rem::handlers]
impl NeedsState {
    #[on("order.*.paid", start = Start::Earliest)]
    async fn past(&self, State(log): State<Log>) {
        log.add("past");
    }

    #[on("order.*.paid")]
    async fn missing(&self, _state: State<u8>) {}
}

struct BadTopic;

#[rem::handlers]
impl BadTopic {
    #[on("order.*.paid", dead_letter = NO_TOPIC)]
    async fn paid(&self) {}
}

const NO_TOPIC: &str = "failed.*";

#[test]
fn a_refused_handler_leaves_none_running() {
    let log = Log::default();
    let bus = Bus::builder().state(log.clone()).history(Ring::events(8)).build();
    bus.publish(paid(1)).unwrap();
    let error = bus.register(Arc::new(NeedsState)).unwrap_err();
    assert_eq!(error.handler(), "missing");
    assert!(matches!(error.kind(), RegisterErrorKind::Argument { argument: "_state", .. }));
    let error = bus.register(Arc::new(BadTopic)).unwrap_err();
    let refused =
        |kind: &_| matches!(kind, RegisterErrorKind::Subscribe(SubscribeError::DeadLetterTopic(_)));
    assert!(refused(error.kind()), "{error}");
    assert!(bus.topology().subscriptions.is_empty());
    bus.publish(paid(2)).unwrap();
    bus.settle(LONG).unwrap();
    assert_eq!(log.take(), [""; 0]);
    // Without a history there is nothing to begin with.
    let error = Bus::builder().state(log).build().register(Arc::new(NeedsState)).unwrap_err();
    assert_eq!(error.handler(), "past");
    assert!(matches!(error.kind(), RegisterErrorKind::Subscribe(SubscribeError::NoHistory)));
}

/// The third worker is not taken: those before it were, run, and end without a call.
#[test]
fn a_worker_that_cannot_be_started_ends_those_that_were() {
    let (started, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (count, over) = (Arc::clone(&started), Arc::clone(&ended));
    let spawner = move |task: TaskFuture| {
        assert!(count.fetch_add(1, Ordering::SeqCst) < 2, "no more");
        let over = Arc::clone(&over);
        smol::spawn(async move {
            task.await;
            over.fetch_add(1, Ordering::SeqCst);
        })
        .detach();
    };
    let log = Log::default();
    let bus = Bus::builder().spawner(spawner).history(Ring::events(8)).build();
    bus.publish(paid(1)).unwrap();
    let value = Arc::new(Eager { log: log.clone() });
    let error = bus.register(Arc::clone(&value)).unwrap_err();
    assert_eq!(error.handler(), "last");
    assert!(matches!(error.kind(), RegisterErrorKind::Subscribe(SubscribeError::Spawn(_))));
    assert!(error.to_string().contains("the spawner panicked: no more"), "{error}");
    while ended.load(Ordering::SeqCst) < 2 {
        std::thread::yield_now();
    }
    assert_eq!(bus.publish(paid(2)).unwrap().matched(), 0);
    assert!(bus.topology().subscriptions.is_empty());
    while Arc::strong_count(&value) > 1 {
        std::thread::yield_now();
    }
    assert_eq!((log.take(), started.load(Ordering::SeqCst)), (vec![], 3));
}
