//! A program's parts, and what is accounted for at its end.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use rem_core::testing::TestBus;
use rem_core::testing::interleave::sync::Mutex;
use rem_core::testing::interleave::sync::atomic::{AtomicU64, Ordering};
use rem_core::testing::interleave::{JoinHandle, spawn, yield_now};
use rem_core::{
    Bus, Event, EventSchema, EventStream, EventType, ManualClock, Overflow, PublishErrorKind,
    Received, Retry, Ring, Schema, TopicWriter,
};

use super::plan::{FAR, Full, Plan};
use crate::{Faults, LONG};

/// Publishers of a child bus have numbers from here on.
const OF_CHILDREN: u64 = 100;

/// What is published. It counts as long as it lives.
#[derive(Debug)]
struct Load {
    publisher: u64,
    number: u64,
    is_effect: bool,
    alive: Arc<AtomicU64>,
}

impl Load {
    fn new(publisher: u64, number: u64, is_effect: bool, alive: &Arc<AtomicU64>) -> Self {
        alive.fetch_add(1, Ordering::SeqCst);
        Self { publisher, number, is_effect, alive: Arc::clone(alive) }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

impl EventType for Load {
    const SCHEMA: Schema = Schema::new(
        "Load",
        "load",
        &[EventSchema::new("Of", "of", &[]), EventSchema::new("After", "after", &[])],
    );

    fn leaf(&self) -> usize {
        usize::from(self.is_effect)
    }
    fn write_topic(&self, out: &mut TopicWriter) -> fmt::Result {
        out.literal(if self.is_effect { "after" } else { "of" })
    }
}

/// One event as somebody had it: its number, and whose it is.
type Had = (u64, (bool, u64), u64);

fn had(event: &Event<Load>) -> Had {
    let Load { publisher, number, is_effect, .. } = event.data;
    (event.sequence().unwrap_or_default(), (is_effect, publisher), number)
}

/// What one subscriber had, in its order.
#[derive(Debug, Clone, Default)]
struct Seen(Arc<Mutex<Vec<Had>>>);

impl Seen {
    fn keep(&self, event: &Event<Load>) {
        self.0.lock().unwrap().push(had(event));
    }

    fn all(&self) -> Vec<Had> {
        self.0.lock().unwrap().clone()
    }

    /// The numbers; each came once, and each publisher's in its order.
    fn numbers(&self, who: &str) -> HashSet<u64> {
        let all = self.all();
        let mut newest = HashMap::new();
        for (sequence, whose, number) in &all {
            let before = newest.insert(*whose, (*number, *sequence));
            assert!(
                before < Some((*number, *sequence)),
                "{who}: {whose:?} {number} after {before:?}: {all:?}"
            );
        }
        let numbers: HashSet<_> = all.iter().map(|(sequence, ..)| *sequence).collect();
        assert_eq!(numbers.len(), all.len(), "{who} had one twice: {all:?}");
        numbers
    }
}

/// What all threads of a program share.
#[derive(Clone)]
struct Shared {
    bus: Bus,
    alive: Arc<AtomicU64>,
    /// The numbers that publishers were told.
    published: Arc<Mutex<Vec<u64>>>,
    faults: Faults,
}

impl Shared {
    /// Publishes one; whether the bus goes on.
    fn publish(&self, bus: &Bus, publisher: u64, number: u64, is_effect: bool) -> bool {
        match bus.publish(Load::new(publisher, number, is_effect, &self.alive)) {
            Ok(receipt) => {
                let sequence = receipt.sequence();
                self.faults
                    .unless(sequence.is_some(), || format!("kept, and no number: {receipt}"));
                self.published.lock().unwrap().extend(sequence);
                true
            }
            Err(error) => match error.kind() {
                PublishErrorKind::Closed => false,
                PublishErrorKind::QueueFull { .. } | PublishErrorKind::WouldDeadlock { .. } => true,
                _ => {
                    self.faults.unless(false, || error.to_string());
                    false
                }
            },
        }
    }
}

pub(super) fn run(plan: &Plan) {
    let alive = Arc::new(AtomicU64::new(0));
    program(plan, &alive);
    assert_eq!(alive.load(Ordering::SeqCst), 0, "data is left when the bus is gone");
}

fn program(plan: &Plan, alive: &Arc<AtomicU64>) {
    let builder = Bus::builder().history(Ring::events(plan.kept)).ordering(plan.ordering);
    let TestBus { bus, clock } = TestBus::with(builder);
    let (published, faults) = (Arc::default(), Faults::default());
    let shared = Shared { bus: bus.clone(), alive: Arc::clone(alive), published, faults };

    let (all, tasked) = (Seen::default(), Seen::default());
    let (keep, panics) = (all.clone(), plan.panics);
    let handler = move |event: &Event<Load>| {
        keep.keep(event);
        if panics.is_some_and(|every| event.data.number.is_multiple_of(every)) {
            resume_unwind(Box::new("by design"));
        }
    };
    bus.subscription("**").priority(1).inline(handler).unwrap().detach();
    if plan.causes {
        let (shared, own) = (Shared { bus: Bus::new(), ..shared.clone() }, bus.downgrade());
        let handler = move |event: &Event<Load>| {
            if let Some(bus) = own.upgrade().filter(|_| !event.data.is_effect) {
                shared.publish(&bus, event.data.publisher, event.data.number, true);
            }
        };
        bus.subscription("**").inline(handler).unwrap().detach();
    }
    let reader = plan.queue.map(|(room, full)| (full, reader(&bus, room, full)));
    if let Some((calls, fails)) = plan.task {
        task(&bus, &tasked, calls, fails);
    }

    let mut threads = publishers(plan, &shared);
    threads.extend((0..plan.comes_and_goes).map(|_| comes_and_goes(&shared)));
    threads.extend((0..plan.dropped_streams).map(|_| dropped_stream(&shared)));
    threads.extend((0..plan.children).map(|child| uses_a_child(&shared, OF_CHILDREN + child)));
    let (jumps, hands) = (plan.jumps.clone(), clock.clone());
    threads.push(spawn(move || {
        for seconds in jumps {
            let by = Duration::from_secs(seconds.unsigned_abs());
            if seconds < 0 {
                hands.set(hands.now() - by);
            } else {
                hands.advance(by);
            }
            yield_now();
        }
    }));
    let winder = Winder::start(&clock);
    if !plan.closed_early {
        crate::join(threads.drain(..));
    }
    let report = bus.close(LONG);
    assert!(report.is_complete(), "{report}");
    winder.stop();
    crate::join(threads);
    assert!(bus.publish(Load::new(0, u64::MAX, false, alive)).is_err(), "it is closed");

    shared.faults.check();
    let numbers = shared.published.lock().unwrap().clone();
    let published: HashSet<_> = numbers.iter().copied().collect();
    assert_eq!(published.len(), numbers.len(), "a number was given twice: {numbers:?}");
    let last = numbers.len() as u64;
    assert!((1..=last).all(|number| published.contains(&number)), "{numbers:?}");
    assert_eq!(all.numbers("who has all"), published);
    if plan.task.is_some() {
        assert_eq!(tasked.all().len(), published.len(), "the task: {tasked:?}");
        assert_eq!(
            tasked.all().iter().map(|(number, ..)| *number).collect::<HashSet<_>>(),
            published
        );
    }
    if let Some((full, reader)) = reader {
        let (seen, missed, replaced) = reader.join().unwrap();
        let read = seen.all().len() as u64;
        assert_eq!(read + missed + replaced, last, "{full:?}: read, lost, replaced of all");
        if full != Full::Conflates {
            assert!(seen.numbers("the reader").is_subset(&published));
            assert_eq!(replaced, 0);
        }
        assert!(missed == 0 || !matches!(full, Full::Blocks | Full::Refuses), "{full:?}");
    }
    let kept = bus.query("**").unwrap().count() as u64;
    assert_eq!(kept, last.min(plan.kept as u64));
}

/// Turns the clock on whenever somebody waits for it, as time does.
struct Winder {
    stop: Arc<AtomicU64>,
    thread: JoinHandle<()>,
}

impl Winder {
    fn start(clock: &ManualClock) -> Self {
        let (clock, stop) = (clock.clone(), Arc::new(AtomicU64::new(0)));
        let stopped = Arc::clone(&stop);
        let thread = spawn(move || {
            while stopped.load(Ordering::SeqCst) == 0 {
                if clock.timers() > 0 {
                    clock.advance(FAR);
                }
                yield_now();
            }
        });
        Self { stop, thread }
    }

    fn stop(self) {
        self.stop.store(1, Ordering::SeqCst);
        self.thread.join().unwrap();
    }
}

/// Reads until the bus is closed: what it had, what it was told is lost, and what was replaced.
fn reader(bus: &Bus, room: usize, full: Full) -> JoinHandle<(Seen, u64, u64)> {
    let mut stream: EventStream<Load> =
        bus.subscription("**").queue(room, full.overflow()).stream().unwrap();
    spawn(move || {
        let (seen, mut missed) = (Seen::default(), 0);
        for item in stream.iter() {
            match item {
                Ok(event) => seen.keep(&event),
                Err(lagged) => missed += lagged.missed(),
            }
        }
        let replaced = stream.stats().replaced;
        (seen, missed, replaced)
    })
}

fn task(bus: &Bus, seen: &Seen, calls: usize, fails: bool) {
    let wait = Duration::from_secs(60);
    let keep = async |(seen, fails): (Seen, bool), event: Received<Load>| {
        if fails && event.attempt() == 1 {
            return Err("not yet");
        }
        seen.keep(&event);
        Ok(())
    };
    let task = bus.subscription("**").retry(Retry::times(1).backoff(wait, 1.0, wait).jitter(false));
    task.concurrency(calls).task_with((seen.clone(), fails), keep).unwrap().detach();
}

fn publishers(plan: &Plan, shared: &Shared) -> Vec<JoinHandle<()>> {
    let each = plan.each;
    let start = |publisher| {
        let shared = shared.clone();
        spawn(move || {
            let bus = shared.bus.clone();
            let _ = (0..each)
                .take_while(|number| shared.publish(&bus, publisher, *number, false))
                .count();
        })
    };
    (0..plan.publishers).map(start).collect()
}

/// Subscribes, has what comes for a moment, and has nothing any more when it has gone.
fn comes_and_goes(shared: &Shared) -> JoinHandle<()> {
    let shared = shared.clone();
    spawn(move || {
        let seen = Seen::default();
        let keep = seen.clone();
        let Ok(subscription) =
            shared.bus.subscribe("**", move |event: &Event<Load>| keep.keep(event))
        else {
            return; // closed
        };
        (0..3).for_each(|_| yield_now());
        let _ = subscription.unsubscribe();
        let before = seen.all().len();
        (0..3).for_each(|_| yield_now());
        let after = seen.all();
        shared
            .faults
            .unless(before == after.len(), || format!("called when it had gone: {after:?}"));
        seen.numbers("who comes and goes");
    })
}

/// A stream that goes with what waits in it.
fn dropped_stream(shared: &Shared) -> JoinHandle<()> {
    let shared = shared.clone();
    spawn(move || {
        let queue = shared.bus.subscription("**").queue(2, Overflow::Block(LONG));
        if let Ok(mut stream) = queue.stream::<Load>() {
            let _ = stream.try_recv();
            yield_now();
        }
    })
}

/// Opens a child bus, publishes there, and closes it: who listens there has all that was published, and nothing later.
fn uses_a_child(shared: &Shared, publisher: u64) -> JoinHandle<()> {
    let shared = shared.clone();
    spawn(move || {
        let Ok(child) = shared.bus.child(format!("child{publisher}")) else {
            return; // closed
        };
        let seen = Seen::default();
        let keep = seen.clone();
        let handler = move |event: &Event<Load>| keep.keep(event);
        let Ok(subscription) = child.subscribe("**", handler) else { return };
        let taken =
            (0..2).take_while(|number| shared.publish(&child, publisher, *number, false)).count();
        child.close(LONG);
        let own = seen.all().iter().filter(|(_, (is_effect, _), _)| !is_effect).count();
        // A publish that a full queue refused counts as one that the bus took.
        shared.faults.unless(own <= taken, || format!("{own} of {taken} published"));
        let before = seen.all().len();
        shared.publish(&child, publisher, u64::MAX, false);
        shared.faults.unless(before == seen.all().len(), || "called behind a close".to_owned());
        drop(subscription);
    })
}
