//! An event of 300 bytes written as a structured CloudEvent, beside `serde_json` on a struct written by hand with the same
//! fields.
//!
//! `cargo bench --bench cloud_events` measures each alone with criterion, then both together: `ROUNDS` rounds, in each of
//! which every contender has a turn, so that a slow moment of the machine is felt by all; what is printed are medians and
//! ratios of medians, then instructions counted by callgrind, which no other load changes. `-- --ratios` prints the second
//! part alone.
#![expect(clippy::unwrap_used, reason = "what fails in a benchmark should end it")]
#![expect(clippy::print_stdout, reason = "a report")]

use std::hint::black_box;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use criterion::Criterion;
use rem::cloudevents::{Decoder, Encoder};
use rem::prelude::*;
use rem::{EventId, Timestamp};
use rem_benches::bars::Bars;
use rem_benches::results;
use rem_benches::rounds::{median, usual};
use serde::{Deserialize, Serialize};

const ROUNDS: usize = 21;
const CALLS: u32 = 20_000;

/// How many calls callgrind sees, and how many fewer it sees in the run that is taken off.
const COUNTED: u32 = 2_000;

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "shop.order")]
enum Order {
    Placed(Placed),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Placed {
    order: u64,
    customer: String,
    region: String,
    lines: Vec<Line>,
    note: Option<String>,
    cents: u64,
    express: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Line {
    article: String,
    count: u32,
    cents: u64,
}

fn placed() -> Placed {
    let line = |article: &str, count, cents| Line { article: article.into(), count, cents };
    Placed {
        order: 4_711_042,
        customer: "Ada Lovelace, St James's Square".into(),
        region: "eu-west".into(),
        lines: vec![
            line("tea, green, 500 g", 2, 1_290),
            line("cup, porcelain, blue", 6, 790),
            line("kettle", 1, 5_900),
        ],
        note: Some("ring twice, please".into()),
        cents: 13_220,
        express: true,
    }
}

/// What a program would write by hand that has an event in its hands: the same names, the same values.
#[derive(Serialize)]
struct Written<'a> {
    specversion: &'static str,
    id: EventId,
    source: &'a str,
    r#type: &'a str,
    time: Timestamp,
    sequence: &'a str,
    remversion: u32,
    tenant: &'a str,
    datacontenttype: &'static str,
    data: &'a Placed,
}

/// The same with everything that has a text as text, ready to be copied: the least that any program could do.
#[derive(Serialize)]
struct Prepared<'a> {
    specversion: &'static str,
    id: &'a str,
    source: &'a str,
    r#type: &'a str,
    time: &'a str,
    sequence: &'a str,
    remversion: u32,
    tenant: &'a str,
    datacontenttype: &'static str,
    data: &'a Placed,
}

/// One thing to measure.
struct Contender {
    name: &'static str,
    call: Box<dyn FnMut()>,
}

/// The event, as the bus keeps it.
fn event() -> Arc<Event<Order>> {
    let bus = Bus::builder().source("/shop/checkout").history(Ring::events(1)).build();
    let time = Timestamp::from_nanos(1_795_600_000_123_456_789);
    let event = bus.event(Order::Placed(placed())).metadata("tenant", "acme").timestamp(time);
    event.publish().unwrap();
    bus.query("**").unwrap().events().remove(0).downcast_arc().unwrap()
}

fn contenders() -> Vec<Contender> {
    let event = event();
    let Order::Placed(data) = event.data.clone();
    let (id, time) = (event.id(), event.timestamp());
    let sequence = "00000000000000000001";
    let by_hand = {
        let (topic, data) = (event.topic().clone(), data.clone());
        move || {
            serde_json::to_vec(&Written {
                specversion: "1.0",
                id,
                source: "/shop/checkout",
                r#type: &topic,
                time,
                sequence,
                remversion: 1,
                tenant: "acme",
                datacontenttype: "application/json",
                data: &data,
            })
            .unwrap()
        }
    };
    let prepared = {
        let (topic, id, time) = (event.topic().clone(), id.to_string(), time.to_string());
        move || {
            serde_json::to_vec(&Prepared {
                specversion: "1.0",
                id: &id,
                source: "/shop/checkout",
                r#type: &topic,
                time: &time,
                sequence,
                remversion: 1,
                tenant: "acme",
                datacontenttype: "application/json",
                data: &data,
            })
            .unwrap()
        }
    };
    let encoder = Encoder::new();
    let structured = {
        let (encoder, event) = (encoder.clone(), Arc::clone(&event));
        move || encoder.structured(&event).unwrap()
    };
    let erased: Arc<Event> = event;
    let of_any_type = move || encoder.structured(&erased).unwrap();

    // They are measured for the same work, so they must do the same.
    let expected = String::from_utf8(by_hand()).unwrap();
    for written in [prepared(), structured(), of_any_type()] {
        assert_eq!(String::from_utf8(written).unwrap(), expected);
    }
    let decoder = Decoder::new();
    let json = structured();
    let read = move || decoder.structured(&json).unwrap();
    vec![
        Contender::new("serde_json, a struct by hand", by_hand),
        Contender::new("serde_json, every text at hand", prepared),
        Contender::new("structured", structured),
        Contender::new("structured, of any type", of_any_type),
        Contender::new("read again, data as it came", read),
    ]
}

