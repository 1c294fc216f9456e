//! What a handler takes: each argument, in any order, and what is said of one that cannot be made.

use std::sync::Arc;

use rem::prelude::*;
use rem::{Argument, ArgumentError, Captures, EventId, HandlerCall, SubscriptionId, Timestamp};

use crate::support::{Cache, Log, Order, bus, failures, paid};

struct Every;

#[rem::handlers]
impl Every {
    #[on("order.*.paid", priority = 20)]
    fn typed(&self, event: &Event<Order>, State(log): State<Log>) {
        log.add(format_args!("typed {:?}", event.data));
    }

    #[on("order.*.paid", priority = 19)]
    fn received(&self, State(log): State<Log>, received: Received<Order>) {
        let kept: Arc<Event<Order>> = Arc::clone(received.event());
        log.add(format_args!("received {:?}", kept.data));
    }

    #[on("order.{id}.paid", priority = 18)]
    fn both(
        &self,
        first: &Event<Order>,
        received: Received<Order>,
        any: &Event,
        second: &Event<Order>,
        State(log): State<Log>,
    ) {
        assert_eq!((first.id(), second.id(), any.id()), (received.id(), any.id(), first.id()));
        assert!(std::ptr::eq(first, second) && std::ptr::eq(first, &raw const **received.event()));
        log.add(format_args!("both {:?}", received.capture("id")));
    }

    #[on("order.{id}.paid", priority = 17)]
    fn any(&self, received: Received, event: &Event, State(log): State<Log>) {
        assert_eq!(received.id(), event.id());
        log.add(format_args!("any {}", event.topic()));
    }

    #[on("order.{id}.{*what}", priority = 16)]
    fn captured<'a>(
        &self,
        State(log): State<Log>,
        Captured((id, what)): Captured<(u64, String)>,
        raw: Captures<'a>,
        topic: &'a Topic,
    ) {
        assert_eq!(raw.get_raw("what"), topic.segments().next_back());
        log.add(format_args!("captured {id} {what} {raw:?}"));
    }

    #[on("order.*.paid", priority = 15)]
    fn lent<'a>(&self, topic: &'a Topic, metadata: &'a Metadata, State(log): State<Log>) {
        log.add(format_args!("lent {topic} {metadata:?}"));
    }

    #[on("order.*.paid", priority = 14)]
    fn owned(&self, topic: Topic, metadata: Metadata, log: State<Log>) {
        log.add(format_args!("owned {topic} {metadata:?}"));
    }

    #[on("order.*.paid", priority = 13)]
    fn numbers(
        &self,
        id: EventId,
        at: Timestamp,
        me: SubscriptionId,
        log: State<Log>,
        event: &Event,
    ) {
        assert_eq!((id, at), (event.id(), event.timestamp()));
        log.add(format_args!("numbers {me}"));
    }

    #[on("order.*.paid", priority = 12)]
    fn publishes(&self, bus: Bus, log: State<Log>) -> Result<(), rem::PublishError<Cache>> {
        log.add("publishes");
        bus.publish(Cache::Hit).map(drop)
    }

    #[on("cache.hit")]
    fn effect(&self, log: State<Log>) {
        log.add("effect");
    }

    #[on("order.*.paid", priority = 11)]
    fn perhaps(
        &self,
        missing: Option<Captures<'_>>,
        there: Option<Topic>,
        reason: Result<Tenant, ArgumentError>,
        log: State<Log>,
    ) {
        let reason = reason.map_or_else(|error| error.to_string(), |tenant| tenant.0);
        log.add(format_args!("perhaps {:?} {there:?} {reason}", missing.map(|all| all.len())));
    }
}

/// One of the user's own.
struct Tenant(String);

impl<'c> Argument<'c> for Tenant {
    fn from_call(call: &HandlerCall<'c>) -> Result<Self, ArgumentError> {
        let tenant = call.event().metadata().get("tenant").and_then(|tenant| tenant.as_str());
        let tenant = tenant.ok_or_else(|| ArgumentError::new("there is no tenant"))?;
        Ok(Self(tenant.to_owned()))
    }
}

#[test]
fn every_argument_in_any_order() {
    let (bus, log) = bus();
    let _subs = bus.register(Arc::new(Every)).unwrap();
    let receipt = bus.event(paid(7)).metadata("tariff", 3).publish().unwrap();
    assert_eq!((receipt.delivered(), receipt.failed()), (10, 0));
    let expected = [
        "typed Paid { id: 7, cents: 250 }",
        "received Paid { id: 7, cents: 250 }",
        "both Some(\"7\")",
        "any order.7.paid",
        "captured 7 paid {\"id\": \"7\", \"what\": \"paid\"}",
        "lent order.7.paid {\"tariff\": Number(3)}",
        "owned order.7.paid {\"tariff\": Number(3)}",
        "numbers subscription 8",
        "publishes",
        "perhaps Some(0) Some(Topic(\"order.7.paid\")) there is no tenant",
        "effect", // after its cause has reached all of its own
    ];
    assert_eq!(log.take(), expected);
}

