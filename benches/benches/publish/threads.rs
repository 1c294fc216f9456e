//! Two publishers on two cores.

use std::hint::black_box;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rem::prelude::*;
use rem_benches::bars::Bars;
use rem_benches::baseline::floor;
use rem_benches::rounds::{Contender, medians};

use crate::events::{Handler, ProviderEvent, bus_with, handlers, with_ring};

const CALLS: u32 = 200_000;

/// So many calls in each of some threads, which begin together; the time of the slowest.
fn together(threads: usize, calls: u32, call: impl Fn(u64) + Sync) -> Duration {
    let barrier = Barrier::new(threads);
    let run = || {
        barrier.wait();
        let start = Instant::now();
        for value in 0..u64::from(calls) {
            call(value);
        }
        start.elapsed()
    };
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).max().unwrap_or_default()
    })
}

/// Publishes to one inline handler in so many threads.
fn publishers(name: &str, threads: usize, bus: Bus) -> Contender<'static> {
    let publisher = bus_with(1, bus).publisher();
    Contender::timed(name, CALLS, move |calls| {
        together(threads, calls, |value| {
            black_box(publisher.publish(ProviderEvent::Connected(value)).unwrap());
        })
    })
}

fn contenders() -> Vec<Contender<'static>> {
    let (called, counter): (Vec<Handler>, _) = (handlers(1), AtomicU64::new(0));
    vec![
        Contender::timed("2 threads: floor and one shared fetch_add", CALLS, move |calls| {
            together(2, calls, |value| {
                counter.fetch_add(1, Ordering::Relaxed);
                floor(&called, value);
            })
        }),
        publishers("2 threads: publisher", 2, Bus::new()),
        publishers("1 thread: publisher, ring of 10,000", 1, with_ring()),
        publishers("2 threads: publisher, ring of 10,000", 2, with_ring()),
    ]
}

pub(crate) fn bars(bars: &mut Bars, rounds: usize) {
    let mut all = contenders();
    let medians = medians(&mut all, rounds);
    for (contender, median) in all.iter().zip(&medians) {
        println!("{:48} {median:9.1} a call of each", contender.name());
    }
    let [floor, publisher, ring_of_one, ring_of_two] = medians[..] else { return };
    bars.at_least("2 publishers, 1 handler: rate", floor / publisher, 0.8, "× floor and fetch_add");
    bars.at_least("2 publishers with a ring: rate", 2.0 * ring_of_one / ring_of_two, 1.1, "× one");
}
