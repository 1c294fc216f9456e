//! What an event costs in an analysis, an export, an import and a file of Parquet, each beside a bare loop that does the same by
//! `serde_json` over a list of the program's own.
//!
//! `cargo bench --bench files` prints medians. `-- --one NAME EVENTS` does nothing but that, for callgrind; `-- --instructions`
//! counts so.
#![expect(clippy::unwrap_used, reason = "what fails in a benchmark should end it")]
#![expect(clippy::print_stdout, reason = "a report")]

use std::collections::HashMap;
use std::hint::black_box;
use std::io;
use std::time::Instant;

use rem::analysis::parquet::{Kind, Parquet};
use rem::analysis::{Analysis, Group};
use rem::cloudevents::{Export, Import};
use rem::prelude::*;
use rem::wire::{Codec, Mask, RawEvent};
use rem::{EventId, Query, Timestamp};
use rem_benches::callgrind;
use rem_benches::rounds::{Contender, medians, usual};
use serde::{Deserialize, Serialize};

const EVENTS: u32 = 20_000;

/// When the first happened; each of the others a second after the one before.
const BEGUN: u64 = 1_795_600_000_123_456_789;

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "db")]
enum Db {
    #[event(topic = "{server}.asked")]
    Asked { server: String, latency_ms: u64, rows: u32, text: String },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Asked {
    server: String,
    latency_ms: u64,
    rows: u32,
    text: String,
}

/// An event as a program has it that does all by itself, and what it writes: the names and values of a cloud event.
#[derive(Debug, Serialize, Deserialize)]
struct Own {
    specversion: String,
    id: EventId,
    source: String,
    r#type: String,
    time: Timestamp,
    sequence: String,
    datacontenttype: String,
    data: Asked,
}

/// The one field that is asked for.
#[derive(Deserialize)]
struct Latency {
    latency_ms: u64,
}

fn asked(number: u64) -> Asked {
    Asked {
        server: format!("replica-{}", number % 16),
        latency_ms: 1 + number * 7_919 % 900,
        rows: u32::try_from(number % 100).unwrap(),
        text: "select * from orders where customer = $1".into(),
    }
}

/// A bus that keeps them all, and a question for so many of them.
fn history(raw: bool) -> impl Fn(u32) -> Query {
    let bus = Bus::builder().source("/db").history(Ring::events(EVENTS as usize)).build();
    for number in 0..u64::from(EVENTS) {
        let Asked { server, latency_ms, rows, text } = asked(number);
        let time = Timestamp::from_nanos(BEGUN + number * 1_000_000_000);
        if raw {
            let data = RawEvent::new(Codec::Json, serde_json::to_vec(&asked(number)).unwrap());
            bus.event(data).timestamp(time).publish_to(format!("db.{server}.asked")).unwrap();
        } else {
            bus.event(Db::Asked { server, latency_ms, rows, text })
                .timestamp(time)
                .publish()
                .unwrap();
        }
    }
    move |events| bus.query("**").unwrap().first(events as usize)
}

/// The same in a list.
fn own() -> Vec<Own> {
    let own = |number| Own {
        specversion: "1.0".into(),
        id: uuid::Uuid::now_v7().into(),
        source: "/db".into(),
        r#type: format!("db.{}.asked", asked(number).server),
        time: Timestamp::from_nanos(BEGUN + number * 1_000_000_000),
        sequence: format!("{:020}", number + 1),
        datacontenttype: "application/json".into(),
        data: asked(number),
    };
    (0..u64::from(EVENTS)).map(own).collect()
}

/// Takes its time for so many events.
fn over(name: &str, mut run: impl FnMut(u32) + 'static) -> Contender<'static> {
    Contender::timed(name, EVENTS, move |events| {
        let start = Instant::now();
        run(events);
        start.elapsed()
    })
}

fn count() -> Contender<'static> {
    let events = history(false);
    over("count by a segment", move |count| {
        let table = Analysis::events().by(Group::Segment(1)).run(events(count).iter()).unwrap();
        assert_eq!(table.events(), u64::from(count));
    })
}

fn count_bare() -> Contender<'static> {
    let events = own();
    over("  by hand, in a map", move |count| {
        let mut counts: HashMap<Box<str>, u64> = HashMap::new();
        for event in &events[..count as usize] {
            let segment = event.r#type.split('.').nth(1).unwrap();
            if let Some(count) = counts.get_mut(segment) {
                *count += 1;
            } else {
                counts.insert(segment.into(), 1);
            }
        }
        black_box(counts);
    })
}