impl Contender {
    fn new<T>(name: &'static str, mut call: impl FnMut() -> T + 'static) -> Self {
        let call = move || {
            black_box(call());
        };
        Self { name, call: Box::new(call) }
    }
}

fn ratios() {
    let mut all = contenders();
    let data = serde_json::to_vec(&placed()).unwrap().len();
    let whole = Encoder::new().structured(&event()).unwrap().len();
    println!("\n{data} bytes of data, {whole} in all");
    let rounds = usual(ROUNDS);
    let mut times = vec![Vec::with_capacity(rounds); all.len()];
    for round in 0..=rounds {
        for (contender, times) in all.iter_mut().zip(&mut times) {
            let start = Instant::now();
            for _ in 0..CALLS {
                (contender.call)();
            }
            // The first round warms up.
            if round > 0 {
                times.push(start.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS));
            }
        }
    }
    let medians: Vec<f64> = times.iter_mut().map(|times| median(times)).collect();
    println!(
        "medians of {rounds} interleaved rounds of {CALLS} calls; instructions by callgrind\n"
    );
    println!("{:32} {:>9} {:>9} {:>13} {:>9}", "", "ns", "× by hand", "instructions", "× by hand");
    let counts: Result<Vec<f64>, String> = (0..all.len()).map(instructions).collect();
    for (at, contender) in all.iter().enumerate() {
        print!("{:32} {:9.1} {:9.2}", contender.name, medians[at], medians[at] / medians[0]);
        match &counts {
            Ok(counts) => println!(" {:13.0} {:9.2}", counts[at], counts[at] / counts[0]),
            Err(_) => println!(),
        }
    }
    if let Err(error) = counts {
        println!("instructions were NOT counted: {error}");
    }
    let table = "An event of 300 bytes as a structured CloudEvent";
    results::figure(table, "REM", medians[2], "ns");
    results::figure(table, "serde_json, a struct by hand", medians[0], "ns");
    results::figure(table, "serde_json, every text at hand", medians[1], "ns");
    let mut bars = Bars::default();
    let work = "an event as a structured CloudEvent";
    bars.at_most(work, medians[2] / medians[0], 1.3, "× serde_json on a struct by hand");
    println!("\n{bars}");
}

/// Instructions a call: two runs of this program under callgrind, apart by `COUNTED` calls.
fn instructions(contender: usize) -> Result<f64, String> {
    let few = collected(contender, 100)?;
    let many = collected(contender, 100 + COUNTED)?;
    Ok((many - few) / f64::from(COUNTED))
}

fn collected(contender: usize, calls: u32) -> Result<f64, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["--one", &contender.to_string(), &calls.to_string()])
        .output()
        .map_err(|error| {
            format!("valgrind did not start ({error}); install it, as the package `valgrind`")
        })?;
    let said = String::from_utf8_lossy(&output.stderr);
    let collected = said.lines().find_map(|line| line.split_once("Collected : "));
    let collected = collected.and_then(|(_, number)| number.trim().parse().ok());
    collected.ok_or_else(|| format!("callgrind named no number:\n{said}"))
}

/// `--one CONTENDER CALLS`: nothing but that many calls of one contender.
fn one(arguments: &[String]) -> Option<()> {
    let at = arguments.iter().position(|argument| argument == "--one")?;
    let contender: usize = arguments.get(at + 1)?.parse().ok()?;
    let calls: u32 = arguments.get(at + 2)?.parse().ok()?;
    let mut contender = contenders().swap_remove(contender);
    (0..calls).for_each(|_| (contender.call)());
    Some(())
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if one(&arguments).is_some() {
        return;
    }
    // `cargo test` runs benchmarks too, each once, to see that they run; it measures nothing.
    let measuring = arguments.iter().any(|argument| argument == "--bench");
    if !arguments.iter().any(|argument| argument == "--ratios") {
        let mut criterion = Criterion::default().configure_from_args();
        for Contender { name, mut call } in contenders() {
            criterion.bench_function(name, |bencher| bencher.iter(&mut call));
        }
        criterion.final_summary();
    }
    if measuring {
        ratios();
    }
}
