//! Publishing to 0, 1 and 8 inline handlers, by a fixed topic and by a template, beside what programs write by hand.
//!
//! `cargo bench --bench publish` measures each alone with criterion, then all of them together: `ROUNDS` rounds, in each
//! of which every contender has a turn, so that a slow moment of the machine is felt by all; what is printed are medians
//! and ratios of medians. `-- --ratios` prints the second part alone.
#![expect(clippy::unwrap_used, reason = "what fails in a benchmark should end it")]
#![expect(clippy::print_stdout, reason = "a report")]

// Taken over as it is, layout and all; other benchmarks use the rest of it.
#[rustfmt::skip]
#[path = "../peers/baseline.rs"]
#[expect(dead_code, unreachable_pub, clippy::all, clippy::pedantic, clippy::unwrap_used, reason = "as above")]
mod baseline;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use baseline::{HandWritten, Stamped, floor};
use criterion::Criterion;
use rem::prelude::*;
use serde::{Deserialize, Serialize};

const ROUNDS: usize = 21;
const CALLS: u32 = 50_000;
const TOPIC: &str = "system.provider.connected";

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "system.provider")]
enum ProviderEvent {
    Connected(u64),
    #[event(topic = "by_name.{name}.limited")]
    Limited {
        name: Name,
        value: u64,
    },
}

/// A short name without an allocation, so that the template's cost is the topic's.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Name(u8);

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(["primary", "secondary", "tertiary", "backup"][usize::from(self.0 & 3)])
    }
}

/// One thing to measure: a call with a number.
struct Contender {
    name: String,
    call: Box<dyn FnMut(u64)>,
}

fn contender(name: impl Into<String>, call: impl FnMut(u64) + 'static) -> Contender {
    Contender { name: name.into(), call: Box::new(call) }
}

type Handler = Box<dyn Fn(&Arc<Stamped>) + Send + Sync>;

fn handlers(count: usize) -> Vec<Handler> {
    let handler = |_| -> Handler {
        Box::new(|event| {
            black_box(event.data);
        })
    };
    (0..count).map(handler).collect()
}

/// A bus with so many inline handlers of the event type.
fn bus_with(handlers: usize, bus: Bus) -> Bus {
    for _ in 0..handlers {
        bus.on(|event: &Event<ProviderEvent>| match event.data {
            ProviderEvent::Connected(value) | ProviderEvent::Limited { value, .. } => {
                black_box(value);
            }
        })
        .detach();
    }
    bus
}

fn contenders() -> Vec<Contender> {
    let mut all = Vec::new();
    for count in [0, 1, 8] {
        let called = handlers(count);
        all.push(contender(format!("{count} handlers: floor"), move |value| floor(&called, value)));
        let written = HandWritten::default();
        for handler in handlers(count) {
            written.subscribe(TOPIC, handler);
        }
        all.push(contender(format!("{count} handlers: hand-written"), move |value| {
            written.publish(TOPIC, value);
        }));
        let publisher = bus_with(count, Bus::new()).publisher();
        all.push(contender(format!("{count} handlers: publisher"), move |value| {
            black_box(publisher.publish(ProviderEvent::Connected(value)).unwrap());
        }));
        let bus = bus_with(count, Bus::new());
        all.push(contender(format!("{count} handlers: bus"), move |value| {
            black_box(bus.publish(ProviderEvent::Connected(value)).unwrap());
        }));
        let publisher = bus_with(count, Bus::new()).publisher();
        all.push(contender(format!("{count} handlers: publisher, template"), move |value| {
            let name = Name(value.to_le_bytes()[0]);
            black_box(publisher.publish(ProviderEvent::Limited { name, value }).unwrap());
        }));
        let bus = bus_with(count, Bus::builder().history(Ring::events(10_000)).build());
        all.push(contender(format!("{count} handlers: bus with a ring of 10,000"), move |value| {
            black_box(bus.publish(ProviderEvent::Connected(value)).unwrap());
        }));
        let child = bus_with(count, Bus::new()).child("eu-west").unwrap();
        all.push(contender(format!("{count} handlers: child bus"), move |value| {
            black_box(child.publish(ProviderEvent::Connected(value)).unwrap());
        }));
    }
    all
}

fn ratios() {
    let mut all = contenders();
    let mut times = vec![Vec::with_capacity(ROUNDS); all.len()];
    for round in 0..=ROUNDS {
        for (contender, times) in all.iter_mut().zip(&mut times) {
            let start = Instant::now();
            for value in 0..CALLS {
                (contender.call)(u64::from(value));
            }
            let nanos = start.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS);
            // The first round warms up.
            if round > 0 {
                times.push(nanos);
            }
        }
    }
    let medians: Vec<f64> = times.iter_mut().map(|times| median(times)).collect();
    println!("\nmedians of {ROUNDS} interleaved rounds of {CALLS} calls\n");
    println!("{:44} {:>9} {:>9} {:>15}", "", "ns", "× floor", "× hand-written");
    for (at, contender) in all.iter().enumerate() {
        let group = at / 7 * 7;
        println!(
            "{:44} {:9.1} {:9.2} {:15.2}",
            contender.name,
            medians[at],
            medians[at] / medians[group],
            medians[at] / medians[group + 1],
        );
    }
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() {
    // `cargo test` runs benchmarks too, each once, to see that they run; it measures nothing.
    let measuring = std::env::args().any(|argument| argument == "--bench");
    if !std::env::args().any(|argument| argument == "--ratios") {
        let mut criterion = Criterion::default().configure_from_args();
        for Contender { name, mut call } in contenders() {
            let mut value = 0;
            criterion.bench_function(&name, |bencher| {
                bencher.iter(|| {
                    value += 1;
                    call(value);
                });
            });
        }
        criterion.final_summary();
    }
    if measuring {
        ratios();
    }
}