fn percentiles(raw: bool) -> Contender<'static> {
    let events = history(raw);
    let name =
        if raw { "percentiles of a field, raw data" } else { "percentiles of a field, typed" };
    over(name, move |count| {
        let analysis = Analysis::of("latency_ms").percentiles([50.0, 99.0]);
        let table = analysis.run(events(count).iter()).unwrap();
        assert_eq!((table.events(), table.absent()), (u64::from(count), 0));
    })
}

fn percentiles_bare() -> Contender<'static> {
    let texts: Vec<_> =
        own().iter().map(|event| serde_json::to_vec(&event.data).unwrap()).collect();
    over("  by serde_json, all numbers held and sorted", move |count| {
        let read = |text: &Vec<u8>| serde_json::from_slice::<Latency>(text).unwrap().latency_ms;
        let mut numbers: Vec<u64> = texts[..count as usize].iter().map(read).collect();
        numbers.sort_unstable();
        black_box([50, 99].map(|percent| numbers.get(numbers.len() * percent / 100).copied()));
    })
}

fn export() -> Contender<'static> {
    let events = history(false);
    over("export as JSON lines", move |count| {
        let report = Export::new().write(events(count).iter(), io::sink()).unwrap();
        assert_eq!(report.events(), u64::from(count));
    })
}

fn export_bare() -> Contender<'static> {
    let events = own();
    over("  by serde_json", move |count| {
        let mut line = Vec::new();
        for event in &events[..count as usize] {
            line.clear();
            serde_json::to_writer(&mut line, event).unwrap();
            line.push(b'\n');
            black_box(&line);
        }
    })
}

/// The file, and where so many lines of it end.
fn file() -> (Vec<u8>, Vec<usize>) {
    let mut file = Vec::new();
    Export::new().write(history(false)(EVENTS).iter(), &mut file).unwrap();
    let ends = file.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    let ends = std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect();
    (file, ends)
}

fn import() -> Contender<'static> {
    let (file, ends) = file();
    over("import of it, onto a bus with a history", move |count| {
        let bus = Bus::builder().history(Ring::events(1_000)).build();
        let report = Import::new(&file[..ends[count as usize]]).publish(&bus).unwrap();
        assert_eq!(report.events(), u64::from(count));
    })
}

fn import_bare() -> Contender<'static> {
    let (file, ends) = file();
    over("  by serde_json", move |count| {
        for line in file[..ends[count as usize]].split_inclusive(|byte| *byte == b'\n') {
            black_box(serde_json::from_slice::<Own>(line).unwrap());
        }
    })
}

fn parquet() -> Contender<'static> {
    let events = history(false);
    over("a file of Parquet, with a field", move |count| {
        let file = Parquet::new().mask(Mask::new()).column("latency_ms", Kind::I64);
        let report = file.write(events(count).iter(), io::sink()).unwrap();
        assert_eq!(report.rows(), u64::from(count));
    })
}

fn contender(name: &str) -> Contender<'static> {
    match name {
        "count" => count(),
        "count-bare" => count_bare(),
        "percentiles" => percentiles(false),
        "percentiles-raw" => percentiles(true),
        "percentiles-bare" => percentiles_bare(),
        "export" => export(),
        "export-bare" => export_bare(),
        "import" => import(),
        "import-bare" => import_bare(),
        "parquet" => parquet(),
        other => panic!("no contender `{other}`: one of {}", NAMES.join(", ")),
    }
}

const NAMES: [&str; 10] = [
    "count",
    "count-bare",
    "percentiles",
    "percentiles-raw",
    "percentiles-bare",
    "export",
    "export-bare",
    "import",
    "import-bare",
    "parquet",
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    if let Some(at) = arguments.iter().position(|argument| argument == "--one") {
        let events = arguments.get(at + 2).and_then(|events| events.parse().ok());
        contender(&arguments[at + 1]).run(events.expect("--one NAME EVENTS: of how many"));
        return;
    }
    if has("--instructions") {
        for name in NAMES {
            let arguments = |events: &str| vec!["--one".into(), name.into(), events.into()];
            let each = callgrind::each(arguments, EVENTS).unwrap();
            println!("{name:18} {each:8.0} instructions an event");
        }
        return;
    }
    // `cargo test` runs benchmarks too, each once, to see that they run; it measures nothing.
    let mut all = NAMES.map(contender);
    let medians = medians(&mut all, if has("--bench") { usual(21) } else { 1 });
    for (contender, median) in all.iter().zip(&medians) {
        println!("{:44} {median:9.1} ns an event", contender.name());
    }
}
