//! Whatever a handler, a filter, a key or a value does, the others have what is theirs, and the turn goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use rem::Key;
use rem::prelude::*;

use crate::{Held, Job, Notes, added, stats, total};

/// Panics as it is dropped, if it is to.
#[derive(EventType, Debug)]
#[event(namespace = "bomb", local)]
struct Bomb(Arc<AtomicBool>, Arc<AtomicUsize>);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.1.fetch_add(1, Ordering::Relaxed);
        assert!(!self.0.load(Ordering::Relaxed), "a bomb");
    }
}

#[test]
fn panics_harm_nobody_and_the_turn_goes_on() {
    let bus = total().build();
    let notes = Notes::default();
    let held = Held::on(&bus);
    let panics = bus.subscribe("job", |_: &Event<Job>| panic!("a handler"));
    let panics = panics.unwrap();
    let filter = bus.subscription("job").filter(|_| panic!("a filter"));
    let filter = filter.inline(|_: &Event<Job>| ()).unwrap();
    let key = Key::of(|_| panic!("a key"));
    let keyed = bus.subscription("job").queue(4, Overflow::Conflate(key)).stream::<Job>().unwrap();
    let _last = bus.on(notes.each("last"));
    thread::scope(|scope| {
        scope.spawn(|| assert_eq!(added(&bus, 1).failed(), 3));
        held.has(1);
        let receipt = added(&bus, 2);
        assert_eq!(
            (receipt.failed(), receipt.deferred()),
            (1, 4),
            "the filter was asked: {receipt}"
        );
        held.go(2);
    });
    assert_eq!(notes.take(), ["last Added(1)", "last Added(2)"]);
    for sub in [&panics, &filter, keyed.subscription()] {
        assert_eq!((stats(&bus, sub).failed, stats(&bus, sub).matched()), (2, 2));
    }
    held.go(1);
    assert_eq!(added(&bus, 3).failed(), 3, "the turn is free");
    assert_eq!(notes.take(), ["last Added(3)"]);
}

/// The last owner of an event is the thread that delivers it: its publisher is long gone.
#[test]
fn an_event_that_panics_as_it_goes_harms_nobody() {
    let bus = total().build();
    let (armed, gone) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
    let notes = Notes::default();
    let held = Held::on(&bus);
    let seen = notes.clone();
    let _bombs = bus.on(move |_: &Event<Bomb>| seen.add("bomb"));
    let _last = bus.on(notes.each("last"));
    thread::scope(|scope| {
        scope.spawn(|| assert_eq!(added(&bus, 1).matched(), 2));
        held.has(1);
        let bomb = Bomb(Arc::clone(&armed), Arc::clone(&gone));
        assert_eq!(bus.publish(bomb).unwrap().deferred(), 1);
        added(&bus, 2);
        held.go(2);
    });
    assert_eq!(notes.take(), ["last Added(1)", "bomb", "last Added(2)"]);
    assert_eq!(gone.load(Ordering::Relaxed), 1);
}

/// A value that publishes as it is dropped, by the thread that has the turn.
#[test]
fn an_event_may_publish_as_it_goes() {
    #[derive(EventType, Debug)]
    #[event(namespace = "last", local)]
    struct LastWill(Bus);
    impl Drop for LastWill {
        fn drop(&mut self) {
            self.0.publish(Job::Done(7)).unwrap();
        }
    }
    let bus = total().build();
    let notes = Notes::default();
    let held = Held::on(&bus);
    let seen = notes.clone();
    let _wills = bus.on(move |_: &Event<LastWill>| seen.add("will"));
    let _jobs = bus.on(notes.each("job"));
    thread::scope(|scope| {
        scope.spawn(|| added(&bus, 1));
        held.has(1);
        bus.publish(LastWill(bus.clone())).unwrap();
        added(&bus, 2);
        held.go(2);
    });
    let mut seen = notes.take();
    assert_eq!(seen[..2], ["job Added(1)", "will"]);
    seen[2..].sort();
    assert_eq!(seen[2..], ["job Added(2)", "job Done(7)"]);
}

/// In a thread that ends its locals are gone one by one; what is published then is delivered all the same.
#[test]
fn a_thread_may_publish_as_it_ends() {
    thread_local! {
        static LAST: std::cell::RefCell<Option<Farewell>> = const { std::cell::RefCell::new(None) };
    }
    struct Farewell(Bus, Bus);
    impl Drop for Farewell {
        fn drop(&mut self) {
            added(&self.0, 1);
            added(&self.1, 2);
        }
    }
    // The last to be made is the first to go: ours before the bus's own locals, and after them.
    for ours_goes_first in [true, false] {
        for other in [Bus::new(), total().build()] {
            let bus = total().build();
            let notes = Notes::default();
            let _sub = bus.on(notes.each("bus"));
            let inner = bus.clone();
            let _other = other.on(move |event: &Event<Job>| {
                // One to be left in the line, and one behind it.
                if let Job::Added(number) = event.data {
                    inner.publish(Job::Done(number)).unwrap();
                    inner.publish(Job::Done(number + 1)).unwrap();
                }
            });
            let farewell = Farewell(bus.clone(), other.clone());
            thread::spawn(move || {
                if ours_goes_first {
                    added(&other, 7);
                    LAST.set(Some(farewell));
                } else {
                    LAST.set(Some(farewell));
                    added(&other, 7);
                }
            })
            .join()
            .unwrap();
            let mut seen = notes.take();
            assert_eq!(seen[..3], ["bus Done(7)", "bus Done(8)", "bus Added(1)"]);
            assert_eq!(seen.split_off(3), ["bus Done(2)", "bus Done(3)"]);
            assert_eq!(added(&bus, 9).delivered(), 1, "the turn is free");
        }
    }
}
