//! What happens in the middle of a read of the past, by histories that do something more as they are read.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;

use rem::prelude::*;
use rem::{Evicted, History};

#[derive(EventType, Debug)]
#[event(namespace = "step", topic = "{name}", local)]
struct Step {
    name: &'static str,
    value: u64,
}

#[derive(EventType, Debug)]
#[event(name = "other", local)]
struct Other;

/// A history that does something more whenever it has said what can be read.
struct Slow(Ring, Box<dyn Fn() + Send + Sync>);

impl fmt::Debug for Slow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl History for Slow {
    fn record(&self, event: &Arc<Event>) -> Evicted {
        self.0.record(event)
    }
    fn readable(&self) -> Option<RangeInclusive<u64>> {
        let readable = self.0.readable();
        (self.1)();
        readable
    }
    fn read(&self, range: RangeInclusive<u64>, events: &mut Vec<Arc<Event>>) {
        self.0.read(range, events);
    }
}

#[test]
fn what_a_handler_publishes_while_another_reads_the_past_is_counted_as_to_come() {
    let (ask, asked) = channel();
    let (tell, told) = channel::<(usize, usize)>();
    let (told, looks) = (Mutex::new(told), AtomicU64::new(0));
    let (reader, begins) = (thread::current().id(), Arc::new(AtomicBool::new(false)));
    let begun = Arc::clone(&begins);
    let receipts = Arc::new(Mutex::new(Vec::new()));
    let (kept, asks) = (Arc::clone(&receipts), ask.clone());
    let meanwhile = move || {
        // Further and further apart, so that in between it has read all.
        if thread::current().id() == reader
            && begun.load(Relaxed)
            && [1, 4, 9].contains(&looks.fetch_add(1, Relaxed))
        {
            asks.send(true).unwrap();
            kept.lock().unwrap().push(told.lock().unwrap().recv().unwrap());
        }
    };
    let bus = Bus::builder().history(Slow(Ring::events(16), Box::new(meanwhile))).build();
    bus.publish(Step { name: "a", value: 1 }).unwrap();
    let (inner, asked) = (bus.clone(), Mutex::new(asked));
    let _busy = bus.on(move |_: &Event<Other>| {
        while asked.lock().unwrap().recv().unwrap() {
            let receipt = inner.publish(Step { name: "b", value: 2 }).unwrap();
            tell.send((receipt.matched(), receipt.deferred())).unwrap();
        }
    });
    thread::scope(|scope| {
        scope.spawn(|| bus.publish(Other).unwrap());
        let values = Arc::new(AtomicU64::new(0));
        let sum = Arc::clone(&values);
        begins.store(true, Relaxed);
        let subscription = bus.subscription("step").from(Start::Earliest);
        let _sub = subscription.inline(move |event: &Event<Step>| {
            sum.fetch_add(event.data.value, Relaxed);
        });
        ask.send(false).unwrap();
        let published = u64::try_from(receipts.lock().unwrap().len()).unwrap();
        assert_eq!(values.load(Relaxed), 1 + 2 * published, "each came once");
    });
    // Who reads is known from when the most of the past is read, and comes to what is published then.
    let receipts = receipts.lock().unwrap();
    assert!(receipts.contains(&(1, 1)), "{receipts:?}");
    assert!(receipts.iter().all(|receipt| matches!(receipt, (0, 0) | (1, 1))), "{receipts:?}");
}

/// A history that lets go of all but the newest as soon as it was read.
#[derive(Debug)]
struct Leaking(Ring, AtomicBool);

impl History for Leaking {
    fn record(&self, event: &Arc<Event>) -> Evicted {
        self.0.record(event)
    }
    fn readable(&self) -> Option<RangeInclusive<u64>> {
        let readable = self.0.readable()?;
        Some(if self.1.load(Relaxed) { *readable.end()..=*readable.end() } else { readable })
    }
    fn read(&self, range: RangeInclusive<u64>, events: &mut Vec<Arc<Event>>) {
        self.0.read(range, events);
        self.1.store(true, Relaxed);
    }
}

#[test]
fn the_last_of_each_topic_are_those_that_were_read_whatever_goes_meanwhile() {
    let bus = Bus::builder().history(Leaking(Ring::events(16), AtomicBool::new(false))).build();
    for name in ["a", "b", "c"] {
        bus.publish(Step { name, value: 1 }).unwrap();
    }
    let names: Vec<_> = bus.latest::<Step>("step").unwrap();
    assert_eq!(names.len(), 3, "nothing between them was gone when they were read");
}
