//! Keys that async handlers and others share: where in the past they begin, and what ends them.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, LazyLock};

use rem::prelude::*;
use rem::testing::TestBus;
use rem::{RegisterErrorKind, SubscribeError, Token};

use crate::support::{LONG, Log, Order, bus, paid};

/// A bus with a past.
fn bus_with(log: &Log, past: impl IntoIterator<Item = u64>) -> Bus {
    let builder = Bus::builder().history(Ring::events(64)).state(log.clone());
    let bus = TestBus::with(builder).bus;
    past.into_iter().for_each(|id| drop(bus.publish(paid(id)).unwrap()));
    bus
}

struct Late {
    log: Log,
}

#[rem::handlers]
impl Late {
    /// What it publishes is heard by those that are declared after it.
    #[on("order.{id}.paid", start = Start::Earliest, filter = |event| event.topic().as_str() != "order.2.paid")]
    fn all(&self, event: Received<Order>, Captured(id): Captured<u64>, bus: Bus) {
        self.log.add(format_args!("all {id} {}", event.is_replay()));
        if event.is_replay() {
            bus.publish(Order::Lost { id }).unwrap();
        }
    }

    #[on("order.{id}.paid", start = Start::Last(1))]
    fn last(&self, Captured(id): Captured<u64>) {
        self.log.add(format_args!("last {id}"));
    }

    #[on("order.{id}.lost", once)]
    fn lost(&self, Captured(id): Captured<u64>) {
        self.log.add(format_args!("lost {id}"));
    }
}

#[test]
fn a_handler_that_is_called_inline_begins_in_the_past_when_the_others_are_there() {
    let log = Log::default();
    let bus = bus_with(&log, 1..=3);
    let subs = bus.register(Arc::new(Late { log: log.clone() })).unwrap();
    let past = ["all 1 true", "lost 1", "all 3 true", "last 3"];
    assert_eq!(log.take(), past, "before `register` returns");
    let names: Vec<_> = subs.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["all", "last", "lost"], "in the order of declaration");
    bus.publish(paid(4)).unwrap();
    assert_eq!(log.take(), ["all 4 false", "last 4"]);
    drop(subs);
    bus.publish(paid(5)).unwrap();
    assert_eq!(log.take(), [""; 0]);
}

#[rem::on("order.*.paid", start = Start::Earliest)]
fn replayed(State(log): State<Log>, topic: &Topic) {
    log.add(topic);
}

#[test]
fn a_function_begins_in_the_past_too() {
    let log = Log::default();
    let bus = bus_with(&log, 1..=2);
    let _sub = bus.register_fn::<replayed>().unwrap();
    assert_eq!(log.take(), ["order.1.paid", "order.2.paid"]);
}

#[test]
fn the_past_is_refused_where_there_is_none_and_within_a_handler() {
    let (without, log) = bus();
    let error = without.register(Arc::new(Late { log: log.clone() })).unwrap_err();
    assert_eq!(error.handler(), "all");
    assert!(matches!(error.kind(), RegisterErrorKind::Subscribe(SubscribeError::NoHistory)));

    let bus = bus_with(&log, 1..=1);
    let (inner, seen) = (bus.downgrade(), log.clone());
    let _sub = bus.subscribe("now", move |_: &Event| {
        let late = Arc::new(Late { log: seen.clone() });
        let error = inner.upgrade().unwrap().register(late).unwrap_err();
        let kind = error.kind();
        assert!(
            matches!(kind, RegisterErrorKind::Subscribe(SubscribeError::WithinHandler { place })
                if *place == error.place()),
            "{error}"
        );
        seen.add(error.handler());
    });
    let receipt = bus.publish_to("now", paid(9)).unwrap();
    assert_eq!((receipt.delivered(), receipt.failed()), (1, 0));
    assert_eq!(log.take(), ["all"], "no handler was called");
    assert_eq!(bus.topology().subscriptions.len(), 1, "and none was left");
}

static SHIFT: LazyLock<Token> = LazyLock::new(Token::new);
static NIGHT: AtomicBool = AtomicBool::new(false);

