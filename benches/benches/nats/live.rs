//! From bus to bus as it happens, and beside a flood of what is no event.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_nats::{Client, Subscriber};
use bytes::Bytes;
use futures_util::StreamExt;
use rem::mesh::{Import, Mesh, Parcel, Subject, Transport};
use rem::nats::NatsTransport;
use rem::prelude::*;
use rem_nats::testing::Server;
use tokio::runtime::Runtime;

use super::{Account, LONG, Shape, block_on, each, paid};

/// From the first publish to the last event's handler on the other bus.
pub(crate) fn by_mesh(server: &Server, events: u64) -> f64 {
    from_bus_to_bus(server, events, Import::of("account"), NONE, &bad())
}

/// Every how manieth is followed by one that is bad: none, each tenth, which is a flood beside what a server carries, or each.
pub(crate) const NONE: u64 = u64::MAX;
pub(crate) const FLOOD: u64 = 10;
pub(crate) const EACH: u64 = 1;

/// The kinds of what a hostile peer sends, which can be measured one by one; the last is large.
pub(crate) const KINDS: [&str; 5] =
    ["cut-short", "from-nobody", "forged", "other-schema", "too-large"];

/// One of each kind.
pub(crate) fn bad() -> [Parcel; KINDS.len()] {
    let about = || Parcel::new(Subject::parse("rem.main.account.paid").unwrap());
    let stamped = |node: &str| {
        let parcel = about().header("rem-home", node).header("rem-hops", "0");
        let parcel = parcel.header("rem-boot", "00000000000000000000000000000001");
        parcel.header("content-type", "application/cloudevents+json")
    };
    let event = r#"{"specversion":"1.0","id":"00000000-0000-4000-8000-000000000001","source":"/evil","type":"account.paid","data":{"id":"x"}}"#;
    [
        stamped("evil").with_body(&event.as_bytes()[..60]),
        about().with_body(event),
        stamped("b").with_body(event),
        stamped("evil").with_body(event),
        stamped("evil").with_body(vec![b'x'; 100_000]),
    ]
}

/// The same to a node that says what may come.
pub(crate) fn beside_a_flood(server: &Server, events: u64, every: u64, bad: &[Parcel]) -> f64 {
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
pub(crate) async fn heard(client: &Client) -> Subscriber {
    let mut heard = client.subscribe("rem.bare.>").await.unwrap();
    client.publish("rem.bare.ready", Bytes::new()).await.unwrap();
    heard.next().await.unwrap();
    heard
}

/// The same by the client alone.
pub(crate) fn by_client(runtime: &Runtime, server: &Server, events: u64, shape: &Shape) -> f64 {
    by_client_beside(runtime, server, events, NONE, &bad(), shape)
}

/// The same beside a flood, of which the client takes each and looks at none: what server and machine lose by it whoever reads.
pub(crate) fn by_client_beside(
    runtime: &Runtime,
    server: &Server,
    events: u64,
    every: u64,
    bad: &[Parcel],
    Shape { headers, body, .. }: &Shape,
) -> f64 {
    runtime.block_on(async {
        let options = || async_nats::ConnectOptions::new().subscription_capacity(1 << 20);
        let connect = async || options().connect(server.url()).await.unwrap();
        let (one, two, evil) = (connect().await, connect().await, connect().await);
        let mut heard = heard(&two).await;
        let reads = tokio::spawn(async move {
            let mut good = 0;
            while good < events {
                let message = heard.next().await.unwrap();
                good += u64::from(message.subject.as_str() != BAD);
            }
        });
        let mut bad = bad.iter().cycle();
        let start = Instant::now();
        for id in 0..events {
            let (headers, body) = (headers.clone(), body.clone());
            one.publish_with_headers("rem.bare.account.paid", headers, body).await.unwrap();
            if id % every == every - 1 {
                evil.publish(BAD, bad.next().unwrap().body().clone()).await.unwrap();
            }
        }
        one.flush().await.unwrap();
        reads.await.unwrap();
        each(start.elapsed(), events)
    })
}

const BAD: &str = "rem.bare.bad";
