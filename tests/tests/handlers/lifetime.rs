//! How long handlers last: with their guard, their value, their bus.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rem::prelude::*;
use rem::{RegisterErrorKind, SubscribeError};

use crate::support::{Log, Order, bus, paid};

/// Says when it is dropped.
struct Counts {
    log: Log,
}

impl Drop for Counts {
    fn drop(&mut self) {
        self.log.add("dropped");
    }
}

#[rem::handlers]
impl Counts {
    #[on("order.*.paid")]
    fn paid(&self) {
        self.log.add("paid");
    }

    #[on(filter = Self::is_there)]
    fn every(&self, _event: Received<Order>) {
        self.log.add("every");
    }

    fn is_there(&self, event: &Event) -> bool {
        !self.log.is(event.topic())
    }
}

/// How many subscriptions the bus holds, as it shows itself.
fn held(bus: &Bus) -> String {
    let text = format!("{bus:?}");
    let (_, rest) = text.split_once("subscriptions: ").unwrap_or_default();
    rest.split(',').next().unwrap_or_default().to_owned()
}

#[test]
fn a_guard_keeps_the_value_and_ends_with_all_its_handlers() {
    let (bus, log) = bus();
    let subs = bus.register(Arc::new(Counts { log: log.clone() })).unwrap();
    bus.publish(paid(1)).unwrap();
    assert_eq!((log.take(), held(&bus)), (vec!["paid".into(), "every".into()], "2".into()));
    drop(subs);
    assert_eq!((log.take(), held(&bus)), (vec!["dropped".to_owned()], "0".into()));
    assert_eq!(bus.publish(paid(1)).unwrap().matched(), 0);
}

#[test]
fn a_weak_registration_ends_with_the_value() {
    let (bus, log) = bus();
    let counts = Arc::new(Counts { log: log.clone() });
    let subs = bus.register_weak(&counts).unwrap();
    assert_eq!(bus.publish(paid(1)).unwrap().delivered(), 2);
    assert!(subs.is_active());
    assert!(format!("{subs:?}").contains(r#""paid": "#), "each by its name: {subs:?}");
    drop(counts);
    assert_eq!(log.take(), ["paid", "every", "dropped"]);
    let receipt = bus.publish(paid(1)).unwrap();
    assert_eq!((receipt.delivered(), receipt.failed()), (0, 0));
    assert!(!subs.is_active(), "an event has found the value gone");
    assert_eq!(log.take(), [""; 0]);
    drop(subs);
    assert_eq!(held(&bus), "0");
}

#[test]
fn a_weak_registration_that_was_let_go_leaves_nothing_behind() {
    let (bus, log) = bus();
    let counts = Arc::new(Counts { log: log.clone() });
    bus.register_weak(&counts).unwrap().detach();
    assert_eq!(bus.publish(paid(1)).unwrap().delivered(), 2);
    drop(counts);
    assert_eq!(held(&bus), "2");
    bus.publish(paid(1)).unwrap();
    assert_eq!(held(&bus), "0");

    // Let go when the value is gone already, and has been found to be.
    let counts = Arc::new(Counts { log });
    let subs = bus.register_weak(&counts).unwrap();
    drop(counts);
    bus.publish(paid(1)).unwrap();
    assert_eq!(held(&bus), "2");
    subs.detach();
    assert_eq!(held(&bus), "0");
}

#[test]
fn what_is_let_go_lasts_as_long_as_the_bus() {
    let (bus, log) = bus();
    bus.register(Arc::new(Counts { log: log.clone() })).unwrap().detach();
    bus.publish(paid(1)).unwrap();
    assert_eq!(log.take(), ["paid", "every"]);
    drop(bus);
    assert_eq!(log.take(), ["dropped"]);
}

#[test]
fn a_closed_bus_registers_nothing_and_lets_the_value_go() {
    let (bus, log) = bus();
    let child = bus.child("eu").unwrap();
    child.close(Duration::ZERO);
    let error = child.register(Arc::new(Counts { log: log.clone() })).unwrap_err();
    assert_eq!((error.handler(), log.take()), ("paid", vec!["dropped".to_owned()]));
    assert!(matches!(error.kind(), RegisterErrorKind::Subscribe(SubscribeError::Closed)));
    let text = error.to_string();
    assert!(
        text.ends_with("was not registered: the bus is closed; subscribe before `close`"),
        "{text}"
    );
    assert!(std::error::Error::source(&error).is_some());
    assert_eq!(held(&bus), "0");
}

struct TooLong;

#[rem::handlers]
impl TooLong {
    #[on("order.*.paid")]
    fn short(&self, log: State<Log>) {
        log.add("short");
    }

    #[on("a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z.1.2.3.4.5.6")]
    fn long(&self) {}
}

#[test]
fn one_that_cannot_be_subscribed_leaves_none() {
    let (bus, log) = bus();
    let _root = bus.register(Arc::new(TooLong)).unwrap();
    let child = bus.child("eu").unwrap();
    let error = child.register(Arc::new(TooLong)).unwrap_err();
    assert_eq!(error.handler(), "long");
    assert!(matches!(error.kind(), RegisterErrorKind::Subscribe(SubscribeError::Pattern(_))));
    assert_eq!(held(&bus), "2");
    child.publish(paid(1)).unwrap();
    assert_eq!(log.take(), [""; 0]);
}

struct Unregisters {
    subs: std::sync::Mutex<Option<Subscriptions>>,
    called: AtomicBool,
}

#[rem::handlers]
impl Unregisters {
    #[on("order.*.paid", priority = 1)]
    fn first(&self) {
        drop(self.subs.lock().expect("nobody panics").take());
    }

    #[on("order.*.paid")]
    fn second(&self) {
        self.called.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_handler_may_end_all_of_its_kind() {
    let (bus, _) = bus();
    let value =
        Arc::new(Unregisters { subs: std::sync::Mutex::default(), called: AtomicBool::new(false) });
    let subs = bus.register(Arc::clone(&value)).unwrap();
    *value.subs.lock().unwrap() = Some(subs);
    bus.publish(paid(1)).unwrap();
    assert!(!value.called.load(Ordering::Relaxed), "no new call starts");
    assert_eq!((held(&bus), Arc::strong_count(&value)), ("0".into(), 1));
}

#[test]
fn a_value_may_go_while_others_publish() {
    let (bus, _) = bus();
    for round in 0..200 {
        let counts = Arc::new(Counts { log: Log::default() });
        bus.register_weak(&counts).unwrap().detach();
        let at_once = std::sync::Barrier::new(3);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    at_once.wait();
                    let receipt = bus.publish(paid(1)).unwrap();
                    assert_eq!(receipt.failed(), 0, "round {round}");
                });
            }
            scope.spawn(|| {
                at_once.wait();
                drop(counts);
            });
        });
        bus.publish(paid(1)).unwrap();
        assert_eq!(held(&bus), "0", "round {round}");
    }
}