fn is_night() -> bool {
    NIGHT.load(SeqCst)
}

#[derive(Default)]
struct Shop {
    log: Log,
    is_shut: AtomicBool,
}

#[rem::handlers]
impl Shop {
    #[on("order.*.paid", until = &*SHIFT)]
    fn token(&self) {
        self.log.add("token");
    }

    #[on("order.*.paid", until = is_night)]
    fn function(&self) {
        self.log.add("function");
    }

    #[on("order.*.paid", until = || NIGHT.load(SeqCst))]
    fn closure(&self) {
        self.log.add("closure");
    }

    #[on("order.*.paid", until = Self::is_shut)]
    fn method(&self) {
        self.log.add("method");
    }

    #[on("order.*.paid", until = |this| this.is_shut.load(SeqCst))]
    fn closure_of_self(&self) {
        self.log.add("closure of self");
    }

    #[on("order.*.paid", until = Self::is_shut)]
    async fn task(&self) {
        self.log.add("task");
    }

    fn is_shut(&self) -> bool {
        self.is_shut.load(SeqCst)
    }
}

#[rem::on("order.*.lost", until = is_night)]
fn at_day(State(log): State<Log>) {
    log.add("day");
}

/// One test, for what is static is shared.
#[test]
fn a_handler_lasts_until_a_token_ends_or_a_function_says_so() {
    let (bus, log) = bus();
    let shop = Arc::new(Shop { log: log.clone(), ..Shop::default() });
    let subs = bus.register(Arc::clone(&shop)).unwrap();
    let day = bus.register_fn::<at_day>().unwrap();
    let called = || {
        bus.publish(paid(1)).unwrap();
        bus.publish(Order::Lost { id: 1 }).unwrap();
        bus.settle(LONG).unwrap();
        let mut called = log.take();
        called.sort();
        called
    };
    let of_self = ["closure of self", "method", "task"];
    assert_eq!(
        called(),
        ["closure", "closure of self", "day", "function", "method", "task", "token"]
    );
    SHIFT.end();
    assert_eq!(called(), ["closure", "closure of self", "day", "function", "method", "task"]);
    NIGHT.store(true, SeqCst);
    assert_eq!(called(), of_self);
    assert!(subs.is_active() && !day.is_active());
    shop.is_shut.store(true, SeqCst);
    assert_eq!(called(), [""; 0]);
    assert!(!subs.is_active());
}

struct Short {
    log: Log,
}

#[rem::handlers]
impl Short {
    #[on("order.*.paid", until = Self::never)]
    fn lasts(&self) {
        self.log.add("lasts");
    }

    fn never(&self) -> bool {
        self.log.is("never")
    }
}

#[test]
fn what_asks_a_value_is_over_when_the_value_is_gone() {
    let (bus, log) = bus();
    let short = Arc::new(Short { log: log.clone() });
    let subs = bus.register_weak(&short).unwrap();
    bus.publish(paid(1)).unwrap();
    assert_eq!((log.take(), subs.is_active()), (vec!["lasts".to_owned()], true));
    drop(short);
    assert!(!subs.is_active(), "without an event that finds it gone");
}

struct Twice {
    log: Log,
}

#[rem::handlers]
impl Twice {
    /// Patterns that do not meet: two subscriptions, each of which is called once.
    #[on("order.*.paid", once)]
    #[on("order.*.lost", once)]
    fn each(&self, topic: &Topic) {
        self.log.add(format_args!("each {topic}"));
    }

    /// A set is one.
    #[on("order.*.paid,order.*.lost", once)]
    fn set(&self, topic: &Topic) {
        self.log.add(format_args!("set {topic}"));
    }
}

#[test]
fn calls_are_counted_for_each_pattern_and_a_set_is_one() {
    let (bus, log) = bus();
    let _subs = bus.register(Arc::new(Twice { log: log.clone() })).unwrap();
    for id in 1..=2 {
        bus.publish(paid(id)).unwrap();
        bus.publish(Order::Lost { id }).unwrap();
    }
    assert_eq!(log.take(), ["each order.1.paid", "set order.1.paid", "each order.1.lost"]);
}
