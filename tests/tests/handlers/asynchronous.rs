//! Async handlers: what they are given, in which order they are called, and what they cause.

use std::sync::Arc;

use rem::prelude::*;
use rem::{Argument, ArgumentError, Captures, HandlerCall, PublishError, TaskKey, Timestamp};

use crate::support::{Cache, Door, LONG, Log, Order, bus, failures, paid, wait_for_lines};

struct Takes {
    log: Log,
}

/// An argument of a program's own.
struct Call {
    attempt: u32,
    is_replay: bool,
}

impl<'c> Argument<'c> for Call {
    fn from_call(call: &HandlerCall<'c>) -> Result<Self, ArgumentError> {
        Ok(Self { attempt: call.attempt(), is_replay: call.is_replay() })
    }
}

#[rem::handlers]
impl Takes {
    /// What is lent stays lent across a wait: the future owns what it was called with.
    #[on("order.{id}.paid")]
    async fn lent(
        &self,
        event: &Event<Order>,
        topic: &Topic,
        captures: Captures<'_>,
        metadata: &Metadata,
        any: &Event,
    ) {
        smol::future::yield_now().await;
        let id = captures.get("id").unwrap_or_default();
        assert_eq!((event.id(), topic), (any.id(), event.topic()));
        let tenant = metadata.get("tenant").map(ToString::to_string).unwrap_or_default();
        self.log.add(format_args!("lent {id} {tenant}"));
    }

    #[on("order.{id}.paid")]
    #[expect(clippy::too_many_arguments, reason = "it is what there is")]
    async fn owned(
        &self,
        Captured(id): Captured<u64>,
        event: Received<Order>,
        at: Timestamp,
        topic: Topic,
        any: Received,
        call: Call,
        log: State<Log>,
        missing: Option<State<String>>,
        bus: Bus,
    ) -> Result<(), String> {
        smol::future::yield_now().await;
        if missing.is_some() || any.id() != event.id() {
            return Err("that is another event".to_owned());
        }
        assert_eq!((at, &topic), (event.timestamp(), event.topic()));
        assert_eq!((call.attempt, call.is_replay), (event.attempt(), event.is_replay()));
        let below = bus.prefix().map_or("root", Topic::as_str);
        log.add(format_args!("owned {id} on {below}"));
        Ok(())
    }

    #[on("order.*.paid")]
    async fn nothing(&self) {
        self.log.add("nothing");
    }
}

#[test]
fn an_async_handler_takes_what_others_take() {
    let (bus, log) = bus();
    let (failed, _failures) = failures(&bus);
    let subs = bus.register(Arc::new(Takes { log: log.clone() })).unwrap();
    bus.event(paid(7)).metadata("tenant", "acme").publish().unwrap();
    bus.settle(LONG).unwrap();
    let mut lines = log.take();
    lines.sort();
    assert_eq!(lines, ["lent 7 \"acme\"", "nothing", "owned 7 on root"], "{:?}", failed.take());
    let shown = subs.to_string();
    assert_eq!(shown.lines().count(), 3, "{shown}");
    assert!(shown.contains("`lent`: ") && shown.contains("handlers/asynchronous.rs:"), "{shown}");
    drop(subs);

    let child = bus.child("eu").unwrap();
    let _subs = child.register(Arc::new(Takes { log: log.clone() })).unwrap();
    bus.publish(paid(8)).unwrap();
    child.event(paid(9)).metadata("tenant", 1).publish().unwrap();
    bus.settle(LONG).unwrap();
    let mut lines = log.take();
    lines.sort();
    assert_eq!(lines, ["lent 9 1", "nothing", "owned 9 on eu"], "{:?}", failed.take());
}

struct Unreadable;

#[rem::handlers]
impl Unreadable {
    #[on("order.{id}.paid")]
    async fn paid(&self, Captured(_id): Captured<bool>) {}
}

#[test]
fn an_argument_that_cannot_be_made_is_the_handlers_failure() {
    let (bus, _) = bus();
    let (failed, _failures) = failures(&bus);
    let _subs = bus.register(Arc::new(Unreadable)).unwrap();
    assert_eq!(bus.publish(paid(7)).unwrap().delivered(), 1, "its queue has it");
    bus.settle(LONG).unwrap();
    let failed = failed.take();
    assert!(failed.len() == 1 && failed[0].starts_with("argument `_id`: "), "{failed:?}");
}

