//! A handler that fails or panics harms nobody else.

use std::panic::panic_any;

use rem::SystemEvent;
use rem::prelude::*;

use crate::events::{Notes, Tick};

struct PanicsOnDrop;
impl Drop for PanicsOnDrop {
    fn drop(&mut self) {
        panic!("in drop");
    }
}

#[test]
fn others_are_called_and_the_publisher_goes_on() {
    let bus = Bus::new();
    let notes = Notes::default();
    let panics = bus.on(|_: &Event<Tick>| panic!("no {}", 1));
    let any = bus.on(|_: &Event<Tick>| panic_any(PanicsOnDrop));
    let fails = bus.on(|_: &Event<Tick>| Err::<(), _>(std::io::Error::other("disk")));
    let _ok = bus.subscribe("tick", notes.named("ok")).unwrap();
    let seen = notes.clone();
    let _told = bus
        .subscribe("$rem.handler.failed", move |event: &Event<SystemEvent>| {
            let SystemEvent::HandlerFailed { error, panicked, topic, place, .. } = &event.data
            else {
                panic!()
            };
            assert_eq!(topic, &topic!("tick.tick"));
            assert!(place.contains("isolation.rs:"));
            seen.add(format!("{error} {panicked}"));
        })
        .unwrap();
    for round in 1..=3 {
        let receipt = bus.publish(Tick(1)).unwrap();
        assert_eq!((receipt.failed(), receipt.delivered()), (3, 1));
        assert_eq!((panics.failures(), any.failures(), fails.failures()), (round, round, round));
        assert_eq!(
            notes.take(),
            ["ok", "no 1 true", "a panic whose payload is not text true", "disk false"]
        );
    }
}

#[test]
fn a_filter_that_panics_is_a_failure() {
    let bus = Bus::new();
    let sub = bus.subscription("**").filter(|_| panic!("filter")).inline(|_: &Event| ()).unwrap();
    let receipt = bus.publish(Tick(1)).unwrap();
    assert_eq!((receipt.failed(), receipt.matched(), sub.failures()), (1, 1, 1));
    // Within a handler, where the filters are asked before the event's turn comes.
    let inner = bus.clone();
    let _on = bus.on(move |event: &Event<Tick>| {
        if event.data.0 == 1 {
            let receipt = inner.publish(Tick(2)).unwrap();
            assert_eq!((receipt.failed(), receipt.deferred()), (1, 1));
        }
    });
    bus.publish(Tick(1)).unwrap();
    assert_eq!(sub.failures(), 3);
}

#[test]
fn a_failure_while_a_failure_is_told_goes_no_further() {
    let bus = Bus::new();
    let fails = bus.on(|_: &Event<Tick>| panic!("first"));
    let worse = bus.subscribe("$rem.**", |_: &Event| panic!("second")).unwrap();
    bus.publish(Tick(1)).unwrap();
    assert_eq!((fails.failures(), worse.failures()), (1, 1));
    assert_eq!(bus.publish(Tick(1)).unwrap().failed(), 1);
}

#[test]
fn data_that_panics_when_dropped_from_the_history_harms_no_publisher() {
    #[derive(EventType)]
    #[event(local)]
    struct Mine(u32);
    impl std::fmt::Debug for Mine {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "Mine({})", self.0)
        }
    }
    impl Drop for Mine {
        fn drop(&mut self) {
            assert_ne!(self.0, 0, "mine");
        }
    }
    let bus = Bus::builder().history(Ring::events(1)).build();
    bus.publish(Mine(0)).unwrap();
    assert_eq!(bus.publish(Mine(1)).unwrap().sequence(), Some(2));
    assert_eq!(bus.query("**").unwrap().events().len(), 1);
}
