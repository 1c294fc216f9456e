//! Publishing in one thread to 0, 1 and 8 inline handlers: by a fixed topic, by a template, by name.

use std::hash::BuildHasher;
use std::hint::black_box;
use std::time::SystemTime;

use foldhash::fast::FixedState;
use rem::prelude::*;
use rem_benches::bars::Bars;
use rem_benches::baseline::floor;
use rem_benches::callgrind;
use rem_benches::results;
use rem_benches::rounds::{Contender, medians};
use rem_patterns::PatternTree;

use crate::events::{Name, ProviderEvent, TOPIC, bus_with, hand_written, handlers, with_ring};

const CALLS: u32 = 50_000;
/// Of what allocates a topic each time.
const FEW: u32 = 10_000;

pub(crate) fn contenders() -> Vec<Contender<'static>> {
    let mut all = vec![
        Contender::new("SystemTime::now", CALLS, |_| {
            black_box(SystemTime::now());
        }),
        Contender::new("one string hash", CALLS, |_| {
            black_box(FixedState::default().hash_one(black_box(TOPIC)));
        }),
        tree_match(),
    ];
    for count in [0, 1, 8] {
        let name = |what: &str| format!("{count} handlers: {what}");
        let called = handlers(count);
        all.push(Contender::new(name("floor"), CALLS, move |value| floor(&called, value)));
        let written = hand_written(count);
        all.push(Contender::new(name("hand-written"), CALLS, move |value| {
            written.publish(TOPIC, value);
        }));
        let publisher = bus_with(count, Bus::new()).publisher();
        all.push(Contender::new(name("publisher"), CALLS, move |value| {
            black_box(publisher.publish(ProviderEvent::Connected(value)).unwrap());
        }));
        let bus = bus_with(count, Bus::new());
        all.push(Contender::new(name("bus"), CALLS, move |value| {
            black_box(bus.publish(ProviderEvent::Connected(value)).unwrap());
        }));
        let publisher = bus_with(count, Bus::new()).publisher();
        all.push(Contender::new(name("publisher, template seen before"), CALLS, move |value| {
            let name = Name(value % 4);
            black_box(publisher.publish(ProviderEvent::Limited { name, value }).unwrap());
        }));
        let publisher = bus_with(count, Bus::new()).publisher();
        all.push(Contender::new(name("publisher, template never seen"), FEW, move |value| {
            let name = Name(value);
            black_box(publisher.publish(ProviderEvent::Limited { name, value }).unwrap());
        }));
        let bus = bus_with(count, Bus::new());
        all.push(Contender::new(name("bus, by name"), CALLS, move |value| {
            black_box(bus.publish_to(TOPIC, ProviderEvent::Connected(value)).unwrap());
        }));
        let publisher = bus_with(count, with_ring()).publisher();
        all.push(Contender::new(name("publisher, ring of 10,000"), CALLS, move |value| {
            black_box(publisher.publish(ProviderEvent::Connected(value)).unwrap());
        }));
        let child = bus_with(count, Bus::new()).child("eu-west").unwrap();
        all.push(Contender::new(name("child bus"), CALLS, move |value| {
            black_box(child.publish(ProviderEvent::Connected(value)).unwrap());
        }));
    }
    all
}

/// What the index itself takes for a topic that is published to once, of a bus with one handler of the type.
fn tree_match() -> Contender<'static> {
    let mut tree = PatternTree::new();
    let topics = "=system.provider.connected,system.provider.by_name.*.limited";
    tree.insert(&Pattern::parse(topics).unwrap(), ());
    let mut found = Vec::new();
    Contender::new("the tree's match", CALLS, move |_| {
        tree.matching(black_box("system.provider.by_name.12345.limited"), &mut found);
        black_box(&found);
    })
}

/// Publishes so often and does nothing else.
pub(crate) fn one(handlers: u32, calls: u32) {
    let publisher = bus_with(handlers as usize, Bus::new()).publisher();
    for value in 0..calls {
        black_box(publisher.publish(ProviderEvent::Connected(u64::from(value))).unwrap());
    }
}

pub(crate) fn bars(bars: &mut Bars, rounds: usize) {
    let mut all = contenders();
    let medians = medians(&mut all, rounds);
    println!("\n{:48} {:>9}", format!("medians of {rounds} interleaved rounds"), "ns");
    for (contender, median) in all.iter().zip(&medians) {
        println!("{:48} {median:9.1}", contender.name());
    }
    let of = |name: &str| {
        let at = all.iter().position(|contender| contender.name() == name);
        medians[at.unwrap_or_else(|| panic!("no contender `{name}`"))]
    };
    for count in [0, 1, 8] {
        let handlers = if count == 1 { "handler" } else { "handlers" };
        let table = format!("A publish to {count} inline {handlers}");
        for (name, contender) in [
            ("REM, by a publisher", "publisher"),
            ("REM, by the bus", "bus"),
            ("by hand: a map of topics behind a lock", "hand-written"),
            ("by hand: id, time and a loop over closures", "floor"),
        ] {
            results::figure(&table, name, of(&format!("{count} handlers: {contender}")), "ns");
        }
    }
    let (floor, publisher) = (of("1 handlers: floor"), of("1 handlers: publisher"));
    let nobody = of("0 handlers: publisher") / of("SystemTime::now");
    bars.at_most("publisher, nobody listening", nobody, 0.25, "× SystemTime::now");
    bars.at_most("publisher, 1 handler", publisher / floor, 0.6, "× floor");
    bars.at_most("bus, 1 handler", of("1 handlers: bus") / floor, 0.75, "× floor");
    let written = of("1 handlers: hand-written");
    bars.at_most("publisher, 1 handler", publisher / written, 0.55, "× hand-written");
    let further = (of("8 handlers: publisher") - publisher) / 7.0;
    bars.at_most("each further handler", further, 4.0, "ns");
    let seen = of("1 handlers: publisher, template seen before") - publisher;
    bars.at_most("template seen before, above a fixed topic", seen, 60.0, "ns");
    let new = of("1 handlers: publisher, template never seen") - of("the tree's match");
    bars.at_most("template never seen, beside the tree's match", new, 1_000.0, "ns");
    let named = of("1 handlers: bus, by name") - of("1 handlers: bus") - of("one string hash");
    bars.at_most("by name, above by type and one hash", named, 25.0, "ns");
    let ring = of("1 handlers: publisher, ring of 10,000") - publisher;
    bars.at_most("with a ring of 10,000, above without", ring, 40.0, "ns");
    if rounds > 1 {
        instructions(bars);
    }
}

fn instructions(bars: &mut Bars) {
    const COUNTED: u32 = 10_000;
    let counted = |handlers: usize| {
        callgrind::each(|calls| vec!["--one".into(), handlers.to_string(), calls.into()], COUNTED)
    };
    match [counted(0), counted(1), counted(8)] {
        [Ok(none), Ok(one), Ok(eight)] => {
            println!("instructions: nobody {none:.0}, 1 handler {one:.0}, 8 handlers {eight:.0}");
            bars.at_most("each further handler", (eight - one) / 7.0, 30.0, "instructions");
        }
        [none, one, eight] => {
            let errors = [none, one, eight].into_iter().filter_map(Result::err);
            println!("instructions were NOT counted: {}", errors.collect::<Vec<_>>().join("; "));
        }
    }
}
