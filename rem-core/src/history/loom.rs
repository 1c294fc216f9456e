//! The past, read while it goes, under loom.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::task::{Poll, Waker};

use rem_patterns::Pattern;

use super::{History, Ring, last_of_each};
use crate::loom::{Bell, Tick, beside, event, model, outcomes, spawn};
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::{Bus, EventStream, Followed, Overflow, Start, TryRecvError};

/// A ring of two, whose events are of one topic, and two publishers, each of which evicts one of them, in either order: a
/// reader has the newer of the two, or one that came later, and never the older.
#[test]
fn the_last_of_a_topic_is_never_one_before_it() {
    let seen = outcomes(|| {
        let (ring, taken) = (Arc::new(Ring::events(2)), Arc::new(AtomicU64::new(2)));
        for sequence in [1, 2] {
            drop(ring.record(&event(sequence)));
        }
        let publishers = [(); 2].map(|()| {
            let (ring, taken) = (Arc::clone(&ring), Arc::clone(&taken));
            spawn(move || {
                let sequence = taken.fetch_add(1, Ordering::AcqRel) + 1;
                drop(ring.record(&event(sequence)));
            })
        });
        let (readable, last) = beside(move || {
            let readable = ring.readable().unwrap();
            let taken = || taken.load(Ordering::Relaxed);
            let last = last_of_each(&*ring, readable.clone(), taken, |event| event.sequence());
            (readable, last)
        });
        assert!(last.len() <= 1);
        assert!(last.iter().all(|last| last == readable.end()), "{last:?} of {readable:?}");
        for publisher in publishers {
            publisher.join().unwrap();
        }
        (*readable.end(), last.first().copied())
    });
    // It may have nothing where the last of what was readable is gone by now.
    let with: Vec<_> = seen.iter().copied().filter(|(_, last)| last.is_some()).collect();
    assert_eq!(with, [(2, Some(2)), (3, Some(3)), (4, Some(4))], "{seen:?}");
}

fn numbers(ring: &Ring) -> Option<(RangeInclusive<u64>, Vec<u64>)> {
    let readable = ring.readable()?;
    let mut events = Vec::new();
    ring.read(readable.clone(), &mut events);
    Some((readable, events.iter().filter_map(|event| event.sequence()).collect()))
}

/// Two publishers and a reader of a ring whose quota keeps one event: up to the end that the reader is told, each number is
/// there or was let go for a newer one, and that is told as a loss to whoever may have selected it, and to nobody else.
#[test]
fn what_a_quota_lets_go_is_the_only_hole() {
    model(|| {
        let ring = Arc::new(Ring::events(4).quota("tick", 1).unwrap());
        let publishers = [1, 2].map(|sequence| {
            let ring = Arc::clone(&ring);
            spawn(move || drop(ring.record(&event(sequence))))
        });
        let (selects, other) = (Pattern::parse("tick").unwrap(), Pattern::parse("other").unwrap());
        if let Some((readable, read)) = numbers(&ring) {
            let end = *readable.end();
            // What was read then, and what was let go by now.
            let gone = (1..=end).filter(|number| !read.contains(number));
            for number in gone {
                assert_eq!(ring.lost(number..=number, &selects), Some(number..=number));
                assert_eq!(ring.lost(number..=number, &other), None);
            }
            assert!(numbers(&ring).is_some_and(|(again, _)| *again.end() >= end));
        }
        for publisher in publishers {
            publisher.join().unwrap();
        }
        assert_eq!(numbers(&ring), Some((2..=2, vec![2])));
        assert_eq!(ring.lost(1..=1, &selects), Some(1..=1));
        assert_eq!(ring.report().let_go, 1);
    });
}

/// A publisher beside a stream that begins in the past of a ring with a quota: each number is an event or a loss, once.
#[test]
fn a_stream_goes_from_a_past_with_a_quota_to_what_is_live() {
    model(|| {
        let ring = Ring::events(4).quota("tick", 1).unwrap();
        let bus = Bus::builder().topics(4).history(ring).build();
        let other = bus.clone();
        let publisher = spawn(move || {
            for _ in 0..2 {
                assert_eq!(other.publish(Tick).map_err(drop).unwrap().dropped(), 0);
            }
        });
        let builder = bus.subscription("tick").from(Start::Sequence(1));
        let mut stream: EventStream = builder.queue(4, Overflow::DropOldest).stream().unwrap();
        let mut seen = Vec::new();
        let mut drain = |stream: &mut EventStream| {
            loop {
                match stream.try_recv() {
                    Ok(event) => seen.extend(event.sequence()),
                    Err(TryRecvError::Lagged(lagged)) => seen.extend(lagged.from()..=lagged.to()),
                    Err(_) => break,
                }
            }
        };
        drain(&mut stream);
        publisher.join().unwrap();
        drain(&mut stream);
        assert_eq!(seen, [1, 2]);
    });
}

/// Who follows has each event once, in order, and none that was published sleeps on unread: it comes beside a publisher.
#[test]
fn who_follows_has_all_in_order_and_never_sleeps_over_one() {
    model(|| {
        let bus = Bus::builder().topics(4).history(Ring::events(4)).build();
        let other = bus.clone();
        let publisher = spawn(move || {
            for _ in 0..2 {
                drop(other.publish(Tick).map_err(drop).unwrap());
            }
        });
        let mut follow = bus.follow::<Tick>(0).unwrap();
        let mut events = Vec::new();
        while events.len() < 2 {
            match follow.read(u64::MAX, 4, &mut events) {
                Followed::More => {}
                Followed::Idle if events.len() < 2 => {
                    let bell = Arc::new(Bell::default());
                    match follow.poll(&Waker::from(Arc::clone(&bell))) {
                        Poll::Pending => bell.sleep(),
                        Poll::Ready(_) => loom::thread::yield_now(),
                    }
                }
                Followed::Idle => break,
                other => panic!("{other:?}"),
            }
        }
        let numbers: Vec<_> = events.iter().filter_map(|event| event.sequence()).collect();
        assert_eq!((numbers, follow.position()), (vec![1, 2], 2));
        publisher.join().unwrap();
    });
}