/// One who tells, and holds the first order until the door opens.
struct Keyed {
    door: Door,
    log: Log,
}

const TENANT: &str = "tenant";
const THREE: usize = 3;

#[rem::handlers]
impl Keyed {
    #[on("order.*.paid", concurrency = 3, by_key = "id")]
    async fn by_field(&self, event: Received<Order>) {
        self.handle("field", &event).await;
    }

    #[on("order.*.paid", concurrency = THREE, by_key = TENANT)]
    async fn by_metadata(&self, event: &Event<Order>) {
        self.handle("metadata", event).await;
    }

    #[on("order.*.paid", concurrency = 3, by_key = |event| event.source().map(Box::from))]
    async fn by_closure(&self, event: Received<Order>) {
        self.handle("closure", &event).await;
    }

    #[on("order.*.paid", concurrency = 3, by_key = TaskKey::of(Self::topic))]
    async fn by_function(&self, event: Received<Order>) {
        self.handle("function", &event).await;
    }

    fn topic(event: &Event) -> Option<Box<str>> {
        (!event.topic().is_system()).then(|| event.topic().as_str().into())
    }

    async fn handle(&self, of: &str, event: &Event<Order>) {
        let Order::Paid { id, cents } = event.data else { return };
        self.log.add(format_args!("{of} {id}/{cents}"));
        if cents == 1 {
            self.door.pass().await;
        }
    }
}

#[test]
fn the_events_of_one_key_wait_for_each_other_and_others_pass() {
    let (bus, log) = bus();
    let door = Door::new();
    let _subs = bus.register(Arc::new(Keyed { door: door.clone(), log: log.clone() })).unwrap();
    for (id, cents) in [(1, 1), (1, 2), (2, 3)] {
        let key = id.to_string();
        bus.event(Order::Paid { id, cents })
            .metadata("tenant", key.clone())
            .source(key)
            .publish()
            .unwrap();
    }
    // Whatever the threads: the second of order 1 waits behind the first, and order 2 goes by.
    wait_for_lines(&log, 8);
    let mut lines = log.take();
    lines.sort();
    let of = |of: &str| [format!("{of} 1/1"), format!("{of} 2/3")];
    assert_eq!(lines, ["closure", "field", "function", "metadata"].map(of).concat());
    door.open();
    bus.settle(LONG).unwrap();
    let mut lines = log.take();
    lines.sort();
    assert_eq!(lines, ["closure 1/2", "field 1/2", "function 1/2", "metadata 1/2"]);
}

/// The key that the type declares.
#[derive(EventType, Debug, Clone)]
#[event(namespace = "job", local)]
#[event(group(Work = "{added,done}"))]
enum Job {
    Added {
        #[event(key)]
        of: &'static str,
        number: u64,
    },
    Done {
        number: u64,
    },
    Idle,
}

struct Works {
    log: Log,
}

#[rem::handlers]
impl Works {
    /// In order for each key, however the threads run.
    #[on("job.added", concurrency = 4, by_key, queue = 8, overflow = Overflow::Block(LONG))]
    async fn added(&self, event: &Event<Job>, bus: Bus) -> Result<(), PublishError<Job>> {
        let Job::Added { of, number } = event.data else { return Ok(()) };
        if number.is_multiple_of(3) {
            smol::future::yield_now().await;
        }
        self.log.add(format_args!("{of} {number}"));
        bus.publish_async(Job::Done { number }).await.map(drop)
    }

    #[on(group = Job::work, filter = |event| event.causation().is_some())]
    fn inline(&self, event: &Event<Job>) {
        if let Job::Done { number } = event.data {
            self.log.add(format_args!("work {number} is done"));
        }
    }
}

#[test]
fn the_declared_key_keeps_its_order_under_load() {
    let (bus, log) = bus();
    let subs = bus.register(Arc::new(Works { log: log.clone() })).unwrap();
    for number in 0..300 {
        for of in ["a", "b", "c"] {
            bus.publish(Job::Added { of, number }).unwrap();
        }
    }
    bus.settle(LONG).unwrap();
    let lines = log.take();
    for of in ["a", "b", "c"] {
        let of_key = lines.iter().filter_map(|line| line.strip_prefix(of));
        let wanted = (0..300).map(|number| format!(" {number}"));
        assert!(of_key.eq(wanted), "{of}");
    }
    assert_eq!(lines.iter().filter(|line| line.ends_with("is done")).count(), 900);
    assert!(subs.iter().all(|(_, each)| each.failures() == 0));
}

