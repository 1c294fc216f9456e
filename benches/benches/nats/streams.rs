//! Storing in a stream, from a bus too, and consuming it with an answer each.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_nats::jetstream::{self, consumer, context::PublishAckFuture};
use futures_util::StreamExt;
use rem::journal::Journal;
use rem::mesh::{
    Answer, ConsumerSpec, Incoming, Level, Mesh, Parcel, StreamSpec, Subject, SubjectFilter,
    Transport,
};
use rem::nats::NatsTransport;
use rem::prelude::*;
use rem_nats::testing::Server;
use tokio::runtime::Runtime;

use super::{LONG, Shape, WINDOW, block_on, each, paid};

/// A stream that is not there yet.
fn fresh() -> (String, String) {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let name = format!("s{}", LAST.fetch_add(1, Ordering::Relaxed));
    let subject = format!("{name}.paid");
    (name, subject)
}

/// Storing, and then consuming with an answer each; nanoseconds of both.
pub(crate) fn stored_by_transport(server: &Server, events: u64, shape: &Shape) -> (f64, f64) {
    let transport = NatsTransport::builder(server.url()).jetstream().build().unwrap();
    let (name, subject) = fresh();
    block_on(async {
        transport.connect().await.unwrap();
        let streams = transport.streams().unwrap();
        let filter = SubjectFilter::parse(&subject).unwrap();
        streams.open(StreamSpec::new(&name, [filter])).await.unwrap();
        let subject = Subject::parse(&subject).unwrap();
        let bare = Parcel::new(subject).with_body(shape.body.clone());
        let parcel = bare.with_headers_of(&shape.parcel);
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
pub(crate) fn by_outbox(server: &Server, events: u64) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::builder().open(folder.path().join("bus.rem")).unwrap();
    let bus = Bus::builder().source("bench").history(journal).build();
    let transport = NatsTransport::builder(server.url()).jetstream().build().unwrap();
    let (name, _) = fresh();
    let mesh = Mesh::builder(&bus).transport(transport).name(&name).node("a");
    // The server sets aside what a stream may keep, and there is one each round.
    let mesh = mesh.export_at(Level::Durable, "account").stream(|spec| spec.bytes(256 << 20));
    let mesh = mesh.join_blocking().unwrap();
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
pub(crate) fn stored_by_client(
    runtime: &Runtime,
    server: &Server,
    events: u64,
    Shape { headers, body, .. }: &Shape,
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
