//! Unsubscribing, which waits for the last call.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use rem::Unsubscribed;
use rem::prelude::*;

use crate::{Job, added, held};

#[test]
fn what_a_handler_held_is_dropped_when_unsubscribe_returns() {
    let bus = Bus::new();
    let held = Arc::new(());
    let kept = Arc::clone(&held);
    let sub = bus.on(move |_: &Event<Job>| drop(Arc::clone(&kept)));
    added(&bus, 1);
    assert_eq!(Arc::strong_count(&held), 2);
    assert_eq!(sub.unsubscribe(), Unsubscribed::Done);
    assert_eq!(Arc::strong_count(&held), 1);
    assert_eq!(added(&bus, 2).matched(), 0);
}

#[test]
fn unsubscribe_waits_for_a_call_in_another_thread() {
    let bus = Bus::new();
    let (handle, has_begun, go) = held();
    let sub = bus.on(handle);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let publisher = scope.spawn(|| added(&bus, 1));
        has_begun.recv().unwrap();
        let waiter = scope.spawn(|| {
            let said = sub.unsubscribe();
            assert!(over.load(Ordering::SeqCst), "the call was still running");
            said
        });
        while !format!("{bus:?}").contains("subscriptions: 0") {
            thread::yield_now();
        }
        // It has ended before it waits: nothing more is called.
        assert_eq!(added(&bus, 2).matched(), 0);
        over.store(true, Ordering::SeqCst);
        go.send(()).unwrap();
        assert_eq!(waiter.join().unwrap(), Unsubscribed::Done);
        assert_eq!(publisher.join().unwrap().delivered(), 1);
    });
}

#[test]
fn within_a_handler_nobody_waits_for_himself() {
    let bus = Bus::new();
    let cell = Arc::new(Mutex::new(None::<Subscription>));
    let said = Arc::new(OnceLock::new());
    let (own, tell) = (Arc::clone(&cell), Arc::clone(&said));
    let sub = bus.on(move |_: &Event<Job>| {
        if let Some(sub) = own.lock().unwrap().take() {
            tell.set(sub.unsubscribe()).unwrap();
        }
    });
    *cell.lock().unwrap() = Some(sub);
    added(&bus, 1);
    assert_eq!(said.get(), Some(&Unsubscribed::Running));
    assert_eq!(Arc::strong_count(&said), 1, "the handler is gone when its call has returned");
}

/// In every place where user code runs within a publish another subscription of the same event may be ended, and is not
/// waited for, for the publish holds it; one that it does not hold is done.
#[test]
fn user_code_within_a_publish_does_not_wait() {
    type Ends = Box<dyn Fn() + Send + Sync>;
    /// Puts the end of a subscription somewhere into the way of an event.
    type Puts = fn(&Bus, Ends) -> Option<Subscription>;
    let places: [(&str, Puts); 4] = [
        ("a handler", |bus, ends| {
            Some(bus.subscription("job").priority(1).inline(move |_: &Event| ends()).unwrap())
        }),
        ("a filter", |bus, ends| {
            let asked = bus.subscription("job").priority(1).filter(move |_| {
                ends();
                true
            });
            Some(asked.inline(|_: &Event| ()).unwrap())
        }),
        ("middleware", |bus, ends| {
            bus.middleware("job", rem::middleware::tap("ends", move |_, _| ends())).unwrap();
            None
        }),
        ("what a handler publishes", |bus, ends| {
            let again = bus.clone();
            bus.subscription("job.added")
                .inline(move |event: &Event<Job>| {
                    if event.causation().is_none() {
                        again.publish_to("job.later", Job::Added(0)).map(drop)
                    } else {
                        Ok(())
                    }
                })
                .unwrap()
                .detach();
            Some(bus.subscribe("job.later", move |_: &Event| ends()).unwrap())
        }),
    ];
    for (place, put) in places {
        let bus = Bus::new();
        let there = bus.on(|_: &Event<Job>| ());
        let elsewhere = bus.subscribe("elsewhere", |_: &Event| ()).unwrap();
        let both = Mutex::new(Some((there, elsewhere)));
        let said = Arc::new(Mutex::new(None));
        let tell = Arc::clone(&said);
        let ends = Box::new(move || {
            let both = both.lock().unwrap().take();
            if let Some((there, elsewhere)) = both {
                let said = (there.unsubscribe(), elsewhere.unsubscribe());
                *tell.lock().unwrap() = Some(said);
            }
        });
        let _guard = put(&bus, ends);
        added(&bus, 1);
        let said = said.lock().unwrap().take();
        assert_eq!(said, Some((Unsubscribed::Running, Unsubscribed::Done)), "{place}");
    }
}

