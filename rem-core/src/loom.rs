//! The protocols that threads share, under loom: every interleaving (with at most so many preemptions) and every value
//! that the memory model lets a thread see.
//!
//! `RUSTFLAGS="--cfg rem_loom" cargo test -p rem-core --release --lib loom`, or `cargo xtask loom`.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, mpsc};
use std::task::Wake;
use std::time::Duration;

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use crate::event::{Event, EventSchema, EventType, Ids, Making, Schema, TopicWriter, place};
use crate::{Bus, History, Ring, Timestamp, Topic};

#[derive(Debug)]
pub(crate) struct Tick;

impl EventType for Tick {
    const SCHEMA: Schema = Schema::new("Tick", "", &[EventSchema::new("Tick", "tick", &[])]);

    fn leaf(&self) -> usize {
        0
    }
    fn write_topic(&self, out: &mut TopicWriter) -> fmt::Result {
        out.literal("tick")
    }
}

/// Words of stack for each thread: a publish is deeper than what loom gives one unless told.
const STACK: usize = 1 << 15;

pub(crate) fn model(check: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(4);
    let check = Arc::new(check);
    builder.check(move || {
        let check = Arc::clone(&check);
        spawn(move || check()).join().unwrap();
    });
}

/// What came of the check, over all interleavings that were tried.
pub(crate) fn outcomes<O: Ord + Send + 'static>(
    check: impl Fn() -> O + Sync + Send + 'static,
) -> BTreeSet<O> {
    // Of the standard library, for it is kept from one interleaving to the next.
    let (tell, told) = mpsc::channel();
    model(move || tell.send(check()).unwrap());
    told.try_iter().collect()
}

/// Runs in a thread of its own what belongs beside others that were spawned. Whoever has spawned them would have to be stopped
/// against its will for one of them to come first, which an interleaving allows a few times; while it waits it need not.
/// Two of a ring's publishers and a reader: of six outcomes, with two such stops, it sees one here and all of them beside.
pub(crate) fn beside<R: Send + 'static>(run: impl FnOnce() -> R + Send + 'static) -> R {
    spawn(run).join().unwrap()
}

/// A thread with enough stack for a publish.
pub(crate) fn spawn<R: Send + 'static>(
    run: impl FnOnce() -> R + Send + 'static,
) -> thread::JoinHandle<R> {
    thread::Builder::new().stack_size(STACK).spawn(run).unwrap()
}

/// What a worker sleeps by, as a runtime has it: rung before it sleeps, it does not. Loom's own `park` forgets what comes while
/// its thread waits for a lock.
#[derive(Default)]
pub(crate) struct Bell {
    is_rung: loom::sync::Mutex<bool>,
    rings: loom::sync::Condvar,
}

impl Bell {
    pub(crate) fn sleep(&self) {
        let mut is_rung = self.is_rung.lock().unwrap();
        while !*is_rung {
            is_rung = self.rings.wait(is_rung).unwrap();
        }
        *is_rung = false;
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        *self.is_rung.lock().unwrap() = true;
        self.rings.notify_one();
    }
}

pub(crate) fn event(sequence: u64) -> Arc<Event> {
    let topic = Topic::from_static("tick");
    let now = Timestamp::from_nanos(0);
    let id = Ids::fixed().next(now);
    let making = Making { id, topic: &topic, timestamp: now, scope: 0, source: None };
    let event = place(making, Tick).share();
    event.head.set_sequence(sequence);
    event
}

fn read(ring: &Ring) -> Vec<u64> {
    let mut events = Vec::new();
    if let Some(readable) = ring.readable() {
        ring.read(readable, &mut events);
    }
    events.iter().filter_map(|event| event.sequence()).collect()
}

