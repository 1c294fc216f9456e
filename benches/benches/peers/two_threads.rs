//! From one thread to another that waits for it, through a queue with little room: whoever is faster waits for the other. None may be lost,
//! so tokio's broadcast, which never waits for its receivers, is no peer here.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use disruptor::{BusySpin, Producer};
use eventador::Eventador;
use rem::prelude::*;
use rem_benches::baseline::Stamped;
use rem_benches::rounds::Contender;

use crate::ProviderEvent;

const ROOM: usize = 1_024;
const CALLS: u32 = 100_000;
const FEW: u32 = 2_000;
const LONG: Duration = Duration::from_secs(60);

pub(crate) fn contenders(measuring: bool) -> Vec<Contender<'static>> {
    let calls = if measuring { CALLS } else { FEW };
    vec![
        Contender::timed("REM", calls, rem),
        Contender::timed("async-broadcast", calls, smol_broadcast),
        Contender::timed("crossbeam-channel", calls, crossbeam),
        Contender::timed("flume", calls, flume),
        Contender::timed("bus", calls, bus),
        // It wakes and parks with every event, which takes a thousand times as long.
        Contender::timed("eventador", calls / 20, eventador),
        Contender::timed("disruptor, both spin", calls, disruptor),
    ]
}

/// From the first that is sent until the last has been received by a thread that takes them one by one.
fn race<T>(
    calls: u32,
    mut send: impl FnMut(u64),
    mut receive: impl FnMut() -> T + Send,
    value: impl Fn(&T) -> u64 + Send,
) -> Duration {
    let expected = u64::from(calls) * u64::from(calls.saturating_sub(1)) / 2;
    thread::scope(|scope| {
        let receiver = scope.spawn(move || {
            let mut sum = 0;
            for _ in 0..calls {
                sum += value(black_box(&receive()));
            }
            sum
        });
        let start = Instant::now();
        (0..u64::from(calls)).for_each(&mut send);
        assert_eq!(receiver.join().unwrap(), expected);
        start.elapsed()
    })
}

fn of_stamped(event: &Arc<Stamped>) -> u64 {
    event.data
}

fn rem(calls: u32) -> Duration {
    let bus = Bus::new();
    let queue = bus.subscription("system").queue(ROOM, Overflow::Block(LONG));
    let mut stream: EventStream<ProviderEvent> = queue.stream().unwrap();
    let publisher = bus.publisher();
    race(
        calls,
        |value| {
            publisher.publish(ProviderEvent::Connected(value)).unwrap();
        },
        || stream.recv_timeout(LONG).unwrap(),
        |event| {
            let ProviderEvent::Connected(value) = event.data;
            value
        },
    )
}

fn smol_broadcast(calls: u32) -> Duration {
    let (sender, mut receiver) = async_broadcast::broadcast(ROOM);
    race(
        calls,
        |value| assert!(sender.broadcast_blocking(Stamped::new(value)).unwrap().is_none()),
        || receiver.recv_blocking().unwrap(),
        of_stamped,
    )
}

fn crossbeam(calls: u32) -> Duration {
    let (sender, receiver) = crossbeam_channel::bounded(ROOM);
    race(
        calls,
        |value| sender.send(Stamped::new(value)).unwrap(),
        || receiver.recv().unwrap(),
        of_stamped,
    )
}

fn flume(calls: u32) -> Duration {
    let (sender, receiver) = flume::bounded(ROOM);
    race(
        calls,
        |value| sender.send(Stamped::new(value)).unwrap(),
        || receiver.recv().unwrap(),
        of_stamped,
    )
}

fn bus(calls: u32) -> Duration {
    let mut sender = ::bus::Bus::new(ROOM);
    let mut receiver = sender.add_rx();
    race(
        calls,
        |value| sender.broadcast(Stamped::new(value)),
        || receiver.recv().unwrap(),
        of_stamped,
    )
}

fn eventador(calls: u32) -> Duration {
    let sender = Eventador::new(ROOM as u64).unwrap();
    let receiver = sender.subscribe::<Arc<Stamped>>();
    race(
        calls,
        |value| sender.publish(Stamped::new(value)),
        || Arc::clone(&receiver.recv()),
        of_stamped,
    )
}

/// Its own thread handles the events; the ring has ended, and so all have been handled, when its producer is dropped.
fn disruptor(calls: u32) -> Duration {
    let sum = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&sum);
    let handle = move |place: &Option<Arc<Stamped>>, _, _| {
        counter.fetch_add(black_box(place.as_ref().unwrap().data), Ordering::Relaxed);
    };
    let builder = disruptor::build_single_producer(ROOM, || None, BusySpin);
    let mut producer = builder.handle_events_with(handle).build();
    let start = Instant::now();
    for value in 0..u64::from(calls) {
        producer.publish(|place: &mut Option<Arc<Stamped>>| *place = Some(Stamped::new(value)));
    }
    drop(producer);
    let took = start.elapsed();
    let expected = u64::from(calls) * u64::from(calls.saturating_sub(1)) / 2;
    assert_eq!(sum.load(Ordering::Relaxed), expected);
    took
}
