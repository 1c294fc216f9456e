//! Publishers at once, 1 to 4, each in a thread of its own. More than there are cores cannot be faster than as many.

use std::hint::black_box;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rem::prelude::*;
use rem_benches::baseline::{HandWritten, floor};
use rem_benches::results::Plot;
use rem_benches::rounds::Contender;

use crate::handlers::looks;
use crate::{Point, Tick, listen, listen_by_hand, upto};

const THREADS: &[usize] = &[1, 2, 3, 4];
/// Of all together.
const CALLS: u32 = 120_000;

/// All calls shared by some threads, which begin together; until the last has ended.
fn together(threads: usize, calls: u32, call: &(impl Fn(u64) + Sync)) -> Duration {
    let each = u64::from(calls) / threads as u64;
    let barrier = Barrier::new(threads + 1);
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    (0..each).for_each(call);
                })
            })
            .collect();
        barrier.wait();
        let start = Instant::now();
        for thread in running {
            thread.join().unwrap();
        }
        start.elapsed()
    })
}

fn point(line: &'static str, threads: usize, call: impl Fn(u64) + Sync + 'static) -> Point {
    let run = move |calls| together(threads, calls, &call);
    (line, threads, Contender::timed(line, CALLS, run))
}

fn publish(line: &'static str, threads: usize, bus: &Bus) -> Point {
    listen(bus, "tick");
    let publisher = bus.publisher();
    point(line, threads, move |value| {
        black_box(publisher.publish(Tick(value)).unwrap());
    })
}

pub(crate) fn points(_: &Plot<'_>, measuring: bool) -> Vec<Point> {
    let mut points = Vec::new();
    for &threads in upto(THREADS, measuring) {
        points.push(publish("REM", threads, &Bus::new()));
        let ring = Bus::builder().history(Ring::events(10_000)).build();
        points.push(publish("REM, with a ring of 10,000", threads, &ring));
        // While one delivers for all, whoever has a core meanwhile puts as many behind it as he publishes.
        let total = Bus::builder().ordering(rem::Ordering::Total).deferred(CALLS as usize).build();
        points.push(publish("REM, all in one order", threads, &total));
        let written = HandWritten::default();
        listen_by_hand(&written, "tick");
        points.push(point("by hand: a map behind a lock", threads, move |value| {
            written.publish("tick", value);
        }));
        let (counter, called) = (AtomicU64::new(0), vec![looks()]);
        points.push(point("the floor: a closure, and one shared counter", threads, move |value| {
            counter.fetch_add(1, Ordering::Relaxed);
            floor(&called, value);
        }));
    }
    points
}
