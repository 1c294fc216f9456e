//! Subscriptions, 1 to 1,000,000, of which one selects what is published.

use std::hint::black_box;

use rem::prelude::*;
use rem_benches::baseline::HandWritten;
use rem_benches::results::Plot;
use rem_benches::rounds::Contender;

use crate::{Point, Tick, listen, listen_by_hand, upto};

const COUNTS: &[usize] = &[1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];
const CALLS: u32 = 10_000;
/// Of topics that nobody has published to, each of which is kept.
const FEW: u32 = 1_000;

/// One selects all topics of `own`, the others something else: seven of ten by name, two by `*`, one by `**`.
fn bus(count: usize) -> Bus {
    let bus = Bus::new();
    listen(&bus, "own.**");
    for number in 1..count {
        let (region, thing) = (number % 100, number / 10);
        let pattern = match number % 10 {
            0..7 => format!("=region{region}.thing{thing}.event{}", number % 10),
            7..9 => format!("region{region}.*.kind{thing}.event{}", number % 10),
            _ => format!("region{region}.thing{thing}.**"),
        };
        listen(&bus, &pattern);
    }
    bus
}

fn by_hand(count: usize) -> HandWritten {
    let written = HandWritten::default();
    listen_by_hand(&written, "own.topic");
    for number in 1..count {
        listen_by_hand(&written, &format!("region.thing{number}.event"));
    }
    written
}

pub(crate) fn points(_: &Plot<'_>, measuring: bool) -> Vec<Point> {
    let mut points = Vec::new();
    for &count in upto(COUNTS, measuring) {
        let known = bus(count);
        let new = known.clone();
        points.push((
            "REM, to a topic that was published to",
            count,
            Contender::new("known", CALLS, move |value| {
                black_box(known.publish_to("own.topic", Tick(value)).unwrap());
            }),
        ));
        points.push((
            "REM, to a new topic each time",
            count,
            Contender::new("new", FEW, move |value| {
                black_box(new.publish_to(format!("own.new{value}"), Tick(value)).unwrap());
            }),
        ));
        let written = by_hand(count);
        points.push((
            "by hand: a map of topics, no patterns",
            count,
            Contender::new("by hand", CALLS, move |value| written.publish("own.topic", value)),
        ));
    }
    points
}
