//! What a mesh over NATS costs beside the client of NATS alone, on one server: from bus to bus, storing in a stream and consuming
//! it with an answer each, and the time of one event's way. Both sides send the same headers and bodies of the same size. And what is left
//! of the rate from bus to bus while somebody on the server floods it with what is no event.
//!
//! `cargo xtask servers` gets the server; `cargo bench --bench nats`; as a test it does it with few. `-- EVENTS` says how many,
//! `-- --only live|hostile|streams|way|join` what, or which kind of a flood: `cut-short|from-nobody|forged|other-schema|too-large`.
#![expect(clippy::unwrap_used, reason = "what fails in a benchmark should end it")]
#![expect(clippy::print_stdout, reason = "a report")]

mod live;
mod streams;
mod way;

use std::future::poll_fn;
use std::time::Duration;

use async_nats::HeaderMap;
use bytes::Bytes;
use rem::mesh::{Incoming, Mesh, Parcel, SubjectFilter, Transport};
use rem::nats::NatsTransport;
use rem::prelude::*;
use rem_benches::bars::Bars;
use rem_benches::results;
use rem_benches::rounds::{median, usual};
use rem_nats::testing::{Server, Version};
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;

use crate::live::{
    EACH, FLOOD, KINDS, NONE, bad, beside_a_flood, by_client, by_client_beside, by_mesh,
};
use crate::streams::{by_outbox, stored_by_client, stored_by_transport};
use crate::way::{joining, latency_of_client, latency_of_mesh};

const FULL: u64 = 100_000;
const FEW: u64 = 1_000;
const ROUNDS: usize = 11;
const LONG: Duration = Duration::from_secs(600);

/// How many are stored and not acknowledged, or given and not answered.
const WINDOW: usize = 1_024;

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "account")]
enum Account {
    Paid { id: u64, text: String },
}

/// Two hundred bytes of data.
fn paid(id: u64) -> Account {
    Account::Paid { id, text: "x".repeat(170) }
}

/// What both sides send: a parcel of a mesh, its headers as the client has them, and its body. The parcel too, for the map of the client
/// has no order, and a parcel whose headers stand otherwise than a mesh's has one header more.
struct Shape {
    parcel: Parcel,
    headers: HeaderMap,
    body: Bytes,
}

/// Taken from what a mesh sends.
fn shape(server: &Server) -> Shape {
    let transport = NatsTransport::builder(server.url()).build().unwrap();
    block_on(transport.connect()).unwrap();
    block_on(transport.subscribe(SubjectFilter::parse("rem.main.>").unwrap(), None)).unwrap();
    let bus = Bus::new();
    let own = NatsTransport::builder(server.url()).build().unwrap();
    let mesh = Mesh::builder(&bus).transport(own).node("a").export("account");
    let mesh = mesh.join_blocking().unwrap();
    bus.publish(paid(1)).unwrap();
    let Incoming::Parcel(parcel, _) = block_on(poll_fn(|cx| transport.poll_incoming(cx))) else {
        panic!("no parcel came");
    };
    let mut headers = HeaderMap::new();
    for (name, value) in parcel.headers() {
        headers.insert(name.to_owned(), value);
    }
    drop(mesh);
    Shape { headers, body: parcel.body().clone(), parcel }
}

fn block_on<T>(doing: impl Future<Output = T>) -> T {
    smol::block_on(doing)
}

