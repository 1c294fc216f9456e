//! Streams and publishers in async code, under two runtimes.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::StreamExt;
use rem::prelude::*;

use crate::{Job, LONG, added, drain, number, queue};

fn is_send<T: Send>(value: T) -> T {
    value
}

/// Two tasks: one reads, one publishes into a queue of two, with nothing lost.
async fn to_and_fro(spawn: impl FnOnce(Bus)) -> Vec<u64> {
    let bus = Bus::new();
    let mut stream = queue(&bus, 2, Overflow::Block(Duration::ZERO));
    spawn(bus);
    let mut numbers = Vec::new();
    while let Some(event) = is_send(stream.recv()).await {
        numbers.push(number(&event.unwrap().data));
    }
    assert!(stream.next().await.is_none(), "it is a `Stream` too");
    numbers
}

async fn publish_all(bus: Bus) {
    for number in 0..1_000 {
        is_send(bus.publish_async(Job::Added(number))).await.unwrap();
    }
}

#[test]
fn under_tokio() {
    for mut runtime in
        [tokio::runtime::Builder::new_current_thread(), tokio::runtime::Builder::new_multi_thread()]
    {
        let runtime = runtime.build().unwrap();
        let numbers = runtime.block_on(to_and_fro(|bus| drop(tokio::spawn(publish_all(bus)))));
        assert_eq!(numbers, (0..1_000).collect::<Vec<_>>());
    }
}

#[test]
fn under_smol() {
    let numbers = smol::block_on(to_and_fro(|bus| smol::spawn(publish_all(bus)).detach()));
    assert_eq!(numbers, (0..1_000).collect::<Vec<_>>());
}

#[test]
fn a_publish_that_waits_can_be_dropped() {
    let bus = Bus::new();
    let mut stream = queue(&bus, 1, Overflow::Block(LONG));
    added(&bus, [1]);
    let ready = smol::block_on(smol::future::or(
        async {
            bus.publish_async(Job::Added(2)).await.unwrap();
            true
        },
        async { false },
    ));
    assert!(!ready);
    assert_eq!(drain(&mut stream), [Ok(1)]);
    added(&bus, [3]);
    assert_eq!(drain(&mut stream), [Ok(3)]);
}

#[test]
fn whoever_waits_for_room_is_let_go_with_the_reader() {
    let bus = Bus::new();
    let full = queue(&bus, 1, Overflow::Block(LONG));
    added(&bus, [1]);
    let mut waiting = pin!(bus.publish_async(Job::Added(2)));
    let mut context = Context::from_waker(Waker::noop());
    assert!(waiting.as_mut().poll(&mut context).is_pending());
    drop(full);
    let Poll::Ready(receipt) = waiting.as_mut().poll(&mut context) else {
        panic!("nobody is left to wait for");
    };
    assert_eq!(receipt.unwrap().matched(), 0);
}
