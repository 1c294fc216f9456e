//! Sent and received in one thread, so that nothing is waited for: what the structure itself costs.

use std::hint::black_box;
use std::sync::Arc;

use disruptor::{BusySpin, Producer};
use eventador::Eventador;
use rem::prelude::*;
use rem_benches::baseline::Stamped;
use rem_benches::rounds::Contender;
use tokio::sync::broadcast;

use crate::ProviderEvent;

const BURST: u32 = 512;
const CALLS: (u32, u32) = (40 * BURST, BURST);
const ROOM: usize = BURST as usize;

pub(crate) fn contenders(count: usize) -> Vec<Contender<'static>> {
    vec![
        rem(count),
        tokio_broadcast(count),
        smol_broadcast(count),
        crossbeam(count),
        flume(count),
        bus(count),
        eventador(count),
        // Its pollers are taken from the builder one by one, and each changes the builder's type.
        if count == 1 { disruptor_1() } else { disruptor_8() },
    ]
}

fn rem(count: usize) -> Contender<'static> {
    let bus = Bus::new();
    let mut streams: Vec<EventStream<ProviderEvent>> = (0..count)
        .map(|_| bus.subscription("system").queue(ROOM, Overflow::DropOldest).stream())
        .collect::<Result<_, _>>()
        .unwrap();
    let publisher = bus.publisher();
    Contender::bursts(
        "REM",
        CALLS,
        move |value| {
            black_box(publisher.publish(ProviderEvent::Connected(value)).unwrap());
        },
        move || {
            for stream in &mut streams {
                let mut received = 0;
                while let Ok(event) = stream.try_recv() {
                    black_box(&event.data);
                    received += 1;
                }
                assert_eq!(received, BURST);
            }
        },
    )
}

/// Takes from each of the receivers until it has nothing more, and sees that this was all.
fn drain<R>(receivers: &mut [R], mut take: impl FnMut(&mut R) -> Option<Arc<Stamped>>) {
    for receiver in receivers {
        let mut received = 0;
        while let Some(event) = take(receiver) {
            black_box(event.data);
            received += 1;
        }
        assert_eq!(received, BURST);
    }
}

fn tokio_broadcast(count: usize) -> Contender<'static> {
    let (sender, _) = broadcast::channel(ROOM);
    let mut receivers: Vec<_> = (0..count).map(|_| sender.subscribe()).collect();
    Contender::bursts(
        "tokio broadcast",
        CALLS,
        move |value| assert_eq!(sender.send(Stamped::new(value)).ok(), Some(count)),
        move || drain(&mut receivers, |receiver| receiver.try_recv().ok()),
    )
}

fn smol_broadcast(count: usize) -> Contender<'static> {
    let (sender, first) = async_broadcast::broadcast(ROOM);
    let mut receivers: Vec<_> = (1..count).map(|_| sender.new_receiver()).collect();
    receivers.push(first);
    Contender::bursts(
        "async-broadcast",
        CALLS,
        move |value| assert!(sender.try_broadcast(Stamped::new(value)).unwrap().is_none()),
        move || drain(&mut receivers, |receiver| receiver.try_recv().ok()),
    )
}

fn crossbeam(count: usize) -> Contender<'static> {
    let (senders, mut receivers): (Vec<_>, Vec<_>) =
        (0..count).map(|_| crossbeam_channel::bounded(ROOM)).unzip();
    Contender::bursts(
        "crossbeam-channel, one each",
        CALLS,
        move |value| {
            let event = Stamped::new(value);
            for sender in &senders {
                sender.send(Arc::clone(&event)).unwrap();
            }
        },
        move || drain(&mut receivers, |receiver| receiver.try_recv().ok()),
    )
}

fn flume(count: usize) -> Contender<'static> {
    let (senders, mut receivers): (Vec<_>, Vec<_>) =
        (0..count).map(|_| flume::bounded(ROOM)).unzip();
    Contender::bursts(
        "flume, one each",
        CALLS,
        move |value| {
            let event = Stamped::new(value);
            for sender in &senders {
                sender.send(Arc::clone(&event)).unwrap();
            }
        },
        move || drain(&mut receivers, |receiver| receiver.try_recv().ok()),
    )
}

fn bus(count: usize) -> Contender<'static> {
    let mut sender = ::bus::Bus::new(ROOM);
    let mut receivers: Vec<_> = (0..count).map(|_| sender.add_rx()).collect();
    Contender::bursts(
        "bus",
        CALLS,
        move |value| assert!(sender.try_broadcast(Stamped::new(value)).is_ok()),
        move || drain(&mut receivers, |receiver| receiver.try_recv().ok()),
    )
}

fn eventador(count: usize) -> Contender<'static> {
    // It wants a power of two, and one place more than is used.
    let sender = Eventador::new(2 * u64::from(BURST)).unwrap();
    let receivers: Vec<_> = (0..count).map(|_| sender.subscribe::<Arc<Stamped>>()).collect();
    Contender::bursts(
        "eventador",
        CALLS,
        move |value| sender.publish(Stamped::new(value)),
        move || {
            // It can wait for an event, and not ask for one.
            for receiver in &receivers {
                for _ in 0..BURST {
                    black_box(receiver.recv().data);
                }
            }
        },
    )
}

type Place = Option<Arc<Stamped>>;

/// Builds a ring with pollers, which are polled until they have had a burst.
macro_rules! disruptor {
    ($($poller:ident)*) => {{
        let builder = disruptor::build_single_producer(2 * ROOM, || Place::None, BusySpin);
        $(let (mut $poller, builder) = builder.new_event_poller();)*
        let mut producer = builder.build();
        Contender::bursts(
            "disruptor",
            CALLS,
            move |value| producer.publish(|place: &mut Place| *place = Some(Stamped::new(value))),
            move || {
                $(
                    let mut received = 0;
                    while let Ok(mut events) = $poller.poll() {
                        for event in &mut events {
                            black_box(event.as_ref().unwrap().data);
                            received += 1;
                        }
                    }
                    assert_eq!(received, BURST);
                )*
            },
        )
    }};
}

fn disruptor_1() -> Contender<'static> {
    disruptor!(one)
}

fn disruptor_8() -> Contender<'static> {
    disruptor!(one two three four five six seven eight)
}