#[test]
fn in_async_code_the_end_is_awaited() {
    let bus = Bus::new();
    let (handle, has_begun, go) = held();
    let sub = bus.on(handle);
    thread::scope(|scope| {
        let publisher = scope.spawn(|| added(&bus, 1));
        has_begun.recv().unwrap();
        let mut ending = pin!(sub.unsubscribe_async());
        let mut cx = Context::from_waker(Waker::noop());
        assert_eq!(ending.as_mut().poll(&mut cx), Poll::Pending);
        assert_eq!(added(&bus, 2).matched(), 0, "it ends whether it is awaited or not");
        go.send(()).unwrap();
        assert_eq!(smol::block_on(ending), Unsubscribed::Done);
        publisher.join().unwrap();
    });
}

#[test]
fn what_a_handler_holds_may_panic_when_it_goes() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("a bomb");
        }
    }
    let bus = Bus::new();
    let cell = Arc::new(Mutex::new(None::<Subscription>));
    let (own, bomb) = (Arc::clone(&cell), Bomb);
    let sub = bus.on(move |_: &Event<Job>| {
        let _held = &bomb;
        drop(own.lock().unwrap().take());
    });
    *cell.lock().unwrap() = Some(sub);
    // The handler goes with the publish, as the last that holds it.
    assert_eq!(added(&bus, 1).delivered(), 1);
    let bomb = Bomb;
    let sub = bus.on(move |_: &Event<Job>| {
        let _held = &bomb;
    });
    assert_eq!(sub.unsubscribe(), Unsubscribed::Done);
}

/// What a handler holds goes with the route that it was in, which others are in still.
#[test]
fn what_is_dropped_with_a_handler_does_not_wait_for_those_beside_it() {
    struct Ends(Mutex<Option<Subscription>>, Arc<OnceLock<Unsubscribed>>);
    impl Drop for Ends {
        fn drop(&mut self) {
            let sub = self.0.get_mut().unwrap().take().unwrap();
            self.1.set(sub.unsubscribe()).unwrap();
        }
    }
    let bus = Bus::new();
    let cell = Arc::new(Mutex::new(None::<Subscription>));
    let said = Arc::new(OnceLock::new());
    let beside = bus.on(|_: &Event<Job>| ());
    let (own, ends) = (Arc::clone(&cell), Ends(Mutex::new(Some(beside)), Arc::clone(&said)));
    let first = bus.subscription("job").priority(1).inline(move |_: &Event| {
        let _held = &ends;
        drop(own.lock().unwrap().take());
    });
    *cell.lock().unwrap() = Some(first.unwrap());
    added(&bus, 1);
    assert_eq!(said.get(), Some(&Unsubscribed::Running));
    assert_eq!(added(&bus, 2).matched(), 0);
}

/// Whoever reads a queue does not wait for a publisher that waits for room there, whichever of them began first.
#[test]
fn a_reader_does_not_wait_for_whoever_waits_for_him() {
    let bus = Bus::new();
    let wait_forever = Overflow::Block(Duration::MAX);
    let mut stream = bus.subscription("job").queue(1, wait_forever).stream::<Job>().unwrap();
    let (handle, has_begun, go) = held();
    let of = bus.subscribe("job.of.a", handle).unwrap();
    let calls = bus.on(|_: &Event<Job>| ());
    thread::scope(|scope| {
        // One is in the handler …
        let first = scope.spawn(|| bus.publish(Job::Of { name: "a", value: 1 }).unwrap());
        has_begun.recv().unwrap();
        let mut events = stream.iter();
        // … and another begins to wait for room while the reader waits for the first.
        let second = scope.spawn(|| {
            while !format!("{bus:?}").contains("subscriptions: 2") {
                thread::yield_now();
            }
            added(&bus, 2)
        });
        assert_eq!(of.unsubscribe(), Unsubscribed::Running);
        // Now it has begun before: it holds what it may call.
        assert_eq!(calls.unsubscribe(), Unsubscribed::Running);
        assert!(events.next().is_some());
        assert!(events.next().is_some());
        second.join().unwrap();
        go.send(()).unwrap();
        first.join().unwrap();
    });
}

struct Desk(AtomicU64);

#[rem::handlers]
impl Desk {
    #[on("job.added")]
    fn added(&self, _event: &Event<Job>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    #[on("job.of.*")]
    fn of(&self, _event: &Event<Job>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn declared_handlers_are_unsubscribed_together() {
    let bus = Bus::new();
    let desk = Arc::new(Desk(AtomicU64::new(0)));
    let subs = bus.register(Arc::clone(&desk)).unwrap();
    added(&bus, 1);
    bus.publish(Job::Of { name: "a", value: 1 }).unwrap();
    assert_eq!(subs.unsubscribe(), Unsubscribed::Done);
    assert_eq!(Arc::strong_count(&desk), 1);
    assert_eq!(desk.0.load(Ordering::Relaxed), 2);
}
