//! What a mesh over NATS costs beside the client of NATS alone, on one server: from bus to bus, storing in a stream and consuming
//! it with an answer each, and the time of one event's way. Both sides send the same headers and bodies of the same size. And what is left
//! of the rate from bus to bus while somebody on the server floods it with what is no event.
//!
//! `cargo xtask servers` gets the server; `cargo bench --bench nats`; as a test it does it with few. `-- EVENTS` says how many,
//! `-- --only live|hostile|streams|way|join` what.
#![expect(clippy::unwrap_used, reason = "what fails in a benchmark should end it")]
#![expect(clippy::print_stdout, reason = "a report")]

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use async_nats::jetstream::{self, consumer, context::PublishAckFuture};
use async_nats::{Client, HeaderMap, Subscriber};
use bytes::Bytes;
use futures_util::StreamExt;
use rem::journal::Journal;
use rem::mesh::{
    Answer, ConsumerSpec, Import, Incoming, Level, Mesh, Parcel, StreamSpec, Subject,
    SubjectFilter, Transport,
};
use rem::nats::NatsTransport;
use rem::prelude::*;
use rem_benches::bars::Bars;
use rem_benches::rounds::median;
use rem_nats::testing::{Server, Version};
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;

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

/// What a parcel of a mesh has beside its body, and how large that is: taken from one.
fn shape(server: &Server) -> (HeaderMap, Bytes) {
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
    (headers, parcel.body().clone())
}

fn block_on<T>(doing: impl Future<Output = T>) -> T {
    smol::block_on(doing)
}

/// Nanoseconds an event.
fn each(time: Duration, events: u64) -> f64 {
    time.as_secs_f64() * 1e9 / f64::from(u32::try_from(events).unwrap())
}

/// From the first publish to the last event's handler on the other bus.
fn by_mesh(server: &Server, events: u64) -> f64 {
    from_bus_to_bus(server, events, Import::of("account"), NONE, &bad())
}

/// Every how manieth is followed by one that is bad: none, each tenth, which is a flood beside what a server carries, or each.
const NONE: u64 = u64::MAX;
const FLOOD: u64 = 10;
const EACH: u64 = 1;

/// What a hostile peer sends: cut short, from nobody, forged, of another schema, and last too large.
fn bad() -> Vec<Parcel> {
    let about = || Parcel::new(Subject::parse("rem.main.account.paid").unwrap());
    let stamped = |node: &str| {
        let parcel = about().header("rem-home", node).header("rem-hops", "0");
        let parcel = parcel.header("rem-boot", "00000000000000000000000000000001");
        parcel.header("content-type", "application/cloudevents+json")
    };
    let event = r#"{"specversion":"1.0","id":"00000000-0000-4000-8000-000000000001","source":"/evil","type":"account.paid","data":{"id":"x"}}"#;
    vec![
        stamped("evil").with_body(&event.as_bytes()[..60]),
        about().with_body(event),
        stamped("b").with_body(event),
        stamped("evil").with_body(event),
        stamped("evil").with_body(vec![b'x'; 100_000]),
    ]
}

/// The same to a node that says what may come.
fn beside_a_flood(server: &Server, events: u64, every: u64, bad: &[Parcel]) -> f64 {
    let only = Import::of("account").as_type::<Account>().at_most(64 << 10);
    from_bus_to_bus(server, events, only, every, bad)
}

/// With one that is bad behind so many that are good, from another connection. What it takes to send those is counted too.
fn from_bus_to_bus(
    server: &Server,
    events: u64,
    import: Import,
    every: u64,
    bad: &[Parcel],
) -> f64 {
    let evil = NatsTransport::builder(server.url()).build().unwrap();
    block_on(evil.connect()).unwrap();
    let (mut bad, mut flood) = (bad.iter().cycle(), 0);
    let room = usize::try_from(events).unwrap() * 2;
    let (one, two) = (Bus::new(), Bus::new());
    let came = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&came);
    let _sub = two.on(move |_: &Event<Account>| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    let join = |bus: &Bus, node: &str| {
        let transport = NatsTransport::builder(server.url()).incoming(room, 1 << 30);
        Mesh::builder(bus).transport(transport.build().unwrap()).node(node).queue(room)
    };
    let from = join(&one, "a").export("account").join_blocking().unwrap();
    let to = join(&two, "b").import_rule(import).join_blocking().unwrap();
    let start = Instant::now();
    for id in 0..events {
        one.publish(paid(id)).unwrap();
        if id % every == every - 1 {
            block_on(evil.publish(bad.next().unwrap().clone())).unwrap();
            flood += 1;
        }
    }
    while came.load(Ordering::Relaxed) < events {
        std::thread::sleep(Duration::from_micros(100));
    }
    let took = start.elapsed();
    assert!(from.leave(LONG).is_complete());
    assert_eq!((to.stats().imported, to.stats().missed), (events, 0));
    block_on(evil.flush()).unwrap();
    while to.stats().refused_in_all() < flood {
        std::thread::sleep(Duration::from_micros(100));
    }
    assert_eq!(to.stats().refused_in_all(), flood, "{}", to.stats());
    each(took, events)
}

