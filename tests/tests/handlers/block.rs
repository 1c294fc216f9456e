//! The block: which methods are handlers, with which keys, on which bus, and what is left as it was.

use std::fmt::Debug;
use std::sync::Arc;

use rem::prelude::*;

use crate::support::{Cache, Log, Order, bus, paid};

const SHOP: &str = "shop";
const LATE: i32 = -5;

/// Documented, with a mixture of everything.
struct Mixed {
    log: Log,
    least: u64,
}

#[rem::handlers]
impl Mixed {
    pub(crate) fn new(log: &Log) -> Arc<Self> {
        Arc::new(Self { log: log.clone(), least: Self::LEAST })
    }

    const LEAST: u64 = 100;

    #[on("order.*.paid")]
    fn plain(&self) {
        self.log.add("plain");
    }

    #[on("order.*.paid", priority = LATE - 1)]
    fn last(&self) {
        self.log.add("last");
    }

    #[on("order.*.paid", priority = 10)]
    fn first(&self) {
        self.log.add("first");
    }

    #[on("order.*.paid", from = SHOP, priority = -5)]
    fn of_the_shop(&self) {
        self.log.add("shop");
    }

    #[on("order.*.paid", from = "desk", filter = Self::is_real)]
    fn of_the_desk(&self) {
        self.log.add("desk");
    }

    #[on("order.*.paid", filter = |event| event.metadata().get("vip").is_some())]
    fn vip(&self) {
        self.log.add("vip");
    }

    #[on("order.*.paid", filter = Self::is_loud)]
    #[on("*.*.lost", filter = |this, _event| this.least > 1_000)]
    fn loud(&self) {
        self.log.add("loud");
    }

    /// Two patterns are two subscriptions.
    #[on("order.*.lost")]
    #[on("cache.hit", priority = 1)]
    pub(crate) fn two(&self, event: &Event) {
        self.log.add(format_args!("two {}", event.topic()));
    }

    #[cfg(any())]
    #[on("order.*.paid")]
    fn left_out(&self, _event: &Event<NotThere>) {}

    #[cfg(not(any()))]
    #[on("cache.hit")]
    fn left_in(&self) {
        self.log.add("left in");
    }

    fn is_real(event: &Event) -> bool {
        event.metadata().get("test").is_none()
    }

    fn is_loud(&self, event: &Event) -> bool {
        event.metadata().get("volume").is_some_and(|volume| volume.as_u64() > Some(self.least))
    }

    #[must_use]
    fn least(&self) -> u64 {
        self.least
    }
}

#[test]
fn keys_filter_and_order() {
    let (bus, log) = bus();
    let mixed = Mixed::new(&log);
    let subs = bus.register(Arc::clone(&mixed)).unwrap();
    let names: Vec<_> = subs.iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "plain",
            "last",
            "first",
            "of_the_shop",
            "of_the_desk",
            "vip",
            "loud",
            "loud",
            "two",
            "two",
            "left_in"
        ]
    );
    assert_eq!((subs.len(), subs.is_empty()), (11, false));

    bus.publish(paid(1)).unwrap();
    assert_eq!(log.take(), ["first", "plain", "last"]);
    bus.event(paid(1)).source("shop").publish().unwrap();
    assert_eq!(log.take(), ["first", "plain", "shop", "last"]);
    bus.event(paid(1)).source("desk").metadata("vip", true).publish().unwrap();
    assert_eq!(log.take(), ["first", "plain", "desk", "vip", "last"]);
    bus.event(paid(1)).source("desk").metadata("test", true).publish().unwrap();
    assert_eq!(log.take(), ["first", "plain", "last"]);
    bus.event(paid(1)).metadata("volume", 100).publish().unwrap();
    assert_eq!(log.take(), ["first", "plain", "last"]);
    bus.event(paid(1)).metadata("volume", 101).publish().unwrap();
    assert_eq!(log.take(), ["first", "plain", "loud", "last"]);
    bus.publish(Order::Lost { id: 1 }).unwrap();
    bus.publish(Cache::Hit).unwrap();
    assert_eq!(log.take(), ["two order.1.lost", "two cache.hit", "left in"]);

    // They are methods as before.
    mixed.plain();
    assert_eq!((log.take(), mixed.least()), (vec!["plain".to_owned()], 100));
}

#[test]
fn each_handler_has_its_own_line() {
    let (bus, log) = bus();
    let subs = bus.register(Mixed::new(&log)).unwrap();
    let source = include_str!("block.rs");
    let place = |name: &str| {
        let begins = |line: &str| {
            line.trim_start().trim_start_matches("pub(crate) ").starts_with(&format!("fn {name}("))
        };
        let line = source.lines().position(begins).unwrap() + 1;
        format!("handlers/block.rs:{line}:")
    };
    let told = format!("{subs:?}");
    for (name, each) in subs.iter() {
        assert!(each.to_string().contains(&place(name)), "{each} is at {}", place(name));
        let shown = format!("\"{name}\": Subscription {{ id: ");
        assert!(told.contains(&shown) && told.contains(each.pattern()), "{told}");
    }
    assert_eq!(subs.to_string().lines().count(), 11, "{subs}");
}

