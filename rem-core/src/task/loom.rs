//! What the workers of a task share, under loom: turns, lanes, and who wakes whom.

use std::sync::Arc;
use std::task::Waker;

use super::desk::Desk;
use crate::clock::Timestamp;
use crate::loom::{Bell, event, model, spawn};
use crate::queue::{Channel, Overflow, Work};
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Mutex, lock};

/// What was handled, in its order, and whether something is being handled.
#[derive(Default)]
struct Seen {
    numbers: Mutex<Vec<u64>>,
    is_handling: AtomicBool,
}

/// A worker as `worker.rs` has it: all events have one key.
fn work(desk: &Desk, number: u32, seen: &Seen) {
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(Arc::clone(&bell));
    let mut finished = None;
    loop {
        let turn = desk.turn(number, &waker);
        let (mut waker, mut taken) = (Some(waker.clone()), None);
        let work = match &turn {
            Some(_) => desk.channel.take_work(number, &mut waker, finished.take(), &mut taken),
            None => Work::Empty,
        };
        let mut job = match work {
            Work::Job => taken.and_then(|mut job| {
                job.set_key(Some("key".into()));
                desk.arrive(job, || Timestamp::from_nanos(0)).0
            }),
            Work::Empty => {
                drop(turn);
                bell.sleep();
                continue;
            }
            Work::Ended => return,
            Work::Lagged(lagged) => panic!("{lagged}"),
        };
        drop(turn);
        while let Some(now) = job {
            assert!(!seen.is_handling.swap(true, Ordering::AcqRel), "one of a key at a time");
            lock(&seen.numbers).extend(now.event.sequence());
            seen.is_handling.store(false, Ordering::Release);
            job = desk.next("key");
            match &job {
                Some(_) => desk.finish(now.ticket()),
                None => finished = now.ticket(),
            }
        }
    }
}

/// Two workers, one key, and a publisher for whom there is no room: each event is handled once and in its order, and nobody
/// sleeps for ever.
#[test]
fn workers_keep_the_order_of_a_key_and_wake_each_other() {
    model(|| {
        let channel = Arc::new(Channel::new(4, Overflow::DropNewest));
        let desk = Arc::new(Desk::new(Arc::clone(&channel), 2, 0));
        let seen = Arc::new(Seen::default());
        let workers = [0, 1].map(|number| {
            let (desk, seen) = (Arc::clone(&desk), Arc::clone(&seen));
            spawn(move || work(&desk, number, &seen))
        });
        for sequence in 1..=2 {
            channel.send(event(sequence), false);
        }
        channel.finish();
        for worker in workers {
            worker.join().unwrap();
        }
        assert_eq!(*lock(&seen.numbers), [1, 2]);
        let (waiting, unfinished) = channel.under_way();
        assert_eq!((waiting, unfinished, desk.counts().parked), (0, 0, 0));
        assert!(channel.drain().is_none(), "nothing is in flight");
    });
}

/// Whoever settles is told when all that was there is handled, taken or not.
#[test]
fn who_waits_for_a_task_is_told_when_all_is_finished() {
    model(|| {
        let channel = Arc::new(Channel::new(4, Overflow::DropNewest));
        let desk = Arc::new(Desk::new(Arc::clone(&channel), 1, 0));
        let seen = Arc::new(Seen::default());
        channel.send(event(1), false);
        let worker = {
            let (desk, seen) = (Arc::clone(&desk), Arc::clone(&seen));
            spawn(move || work(&desk, 0, &seen))
        };
        if let Some(watch) = channel.drain() {
            assert!(crate::bus::wait(None, |waker| watch.poll(waker)));
        }
        assert_eq!(*lock(&seen.numbers), [1]);
        channel.finish();
        worker.join().unwrap();
    });
}

/// A worker that waits before it tries again sees the end of the task.
#[test]
fn a_worker_that_backs_off_is_woken_by_the_end() {
    model(|| {
        let desk = Arc::new(Desk::new(Arc::new(Channel::new(1, Overflow::Reject)), 1, 0));
        let other = Arc::clone(&desk);
        let worker = spawn(move || {
            let bell = Arc::new(Bell::default());
            let waker = Waker::from(Arc::clone(&bell));
            while !other.sleep(0, &waker) {
                bell.sleep();
            }
        });
        desk.stop();
        worker.join().unwrap();
    });
}
