//! Middleware: what it may do, in which order, and how it fails.

use std::time::Duration;

use rem::middleware::{filter, tap, transform};
use rem::prelude::*;
use rem::testing::Recorder;
use rem::{Middleware, Next, PublishErrorKind, SubscribeError, SystemEvent};

use crate::events::{Notes, Order, Tick, paid};

fn noting(notes: &Notes, name: &'static str) -> impl Middleware {
    let notes = notes.clone();
    transform(name, move |_: &mut Draft| notes.add(name))
}

#[test]
fn the_buss_own_first_then_each_parents() {
    let bus = Bus::new();
    let eu = bus.child("eu").unwrap();
    let west = eu.child("west").unwrap();
    let notes = Notes::default();
    bus.middleware("**", noting(&notes, "root 1")).unwrap();
    west.middleware("**", noting(&notes, "west 1")).unwrap();
    eu.middleware("**", noting(&notes, "eu")).unwrap();
    west.middleware("tick.**", noting(&notes, "west 2")).unwrap();
    bus.middleware("eu.**", noting(&notes, "root 2")).unwrap();
    bus.middleware("us.**", noting(&notes, "never")).unwrap();
    west.publish(Tick(1)).unwrap();
    assert_eq!(notes.take(), ["west 1", "west 2", "eu", "root 1", "root 2"]);
    // What a parent publishes below a child's prefix passes the parent's, not the child's.
    bus.publish_to("eu.west.tick.tick", Tick(1)).unwrap();
    assert_eq!(notes.take(), ["root 1", "root 2"]);
}

#[test]
fn a_filter_stops_quietly_and_leaves_no_trace() {
    let bus = Bus::builder().history(Ring::events(10)).build();
    let recorder = Recorder::new(&bus);
    bus.middleware(
        "tick",
        filter("even", |draft: &Draft| {
            draft.downcast_ref::<Tick>().is_some_and(|event| event.data.0.is_multiple_of(2))
        }),
    )
    .unwrap();
    let receipt = bus.publish(Tick(1)).unwrap();
    assert_eq!((receipt.stopped(), receipt.id(), receipt.sequence()), (Some("even"), None, None));
    assert_eq!(receipt.to_string(), "stopped by even");
    let receipt = bus.publish(Tick(2)).unwrap();
    assert_eq!((receipt.stopped(), receipt.sequence()), (None, Some(1)));
    assert_eq!(recorder.topics(), ["tick.tick"]);
    assert_eq!(bus.query("**").unwrap().events().len(), 1);
}

#[test]
fn a_transform_changes_the_draft() {
    let bus = Bus::new();
    let recorder = Recorder::new(&bus);
    bus.middleware(
        "order.**",
        transform("tag", |draft: &mut Draft| -> Result<(), rem::DraftError> {
            draft.set_source("desk")?;
            draft.set_metadata("tenant", "acme")?;
            if let Order::Paid { cents, .. } = draft.data_mut()? {
                *cents += 1;
            }
            Ok(())
        }),
    )
    .unwrap();
    bus.publish(paid("7")).unwrap();
    let events = recorder.take();
    assert_eq!(events[0].source(), Some("desk"));
    assert_eq!(events[0].metadata().get("tenant").unwrap(), "acme");
    let order = events[0].downcast_ref::<Order>().unwrap();
    assert_eq!(order.data, Order::Paid { id: "7".into(), cents: 101 });
}

#[test]
fn the_topic_follows_data_that_changed() {
    let bus = Bus::new();
    let eu = bus.child("eu").unwrap();
    let recorder = Recorder::new(&bus);
    bus.middleware(
        "**",
        transform("rename", |draft: &mut Draft| {
            if let Ok(order) = draft.data_mut::<Order>() {
                *order = paid("8");
            }
        }),
    )
    .unwrap();
    eu.publish(Order::Created { id: 1 }).unwrap();
    // Named by its publisher, it keeps its name.
    eu.publish_to("x", Order::Created { id: 1 }).unwrap();
    assert_eq!(recorder.topics(), ["eu.order.8.paid", "eu.x"]);
}