/// Generic, with a clause and a type of its own for the event.
struct Generic<E, const N: usize>
where
    E: EventType,
{
    log: Log,
    of: std::marker::PhantomData<fn() -> E>,
}

trait Names {
    type Data: EventType;
}

impl<E: EventType, const N: usize> Names for Generic<E, N> {
    type Data = E;
}

#[rem::handlers]
impl<E, const N: usize> Generic<E, N>
where
    E: EventType + PartialEq + Debug,
{
    #[on]
    fn every(&self, event: &Event<E>) {
        self.log.add(format_args!("every {N} {:?}", event.data));
    }

    #[on("**")]
    fn of_self(
        &self,
        event: Received<<Self as Names>::Data>,
        again: Received<<Self as Names>::Data>,
    ) {
        assert_eq!(event.data, again.data);
        self.log.add(format_args!("of self {:?}", event.data));
    }

    #[on("order.*.paid")]
    fn of_another(&self, event: &Event<Order>) {
        self.log.add(format_args!("of another {:?}", event.data));
    }
}

#[test]
fn a_generic_block_is_registered_for_the_types_it_is_used_with() {
    let (bus, log) = bus();
    let generic = Generic::<Cache, 3> { log: log.clone(), of: std::marker::PhantomData };
    let _subs = bus.register(Arc::new(generic)).unwrap();
    bus.publish(Cache::Hit).unwrap();
    assert_eq!(log.take(), ["every 3 Hit", "of self Hit"]);
    bus.publish(paid(1)).unwrap();
    assert_eq!(log.take(), ["of another Paid { id: 1, cents: 250 }"]);
}

struct Scoped {
    log: Log,
}

#[rem::handlers]
impl Scoped {
    #[on]
    fn by_type(&self, event: &Event<Order>) {
        self.log.add(format_args!("by type {}", event.topic()));
    }

    #[on("order.*.paid")]
    fn by_topic(&self, event: &Event<Order>) {
        self.log.add(format_args!("by topic {}", event.topic()));
    }

    #[on("**.order.*.paid")]
    fn anywhere(&self, event: &Event<Order>) {
        self.log.add(format_args!("anywhere {}", event.topic()));
    }
}

#[test]
fn patterns_are_relative_to_the_bus_and_types_to_any_scope() {
    let (bus, log) = bus();
    let child = bus.child("eu").unwrap();
    let above = bus.register(Arc::new(Scoped { log: log.clone() })).unwrap();
    child.publish(paid(1)).unwrap();
    assert_eq!(log.take(), ["by type eu.order.1.paid", "anywhere eu.order.1.paid"]);
    bus.publish(paid(1)).unwrap();
    assert_eq!(
        log.take(),
        ["by type order.1.paid", "by topic order.1.paid", "anywhere order.1.paid"]
    );
    drop(above);

    let _below = child.register(Arc::new(Scoped { log: log.clone() })).unwrap();
    bus.publish(paid(2)).unwrap();
    assert_eq!(log.take(), [""; 0]);
    child.publish(paid(2)).unwrap();
    assert_eq!(
        log.take(),
        ["by type eu.order.2.paid", "by topic eu.order.2.paid", "anywhere eu.order.2.paid"]
    );
}

struct Watches {
    log: Log,
}

#[rem::handlers]
impl Watches {
    #[on("$rem.handler.failed")]
    fn failed(&self, event: &Event<rem::SystemEvent>) {
        self.log.add(event.topic());
    }

    #[on("raw.**")]
    fn raw(&self, event: &Event<rem::wire::RawEvent>) {
        self.log.add(format_args!("{} bytes", event.data.bytes().len()));
    }

    #[on("order.*.paid")]
    fn fails(&self) -> Result<(), &'static str> {
        Err("no")
    }
}

#[test]
fn system_events_and_raw_data_have_handlers_too() {
    let (bus, log) = bus();
    let _subs = bus.register(Arc::new(Watches { log: log.clone() })).unwrap();
    let raw = rem::wire::RawEvent::new(rem::wire::Codec::Json, *b"{}");
    bus.publish_to("raw.a", raw).unwrap();
    bus.publish(paid(1)).unwrap();
    assert_eq!(log.take(), ["2 bytes", "$rem.handler.failed"]);
}

struct LeftOut;

#[rem::handlers]
impl LeftOut {
    #[cfg(any())]
    #[on("order.*.paid")]
    fn paid(&self) {}
}

#[test]
fn a_block_whose_handlers_are_left_out_registers_nothing() {
    let (bus, _) = bus();
    let subs = bus.register(Arc::new(LeftOut)).unwrap();
    assert!(subs.is_empty() && !subs.is_active());
    assert_eq!(bus.publish(paid(1)).unwrap().matched(), 0);
}
