//! Changes as events, of which another projection makes the same state.

use std::time::Instant;

use rem_core::{Event, Payload};
use rem_projections::{Mirror, Projection, Projector, StateChanged, Status, WaitError};

use crate::support::{Account, Balances, SOON, bus, pay};

#[test]
fn another_projection_makes_the_same_state_of_what_is_announced() {
    let bus = bus();
    let mirror = Projector::builder("mirror").attach(&bus, Mirror::of("balances")).unwrap();
    let balances =
        Projector::builder("balances").announce().attach(&bus, Balances::default()).unwrap();
    for round in 1..=200_u32 {
        pay(&bus, round % 5, u64::from(round));
        if round % 3 == 0 {
            bus.publish(Account::Opened { id: round }).unwrap();
        }
        let last = pay(&bus, 1, 1);
        balances.wait_for(last, SOON).unwrap();
    }
    let state = balances.state();
    // Around: what it announces is published when readers see it, or soon after, and then mirrored.
    let until = Instant::now() + SOON;
    let (announced, last) = loop {
        let announced = bus.query("state.changed.balances").unwrap().of::<StateChanged>();
        let last = announced.last().and_then(|event| event.sequence()).unwrap();
        let mirrored = mirror.wait_for(last, SOON).unwrap();
        if mirrored.read::<Balances>().unwrap().as_ref() == Some(&*state) {
            break (announced, last);
        }
        assert!(Instant::now() < until, "{:?} is not {:?}", mirrored.value(), &*state);
    };
    // They follow one another, and each is only what changed.
    for pair in announced.windows(2) {
        assert_eq!(pair[0].data.to, pair[1].data.from);
        assert!(pair[1].data.changes.iter().all(|change| change.path.matches('/').count() <= 2));
    }
    // Who comes later makes the same of the past.
    let late = Projector::builder("late").attach(&bus, Mirror::of("balances")).unwrap();
    assert_eq!(*late.wait_for(last, SOON).unwrap(), *mirror.state());
}

#[derive(Clone, Default, serde::Serialize)]
struct Everything(u64);

impl Projection for Everything {
    type Event = dyn Payload;

    fn apply(&mut self, _: &Event) {
        self.0 += 1;
    }
}

/// What they announce changes none that announces, or it would never end.
#[test]
fn two_that_take_everything_and_announce_come_to_rest() {
    let bus = bus();
    let [one, two] = ["one", "two"].map(|name| {
        Projector::builder(name)
            .pattern("**")
            .announce()
            .attach(&bus, Everything::default())
            .unwrap()
    });
    for _ in 0..10 {
        pay(&bus, 1, 1);
    }
    for projector in [&one, &two] {
        projector.wait_for(10, SOON).unwrap();
        let last = bus.query("**").unwrap().count();
        projector.wait_for(u64::try_from(last).unwrap(), SOON).unwrap();
        assert_eq!(projector.state().0, 10);
    }
    // A state is seen before it is announced.
    let (announced, begun) = (|| bus.query("state.changed").unwrap().count(), Instant::now());
    while announced() < 2 {
        assert!(begun.elapsed() < SOON, "each announces what it came to");
        std::thread::yield_now();
    }
    assert!(announced() <= 20, "{}", announced());
}

#[test]
fn a_mirror_that_lacks_a_change_stands_before_it() {
    let bus = bus();
    let mirror = Projector::builder("mirror").attach(&bus, Mirror::of("x")).unwrap();
    let changed = StateChanged { projection: "x".into(), from: 3, to: 4, changes: Vec::new() };
    let last = bus.publish(changed).unwrap().sequence().unwrap();
    let error = mirror.wait_for(last, SOON).unwrap_err();
    assert!(
        matches!(error, WaitError::Failed(_)) && error.to_string().contains("from the beginning"),
        "{error}"
    );
    assert!(matches!(mirror.status(), Status::Failed(_)));
}