/// A subscription that the server knows: its own message has come back, which a `flush` does not wait for.
async fn heard(client: &Client) -> Subscriber {
    let mut heard = client.subscribe("rem.bare.>").await.unwrap();
    client.publish("rem.bare.ready", Bytes::new()).await.unwrap();
    heard.next().await.unwrap();
    heard
}

/// The same by the client alone.
fn by_client(
    runtime: &Runtime,
    server: &Server,
    events: u64,
    (headers, body): &(HeaderMap, Bytes),
) -> f64 {
    runtime.block_on(async {
        let options = || async_nats::ConnectOptions::new().subscription_capacity(1 << 20);
        let (one, two) = (
            options().connect(server.url()).await.unwrap(),
            options().connect(server.url()).await.unwrap(),
        );
        let mut heard = heard(&two).await;
        let reads = tokio::spawn(async move {
            for _ in 0..events {
                heard.next().await.unwrap();
            }
        });
        let start = Instant::now();
        for _ in 0..events {
            let (headers, body) = (headers.clone(), body.clone());
            one.publish_with_headers("rem.bare.account.paid", headers, body).await.unwrap();
        }
        one.flush().await.unwrap();
        reads.await.unwrap();
        each(start.elapsed(), events)
    })
}

/// A stream that is not there yet.
fn fresh() -> (String, String) {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let name = format!("s{}", LAST.fetch_add(1, Ordering::Relaxed));
    let subject = format!("{name}.paid");
    (name, subject)
}

/// Storing, and then consuming with an answer each; nanoseconds of both.
fn stored_by_transport(
    server: &Server,
    events: u64,
    (headers, body): &(HeaderMap, Bytes),
) -> (f64, f64) {
    let transport = NatsTransport::builder(server.url()).jetstream().build().unwrap();
    let (name, subject) = fresh();
    block_on(async {
        transport.connect().await.unwrap();
        let streams = transport.streams().unwrap();
        let filter = SubjectFilter::parse(&subject).unwrap();
        streams.open(StreamSpec::new(&name, [filter])).await.unwrap();
        let subject = Subject::parse(&subject).unwrap();
        let bare = Parcel::new(subject).with_body(body.clone());
        let parcel = headers.iter().fold(bare, |parcel, (name, values)| {
            let name: &str = name.as_ref();
            parcel.header(name, values[0].as_str())
        });
        let mut open = VecDeque::new();
        let start = Instant::now();
        for id in 0..events {
            let storing = streams.store(&name, parcel.clone(), &id.to_string()).await.unwrap();
            open.push_back(storing);
            if open.len() == WINDOW {
                open.pop_front().unwrap().await.unwrap();
            }
        }
        for storing in open {
            storing.await.unwrap();
        }
        let stored = each(start.elapsed(), events);
        let start = Instant::now();
        streams.consume(ConsumerSpec::new(&name, "one").in_flight(WINDOW)).await.unwrap();
        for _ in 0..events {
            let Incoming::Delivery(given) = poll_fn(|cx| transport.poll_incoming(cx)).await else {
                panic!("no delivery");
            };
            streams.answer(&given.ticket, Answer::Handled).await.unwrap();
        }
        transport.flush().await.unwrap();
        (stored, each(start.elapsed(), events))
    })
}

/// From a publish into a journal, by the outbox, to the acknowledgement of the last; nanoseconds an event.
fn by_outbox(server: &Server, events: u64) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::builder().open(folder.path().join("bus.rem")).unwrap();
    let bus = Bus::builder().source("bench").history(journal).build();
    let transport = NatsTransport::builder(server.url()).jetstream().build().unwrap();
    let (name, _) = fresh();
    let mesh = Mesh::builder(&bus).transport(transport).name(&name).node("a");
    let mesh = mesh.export_at(Level::Durable, "account").join_blocking().unwrap();
    let start = Instant::now();
    for id in 0..events {
        bus.publish(paid(id)).unwrap();
    }
    let until = start + LONG;
    while mesh.stats().acknowledged < events {
        assert!(Instant::now() < until, "{}", mesh.stats());
        std::thread::sleep(Duration::from_micros(100));
    }
    let took = start.elapsed();
    assert!(mesh.leave(LONG).is_complete() && mesh.stats().overflowed == 0, "{}", mesh.stats());
    each(took, events)
}

