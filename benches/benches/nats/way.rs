//! The time of one event's way, and of joining.

use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use async_nats::Client;
use futures_util::StreamExt;
use rem::mesh::Mesh;
use rem::nats::NatsTransport;
use rem::prelude::*;
use rem_benches::rounds::median;
use rem_nats::testing::Server;
use tokio::runtime::Runtime;

use super::{Account, LONG, Shape, block_on, paid};
use crate::live::heard;

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

pub(crate) fn latency_of_mesh(server: &Server, samples: u64) -> f64 {
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

pub(crate) fn latency_of_client(
    runtime: &Runtime,
    server: &Server,
    samples: u64,
    Shape { headers, body, .. }: &Shape,
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
pub(crate) fn joining(server: &Server, subscriptions: usize, patterns: usize) -> f64 {
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
