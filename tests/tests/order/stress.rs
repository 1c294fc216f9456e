//! Several publishers at full speed.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use rem::prelude::*;
use rem::{PublishErrorKind, SubscriptionStats};

use crate::{Job, LONG, added, number, stats, total};

const PUBLISHERS: u64 = 4;
const EACH: u64 = 3_000;

/// What one subscriber saw: the number of the event in the order of all, and that of its publisher.
type Seen = Arc<Mutex<Vec<(u64, Job)>>>;

fn keep(seen: &Seen) -> impl Fn(&Event<Job>) + Send + Sync + 'static {
    let seen = Arc::clone(seen);
    move |event| seen.lock().unwrap().push((event.sequence().unwrap(), event.data.clone()))
}

/// Publishes from several threads at once. What a full line gives back is published again.
fn publish(bus: &Bus) -> Vec<Receipt> {
    thread::scope(|scope| {
        let publishers: Vec<_> = (0..PUBLISHERS)
            .map(|publisher| {
                scope.spawn(move || {
                    let publish = bus.publisher::<Job>();
                    let mut last = None;
                    (0..EACH)
                        .map(|at| {
                            let mut job = Job::Added(publisher * EACH + at);
                            let receipt = loop {
                                match publish.publish(job) {
                                    Ok(receipt) => break receipt,
                                    Err(error) => {
                                        let kind = error.kind();
                                        assert!(
                                            matches!(
                                                kind,
                                                PublishErrorKind::TooManyDeferred { .. }
                                            ),
                                            "{error}"
                                        );
                                        job = error.into_data();
                                        thread::yield_now();
                                    }
                                }
                            };
                            assert!(receipt.sequence() > last, "numbers grow in a publisher");
                            last = receipt.sequence();
                            receipt
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        publishers.into_iter().flat_map(|publisher| publisher.join().unwrap()).collect()
    })
}

/// Inline handlers, of which one publishes in turn; streams that lose nothing and one that may: all see the same, each
/// number once, in order; causes before effects; each publisher's in its order; and the counts add up.
fn one_order(bus: &Bus) {
    let (first, second, effects): (Seen, Seen, Seen) = Default::default();
    let one = bus.on(keep(&first));
    let inner = bus.clone();
    let kept = keep(&second);
    let receipts = Arc::new(Mutex::new(Vec::new()));
    let nested = Arc::clone(&receipts);
    let two = bus.subscription("job").priority(1).inline(move |event: &Event<Job>| {
        kept(event);
        if let Job::Added(number) = event.data
            && number.is_multiple_of(5)
        {
            // A full line is no place for effects: then there is none.
            if let Ok(receipt) = inner.publish(Job::Done(number)) {
                assert_eq!(receipt.matched(), receipt.deferred());
                nested.lock().unwrap().push(receipt);
            }
        }
    });
    let two = two.unwrap();
    let picky = bus.subscription("job").filter(|event| event.topic().as_str() == "job.done");
    let picky = picky.inline(keep(&effects)).unwrap();
    let large = bus.subscription("job").queue(1 << 16, Overflow::Reject).stream::<Job>().unwrap();
    let mut small = bus.subscription("job").queue(8, Overflow::DropOldest).stream::<Job>().unwrap();
    let receipts = {
        let mut all = publish(bus);
        all.append(&mut receipts.lock().unwrap());
        all
    };
    let count = receipts.len() as u64;
    let first = first.lock().unwrap();
    assert!(first.iter().map(|(number, _)| *number).eq(1..=count), "each once, in order");
    assert_eq!(*first, *second.lock().unwrap());
    let mut large = large;
    let read: Vec<_> = std::iter::from_fn(|| {
        let event = large.try_recv().ok()?;
        Some((event.sequence()?, event.data.clone()))
    })
    .collect();
    assert_eq!(*first, read);
    let done: Vec<_> =
        first.iter().filter(|(_, job)| matches!(job, Job::Done(_))).cloned().collect();
    assert_eq!(*effects.lock().unwrap(), done);
    let mut newest = HashMap::new();
    let mut causes = HashSet::new();
    for (_, job) in first.iter() {
        let number = number(job);
        match job {
            Job::Added(_) => {
                let before = newest.insert(number / EACH, number);
                assert!(before < Some(number), "a publisher's come in its order");
                causes.insert(number);
            }
            Job::Done(_) => assert!(causes.contains(&number), "an effect after its cause"),
        }
    }
    while let Ok(_) | Err(rem::TryRecvError::Lagged(_)) = small.try_recv() {}
    // What each wanted is what the publishers were told.
    let each = [&one, &two, &picky, large.subscription(), small.subscription()];
    let each = each.map(|sub| stats(bus, sub));
    for (at, stats) in each.iter().enumerate() {
        assert_eq!((stats.deferred, stats.failed), (0, 0));
        let wanted = if at == 2 { done.len() as u64 } else { count };
        assert_eq!(stats.matched(), wanted, "{at}");
    }
    let sum: SubscriptionStats = each.into_iter().sum();
    let matched: usize = receipts.iter().map(Receipt::matched).sum();
    assert_eq!(sum.matched(), matched as u64);
    assert_eq!(bus.stats().published, count);
}

#[test]
fn all_see_all_in_one_order() {
    one_order(&total().build());
}

#[test]
fn with_a_history() {
    let bus = total().history(Ring::events(64)).build();
    one_order(&bus);
    let kept: Vec<_> =
        bus.query("**").unwrap().events().iter().filter_map(|event| event.sequence()).collect();
    assert!(kept.windows(2).all(|pair| pair[1] == pair[0] + 1));
}

#[test]
fn with_little_room_in_the_line() {
    one_order(&total().deferred(3).build());
}

/// Queues that make publishers wait, a handler that publishes into one of them, and readers in threads. Whoever has the
/// turn may be refused, for nobody else could make room; all others wait, and nothing hangs.
#[test]
fn queues_that_make_wait() {
    let bus = total().build();
    let inline: Seen = Arc::default();
    let _sub = bus.on(keep(&inline));
    let inner = bus.clone();
    let refused = Arc::new(Mutex::new(0_u64));
    let counted = Arc::clone(&refused);
    let _effects = bus.subscribe("job.added", move |event: &Event<Job>| {
        if number(&event.data).is_multiple_of(3)
            && let Err(error) = inner.publish(Job::Done(number(&event.data)))
        {
            assert!(matches!(error.kind(), PublishErrorKind::WouldDeadlock { .. }), "{error}");
            *counted.lock().unwrap() += 1;
        }
    });
    let readers: Vec<_> = [1, 4]
        .map(|capacity| {
            let queue = bus.subscription("job").queue(capacity, Overflow::Block(LONG));
            let mut stream = queue.stream::<Job>().unwrap();
            thread::spawn(move || {
                let read = stream.iter().map(|event| event.unwrap());
                read.map(|event| (event.sequence().unwrap(), event.data.clone()))
                    .collect::<Vec<_>>()
            })
        })
        .into();
    thread::scope(|scope| {
        for publisher in 0..PUBLISHERS {
            let bus = &bus;
            scope.spawn(move || {
                for at in 0..EACH / 4 {
                    added(bus, publisher * EACH + at);
                }
            });
        }
    });
    assert!(bus.close(LONG).is_complete());
    let inline = inline.lock().unwrap();
    let refused = *refused.lock().unwrap();
    let count = PUBLISHERS * EACH / 4 + PUBLISHERS * EACH / 4 / 3 - refused;
    assert!(inline.iter().map(|(number, _)| *number).eq(1..=count), "{} {count}", inline.len());
    for reader in readers {
        assert_eq!(*inline, reader.join().unwrap());
    }
}

/// Two buses, each with its order, whose handlers publish on the other, from several threads.
#[test]
fn across_buses() {
    let buses = [total().build(), total().build()];
    let seen: [Seen; 2] = Default::default();
    let mut subs = Vec::new();
    for at in [0, 1] {
        let (other, kept) = (buses[1 - at].clone(), keep(&seen[at]));
        subs.push(buses[at].on(move |event: &Event<Job>| {
            kept(event);
            if let Job::Added(number) = event.data {
                other.publish(Job::Done(number)).unwrap();
            }
        }));
    }
    thread::scope(|scope| {
        for publisher in 0..PUBLISHERS {
            let bus = &buses[usize::from(publisher % 2 == 0)];
            scope.spawn(move || (0..EACH).for_each(|at| drop(added(bus, publisher * EACH + at))));
        }
    });
    for (bus, seen) in buses.iter().zip(&seen) {
        bus.settle(LONG).unwrap();
        let seen = seen.lock().unwrap();
        assert!(seen.iter().map(|(number, _)| *number).eq(1..=PUBLISHERS * EACH));
    }
}

/// Subscriptions come and go while events are published: each sees a part of the order, without a hole.
#[test]
fn subscriptions_come_and_go() {
    let bus = total().build();
    let _steady = bus.on(|_: &Event<Job>| ());
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let comes = scope.spawn(|| {
            let mut checked = 0;
            while !done.load(Ordering::Acquire) {
                let seen: Seen = Arc::default();
                let sub = bus.on(keep(&seen));
                let own = added(&bus, u64::MAX).sequence().unwrap();
                assert_eq!(sub.unsubscribe(), rem::Unsubscribed::Done);
                let seen = seen.lock().unwrap();
                assert!(seen.windows(2).all(|pair| pair[0].0 < pair[1].0), "{seen:?}");
                // Its own event began after it was there, and may have been left in the line when it went.
                checked += usize::from(seen.iter().any(|(number, _)| *number == own));
            }
            checked
        });
        publish(&bus);
        done.store(true, Ordering::Release);
        assert!(comes.join().unwrap() > 0);
    });
}
