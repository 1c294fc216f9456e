//! The protocol that threads share, under loom: every interleaving, up to a bound. A fiber that waits is rung from other threads,
//! while the one that performs takes places and rests.
//!
//! `RUSTFLAGS="--cfg rem_loom" cargo test -p rem-effects --release --lib loom`, or `cargo xtask loom`.

use std::sync::Arc;
use std::task::{Wake, Waker};

use loom::model::Builder;
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use loom::sync::{Condvar, Mutex};
use loom::thread;

use crate::bell::{Ready, Rope};

fn model(case: impl Fn() + Send + Sync + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound.get_or_insert(3);
    builder.check(case);
}

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

/// What performs: looks at whatever is ready, and rests when nothing is, until a look says that all has come.
fn perform(ready: &Ready, mut look: impl FnMut(usize) -> bool) {
    let alarm = Arc::new(Alarm::default());
    let waker = Waker::from(Arc::clone(&alarm));
    loop {
        ready.wakes(&waker);
        while let Some(place) = ready.pop() {
            if look(place) {
                return;
            }
        }
        alarm.sleep();
    }
}

/// What comes is seen, whenever it comes: were a ring lost, the one that performs would rest for ever, which loom tells.
#[test]
fn a_fiber_that_is_rung_is_looked_at() {
    model(|| {
        let (ready, came) = (Arc::new(Ready::default()), Arc::new(AtomicBool::new(false)));
        let rope = Rope::new(0, &ready);
        let waker = rope.hand_out().clone();
        let comes = Arc::clone(&came);
        let ringer = thread::spawn(move || {
            comes.store(true, Relaxed);
            waker.wake();
        });
        ready.push(0); // it begins
        perform(&ready, |_| {
            let _ = rope.hand_out(); // before it is asked, as a fiber does
            came.load(Relaxed)
        });
        ringer.join().unwrap();
    });
}

/// Two fibers rung by two threads, one of them twice: both are looked at until they have all.
#[test]
fn two_fibers_that_are_rung_from_two_threads_are_looked_at() {
    model(|| {
        let ready = Arc::new(Ready::default());
        let came = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
        let ropes = [Rope::new(0, &ready), Rope::new(1, &ready)];
        let ring = |place: usize| {
            let (waker, came) = (ropes[place].hand_out().clone(), Arc::clone(&came));
            thread::spawn(move || {
                for _ in 0..2 - place {
                    came[place].fetch_add(1, Relaxed);
                    waker.wake_by_ref();
                }
            })
        };
        let ringers = [ring(0), ring(1)];
        let mut have = [0, 0];
        perform(&ready, |place| {
            let _ = ropes[place].hand_out();
            have[place] = came[place].load(Relaxed);
            have == [2, 1]
        });
        for ringer in ringers {
            ringer.join().unwrap();
        }
    });
}
