//! What a middleware around the rest sees of what became of an event.

use std::time::Duration;

use rem::middleware::{Enrich, filter, named, transform};
use rem::prelude::*;
use rem::{Middleware, Next, Overflow, PublishErrorKind, Publisher, Step};

use crate::support::{Notes, Tick};

/// Notes what `next.run` says, and gives it on.
struct Witness(Notes);

impl Middleware for Witness {
    fn handle(&self, draft: &mut Draft, next: Next<'_>) -> Result<Receipt, Stop> {
        let said = next.run(draft);
        self.0.add(match &said {
            Ok(receipt) => {
                assert_eq!(receipt.id(), receipt.sequence().map(|_| draft.id()));
                assert_eq!(receipt.sequence(), draft.sequence());
                receipt.to_string()
            }
            Err(stop) => {
                assert_ne!(stop.by().is_some(), stop.error().is_some());
                format!("{:?}: {stop}", stop.by())
            }
        });
        said
    }
}

fn witnessed() -> (Bus, Notes) {
    let (bus, notes) = (Bus::new(), Notes::default());
    bus.middleware("**", Witness(notes.clone())).unwrap();
    (bus, notes)
}

#[test]
fn it_sees_the_whole_receipt() {
    let (bus, notes) = witnessed();
    let _has = bus.on(|_: &Event<Tick>| ());
    let _fails = bus.subscribe("tick", |_: &Event| Err("no")).unwrap();
    let _panics = bus.subscribe("tick", |_: &Event| panic!("no")).unwrap();
    let _full: EventStream =
        bus.subscription("tick").queue(1, Overflow::DropNewest).stream().unwrap();
    for published in
        ["matched 4, delivered 2, failed 2", "matched 4, delivered 1, dropped 1, failed 2"]
    {
        let receipt = bus.publish(Tick(1)).unwrap();
        assert_eq!(
            (receipt.to_string().as_str(), notes.take()),
            (published, vec![published.into()])
        );
    }
}

#[test]
fn it_sees_what_nobody_wanted() {
    let (bus, notes) = witnessed();
    let receipt = bus.publish(Tick(1)).unwrap();
    assert_eq!((receipt.id(), receipt.matched()), (None, 0));
    assert_eq!(notes.take(), ["matched 0"]);
}

#[test]
fn it_sees_that_handlers_come_later() {
    let (bus, notes) = witnessed();
    let again = bus.clone();
    let _sub = bus
        .subscribe("tick", move |event: &Event<Tick>| {
            if event.data.0 > 0 {
                again.publish(Tick(event.data.0 - 1)).unwrap();
            }
        })
        .unwrap();
    bus.publish(Tick(1)).unwrap();
    assert_eq!(notes.take(), ["matched 1, deferred 1", "matched 1, delivered 1"]);
}