/// The same by the client alone.
fn stored_by_client(
    runtime: &Runtime,
    server: &Server,
    events: u64,
    (headers, body): &(HeaderMap, Bytes),
) -> (f64, f64) {
    let (name, subject) = fresh();
    runtime.block_on(async {
        let client = async_nats::connect(server.url()).await.unwrap();
        let context = jetstream::new(client.clone());
        let config = jetstream::stream::Config {
            name,
            subjects: vec![subject.clone()],
            ..Default::default()
        };
        let stream = context.create_stream(config).await.unwrap();
        let mut open: VecDeque<PublishAckFuture> = VecDeque::new();
        let start = Instant::now();
        for id in 0..events {
            let mut headers = headers.clone();
            headers.insert("Nats-Msg-Id", id.to_string());
            let acked = context.publish_with_headers(subject.clone(), headers, body.clone()).await;
            open.push_back(acked.unwrap());
            if open.len() == WINDOW {
                open.pop_front().unwrap().await.unwrap();
            }
        }
        for acked in open {
            acked.await.unwrap();
        }
        let stored = each(start.elapsed(), events);
        let start = Instant::now();
        let config = consumer::pull::Config {
            durable_name: Some("one".into()),
            max_ack_pending: i64::try_from(WINDOW).unwrap(),
            ..Default::default()
        };
        let consumer = stream.create_consumer(config).await.unwrap();
        let mut given = consumer.stream().max_messages_per_batch(WINDOW).messages().await.unwrap();
        for _ in 0..events {
            given.next().await.unwrap().unwrap().ack().await.unwrap();
        }
        client.flush().await.unwrap();
        (stored, each(start.elapsed(), events))
    })
}

/// The half of them that take longest take longer: microseconds of one event's way, paced.
fn latency(samples: u64, mut send: impl FnMut(), came: &Receiver<Instant>) -> f64 {
    let mut times: Vec<f64> = (0..samples)
        .map(|_| {
            let begun = Instant::now();
            send();
            let took = came.recv_timeout(LONG).unwrap() - begun;
            std::thread::sleep(Duration::from_micros(200));
            took.as_secs_f64() * 1e6
        })
        .collect();
    median(&mut times)
}

fn latency_of_mesh(server: &Server, samples: u64) -> f64 {
    let (one, two) = (Bus::new(), Bus::new());
    let (tell, came) = channel();
    let _sub = two.on(move |_: &Event<Account>| {
        let _ = tell.send(Instant::now());
    });
    let join = |bus: &Bus, node: &str| {
        let transport = NatsTransport::builder(server.url()).build().unwrap();
        Mesh::builder(bus).transport(transport).node(node)
    };
    let from = join(&one, "a").export("account").join_blocking().unwrap();
    let to = join(&two, "b").import("account").join_blocking().unwrap();
    let found = latency(samples, || drop(one.publish(paid(1)).unwrap()), &came);
    drop((from, to));
    found
}

fn latency_of_client(
    runtime: &Runtime,
    server: &Server,
    samples: u64,
    (headers, body): &(HeaderMap, Bytes),
) -> f64 {
    let (tell, came) = channel();
    let client: Client = runtime.block_on(async {
        let (one, two) = (
            async_nats::connect(server.url()).await.unwrap(),
            async_nats::connect(server.url()).await.unwrap(),
        );
        let mut heard = heard(&two).await;
        tokio::spawn(async move {
            let _two = two;
            while heard.next().await.is_some() {
                if tell.send(Instant::now()).is_err() {
                    return;
                }
            }
        });
        one
    });
    let send = || {
        let sent = client.publish_with_headers("rem.bare.paid", headers.clone(), body.clone());
        block_on(sent).unwrap();
    };
    latency(samples, send, &came)
}

/// Milliseconds that joining takes with so many subscriptions over so many patterns.
fn joining(server: &Server, subscriptions: usize, patterns: usize) -> f64 {
    let bus = Bus::new();
    let subs: Vec<_> = (0..subscriptions)
        .map(|at| {
            let pattern = format!("=account.{}.paid", at % patterns);
            bus.subscribe(pattern.as_str(), |_: &Event| ()).unwrap()
        })
        .collect();
    let transport = NatsTransport::builder(server.url()).build().unwrap();
    let start = Instant::now();
    let mesh = Mesh::builder(&bus).transport(transport).node("a").import("account");
    let mesh = mesh.join_blocking().unwrap();
    let took = start.elapsed();
    assert_eq!(mesh.stats().subjects, patterns as u64);
    drop(subs);
    took.as_secs_f64() * 1e3
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
    println!("{events} events, bodies of {} bytes, {} headers", shape.1.len(), shape.0.len());
    let mut joins = Vec::new();
    // Nobody set a bar for it: it writes a file first.
    let mut outbox = Beside::new();
    let [mut live, mut store, mut take, mut way] = [const { Beside::new() }; 4];
    let [mut hostile, mut none_large, mut as_many] = [const { Beside::new() }; 3];
    for _ in 0..ROUNDS {
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
    for (rows, what) in [(&mut none_large, "the same, small"), (&mut as_many, "each second, small")]
    {
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
        Some(median(&mut self.ratios))
    }

    fn of_rate(&mut self, what: &str, least: f64, limits: &mut Bars) {
        if let Some(times) = self.told(what, "ns") {
            limits.at_least(format!("{what}, of the client's rate"), times, least, "times");
        }
    }
}
