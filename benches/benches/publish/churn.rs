//! Subscriptions that come and go beside 100,000 others while another thread publishes.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rem::prelude::*;
use rem_benches::bars::Bars;
use rem_benches::rounds::median;

use crate::events::{ProviderEvent, bus_with};

const OTHERS: usize = 100_000;
const ROUND: Duration = Duration::from_millis(200);
/// A thousand changes a second.
const PAUSE: Duration = Duration::from_millis(1);

/// Publishes until it is told to stop; the time that one publish in a hundred takes longer than, in nanoseconds.
fn publish_until(bus: &Bus, stop: &AtomicBool) -> f64 {
    let publisher = bus.publisher();
    let mut times = Vec::with_capacity(1 << 22);
    for value in 0.. {
        let start = Instant::now();
        black_box(publisher.publish(ProviderEvent::Connected(value)).unwrap());
        if times.len() < times.capacity() {
            times.push(u32::try_from(start.elapsed().as_nanos()).unwrap_or(u32::MAX));
        }
        if stop.load(Ordering::Relaxed) {
            break;
        }
    }
    times.sort_unstable();
    f64::from(times[times.len() * 99 / 100])
}

/// One round: what subscribing and unsubscribing took, and the publisher's 99th percentile meanwhile.
fn round(bus: &Bus, changes: bool) -> (f64, f64) {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let publisher = scope.spawn(|| publish_until(bus, &stop));
        let (begun, mut times) = (Instant::now(), Vec::new());
        while begun.elapsed() < ROUND {
            if changes {
                let start = Instant::now();
                let sub = bus.subscribe("system.*.connected", |_: &Event| ()).unwrap();
                drop(sub);
                // The one and the other: the mean of them.
                times.push(start.elapsed().as_secs_f64() * 1e9 / 2.0);
            }
            thread::sleep(PAUSE);
        }
        stop.store(true, Ordering::Relaxed);
        let change = if changes { median(&mut times) } else { 0.0 };
        (change, publisher.join().unwrap())
    })
}

pub(crate) fn bars(bars: &mut Bars, rounds: usize) {
    let bus = bus_with(1, Bus::new());
    for at in 0..OTHERS {
        bus.subscribe(format!("other.{at}.*"), |_: &Event| ()).unwrap().detach();
    }
    let (mut changes, mut quiet, mut disturbed) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        quiet.push(round(&bus, false).1);
        let (change, p99) = round(&bus, true);
        changes.push(change);
        disturbed.push(p99);
    }
    let (change, quiet, disturbed) =
        (median(&mut changes), median(&mut quiet), median(&mut disturbed));
    println!(
        "a change beside {OTHERS} others {change:.0} ns; p99 of a publish {quiet:.0}, meanwhile {disturbed:.0} ns"
    );
    bars.at_most("subscribe or unsubscribe beside 100,000", change / 1e3, 5.0, "µs");
    bars.at_most("p99 of a publish meanwhile", disturbed / quiet, 2.0, "× undisturbed");
}
