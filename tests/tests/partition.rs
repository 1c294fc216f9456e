//! Units of work through the facade: the program `20_partition` comes to what a plain loop counts in the file, its pictures show
//! its units, and units come from another node of a mesh.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use rem::mesh::Mesh;
use rem::mesh::memory::MemoryBroker;
use rem::partition::{
    EventDrivenPartitioner, LocalTask, RefusalKind, TaskCreated, TaskEvent, Unit, Workers,
};
use rem::prelude::*;
use rem::testing::Recorder;
use rem_examples::flights::YEAR;
use rem_examples::jobs;

/// Until then a test would have hung.
const HUNG: Duration = Duration::from_secs(60);
/// The first days of January.
const ROWS: usize = 8_000;

/// Departed, arrived, cancelled, the sum of the delays departing and their number, by day; and who flew then: counted by no
/// code of the program's.
fn count() -> BTreeMap<String, ([i64; 5], BTreeSet<String>)> {
    let mut days: BTreeMap<String, ([i64; 5], BTreeSet<String>)> = BTreeMap::new();
    let lines = BufReader::new(MultiGzDecoder::new(File::open(YEAR).unwrap())).lines();
    for line in lines.skip(1).take(ROWS) {
        let line = line.unwrap();
        let fields: Vec<_> = line.split(',').collect();
        let topic: Vec<_> = fields[1].split('.').collect();
        let (counts, carriers) = days.entry(fields[0][..10].to_owned()).or_default();
        carriers.insert(topic[1].to_owned());
        match topic[3] {
            "departed" => {
                counts[0] += 1;
                if let Ok(delay) = fields[5].parse::<i64>() {
                    counts[3] += delay;
                    counts[4] += 1;
                }
            }
            "arrived" => counts[1] += 1,
            _ => counts[2] += 1,
        }
    }
    days
}

#[test]
fn the_flights_by_day_are_what_a_plain_loop_counts() {
    let (outcome, counted) = (jobs::run(Path::new(YEAR), ROWS, 2).unwrap(), count());
    assert!(outcome.days.keys().eq(counted.keys()) && counted.len() > 3, "{:?}", outcome.days);
    for (day, sums) in &outcome.days {
        let numbers =
            [sums.departed, sums.arrived, sums.cancelled].map(|it| i64::try_from(it).unwrap());
        let (wanted, _) = &counted[day];
        assert_eq!(numbers, wanted[..3], "{day}");
        assert_eq!(
            (sums.delay, i64::try_from(sums.delays).unwrap()),
            (wanted[3], wanted[4]),
            "{day}"
        );
    }
    let units: usize = counted.values().map(|(_, carriers)| carriers.len() + 1).sum();
    let stats = outcome.report.stats();
    assert!(outcome.report.is_complete(), "{}", outcome.report);
    // And the summary; and two that are wrong.
    assert_eq!(
        (stats.came, stats.completed, stats.refused),
        (units as u64 + 3, units as u64 + 1, 2)
    );
    assert_eq!(outcome.held, counted.len() + 1, "each day was told of before its carriers");
    let mut kinds: Vec<_> =
        outcome.report.refusals().iter().map(|it| (it.unit(), it.kind())).collect();
    kinds.sort_unstable_by_key(|(unit, _)| *unit);
    assert_eq!(kinds, [("archive", RefusalKind::NoSuchFunction), ("mail", RefusalKind::Unknown)]);

    // Each carrier leads to its day, each day to the summary.
    for (day, (_, carriers)) in &counted {
        let number = |name: &str| {
            let line = outcome
                .dot
                .lines()
                .find(|line| line.contains(&format!("[label=\"{name}\"")))
                .unwrap();
            line.split_whitespace().next().unwrap().to_owned()
        };
        let of_day = number(day);
        assert!(outcome.dot.contains(&format!("    {of_day} -> {};\n", number("summary"))));
        for carrier in carriers {
            let of_carrier = number(&format!("{carrier} {day}"));
            assert!(outcome.dot.contains(&format!("    {of_carrier} -> {of_day};\n")), "{carrier}");
            assert!(outcome.mermaid.contains(&format!("    {of_carrier} --> {of_day}\n")));
        }
    }
    assert_eq!(outcome.dot.matches("color=darkgreen").count(), units + 1);
    assert!(outcome.mermaid.contains("[\"mail\"]:::dropped\n"));
    assert!(outcome.mermaid.contains("[\"sumary\"]:::unknown\n"));
}

#[test]
fn units_come_from_another_node_and_their_ends_go_back() {
    let broker = MemoryBroker::new();
    let (desk, shop) = (Bus::new(), Bus::new());
    let join =
        |bus: &Bus, node: &str| Mesh::builder(bus).transport(broker.transport(node)).node(node);
    let partitioner = EventDrivenPartitioner::builder(&shop, &Workers::rayon(1).unwrap())
        .register("length", |text: &String, _| Ok(text.len()))
        .attach()
        .unwrap();
    let ends = Recorder::new(&desk);
    let completed = desk.subscription("task.completed").wait::<TaskEvent>().unwrap();
    let works = join(&shop, "shop")
        .import("task.created")
        .export("task.completed")
        .join_blocking()
        .unwrap();
    let asks = join(&desk, "desk")
        .export("task.created")
        .import("task.completed")
        .join_blocking()
        .unwrap();
    works.settled_within(HUNG).unwrap();
    asks.settled_within(HUNG).unwrap();

    desk.publish(Unit::new("one").call("length", "three").unwrap()).unwrap();
    // What is local stays where it was published.
    desk.publish(LocalTask::new(Unit::new("here").run(|_| Ok(())))).unwrap();
    let completed = completed.within(HUNG).unwrap();
    assert_eq!(completed.data.unit(), "one");
    assert_eq!(*partitioner.output_of::<usize>("one").unwrap(), 5);
    assert_eq!(partitioner.stats().came, 1);
    assert!(ends.topics().contains(&"task.created.local".to_owned()));
}

#[test]
fn a_parent_runs_what_its_children_bring_and_a_child_only_its_own() {
    let bus = Bus::new();
    let (eu, us) = (bus.child("eu").unwrap(), bus.child("us").unwrap());
    let workers = Workers::rayon(1).unwrap();
    let attach = |bus: &Bus| EventDrivenPartitioner::builder(bus, &workers).attach().unwrap();
    let (whole, part) = (attach(&bus), attach(&eu));
    let recorder = Recorder::new(&bus);
    for bus in [&bus, &eu, &us] {
        let name = bus.prefix().map_or("root".to_owned(), ToString::to_string);
        bus.publish(LocalTask::new(Unit::new(name).run(|_| Ok(())))).unwrap();
    }
    for partitioner in [&whole, &part] {
        partitioner.settled_within(HUNG).unwrap();
    }
    assert_eq!((whole.stats().completed, part.stats().completed), (3, 1));
    let topics = recorder.topics();
    let count = |topic: &str| topics.iter().filter(|other| *other == topic).count();
    assert_eq!((count("task.completed"), count("eu.task.completed")), (3, 1));
    let task: TaskCreated = Unit::new("x").call("f", &()).unwrap();
    assert_eq!(task, serde_json::from_value(serde_json::to_value(&task).unwrap()).unwrap());
}