struct Story {
    log: Log,
}

#[rem::handlers]
impl Story {
    #[on("job.added")]
    async fn first(&self, event: Received<Job>, bus: Bus) -> Result<(), PublishError<Job>> {
        smol::future::yield_now().await;
        assert!(event.causation().is_none());
        bus.publish_async(Job::Done { number: 1 }).await.map(drop)
    }

    #[on("job.done")]
    fn second(&self, event: &Event<Job>, bus: Bus) -> Result<(), PublishError<Job>> {
        self.tell(event);
        bus.publish(Job::Idle).map(drop)
    }

    #[on("job.idle")]
    async fn third(&self, event: &Event<Job>) {
        smol::future::yield_now().await;
        self.tell(event);
    }

    fn tell(&self, event: &Event) {
        let cause = event.causation().map(|id| id.to_string()).unwrap_or_default();
        self.log.add(format_args!("{} {cause} {}", event.id(), event.correlation()));
    }
}

#[test]
fn causes_are_carried_across_async_and_inline_handlers() {
    let (bus, log) = bus();
    let _subs = bus.register(Arc::new(Story { log: log.clone() })).unwrap();
    let begun = bus.publish(Job::Added { of: "a", number: 1 }).unwrap().id().unwrap().to_string();
    wait_for_lines(&log, 2);
    let lines = log.take();
    let told: Vec<Vec<_>> = lines.iter().map(|line| line.split(' ').collect()).collect();
    let [second, third] = told.as_slice() else { panic!("{lines:?}") };
    assert_eq!((second[1], second[2]), (begun.as_str(), begun.as_str()));
    assert_eq!((third[1], third[2]), (second[0], begun.as_str()));
}

/// Generic, and by type alone.
struct Generic<E> {
    log: Log,
    of: std::marker::PhantomData<fn() -> E>,
}

#[rem::handlers]
impl<E: EventType + std::fmt::Debug> Generic<E> {
    #[on]
    async fn every(&self, event: Received<E>) {
        self.log.add(format_args!("every {:?}", event.data));
    }
}

/// A function may be async as well.
#[rem::on("cache.hit", from = "shop")]
async fn hit(event: &Event<Cache>, State(log): State<Log>) {
    smol::future::yield_now().await;
    log.add(format_args!("hit {:?}", event.data));
}

#[test]
fn generic_blocks_and_functions_may_be_async() {
    let (bus, log) = bus();
    let generic = Generic::<Cache> { log: log.clone(), of: std::marker::PhantomData };
    let _subs = bus.register(Arc::new(generic)).unwrap();
    bus.child("eu").unwrap().publish(Cache::Hit).unwrap();
    bus.settle(LONG).unwrap();
    assert_eq!(log.take(), ["every Hit"]);
    let _hit = bus.register_fn::<hit>().unwrap();
    bus.event(Cache::Hit).source("shop").publish().unwrap();
    bus.publish(Cache::Hit).unwrap();
    bus.settle(LONG).unwrap();
    let mut lines = log.take();
    lines.sort();
    assert_eq!(lines, ["every Hit", "every Hit", "hit Hit"]);
}

struct Past {
    log: Log,
}

#[rem::handlers]
impl Past {
    #[on("order.*.paid", start = Start::Last(2), filter = |event| event.source().is_none())]
    async fn paid(&self, event: Received<Order>) {
        self.log.add(format_args!("{} {}", event.topic(), event.is_replay()));
    }
}

#[test]
fn an_async_handler_may_begin_in_the_past() {
    let log = Log::default();
    let bus = Bus::builder().history(Ring::events(16)).build();
    (1..=3).for_each(|id| drop(bus.publish(paid(id)).unwrap()));
    bus.event(paid(4)).source("test").publish().unwrap();
    let _subs = bus.register(Arc::new(Past { log: log.clone() })).unwrap();
    wait_for_lines(&log, 2);
    bus.publish(paid(5)).unwrap();
    wait_for_lines(&log, 3);
    let lines = log.take();
    assert_eq!(lines[..2], ["order.2.paid true", "order.3.paid true"]);
    // Read from the history still, if the one before it was not passed over yet.
    assert!(["order.5.paid true", "order.5.paid false"].contains(&&*lines[2]), "{lines:?}");
}
