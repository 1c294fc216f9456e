//! Code of users that runs because of a queue: what it may do, and whom it harms.

use std::future::Future;
use std::panic::{self, AssertUnwindSafe};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use rem::prelude::*;
use rem::{Key, QueueStats};

use crate::{Job, LONG, added, drain, queue};

/// Data that panics as it goes.
#[derive(EventType, Debug)]
#[event(name = "bomb", local)]
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("a bomb");
    }
}

#[test]
fn data_that_panics_as_it_goes_harms_neither_publisher_nor_reader() {
    for (overflow, kept, lost) in
        [(Overflow::DropOldest, 2, 3), (Overflow::Conflate(Key::topic()), 1, 4)]
    {
        let bus = Bus::new();
        let stream = bus.subscription("bomb").queue(2, overflow.clone()).stream::<Bomb>().unwrap();
        let mut any: EventStream =
            bus.subscription("bomb").queue(8, Overflow::Reject).stream().unwrap();
        for _ in 0..5 {
            let receipt = bus.publish(Bomb).unwrap();
            assert_eq!((receipt.matched(), receipt.failed()), (2, 0), "{overflow}");
        }
        let QueueStats { waiting, delivered, dropped, replaced, .. } = stream.stats();
        assert_eq!((waiting, delivered, dropped + replaced), (kept, 0, lost), "{overflow}");
        assert_eq!((stream.subscription().failures(), any.len()), (0, 5), "{overflow}");
        let read = any.try_recv().unwrap();
        assert!(panic::catch_unwind(AssertUnwindSafe(|| drop(read))).is_err(), "its reader's own");
        drop(any);
        // Now the queue is the last to hold them.
        for _ in 0..5 {
            let receipt = bus.publish(Bomb).unwrap();
            assert_eq!((receipt.matched(), receipt.failed()), (1, 0), "{overflow}");
        }
        assert_eq!(stream.len(), kept, "{overflow}");
        drop(stream);
    }
}

#[test]
fn many_that_panic_as_they_go_at_once_do_not_end_the_process() {
    let bus = Bus::builder().history(Ring::events(4)).build();
    let past = bus.subscription("bomb").from(Start::Earliest);
    let mut past: EventStream = past.queue(4, Overflow::Reject).stream().unwrap();
    let held = || {
        let bomb = Bomb;
        move |event: &Event| event.data.is::<Job>() || matches!(&bomb, Bomb)
    };
    let filters = bus.subscription("elsewhere").filter(held()).filter(held());
    let sub = filters.inline(|_: &Event| ()).unwrap();
    let four = || (0..4).for_each(|_| drop(bus.publish(Bomb).unwrap()));
    four();
    // Its page holds what the history lets go next.
    drop(past.try_recv().unwrap());
    four();
    drop(past);
    drop(sub);
    assert_eq!(bus.publish(Job::Added(1)).unwrap().sequence(), Some(9));
    drop(bus); // with the history
}

/// Wakes by using everything that is there.
struct Busy {
    bus: Bus,
    stream: Mutex<Option<EventStream<Job>>>,
    woken: AtomicUsize,
}

impl Busy {
    fn at_work(&self) {
        self.woken.fetch_add(1, Ordering::Relaxed);
        self.bus.publish_to("elsewhere", Job::Added(0)).unwrap();
        let _sub = self.bus.subscribe("**", |_: &Event| ()).unwrap();
        assert!(self.bus.topology().subscriptions.len() > 1);
        drop(self.stream.lock().unwrap().take());
    }
}

impl Wake for Busy {
    fn wake(self: Arc<Self>) {
        self.at_work();
    }
    fn wake_by_ref(self: &Arc<Self>) {
        self.at_work();
    }
}

