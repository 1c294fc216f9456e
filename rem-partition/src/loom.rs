//! The protocols that threads share, under loom: every interleaving, up to a bound.
//!
//! `RUSTFLAGS="--cfg rem_loom" cargo test -p rem-partition --release --lib loom`, or `cargo xtask loom`.

mod growing;

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use loom::model::Builder;
use loom::thread::{self, JoinHandle};

use crate::crew::Crew;
use crate::ready::Ready;
use crate::state::{State, States};

fn model(case: impl Fn() + Send + Sync + 'static) {
    let mut builder = Builder::new();
    if builder.preemption_bound.is_none() {
        builder.preemption_bound = Some(2);
    }
    builder.check(case);
}

/// Workers that take ranks, called as those of a run are. What is counted is not loom's: it is looked at when all are gone.
struct Shop {
    ready: Ready,
    crew: Crew,
    taken: [AtomicUsize; 4],
    workers: Mutex<Vec<JoinHandle<()>>>,
}

impl Shop {
    fn put(self: &Arc<Self>, rank: u32) {
        self.ready.put(rank);
        self.ring();
    }

    fn ring(self: &Arc<Self>) {
        if self.crew.join() {
            let shop = Arc::clone(self);
            let worker = thread::spawn(move || shop.work());
            self.workers.lock().unwrap().push(worker);
        }
    }

    fn work(self: &Arc<Self>) {
        loop {
            while let Some(taken) = self.ready.take() {
                if taken.ring {
                    self.ring();
                }
                self.taken[taken.rank as usize].fetch_add(1, SeqCst);
            }
            if self.crew.rest(|| self.ready.is_empty()) {
                return;
            }
        }
    }
}

#[test]
fn each_rank_is_taken_once_and_none_is_left_while_a_worker_rests() {
    // In one word of the tree, and in two; for a worker who must not rest, and for two beside one another.
    for (ranks, most) in [([1, 0], 1), ([3, 0], 1), ([1, 0], 2), ([3, 0], 2)] {
        model(move || {
            let shop = Arc::new(Shop {
                ready: Ready::new(4),
                crew: Crew::new(most),
                taken: Default::default(),
                workers: Mutex::default(),
            });
            for rank in ranks {
                shop.put(rank);
            }
            loop {
                let worker = shop.workers.lock().unwrap().pop();
                let Some(worker) = worker else { break };
                worker.join().unwrap();
            }
            for (rank, taken) in shop.taken.iter().enumerate() {
                let wanted = usize::from(ranks.iter().any(|put| *put as usize == rank));
                assert_eq!(taken.load(SeqCst), wanted, "rank {rank}");
            }
        });
    }
}

#[test]
fn who_completes_the_last_dependency_makes_a_unit_ready_unless_it_was_cancelled() {
    model(|| {
        let states = Arc::new(States::new([0, 0, 2].into_iter()));
        let completes = |unit: u32| {
            let states = Arc::clone(&states);
            thread::spawn(move || {
                assert!(states.is_first(unit));
                assert!(states.change(unit, State::Ready, State::Completed));
                states.one_less(2)
            })
        };
        let (first, second) = (completes(0), completes(1));
        let cancelled = states.cancel(2);
        let made = [first.join().unwrap(), second.join().unwrap()];
        let ready = made.iter().filter(|made| **made).count();
        match cancelled {
            Some(State::Waiting) => assert_eq!(ready, 0),
            Some(State::Ready) => assert_eq!(ready, 1),
            other => panic!("{other:?}"),
        }
        assert_eq!(states.get(2), State::Cancelled);
    });
}