#[test]
fn it_sees_who_stopped_it_further_on() {
    let (bus, notes) = witnessed();
    bus.middleware("**", filter("nothing", |_: &Draft| false)).unwrap();
    let receipt = bus.publish(Tick(1)).unwrap();
    assert_eq!(receipt.stopped(), Some("nothing"));
    assert_eq!(notes.take(), [r#"Some("nothing"): stopped by nothing"#]);
}

#[test]
fn it_sees_why_it_was_refused() {
    let (bus, notes) = witnessed();
    bus.middleware("a", transform("picky", |_: &mut Draft| Err::<(), _>("not this"))).unwrap();
    bus.middleware("b", transform("broken", |_: &mut Draft| panic!("of its own"))).unwrap();
    let _full: EventStream = bus.subscription("c").queue(1, Overflow::Reject).stream().unwrap();
    bus.publish_to("c", Tick(0)).unwrap();
    notes.take();
    for (topic, reason) in [("a", "not this"), ("b", "of its own"), ("c", "is full with 1 events")]
    {
        let error = bus.publish_to(topic, Tick(1)).unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
        assert_eq!(notes.take(), [format!("None: {error}")]);
        assert_eq!(error.into_data(), Tick(1));
    }
}

/// Stops what it is told to before the rest, and is around what it is told to.
struct Choosy(Notes);

impl Middleware for Choosy {
    fn before(&self, draft: &mut Draft) -> Result<Step, Stop> {
        match draft.downcast_ref::<Tick>().map_or(0, |tick| tick.data.0) {
            0 => Ok(Step::Done),
            1 => Ok(Step::Around),
            2 => Err(Stop::quietly()),
            3 => Err(Stop::failed("three")),
            _ => panic!("too many"),
        }
    }

    fn handle(&self, draft: &mut Draft, next: Next<'_>) -> Result<Receipt, Stop> {
        self.0.add("around");
        next.run(draft)
    }
}

#[test]
fn before_decides_whether_it_is_around_and_what_it_stops() {
    let (bus, notes) = (Bus::new(), Notes::default());
    let _sub = bus.on(|_: &Event<Tick>| ());
    bus.middleware("**", named("choosy", Choosy(notes.clone()))).unwrap();
    for (tick, published, around) in [(0, true, 0), (1, true, 1), (2, false, 0)] {
        let receipt = bus.publish(Tick(tick)).unwrap();
        assert_eq!(receipt.stopped(), (!published).then_some("choosy"));
        assert_eq!(receipt.delivered(), usize::from(published));
        assert_eq!(notes.take().len(), around);
    }
    for (tick, reason) in [(3, "three"), (4, "too many")] {
        let error = bus.publish(Tick(tick)).unwrap_err();
        let PublishErrorKind::Middleware { name, reason: said, .. } = error.kind() else {
            panic!("{error:?}")
        };
        assert_eq!((&**name, &**said), ("choosy", reason));
    }
    let told = &bus.topology().middleware[0];
    assert_eq!((told.stats.stopped, told.stats.failed), (1, 2));
    assert!(told.to_string().ends_with(": stopped 1, failed 2"), "{told}");
}

#[test]
fn what_is_stopped_is_counted_for_each_bus_and_all_below_it() {
    let bus = Bus::new();
    let (eu, us) = (bus.child("eu").unwrap(), bus.child("us").unwrap());
    let _sub = bus.on(|_: &Event<Tick>| ());
    eu.middleware("**", filter("no", |_: &Draft| false)).unwrap();
    us.middleware("**", transform("bad", |_: &mut Draft| Err::<(), _>("bad"))).unwrap();
    for _ in 0..3 {
        eu.publish(Tick(1)).unwrap();
        us.publish(Tick(1)).unwrap_err();
    }
    let of = |bus: &Bus| (bus.stats().middleware.stopped, bus.stats().middleware.failed);
    assert_eq!([of(&bus), of(&eu), of(&us)], [(3, 3), (3, 0), (0, 3)]);
    assert_eq!(bus.stats().published, 0);
    assert!(bus.stats().to_string().ends_with("; by middleware stopped 3, failed 3"));
}

/// Fails when the event is published already.
struct TooLate;

impl Middleware for TooLate {
    fn handle(&self, draft: &mut Draft, next: Next<'_>) -> Result<Receipt, Stop> {
        next.run(draft)?;
        Err(Stop::failed("too late"))
    }
}

#[test]
fn what_fails_too_late_is_counted_too() {
    let bus = Bus::new();
    let _sub = bus.on(|_: &Event<Tick>| ());
    bus.middleware("**", TooLate).unwrap();
    assert_eq!(bus.publish(Tick(1)).unwrap().delivered(), 1);
    assert_eq!((bus.stats().middleware.stopped, bus.stats().middleware.failed), (0, 1));
}

/// Moves its draft before the rest is asked, from around it.
struct Mover(&'static str);

impl Middleware for Mover {
    fn handle(&self, draft: &mut Draft, next: Next<'_>) -> Result<Receipt, Stop> {
        draft.set_topic(Topic::parse(self.0)?)?;
        next.run(draft)
    }
}

#[test]
fn however_often_a_draft_moves_each_is_asked_once_for_the_topic_it_comes_with() {
    let (bus, notes) = (Bus::new(), Notes::default());
    let noting = |name: &'static str| {
        let notes = notes.clone();
        transform(name, move |draft: &mut Draft| notes.add(format!("{name} {}", draft.topic())))
    };
    let moves = |to: &'static str| {
        transform("moves", move |draft: &mut Draft| draft.set_topic(Topic::parse(to).unwrap()))
    };
    bus.middleware("**", noting("1")).unwrap();
    bus.middleware("a", moves("b")).unwrap();
    bus.middleware("a", noting("never")).unwrap();
    bus.middleware("b", Mover("c")).unwrap();
    bus.middleware("**", noting("2")).unwrap();
    bus.middleware("c", moves("d")).unwrap();
    bus.middleware("d", Mover("d")).unwrap();
    bus.middleware("**", noting("3")).unwrap();
    bus.middleware("a", moves("e")).unwrap();
    let _sub = bus
        .subscribe("**", {
            let notes = notes.clone();
            move |event: &Event| notes.add(format!("has {}", event.topic()))
        })
        .unwrap();
    assert_eq!(bus.publish_to("a", Tick(1)).unwrap().delivered(), 1);
    assert_eq!(notes.take(), ["1 a", "2 c", "3 d", "has d"]);
}

#[test]
fn the_clock_of_the_bus_and_when_the_publish_began_are_at_hand() {
    struct Waits(Notes);
    impl Middleware for Waits {
        fn handle(&self, draft: &mut Draft, next: Next<'_>) -> Result<Receipt, Stop> {
            let clock = next.clock();
            let receipt = next.run(draft)?;
            self.0.add(format!("{:?}", clock.now().since(draft.began())));
            Ok(receipt)
        }
    }
    let test = rem::testing::TestBus::new();
    let (notes, clock) = (Notes::default(), test.clock.clone());
    test.bus.middleware("**", Waits(notes.clone())).unwrap();
    test.bus.on(move |_: &Event<Tick>| clock.advance(Duration::from_secs(3))).detach();
    let late = |draft: &mut Draft| draft.set_timestamp(rem::Timestamp::from_nanos(9));
    test.bus.middleware("**", transform("late", late)).unwrap();
    test.bus.middleware("**", Waits(notes.clone())).unwrap();
    test.bus.publish(Tick(1)).unwrap();
    // Whatever time the publisher or another middleware says it happened.
    test.bus.event(Tick(1)).timestamp(rem::Timestamp::from_nanos(7)).publish().unwrap();
    assert_eq!(notes.take(), ["3s", "3s", "3s", "3s"]);
}

#[test]
fn one_middleware_may_serve_many_buses_and_be_looked_at() {
    let said = std::sync::Arc::new(Enrich::new().source("shared"));
    let (one, two) = (Bus::new(), Bus::new());
    for bus in [&one, &two] {
        bus.middleware("**", std::sync::Arc::clone(&said)).unwrap();
        let recorder = rem::testing::Recorder::new(bus);
        let publisher: Publisher<Tick> = bus.publisher();
        publisher.publish(Tick(1)).unwrap();
        assert_eq!(recorder.events()[0].source(), Some("shared"));
        assert_eq!(&*bus.topology().middleware[0].name, "Enrich");
    }
}
