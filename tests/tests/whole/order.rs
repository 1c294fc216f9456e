//! Order: who is called when, what publishing within a handler means, and where it ends.

use rem::prelude::*;
use rem::testing::{Recorder, TestBus};
use rem::{EventId, PublishErrorKind};

use crate::events::{Notes, Tick};

#[test]
fn an_effect_is_seen_after_its_cause_by_all() {
    let bus = Bus::new();
    let notes = Notes::default();
    let (inner, seen) = (bus.clone(), notes.clone());
    let _first = bus
        .subscription("tick.**")
        .priority(1)
        .inline(move |event: &Event<Tick>| {
            seen.add(format!("first {}", event.data.0));
            if event.data.0 == 0 {
                for next in [1, 2] {
                    let receipt = inner.publish(Tick(next)).unwrap();
                    assert_eq!(
                        (receipt.deferred(), receipt.delivered(), receipt.matched()),
                        (2, 0, 2)
                    );
                    assert_eq!(receipt.sequence(), Some(u64::from(next) + 1), "recorded at once");
                }
                seen.add("first published");
            }
        })
        .unwrap();
    let seen = notes.clone();
    let _second = bus.on(move |event: &Event<Tick>| seen.add(format!("second {}", event.data.0)));
    assert_eq!(bus.publish(Tick(0)).unwrap().delivered(), 2);
    assert_eq!(
        notes.take(),
        ["first 0", "first published", "second 0", "first 1", "second 1", "first 2", "second 2"]
    );
}

#[test]
fn across_buses_too_nothing_recurses() {
    let (a, b) = (Bus::new(), Bus::new());
    let notes = Notes::default();
    let (other, seen) = (b.clone(), notes.clone());
    let _a = a.on(move |event: &Event<Tick>| {
        seen.add(format!("a {}", event.data.0));
        if event.data.0 < 3 {
            assert_eq!(other.publish(Tick(event.data.0 + 1)).unwrap().deferred(), 1);
        }
        seen.add("a returns");
    });
    let (other, seen) = (a.clone(), notes.clone());
    let _b = b.on(move |event: &Event<Tick>| {
        seen.add(format!("b {}", event.data.0));
        assert_eq!(other.publish(Tick(event.data.0 + 1)).unwrap().deferred(), 1);
        seen.add("b returns");
    });
    a.publish(Tick(0)).unwrap();
    let expected = [
        "a 0",
        "a returns",
        "b 1",
        "b returns",
        "a 2",
        "a returns",
        "b 3",
        "b returns",
        "a 4",
        "a returns",
    ];
    assert_eq!(notes.take(), expected);
}

#[test]
fn a_handlers_publish_fails_at_once() {
    let bus = Bus::new();
    let (inner, notes) = (bus.clone(), Notes::default());
    let seen = notes.clone();
    let _sub = bus.on(move |_: &Event<Tick>| {
        seen.add(format!("{:?}", inner.publish_to("a.*", Tick(9)).unwrap_err().into_data()));
    });
    bus.publish(Tick(0)).unwrap();
    assert_eq!(notes.take(), ["Tick(9)"]);
}

#[test]
fn what_a_handler_publishes_knows_its_cause() {
    let test = TestBus::new();
    let recorder = Recorder::new(&test.bus);
    let inner = test.bus.clone();
    let _sub = test.bus.on(move |event: &Event<Tick>| {
        if event.data.0 < 2 {
            inner.publish(Tick(event.data.0 + 1)).unwrap();
        }
    });
    test.bus.publish(Tick(0)).unwrap();
    test.bus.publish(Tick(7)).unwrap();
    let events = recorder.take();
    let ids: Vec<EventId> = events.iter().map(|event| event.id()).collect();
    let causes: Vec<_> = events.iter().map(|event| event.causation()).collect();
    assert_eq!(causes, [None, Some(ids[0]), Some(ids[1]), None]);
    let stories: Vec<_> = events.iter().map(|event| event.correlation()).collect();
    assert_eq!(stories, [ids[0], ids[0], ids[0], ids[3]]);
}

#[test]
fn an_endless_loop_ends_in_an_error_that_prints_the_chain() {
    let bus = Bus::builder().causal_depth(5).build();
    let notes = Notes::default();
    let (inner, seen) = (bus.clone(), notes.clone());
    let _sub = bus
        .subscribe("ping,pong", move |event: &Event<Tick>| {
            let next = if event.topic().as_str() == "ping" { "pong" } else { "ping" };
            if let Err(error) = inner.publish_to(next, Tick(event.data.0 + 1)) {
                let PublishErrorKind::TooDeep { chain, limit: 5 } = error.kind() else {
                    panic!("{error:?}")
                };
                assert_eq!(chain.len(), 6);
                seen.add(error.to_string());
                assert_eq!(error.into_data(), Tick(5));
            }
        })
        .unwrap();
    assert_eq!(bus.publish_to("ping", Tick(0)).unwrap().delivered(), 1);
    let told = notes.take();
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("ping → pong → ping → pong → ping → pong"), "{}", told[0]);
}

#[test]
fn a_handler_cannot_queue_without_bound() {
    let bus = Bus::builder().deferred(100).build();
    let (inner, notes) = (bus.clone(), Notes::default());
    let seen = notes.clone();
    let _sub = bus.on(move |event: &Event<Tick>| {
        if event.data.0 == 0 {
            let refused = (1..=150).filter_map(|at| inner.publish(Tick(at)).err());
            let refused: Vec<_> = refused.collect();
            assert!(matches!(refused[0].kind(), PublishErrorKind::TooManyDeferred { limit: 100 }));
            seen.add(format!("{} {:?}", refused.len(), refused[0].data()));
        }
    });
    bus.publish(Tick(0)).unwrap();
    assert_eq!(notes.take(), ["50 Tick(101)"]);
}

#[test]
fn middleware_that_publishes_what_it_sees_ends_in_an_error() {
    let bus = Bus::builder().causal_depth(8).build();
    let (inner, notes) = (bus.clone(), Notes::default());
    let seen = notes.clone();
    bus.middleware(
        "**",
        rem::middleware::transform("echo", move |_: &mut Draft| match inner.publish(Tick(1)) {
            Ok(_) => seen.add("went through"),
            Err(error) => {
                seen.add(format!("{}", matches!(error.kind(), PublishErrorKind::TooDeep { .. })));
            }
        }),
    )
    .unwrap();
    bus.publish(Tick(0)).unwrap();
    let notes = notes.take();
    assert_eq!(notes[0], "true");
    assert_eq!(notes.len(), 8);
}