#[test]
fn who_is_woken_may_use_the_bus() {
    let bus = Bus::new();
    let busy = |stream| {
        Arc::new(Busy { bus: bus.clone(), stream: Mutex::new(stream), woken: AtomicUsize::new(0) })
    };
    // A reader that waits, woken by a publish: what it drops then is another queue of the same event.
    let (mut reads, other) = (queue(&bus, 2, Overflow::Reject), queue(&bus, 2, Overflow::Reject));
    let reader = busy(Some(other));
    let waker = Waker::from(Arc::clone(&reader));
    let mut context = Context::from_waker(&waker);
    assert!(pin!(reads.recv()).poll(&mut context).is_pending());
    added(&bus, [1]);
    assert_eq!(reader.woken.load(Ordering::Relaxed), 1);
    assert_eq!(drain(&mut reads), [Ok(1)]);
    drop(reads);
    // A publisher that waits for room, woken by a reader.
    let mut full = queue(&bus, 1, Overflow::Block(LONG));
    added(&bus, [2]);
    let publisher = busy(None);
    let waker = Waker::from(Arc::clone(&publisher));
    let mut context = Context::from_waker(&waker);
    let mut waits = pin!(bus.publish_async(Job::Added(3)));
    assert!(waits.as_mut().poll(&mut context).is_pending());
    assert_eq!(full.try_recv().unwrap().data, Job::Added(2));
    assert_eq!(publisher.woken.load(Ordering::Relaxed), 1);
    assert!(matches!(waits.as_mut().poll(&mut context), Poll::Ready(Ok(_))));
    assert_eq!(drain(&mut full), [Ok(3)]);
}

/// Wakes by a panic.
struct Broken;

impl Wake for Broken {
    fn wake(self: Arc<Self>) {
        panic!("nobody wakes");
    }
}

#[test]
fn a_waker_that_panics_harms_nobody() {
    let bus = Bus::new();
    let broken = Waker::from(Arc::new(Broken));
    let mut context = Context::from_waker(&broken);
    let mut first = queue(&bus, 1, Overflow::Block(LONG));
    let mut second = queue(&bus, 2, Overflow::DropOldest);
    assert!(pin!(first.recv()).poll(&mut context).is_pending());
    assert!(pin!(second.recv()).poll(&mut context).is_pending());
    let receipt = &added(&bus, [1])[0];
    assert_eq!((receipt.delivered(), receipt.failed()), (2, 0));
    // Two publishers wait, and the first to be woken panics.
    let (good, woken) = counting();
    let mut one = pin!(bus.publish_async(Job::Added(2)));
    let mut two = pin!(bus.publish_async(Job::Added(3)));
    assert!(one.as_mut().poll(&mut context).is_pending());
    assert!(two.as_mut().poll(&mut Context::from_waker(&good)).is_pending());
    assert_eq!(drain(&mut first), [Ok(1)]);
    assert_eq!(woken.0.load(Ordering::Relaxed), 1);
    assert!(matches!(two.as_mut().poll(&mut context), Poll::Ready(Ok(_))));
    // And one who waits for a bus to settle.
    let mut settled = pin!(bus.settle_async());
    assert!(settled.as_mut().poll(&mut context).is_pending());
    assert_eq!((drain(&mut first), drain(&mut second)), (vec![Ok(3)], vec![Ok(1), Ok(3)]));
    assert!(settled.as_mut().poll(&mut context).is_ready());
}

#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn counting() -> (Waker, Arc<Woken>) {
    let woken = Arc::new(Woken::default());
    (Waker::from(Arc::clone(&woken)), woken)
}

#[test]
fn a_receive_that_is_dropped_loses_nothing() {
    let bus = Bus::new();
    let mut stream = queue(&bus, 2, Overflow::Reject);
    let mut context = Context::from_waker(Waker::noop());
    assert!(pin!(stream.recv()).poll(&mut context).is_pending());
    added(&bus, [1]);
    drop(stream.recv());
    assert!(matches!(pin!(stream.recv()).poll(&mut context), Poll::Ready(Some(Ok(_)))));
    assert_eq!(drain(&mut stream), []);
}

#[test]
fn queues_have_an_event_before_any_handler_is_called() {
    let bus = Bus::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (same, tell) = (bus.clone(), Arc::clone(&seen));
    let _handler = bus
        .subscription("job")
        .priority(i32::MAX)
        .inline(move |_: &Event| {
            let waiting = same.topology().subscriptions.into_iter().map(|sub| sub.stats.deferred);
            *tell.lock().unwrap() = waiting.collect();
        })
        .unwrap();
    let _queues = [queue(&bus, 1, Overflow::Reject), queue(&bus, 1, Overflow::DropOldest)];
    added(&bus, [1]);
    assert_eq!(*seen.lock().unwrap(), [0, 1, 1]);
}
