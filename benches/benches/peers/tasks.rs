//! Sent until an async handler has had it: a task of tokio for each subscriber, on one thread.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use evno::{Emit, Guard, from_fn};
use rem::prelude::*;
use rem_benches::baseline::Stamped;
use rem_benches::rounds::Contender;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::broadcast;
use tokio::task::yield_now;

use crate::ProviderEvent;

const BURST: u32 = 500;
const CALLS: u32 = 20 * BURST;
/// A power of two, as evno wants it.
const ROOM: usize = 1_024;

pub(crate) fn contenders(count: usize) -> Vec<Contender<'static>> {
    vec![rem(count), tokio_broadcast(count), smol_broadcast(count), evno(count)]
}

fn runtime() -> (Runtime, Arc<AtomicU32>) {
    (Builder::new_current_thread().build().unwrap(), Arc::default())
}

/// Sends in bursts, in the thread of the runtime that runs who receives, and waits until all have handled each burst.
fn bursts(
    name: &str,
    (runtime, handled): (Runtime, Arc<AtomicU32>),
    count: usize,
    mut send: impl AsyncFnMut(u64) + 'static,
) -> Contender<'static> {
    let count = u32::try_from(count).unwrap();
    Contender::timed(name, CALLS, move |calls| {
        let start = Instant::now();
        runtime.block_on(async {
            for sent in (0..calls).step_by(BURST as usize) {
                let events = BURST.min(calls - sent);
                handled.store(0, Ordering::Relaxed);
                for value in 0..events {
                    send(u64::from(value)).await;
                }
                while handled.load(Ordering::Relaxed) < events * count {
                    yield_now().await;
                }
            }
        });
        start.elapsed()
    })
}

fn rem(count: usize) -> Contender<'static> {
    let (runtime, handled) = runtime();
    let bus = Bus::builder().spawner(runtime.handle().clone()).build();
    for _ in 0..count {
        let task = bus.subscription("system.provider").queue(ROOM, Overflow::DropOldest);
        let handle = async |handled: Arc<AtomicU32>, event: Received<ProviderEvent>| {
            let ProviderEvent::Connected(value) = event.data;
            black_box(value);
            handled.fetch_add(1, Ordering::Relaxed);
        };
        task.task_with(Arc::clone(&handled), handle).unwrap().detach();
    }
    let publisher = bus.publisher();
    bursts("REM", (runtime, handled), count, async move |value| {
        black_box(publisher.publish(ProviderEvent::Connected(value)).unwrap());
    })
}

fn tokio_broadcast(count: usize) -> Contender<'static> {
    let (runtime, handled) = runtime();
    let (sender, _) = broadcast::channel::<Arc<Stamped>>(ROOM);
    for _ in 0..count {
        let (mut receiver, handled) = (sender.subscribe(), Arc::clone(&handled));
        runtime.spawn(async move {
            while let Ok(event) = receiver.recv().await {
                black_box(event.data);
                handled.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    bursts("tokio broadcast", (runtime, handled), count, async move |value| {
        assert_eq!(sender.send(Stamped::new(value)).ok(), Some(count));
    })
}

fn smol_broadcast(count: usize) -> Contender<'static> {
    let (runtime, handled) = runtime();
    let (sender, first) = async_broadcast::broadcast::<Arc<Stamped>>(ROOM);
    for _ in 0..count {
        let (mut receiver, handled) = (first.new_receiver(), Arc::clone(&handled));
        runtime.spawn(async move {
            while let Ok(event) = receiver.recv().await {
                black_box(event.data);
                handled.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    drop(first);
    bursts("async-broadcast", (runtime, handled), count, async move |value| {
        assert!(sender.broadcast(Stamped::new(value)).await.unwrap().is_none());
    })
}

fn evno(count: usize) -> Contender<'static> {
    let (runtime, handled) = runtime();
    let bus = evno::Bus::new(ROOM);
    // It starts its listeners on the runtime that it finds itself in.
    let within = runtime.enter();
    for _ in 0..count {
        let handled = Arc::clone(&handled);
        bus.on(from_fn(move |event: Guard<Arc<Stamped>>| {
            let handled = Arc::clone(&handled);
            async move {
                black_box(event.data);
                handled.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }
    drop(within);
    bursts("evno", (runtime, handled), count, async move |value| {
        bus.emit(Stamped::new(value)).await;
    })
}