/// Two publishers and a reader: what is read has no hole, and in the end all is there.
#[test]
fn a_ring_is_read_without_holes() {
    let seen = outcomes(|| {
        let ring = Arc::new(Ring::events(4));
        let publishers = [1, 2].map(|sequence| {
            let ring = Arc::clone(&ring);
            spawn(move || drop(ring.record(&event(sequence))))
        });
        let reader = Arc::clone(&ring);
        let (seen, again) = beside(move || (read(&reader), read(&reader)));
        assert!([&[][..], &[1], &[1, 2]].contains(&&*seen), "{seen:?}");
        assert!(again.len() >= seen.len(), "the readable end never goes back");
        for publisher in publishers {
            publisher.join().unwrap();
        }
        assert_eq!(read(&ring), [1, 2]);
        (seen.len(), again.len())
    });
    assert_eq!(Vec::from_iter(seen), [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]);
}

/// Two publishers for one slot: the newer event stays, whoever comes last, and one is given back.
#[test]
fn a_slot_never_goes_back_to_an_older_event() {
    model(|| {
        let ring = Arc::new(Ring::events(1));
        let publishers = [1, 2].map(|sequence| {
            let ring = Arc::clone(&ring);
            spawn(move || Option::<Arc<Event>>::from(ring.record(&event(sequence))))
        });
        let evicted = publishers.map(|publisher| publisher.join().unwrap());
        let evicted: Vec<_> =
            evicted.into_iter().flatten().filter_map(|event| event.sequence()).collect();
        assert_eq!(evicted, [1]);
        assert_eq!(read(&ring), [2]);
    });
}

/// A publish beside a subscription that ends: the handler is called or it is not, and afterwards nothing holds it.
#[test]
fn a_subscription_ends_beside_a_publish() {
    model(|| {
        let bus = Bus::builder().topics(4).build();
        let called = Arc::new(AtomicUsize::new(0));
        let held = Arc::clone(&called);
        let sub = bus.on(move |_: &Event<Tick>| {
            held.fetch_add(1, Ordering::Relaxed);
        });
        let other = bus.clone();
        let publisher = spawn(move || other.publish(Tick).map_err(drop).unwrap().matched());
        drop(sub);
        let before = called.load(Ordering::Relaxed);
        let matched = publisher.join().unwrap();
        assert!(before <= matched && called.load(Ordering::Relaxed) == matched);
        assert_eq!(
            Arc::strong_count(&called),
            1,
            "the handler is dropped, whatever route it was in, with no publish after it"
        );
    });
}

/// Two publishes of one topic and a new subscription: a publish that begins after it was made sees it.
#[test]
fn a_subscription_is_seen_by_what_begins_after_it() {
    model(|| {
        let bus = Bus::builder().topics(4).build();
        let other = bus.clone();
        let publisher = spawn(move || other.publish(Tick).map_err(drop).unwrap().matched());
        let _sub = bus.on(|_: &Event<Tick>| ());
        assert_eq!(bus.publish(Tick).map_err(drop).unwrap().delivered(), 1);
        assert!(publisher.join().unwrap() <= 1);
    });
}

/// Two topics of one set in the cache, published at once: each is routed by its own text.
#[test]
fn topics_share_a_set_without_being_mixed_up() {
    model(|| {
        let bus = Bus::builder().topics(4).build();
        let _sub =
            bus.subscribe("a", |event: &Event| assert_eq!(event.topic().as_str(), "a")).unwrap();
        let other = bus.clone();
        let publisher = spawn(move || other.publish_to("b", Tick).map_err(drop).unwrap().matched());
        assert_eq!(bus.publish_to("a", Tick).map_err(drop).unwrap().delivered(), 1);
        assert_eq!(publisher.join().unwrap(), 0);
    });
}

/// Closing a bus beside the opening of a child: the child is refused or closed.
#[test]
fn a_child_does_not_slip_through_a_close() {
    model(|| {
        let bus = Bus::builder().topics(4).build();
        let other = bus.clone();
        let opener = spawn(move || other.child("a"));
        bus.close(Duration::ZERO);
        if let Ok(child) = opener.join().unwrap() {
            assert!(child.is_closed());
        }
    });
}
