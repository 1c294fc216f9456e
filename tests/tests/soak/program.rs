//! The program: who publishes, who listens from beginning to end, and the account at the end.

use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rem::TryRecvError;
use rem::journal::{Durability, Journal, Keep, Retention};
use rem::prelude::*;

use crate::crowd::Crowd;
use crate::ledger::{Faults, Rows};
use crate::memory::{ENOUGH, Memory};
use crate::{LONG, PUBLISHERS, Tick};

/// How many events the journal keeps.
const KEPT: u64 = 50_000;

/// Of each publisher's events, every how manyth a handler panics with, stalls at, and publishes after.
const PANICS: u64 = 500;
const STALLS: u64 = 5_000;
const CAUSES: u64 = 16;

/// How long a stall is, and how often the state of things is told.
const STALL: Duration = Duration::from_millis(20);
const TELL: Duration = Duration::from_secs(10);

fn journal(path: &Path) -> Journal {
    let builder = Journal::builder().durability(Durability::Every(Duration::from_millis(20)));
    let retention = Retention::new().all(Keep::events(KEPT));
    builder.retention(retention).memory(1_000).patience(LONG).open(path).unwrap()
}

/// Runs it for so long.
#[expect(clippy::print_stdout, reason = "the campaign reads it, and the test harness hides it")]
pub(crate) fn run(time: Duration) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.rem");
    let bus = Bus::builder().history(journal(&path)).build();
    let faults = Faults::default();
    let steady = Steady::on(&bus, &faults);
    let over = AtomicBool::new(false);
    let mut memory = Memory::default();
    let goes_on = || !over.load(Ordering::Acquire);
    let (published, crowd, below) = thread::scope(|scope| {
        // Whatever fails here, the others end, and so does the test.
        let _end = OnDrop(&over);
        let publishers: Vec<_> = (0..PUBLISHERS)
            .map(|publisher| {
                let (bus, goes_on) = (&bus, &goes_on);
                scope.spawn(move || publish(bus, publisher as u64, goes_on))
            })
            .collect();
        let crowd = scope.spawn(|| {
            let mut crowd = Crowd::new(&bus, &faults);
            while goes_on() {
                crowd.turn();
                thread::yield_now();
            }
            crowd.end()
        });
        let children = scope.spawn(|| children(&bus, &faults, goes_on));
        watch(time, &bus, &mut memory);
        over.store(true, Ordering::Release);
        let published: Vec<u64> = publishers.into_iter().map(|one| one.join().unwrap()).collect();
        (published, crowd.join().unwrap(), children.join().unwrap())
    });
    let report = bus.close(LONG);
    assert!(report.is_complete(), "{report}");
    faults.check();
    let causes = steady.account(&published);

    // One number each, all in the journal, which has let go of none but the oldest.
    let all = published.iter().sum::<u64>() + causes + below;
    assert_eq!(bus.stats().published, all);
    drop(bus);
    let bus = Bus::builder().history(journal(&path)).build();
    let newest = bus.query("**").unwrap().last(1).events();
    assert_eq!(newest.first().and_then(|event| event.sequence()), Some(all));
    let kept = bus.query("**").unwrap().count() as u64;
    assert!(kept >= all.min(KEPT), "{kept} of {all} are kept");
    if time >= ENOUGH {
        memory.check();
    }
    let (came, had) = crowd;
    println!(
        "soak: {all} events, {came} subscriptions, {had} deliveries to those, {below} on child buses, memory {memory}"
    );
}

/// Ends the others when its thread does.
struct OnDrop<'a>(&'a AtomicBool);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Waits for the end, and tells now and then how it goes.
#[expect(clippy::print_stderr, reason = "who watches a run of minutes is to see that it goes on")]
fn watch(time: Duration, bus: &Bus, memory: &mut Memory) {
    let (begun, mut told) = (Instant::now(), Instant::now());
    while begun.elapsed() < time {
        thread::sleep(Duration::from_millis(200).min(time));
        memory.sample();
        if told.elapsed() >= TELL {
            told = Instant::now();
            let (seconds, of) = (begun.elapsed().as_secs(), time.as_secs());
            eprintln!("{seconds} of {of} s, {} events, memory {memory}", bus.stats().published);
        }
    }
}

/// Publishes until it is over; how many there were.
fn publish(bus: &Bus, publisher: u64, goes_on: impl Fn() -> bool) -> u64 {
    let mut number = 0;
    while goes_on() {
        let receipt =
            bus.publish(Tick::By { name: number % crate::NAMES, publisher, number }).unwrap();
        assert!(receipt.sequence().is_some(), "{receipt}");
        number += 1;
    }
    number
}

/// Who listens from beginning to end.
struct Steady {
    /// Called with each event, and panics with some.
    handler: (Subscription, Arc<Rows>),
    /// Called with what a handler published.
    effects: (Subscription, Arc<AtomicU64>),
    _causes: Subscription,
    /// Reads all, with room enough.
    reader: thread::JoinHandle<Arc<Rows>>,
    /// Stalls now and then, and is told what it missed.
    slow: thread::JoinHandle<(Arc<Rows>, u64)>,
    task: (Subscription, Arc<Rows>),
}