/// Nanoseconds an event.
fn each(time: Duration, events: u64) -> f64 {
    time.as_secs_f64() * 1e9 / f64::from(u32::try_from(events).unwrap())
}

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let is_bench = arguments.iter().any(|argument| argument == "--bench");
    let asked = arguments.iter().find_map(|argument| argument.parse().ok());
    let events: u64 = asked.unwrap_or(if is_bench { FULL } else { FEW });
    let only = arguments.iter().skip_while(|argument| *argument != "--only").nth(1);
    let is_wanted = |what: &str| only.is_none_or(|only| only == what);
    let server = match Server::builder(Version::Modern).jetstream().start() {
        Ok(server) => server,
        // A measurement is no test: those need servers, and fail without.
        Err(error) => return println!("nothing is measured: {error}"),
    };
    let runtime = Runtime::new().unwrap();
    let shape = shape(&server);
    println!(
        "{events} events, bodies of {} bytes, {} headers",
        shape.body.len(),
        shape.headers.len()
    );
    let mut joins = Vec::new();
    // Nobody set a bar for it: it writes a file first.
    let mut outbox = Beside::new();
    let [mut live, mut store, mut take, mut way] = [const { Beside::new() }; 4];
    let [mut hostile, mut none_large, mut as_many, mut one_kind] = [const { Beside::new() }; 4];
    let mut client_beside = Beside::new();
    for _ in 0..if is_bench { usual(ROUNDS) } else { 1 } {
        if is_wanted("live") {
            live.round(by_mesh(&server, events), by_client(&runtime, &server, events, &shape));
        }
        if is_wanted("hostile") {
            let bad = bad();
            let small = &bad[..bad.len() - 1];
            let beside = |every, bad| beside_a_flood(&server, events, every, bad);
            let peaceful = beside(NONE, &bad);
            hostile.round(beside(FLOOD, &bad), peaceful);
            none_large.round(beside(FLOOD, small), peaceful);
            as_many.round(beside(EACH, small), peaceful);
            let bare = |every| by_client_beside(&runtime, &server, events, every, &bad, &shape);
            let peaceful = bare(NONE);
            client_beside.round(bare(FLOOD), peaceful);
        }
        if let Some(kind) = KINDS.iter().position(|kind| only.is_some_and(|only| only == kind)) {
            let kind = &bad()[kind..=kind];
            let peaceful = beside_a_flood(&server, events, NONE, kind);
            one_kind.round(beside_a_flood(&server, events, FLOOD, kind), peaceful);
            let bare = |every| by_client_beside(&runtime, &server, events, every, kind, &shape);
            let peaceful = bare(NONE);
            client_beside.round(bare(FLOOD), peaceful);
        }
        if is_wanted("streams") {
            let ours = stored_by_transport(&server, events, &shape);
            let theirs = stored_by_client(&runtime, &server, events, &shape);
            outbox.round(by_outbox(&server, events), theirs.0);
            store.round(ours.0, theirs.0);
            take.round(ours.1, theirs.1);
        }
        if is_wanted("join") {
            joins.push(joining(&server, 10_000, 1_000));
        }
        if is_wanted("way") {
            let samples = (events / 50).max(20);
            let bare = latency_of_client(&runtime, &server, samples, &shape);
            way.round(latency_of_mesh(&server, samples), bare);
        }
    }
    let mut limits = Bars::default();
    live.of_rate("bus to bus", 0.7, &mut limits);
    if let Some(times) = hostile.told_beside("one of eleven bad", "ns", "without") {
        limits.at_least("hostile: what is good beside a flood, of its rate", times, 0.8, "times");
    }
    let of_kind = only.map_or("", String::as_str);
    for (rows, what) in [
        (&mut none_large, "the same, small"),
        (&mut as_many, "each second, small"),
        (&mut one_kind, of_kind),
        (&mut client_beside, "the client, flooded"),
    ] {
        if let Some(times) = rows.told_beside(what, "ns", "without") {
            println!("                  {times:.2} times the rate without");
        }
    }
    if let Some(times) = outbox.told("by the outbox", "ns") {
        println!("                 {times:.2} times the rate of the client that stores");
    }
    store.of_rate("storing", 0.8, &mut limits);
    take.of_rate("consuming", 0.8, &mut limits);
    if let Some(times) = way.told("one event's way", "us") {
        limits.at_most("one event's way, of the client's time", 1.0 / times, 1.3, "times");
    }
    if !joins.is_empty() {
        let work = "joining with 10,000 subscriptions over 1,000 patterns";
        limits.at_most(work, median(&mut joins), 2_000.0, "ms");
    }
    println!("{limits}");
}

/// What the rounds of a mesh and of the client alone took.
struct Beside {
    mesh: Vec<f64>,
    client: Vec<f64>,
    /// Of each round.
    ratios: Vec<f64>,
}

impl Beside {
    const fn new() -> Self {
        Self { mesh: Vec::new(), client: Vec::new(), ratios: Vec::new() }
    }

    fn round(&mut self, mesh: f64, client: f64) {
        self.mesh.push(mesh);
        self.client.push(client);
        self.ratios.push(client / mesh);
    }

    /// Shown, if it was measured: how much of the client's rate it is.
    fn told(&mut self, what: &str, unit: &str) -> Option<f64> {
        self.told_beside(what, unit, "the client alone")
    }

    /// The same, of the rate of something else.
    fn told_beside(&mut self, what: &str, unit: &str, other: &str) -> Option<f64> {
        if self.ratios.is_empty() {
            return None;
        }
        let (mesh, client) = (median(&mut self.mesh), median(&mut self.client));
        println!("{what:18} {mesh:9.1} {unit} an event, {other} {client:9.1}");
        let unit = format!("{unit} an event");
        results::median(what, mesh, &unit);
        results::median(&format!("{what}: {other}"), client, &unit);
        Some(median(&mut self.ratios))
    }

    fn of_rate(&mut self, what: &str, least: f64, limits: &mut Bars) {
        if let Some(times) = self.told(what, "ns") {
            limits.at_least(format!("{what}, of the client's rate"), times, least, "times");
        }
    }
}