struct Own;

#[rem::handlers]
impl Own {
    #[on("order.*.paid")]
    fn paid(&self, tenant: Tenant, log: State<Log>) {
        log.add(&tenant.0);
    }
}

#[test]
fn an_argument_of_ones_own_is_made_or_is_the_handlers_failure() {
    let (bus, log) = bus();
    let (failed, _failed) = failures(&bus);
    let subs = bus.register(Arc::new(Own)).unwrap();
    bus.event(paid(1)).metadata("tenant", "acme").publish().unwrap();
    let receipt = bus.publish(paid(2)).unwrap();
    assert_eq!((receipt.delivered(), receipt.failed()), (0, 1));
    assert_eq!(log.take(), ["acme"]);
    assert_eq!(failed.take(), ["argument `tenant`: there is no tenant"]);
    assert_eq!(subs.iter().map(|(_, each)| each.failures()).collect::<Vec<_>>(), [1]);
}

struct Fails;

#[rem::handlers]
impl Fails {
    #[on("order.*.paid", priority = 1)]
    fn panics(&self) {
        panic!("no {}", 1);
    }

    #[on("order.*.paid")]
    fn fails(&self) -> Result<(), std::io::Error> {
        Err(std::io::Error::other("disk"))
    }
}

#[test]
fn a_handler_that_fails_or_panics_is_told() {
    let (bus, _) = bus();
    let (failed, _failed) = failures(&bus);
    let subs = bus.register(Arc::new(Fails)).unwrap();
    let receipt = bus.publish(paid(1)).unwrap();
    assert_eq!((receipt.delivered(), receipt.failed()), (0, 2));
    assert_eq!(failed.take(), ["no 1", "disk"]);
    assert!(subs.is_active());
}

struct Mismatched;

#[rem::handlers]
impl Mismatched {
    #[on("order.*.paid")]
    fn see(&self, _event: &Event<Order>) {}

    #[on("order.*.paid")]
    fn keep(&self, _event: Received<Order>) {}
}

#[test]
fn an_unrelated_type_under_the_topic_is_counted() {
    let (bus, _) = bus();
    let subs = bus.register(Arc::new(Mismatched)).unwrap();
    let receipt = bus.publish_to("order.7.paid", Cache::Hit).unwrap();
    assert_eq!((receipt.delivered(), receipt.failed()), (0, 0));
    assert!(subs.iter().all(|(_, each)| each.mismatches() == 1), "{subs:?}");
}

struct NeedsState;

#[rem::handlers]
impl NeedsState {
    #[on("order.*.paid")]
    fn first(&self, log: State<Log>) {
        log.add("called");
    }

    #[on("order.*.paid")]
    fn second(&self, _rate: State<f32>) {}
}

#[test]
fn missing_state_is_told_when_it_is_registered_and_nothing_stays() {
    let (bus, log) = bus();
    let error = bus.register(Arc::new(NeedsState)).unwrap_err();
    assert_eq!(error.handler(), "second");
    assert!(error.place().file().ends_with("handlers/arguments.rs"));
    let text = error.to_string();
    assert!(
        text.starts_with("handler `second` (")
            && text.ends_with(
                "was not registered: argument `_rate`: the bus has no state of type `f32`; give it one: \
                 `Bus::builder().state(…)`"
            ),
        "{text}"
    );
    assert_eq!(bus.publish(paid(1)).unwrap().delivered(), 0);
    assert_eq!(log.take(), [""; 0]);
    assert!(bus.state_of::<f32>().is_none() && bus.state_of::<Log>().is_some());
}

#[test]
fn state_is_one_of_each_type_for_all_buses_below() {
    let bus = Bus::builder().state(1_u8).state(2_u8).state("text").build();
    let child = bus.child("eu").unwrap();
    assert_eq!((child.state_of::<u8>(), child.state_of::<&str>()), (Some(&2), Some(&"text")));
}

struct TakesBus;

#[rem::handlers]
impl TakesBus {
    #[on("order.*.paid")]
    fn paid(&self, bus: Bus, log: State<Log>) {
        log.add(format_args!("{:?}", bus.prefix()));
    }
}

#[test]
fn the_bus_is_the_one_it_was_registered_on_and_is_not_kept() {
    let (bus, log) = bus();
    let (failed, _failed) = failures(&bus);
    let child = bus.child("eu").unwrap();
    bus.register(Arc::new(TakesBus)).unwrap().detach();
    child.register(Arc::new(TakesBus)).unwrap().detach();
    child.publish(paid(1)).unwrap();
    bus.publish(paid(1)).unwrap();
    assert_eq!(log.take(), ["Some(Topic(\"eu\"))", "None"]);

    drop(child);
    let receipt = bus.publish_to("eu.order.1.paid", paid(1)).unwrap();
    assert_eq!((receipt.delivered(), receipt.failed()), (0, 1));
    let failed = failed.take();
    assert!(failed[0].starts_with("argument `bus`: the bus on which"), "{failed:?}");
}
