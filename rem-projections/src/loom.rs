//! The protocol between who waits for a number and who folds, under loom: every interleaving, up to a bound.
//!
//! `RUSTFLAGS="--cfg rem_loom" cargo test -p rem-projections --release --lib loom`, or `cargo xtask loom`.

use std::sync::Arc;
use std::task::{Wake, Waker};

use loom::model::Builder;
use loom::sync::atomic::{AtomicU64, Ordering::Relaxed};
use loom::sync::{Condvar, Mutex};
use loom::thread;

use crate::slot::Slot;
use crate::waiters::Waiters;

/// Ends a thread's sleep. Not by loom's `unpark`, which is forgotten when the thread waits for a lock in between.
#[derive(Default)]
struct Alarm {
    rung: Mutex<bool>,
    told: Condvar,
}

impl Alarm {
    fn sleep(&self) {
        let mut rung = self.rung.lock().unwrap();
        while !*rung {
            rung = self.told.wait(rung).unwrap();
        }
        *rung = false;
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        *self.rung.lock().unwrap() = true;
        self.told.notify_one();
    }
}

fn wait_for(sequence: u64, waiters: &Waiters, position: &AtomicU64) {
    let alarm = Arc::new(Alarm::default());
    let (waker, mut place) = (Waker::from(Arc::clone(&alarm)), None);
    loop {
        place = Some(waiters.put(sequence, place, &waker));
        if position.load(Relaxed) >= sequence {
            return waiters.leave(place.unwrap());
        }
        alarm.sleep();
    }
}

/// Were one woken too seldom, it would sleep for ever, which loom tells.
#[test]
fn who_waits_for_a_number_sees_it_come() {
    let mut builder = Builder::new();
    builder.preemption_bound.get_or_insert(3);
    builder.check(|| {
        let (waiters, position) = (Arc::new(Waiters::default()), Arc::new(AtomicU64::new(0)));
        let folds = thread::spawn({
            let (waiters, position) = (Arc::clone(&waiters), Arc::clone(&position));
            move || {
                for number in 1..=2 {
                    position.store(number, Relaxed);
                    waiters.reached(number);
                }
            }
        });
        let other = thread::spawn({
            let (waiters, position) = (Arc::clone(&waiters), Arc::clone(&position));
            move || wait_for(1, &waiters, &position)
        });
        wait_for(2, &waiters, &position);
        folds.join().unwrap();
        other.join().unwrap();
        assert_eq!(waiters.len(), 0);
    });
}

/// Were one who waits for the worker not told that it has ended elsewhere, it would sleep for ever.
#[test]
fn whoever_has_the_worker_as_all_is_read_the_other_comes_to_its_end() {
    let mut builder = Builder::new();
    builder.preemption_bound.get_or_insert(3);
    builder.check(|| {
        let slot = Arc::new(Slot::<u32, u32, &str>::new("live"));
        assert_eq!(slot.put(0, "live"), Ok(false));
        // Each page takes one of them; behind the second nothing is to be read.
        let folds = |slot: Arc<Slot<u32, u32, &'static str>>, by: &'static str| {
            while let Some((pages, _)) = slot.take(None) {
                if pages == 1 {
                    return slot.end(by);
                }
                assert!(slot.put(pages + 1, "live").is_ok(), "nobody else can have ended it");
            }
        };
        let life = thread::spawn({
            let slot = Arc::clone(&slot);
            move || folds(slot, "by its life")
        });
        folds(Arc::clone(&slot), "by who waits");
        life.join().unwrap();
        assert_ne!(slot.status(), "live");
        assert_eq!((slot.order(7, |_| false), slot.take(None)), (Some(7), None));
    });
}

/// It is over at once for its own thread, whoever has the worker.
#[test]
fn one_that_is_stopped_while_another_has_the_worker_stays_stopped() {
    let mut builder = Builder::new();
    builder.preemption_bound.get_or_insert(3);
    builder.check(|| {
        let slot = Arc::new(Slot::<u32, u32, &str>::new("live"));
        assert_eq!(slot.put(0, "live"), Ok(false));
        let waits = thread::spawn({
            let slot = Arc::clone(&slot);
            move || match slot.take(None) {
                Some((worker, _)) => slot.put(worker, "live").is_ok(),
                None => false,
            }
        });
        slot.end("stopped");
        waits.join().unwrap();
        assert_eq!((slot.status(), slot.take(None)), ("stopped", None));
    });
}
