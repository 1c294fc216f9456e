//! The tail's protocol, every interleaving.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Poll, Wake, Waker};

use loom::model::Builder;
use loom::thread;

use super::{NoSeat, Pace, StoreError, Tail};
use crate::sync::atomic::{AtomicU64, Ordering};

pub(crate) fn model(case: impl Fn() + Send + Sync + 'static) {
    let mut builder = Builder::new();
    if builder.preemption_bound.is_none() {
        builder.preemption_bound = Some(2);
    }
    builder.check(case);
}

/// Whether it was woken. Not loom's: it is looked at when all threads are over.
#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, SeqCst);
    }
}

/// Ends a thread's sleep.
struct Unpark(thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// What a publisher does before it has a record to put: it takes a seat, and then a number.
pub(crate) fn publish(tail: &Tail, numbers: &AtomicU64) -> u64 {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    while !tail.seat().is_ok_and(|taken| taken) {
        if tail.poll_seat(&waker).is_pending() {
            thread::park();
        }
    }
    numbers.fetch_add(1, Ordering::Relaxed) + 1
}

/// Commits until all up to a number is; says what it has taken.
fn write(tail: &Tail, pace: Pace, up_to: u64) -> Vec<u64> {
    let mut taken = Vec::new();
    write_by(tail, pace, up_to, |entries| {
        taken.extend(entries.iter().map(|(sequence, _)| *sequence));
    });
    taken
}

/// The same, by what stores a batch.
pub(crate) fn write_by(
    tail: &Tail,
    pace: Pace,
    up_to: u64,
    mut append: impl FnMut(&[(u64, Vec<u8>)]),
) {
    let mut in_vain = false;
    while tail.committed() < up_to {
        tail.wait_for_work(pace, in_vain);
        let batch = tail.take(tail.committed(), 8, 1_024);
        in_vain = batch.numbers == 0;
        append(&batch.entries);
        tail.commit(&batch, pace != Pace::AtOnce);
    }
}

#[test]
fn whoever_waits_for_the_disk_is_told_and_nothing_is_taken_twice() {
    model(|| {
        let (tail, numbers) = (Arc::new(Tail::after(0, 2, 1_024)), Arc::new(AtomicU64::new(0)));
        let publishers = [(); 2].map(|()| {
            let (tail, numbers) = (Arc::clone(&tail), Arc::clone(&numbers));
            thread::spawn(move || {
                let number = publish(&tail, &numbers);
                assert!(tail.put_and_wait(number, Some(vec![1])).is_ok());
                assert!(tail.committed() >= number);
            })
        });
        assert_eq!(write(&tail, Pace::AtOnce, 2), [1, 2]);
        for publisher in publishers {
            publisher.join().unwrap();
        }
        assert_eq!(tail.waiting(), (0, 0));
    });
}

#[test]
fn places_are_used_again_only_when_they_are_free() {
    model(|| {
        // One place: the second publisher has to wait until the first one's record is committed.
        let (tail, numbers) = (Arc::new(Tail::after(0, 1, 1_024)), Arc::new(AtomicU64::new(0)));
        let publisher = {
            let (tail, numbers) = (Arc::clone(&tail), Arc::clone(&numbers));
            thread::spawn(move || {
                for _ in 0..2 {
                    let number = publish(&tail, &numbers);
                    tail.put(number, Some(vec![1]));
                    tail.flush();
                }
            })
        };
        assert_eq!(write(&tail, Pace::WhenAsked, 2), [1, 2]);
        publisher.join().unwrap();
        assert_eq!(tail.waiting(), (0, 0));
    });
}

#[test]
fn whoever_asks_whether_it_is_committed_hears_of_it() {
    model(|| {
        let tail = Arc::new(Tail::after(0, 4, 1_024));
        let flag = Arc::new(Flag::default());
        let writer = {
            let tail = Arc::clone(&tail);
            thread::spawn(move || write(&tail, Pace::WhenAsked, 1))
        };
        assert!(tail.seat().is_ok_and(|taken| taken));
        tail.put(1, Some(vec![1]));
        let polled = tail.poll_committed(1, &Waker::from(Arc::clone(&flag)), true);
        writer.join().unwrap();
        let ready = matches!(polled, Poll::Ready(Ok(())));
        assert!(ready || flag.0.load(SeqCst), "neither ready nor woken");
    });
}

#[test]
fn whoever_waits_for_a_seat_hears_of_one() {
    model(|| {
        let tail = Arc::new(Tail::after(0, 1, 1_024));
        assert!(tail.seat().is_ok_and(|taken| taken));
        tail.put(1, Some(vec![1]));
        let flag = Arc::new(Flag::default());
        let writer = {
            let tail = Arc::clone(&tail);
            thread::spawn(move || write(&tail, Pace::WhenAsked, 1))
        };
        let polled = tail.poll_seat(&Waker::from(Arc::clone(&flag)));
        tail.flush();
        writer.join().unwrap();
        assert!(polled.is_ready() || flag.0.load(SeqCst), "neither ready nor woken");
        assert!(tail.seat().is_ok_and(|taken| taken));
    });
}

#[test]
fn who_waits_for_a_writer_that_dies_is_told_why() {
    model(|| {
        let tail = Arc::new(Tail::after(0, 2, 1_024));
        let writer = {
            let tail = Arc::clone(&tail);
            thread::spawn(move || tail.end(Some(Arc::new(StoreError::panicked(Box::new("dead"))))))
        };
        match tail.seat() {
            Ok(taken) => {
                assert!(taken);
                let told = tail.put_and_wait(1, Some(vec![1]));
                assert!(matches!(told, Err(NoSeat::Fault(_))));
            }
            // It was over before.
            Err(why) => assert!(matches!(why, NoSeat::Fault(_))),
        }
        writer.join().unwrap();
    });
}
