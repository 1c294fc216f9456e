//! The protocol between who waits for a number and who folds, under loom: every interleaving, up to a bound.
//!
//! `RUSTFLAGS="--cfg rem_loom" cargo test -p rem-projections --release --lib loom`, or `cargo xtask loom`.

use std::sync::Arc;
use std::task::{Wake, Waker};

use loom::model::Builder;
use loom::sync::atomic::{AtomicU64, Ordering::Relaxed};
use loom::sync::{Condvar, Mutex};
use loom::thread;

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