#[test]
fn a_topic_that_changed_is_routed_afresh() {
    let bus = Bus::new();
    let notes = Notes::default();
    bus.middleware(
        "old",
        transform("move", |draft: &mut Draft| draft.set_topic(topic!("new.place"))),
    )
    .unwrap();
    bus.middleware("old", noting(&notes, "bound to the old topic")).unwrap();
    bus.middleware("new.**", noting(&notes, "bound to the new topic")).unwrap();
    let _old = bus.subscribe("old", notes.named("old")).unwrap();
    let _new = bus.subscribe("new", notes.topics()).unwrap();
    assert_eq!(bus.publish_to("old", Tick(1)).unwrap().matched(), 1);
    assert_eq!(notes.take(), ["bound to the new topic", "new.place"]);
}

#[test]
fn a_child_cannot_move_a_topic_out_of_its_bus() {
    let bus = Bus::new();
    let eu = bus.child("eu").unwrap();
    let recorder = Recorder::new(&bus);
    eu.middleware(
        "out",
        transform("escape", |draft: &mut Draft| draft.set_topic(topic!("us.tick"))),
    )
    .unwrap();
    eu.middleware("in", transform("stay", |draft: &mut Draft| draft.set_topic(topic!("eu.b"))))
        .unwrap();
    eu.middleware("up", transform("prefix", |draft: &mut Draft| draft.set_topic(topic!("eu"))))
        .unwrap();
    for out in ["out", "up"] {
        let error = eu.publish_to(out, Tick(1)).unwrap_err();
        assert!(matches!(error.kind(), PublishErrorKind::MovedOut { .. }), "{error:?}");
        assert!(error.to_string().contains("`eu`"), "{error}");
        assert_eq!(error.into_data(), Tick(1));
    }
    eu.publish_to("in", Tick(1)).unwrap();
    // The root's middleware may: the event is then one of the root's.
    bus.middleware(
        "eu.far",
        transform("far", |draft: &mut Draft| draft.set_topic(topic!("us.far"))),
    )
    .unwrap();
    eu.publish_to("far", Tick(1)).unwrap();
    assert_eq!(recorder.topics(), ["eu.b", "us.far"]);
    assert_eq!(recorder.events()[1].scope(), 0);
    assert!(recorder.events()[0].scope() == 2);
}

#[test]
fn system_topics_are_not_for_middleware() {
    let bus = Bus::new();
    bus.middleware(
        "**",
        transform("system", |draft: &mut Draft| draft.set_topic(topic!("$rem.x"))),
    )
    .unwrap();
    let error = bus.publish(Tick(1)).unwrap_err();
    assert!(matches!(error.kind(), PublishErrorKind::Middleware { .. }), "{error}");
    // And they pass none: not even one that asks for them.
    let (bus, notes) = (Bus::new(), Notes::default());
    bus.middleware("$rem.**", noting(&notes, "seen")).unwrap();
    let _told = bus.subscribe("$rem.**", notes.topics()).unwrap();
    let _fails = bus.on(|_: &Event<Tick>| panic!("no"));
    bus.publish(Tick(1)).unwrap();
    assert_eq!(notes.take(), ["$rem.handler.failed"]);
}

#[test]
fn one_that_fails_or_panics_stops_that_event_alone_and_gives_it_back() {
    let bus = Bus::builder().history(Ring::events(10)).build();
    let recorder = Recorder::new(&bus);
    bus.middleware(
        "**",
        transform("picky", |draft: &mut Draft| {
            match draft.downcast_ref::<Tick>().unwrap().data.0 {
                1 => Err("one is not wanted"),
                2 => panic!("two"),
                _ => Ok(()),
            }
        }),
    )
    .unwrap();
    for (value, reason) in [(1, "one is not wanted"), (2, "two")] {
        let error = bus.publish(Tick(value)).unwrap_err();
        let PublishErrorKind::Middleware { name, reason: said, place } = error.kind() else {
            panic!("{error:?}")
        };
        assert_eq!((&**name, &**said), ("picky", reason));
        assert!(place.file().ends_with("middleware.rs"));
        assert_eq!(error.into_data(), Tick(value));
    }
    assert_eq!(bus.publish(Tick(3)).unwrap().sequence(), Some(1));
    assert_eq!(recorder.topics().len(), 1);
    assert_eq!(bus.query("**").unwrap().events().len(), 1);
}

