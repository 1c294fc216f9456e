//! Topics: many that are published to in turn, and deep ones.

use std::hint::black_box;

use rem::prelude::*;
use rem_benches::baseline::HandWritten;
use rem_benches::results::Plot;
use rem_benches::rounds::Contender;

use crate::{Point, Tick, listen, listen_by_hand, upto};

const COUNTS: &[usize] = &[1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];
const DEPTHS: &[usize] = &[1, 2, 4, 8, 16, 32];
const CALLS: u32 = 10_000;
const FEW: u32 = 1_000;

/// Numbers below a limit, in an order that no cache guesses, the same each time.
fn scattered(number: u64, limit: usize) -> usize {
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    usize::try_from(mixed).unwrap_or(0) % limit
}

/// One handler hears all of them. Each has been published to before.
pub(crate) fn many(_: &Plot<'_>, measuring: bool) -> Vec<Point> {
    let mut points = Vec::new();
    for &count in upto(COUNTS, measuring) {
        let topics: Vec<String> =
            (0..count).map(|number| format!("shop.order.n{number}")).collect();
        for (line, room) in
            [("REM, room for 16,384 topics", 16_384), ("REM, room for all", 2 * count)]
        {
            let bus = Bus::builder().topics(room).build();
            listen(&bus, "shop.**");
            for topic in &topics {
                bus.publish_to(topic.as_str(), Tick(0)).unwrap();
            }
            let texts = topics.clone();
            points.push((
                line,
                count,
                Contender::new(line, CALLS, move |value| {
                    let topic = texts[scattered(value, count)].as_str();
                    black_box(bus.publish_to(topic, Tick(value)).unwrap());
                }),
            ));
        }
        let written = HandWritten::default();
        for topic in &topics {
            listen_by_hand(&written, topic);
        }
        points.push((
            "by hand: a map of topics, no patterns",
            count,
            Contender::new("by hand", CALLS, move |value| {
                written.publish(&topics[scattered(value, count)], value);
            }),
        ));
    }
    points
}

/// A topic of so many segments, and a pattern that must look at each of them.
pub(crate) fn deep(_: &Plot<'_>, measuring: bool) -> Vec<Point> {
    let mut points = Vec::new();
    for &depth in upto(DEPTHS, measuring) {
        let topic = (0..depth).map(|at| format!("s{at}")).collect::<Vec<_>>().join(".");
        let known = Bus::new();
        listen(&known, &vec!["*"; depth].join("."));
        let new = known.clone();
        let text = topic.clone();
        points.push((
            "REM, to a topic that was published to",
            depth,
            Contender::new("known", CALLS, move |value| {
                black_box(known.publish_to(text.as_str(), Tick(value)).unwrap());
            }),
        ));
        // The last segment is another each time, and no longer than the others need be.
        let stem = topic.rsplit_once('.').map_or_else(String::new, |(stem, _)| format!("{stem}."));
        points.push((
            "REM, to a new topic each time",
            depth,
            Contender::new("new", FEW, move |value| {
                black_box(new.publish_to(format!("{stem}n{value}"), Tick(value)).unwrap());
            }),
        ));
        let written = HandWritten::default();
        listen_by_hand(&written, &topic);
        points.push((
            "by hand: a map of topics, no patterns",
            depth,
            Contender::new("by hand", CALLS, move |value| written.publish(&topic, value)),
        ));
    }
    points
}
