//! How the cost of an event grows: with subscriptions, topics, the depth of a topic, handlers, publishers and the size of what is sent.
//!
//! `cargo bench --bench growth` prints medians; all points of a plot take turns in each round. `-- --only PLOT` makes one of them.
//! `cargo xtask bench` draws them.
//!
//! Without `--bench`, as a test, each has its first points alone, once; what is told then is no figure.
#![expect(clippy::unwrap_used, reason = "what fails in a benchmark should end it")]
#![expect(clippy::print_stdout, reason = "a report")]
#![expect(clippy::cast_precision_loss, reason = "figures are rounded anyway")]

mod handlers;
mod payload;
mod publishers;
mod subscriptions;
mod topics;

use std::hint::black_box;
use std::sync::Arc;

use rem::prelude::*;
use rem_benches::baseline::{HandWritten, Stamped};
use rem_benches::results::Plot;
use rem_benches::rounds::{Contender, compare, usual};

/// What is published where only its way is looked at.
#[derive(EventType, Debug, Clone)]
#[event(name = "tick", local)]
struct Tick(u64);

/// A point of a plot: on which line, where, and who is measured there.
type Point = (&'static str, usize, Contender<'static>);

/// What makes the points of a plot, as far as it is to go.
type Points = fn(&Plot<'_>, bool) -> Vec<Point>;

const PLOTS: &[(&str, Plot<'static>, Points)] = &[
    (
        "subscriptions",
        Plot {
            name: "A publish beside many subscriptions",
            along: "subscriptions, of which one selects the topic",
            unit: "ns",
        },
        subscriptions::points,
    ),
    (
        "topics",
        Plot {
            name: "A publish by name, to many topics in turn",
            along: "topics that are published to",
            unit: "ns",
        },
        topics::many,
    ),
    (
        "depth",
        Plot {
            name: "A publish by name, to a deep topic",
            along: "segments of the topic",
            unit: "ns",
        },
        topics::deep,
    ),
    (
        "handlers",
        Plot { name: "A publish to many inline handlers", along: "handlers", unit: "ns" },
        handlers::inline,
    ),
    (
        "queues",
        Plot {
            name: "Sent and received by many queues, in one thread",
            along: "subscribers",
            unit: "ns",
        },
        handlers::queued,
    ),
    (
        "publishers",
        Plot {
            name: "Publishers at once, each in its thread",
            along: "publishers",
            unit: "ns from one event to the next, of all together",
        },
        publishers::points,
    ),
    (
        "payload",
        Plot {
            name: "Data of many bytes, sent to and received by 8 queues, in one thread",
            along: "bytes of data",
            unit: "ns",
        },
        payload::points,
    ),
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let only = arguments.iter().position(|argument| argument == "--only");
    let only = only.map(|at| arguments.get(at + 1).expect("--only PLOT: which").as_str());
    // `cargo test` runs benchmarks too, each once, to see that they run; it measures nothing.
    let measuring = arguments.iter().any(|argument| argument == "--bench");
    for (_, plot, points) in PLOTS.iter().filter(|(key, ..)| only.is_none_or(|only| only == *key)) {
        draw(plot, points(plot, measuring), measuring);
    }
}

fn draw(plot: &Plot<'_>, points: Vec<Point>, measuring: bool) {
    let (places, mut all): (Vec<_>, Vec<_>) =
        points.into_iter().map(|(line, at, contender)| ((line, at), contender)).unzip();
    let medians = compare(&mut all, if measuring { usual(11) } else { 1 });
    println!("\n{}: {}", plot.name, plot.unit);
    for ((line, at), median) in places.into_iter().zip(medians) {
        println!("  {line:45} {at:>9} {} {median:10.1}", plot.along);
        plot.point(line, at as f64, median);
    }
}

/// As many of these as are to be looked at: as a test, two.
fn upto(all: &[usize], measuring: bool) -> &[usize] {
    if measuring { all } else { &all[..2] }
}

/// An inline handler that looks at its event.
fn listen(bus: &Bus, pattern: &str) {
    bus.subscribe(pattern, |event: &Event<Tick>| {
        black_box(event.data.0);
    })
    .unwrap()
    .detach();
}

/// The same for the bus that programs write for themselves.
fn listen_by_hand(written: &HandWritten, topic: &str) {
    written.subscribe(
        topic,
        Box::new(|event: &Arc<Stamped>| {
            black_box(event.data);
        }),
    );
}