#[test]
fn a_tap_sees_the_recorded_event_and_its_receipt() {
    let bus = Bus::new();
    let notes = Notes::default();
    let seen = notes.clone();
    let _sub = bus.on(|_: &Event<Tick>| ());
    bus.middleware(
        "**",
        tap("print", move |event: &Event, receipt: &Receipt| {
            seen.add(format!("{} {:?} {receipt}", event.topic(), event.sequence()));
        }),
    )
    .unwrap();
    bus.publish(Tick(1)).unwrap();
    assert_eq!(notes.take(), ["tick.tick Some(1) matched 1, delivered 1"]);
}

/// Does with its draft what its number says.
struct Odd(u32, Notes);

impl Middleware for Odd {
    fn handle(&self, draft: &mut Draft, next: Next<'_>) -> Result<Receipt, Stop> {
        match self.0 {
            0 => {
                let _ = next.run(draft)?;
                Err(Stop::failed("after"))
            }
            1 => {
                let _ = next.run(draft)?;
                panic!("after");
            }
            2 => Ok(Bus::new().publish(Tick(9))?), // a receipt that is not this event's
            3 => {
                let said = next.run(draft);
                assert!(said.is_err());
                Err(Stop::quietly())
            }
            4 => {
                let receipt = next.run(draft)?;
                assert!(draft.set_source("late").is_err() && draft.data_mut::<Tick>().is_err());
                assert!(draft.set_topic(topic!("late")).is_err() && draft.sequence().is_some());
                self.1.add(draft.set_source("late").unwrap_err().to_string());
                Ok(receipt)
            }
            _ => Err(std::io::Error::other("disk"))?,
        }
    }
}

#[test]
fn what_fails_after_next_does_not_run_the_rest_twice_and_is_told() {
    for kind in [0, 1] {
        let bus = Bus::new();
        let notes = Notes::default();
        let (seen, told) = (notes.clone(), notes.clone());
        let _sub = bus.on(move |_: &Event<Tick>| seen.add("delivered"));
        let _told = bus.on(move |event: &Event<SystemEvent>| told.add(event.data.to_string()));
        bus.middleware("**", Odd(kind, notes.clone())).unwrap();
        let receipt = bus.publish(Tick(1)).unwrap();
        assert_eq!((receipt.delivered(), receipt.sequence()), (1, Some(1)));
        let notes = notes.take();
        assert_eq!(notes.len(), 2, "{notes:?}");
        assert_eq!(notes[0], "delivered");
        assert!(notes[1].contains("`Odd`") && notes[1].ends_with(": after"), "{}", notes[1]);
    }
}

#[test]
fn a_receipt_cannot_be_forged_nor_an_error_swallowed() {
    let bus = Bus::new();
    let recorder = Recorder::new(&bus);
    bus.middleware("a", Odd(2, Notes::default())).unwrap();
    bus.middleware("b", Odd(3, Notes::default())).unwrap();
    bus.middleware("b", Odd(5, Notes::default())).unwrap();
    bus.middleware("c", Odd(5, Notes::default())).unwrap();
    assert_eq!(bus.publish_to("a", Tick(1)).unwrap().stopped(), Some("Odd"));
    assert_eq!(bus.publish_to("b", Tick(1)).unwrap().stopped(), Some("Odd"));
    let error = bus.publish_to("c", Tick(1)).unwrap_err();
    assert!(error.to_string().contains("disk"), "{error}");
    assert_eq!(recorder.topics(), [""; 0]);
}

#[test]
fn a_recorded_draft_reads_but_does_not_change() {
    let bus = Bus::new();
    let notes = Notes::default();
    let _sub = bus.on(|_: &Event<Tick>| ());
    bus.middleware("**", Odd(4, notes.clone())).unwrap();
    bus.publish(Tick(1)).unwrap();
    assert!(notes.take()[0].contains("before `next.run`"));
}

#[test]
fn a_bad_pattern_or_a_closed_bus_adds_nothing() {
    let bus = Bus::new();
    assert!(matches!(
        bus.middleware("a..b", filter("x", |_: &Draft| true)),
        Err(SubscribeError::Pattern(_))
    ));
    bus.close(Duration::ZERO);
    assert!(matches!(
        bus.middleware("a", filter("x", |_: &Draft| true)),
        Err(SubscribeError::Closed)
    ));
}