impl Steady {
    fn on(bus: &Bus, faults: &Faults) -> Self {
        let rows = || Arc::new(Rows::new(1, faults));
        let (every, after) = (rows(), Arc::new(AtomicU64::new(0)));
        let keep = Arc::clone(&every);
        let handler = move |event: &Event<Tick>| {
            keep.has(&event.data);
            if matches!(event.data, Tick::By { number, .. } if number % PANICS == 0) {
                resume_unwind(Box::new("by design"));
            }
        };
        let handler = bus.subscription("tick.by.*").priority(1).inline(handler).unwrap();
        let (inner, told) = (bus.downgrade(), faults.clone());
        let causes = move |event: &Event<Tick>| {
            let Tick::By { publisher, number, .. } = event.data else { return };
            if let Some(bus) = inner.upgrade().filter(|_| number % CAUSES == 0) {
                let result = bus.publish(Tick::After { publisher, number });
                told.unless(result.is_ok(), || format!("{result:?}"));
            }
        };
        let causes = bus.subscribe("tick.by.*", causes).unwrap();
        let count = Arc::clone(&after);
        let effects = bus.subscribe("tick.after", move |_: &Event<Tick>| {
            count.fetch_add(1, Ordering::Relaxed);
        });
        let all = rows();
        let task = bus.subscription("tick.by.*").queue(1_024, Overflow::Block(LONG));
        let keep = async |rows: Arc<Rows>, event: Received<Tick>| rows.has(&event.data);
        let task = task.task_with(Arc::clone(&all), keep).unwrap();
        Self {
            handler: (handler, every),
            effects: (effects.unwrap(), after),
            _causes: causes,
            reader: reader(bus, rows()),
            slow: slow(bus, rows()),
            task: (task, all),
        }
    }

    /// Holds all of them against what was published; gives how many effects there were.
    fn account(self, published: &[u64]) -> u64 {
        let (handler, rows) = self.handler;
        rows.check(published, "the handler");
        let panics: u64 = published.iter().map(|count| count.div_ceil(PANICS)).sum();
        assert_eq!(handler.failures(), panics, "panics of the handler");
        let causes: u64 = published.iter().map(|count| count.div_ceil(CAUSES)).sum();
        assert_eq!(self.effects.1.load(Ordering::Relaxed), causes, "effects");
        self.reader.join().unwrap().check(published, "the reader");
        self.task.1.check(published, "the task");
        let (rows, missed) = self.slow.join().unwrap();
        let all = published.iter().sum::<u64>();
        assert_eq!(rows.count() + missed, all, "what the slow reader had and missed");
        causes
    }
}

/// Reads all until the bus is closed: publishers wait for it.
fn reader(bus: &Bus, rows: Arc<Rows>) -> thread::JoinHandle<Arc<Rows>> {
    let queue = bus.subscription("tick.by.*").queue(1_024, Overflow::Block(LONG));
    let mut stream: EventStream<Tick> = queue.stream().unwrap();
    thread::spawn(move || {
        stream.iter().map(Result::unwrap).for_each(|event| rows.has(&event.data));
        rows
    })
}

/// Reads with stalls; gives how many it was told that it missed.
fn slow(bus: &Bus, rows: Arc<Rows>) -> thread::JoinHandle<(Arc<Rows>, u64)> {
    let queue = bus.subscription("tick.by.*").queue(256, Overflow::DropOldest);
    let mut stream: EventStream<Tick> = queue.stream().unwrap();
    thread::spawn(move || {
        let mut missed = 0;
        loop {
            match stream.recv_timeout(LONG) {
                Ok(event) => {
                    rows.has_later(&event.data);
                    if rows.count().is_multiple_of(STALLS) {
                        thread::sleep(STALL);
                    }
                }
                Err(TryRecvError::Lagged(lagged)) => missed += lagged.missed(),
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Ended) => return (rows, missed),
            }
        }
    })
}

/// Opens child buses one after the other, publishes there, and closes each; gives how many events there were.
fn children(bus: &Bus, faults: &Faults, goes_on: impl Fn() -> bool) -> u64 {
    const EACH: u64 = 20;
    let mut all = 0;
    while goes_on() {
        let child = bus.child(format!("child{}", all / EACH % 7)).unwrap();
        let seen = Arc::new(AtomicU64::new(0));
        let (count, told) = (Arc::clone(&seen), faults.clone());
        let handler = move |event: &Event<Tick>| {
            let before = count.fetch_add(1, Ordering::SeqCst);
            let holds = event.data == Tick::Below { number: before };
            told.unless(holds, || format!("{event} is not number {before}"));
        };
        let sub = child.subscribe("tick", handler).unwrap();
        for number in 0..EACH {
            child.publish(Tick::Below { number }).unwrap();
        }
        let report = child.close(LONG);
        assert!(report.is_complete(), "{report}");
        assert!(child.publish(Tick::Below { number: EACH }).is_err(), "it is closed");
        faults.unless(seen.load(Ordering::SeqCst) == EACH, || "a child bus lost events".to_owned());
        drop(sub); // it would hear the next that has the prefix
        all += EACH;
    }
    all
}
