//! [`Turn`]: of many who call, one does the work, and no call is left undone.

use crate::sync::{AtomicUsize, Ordering};

/// How many have called since nobody works. Whoever finds none works, until nobody has called meanwhile: so the work is done by one
/// at a time, behind each call once at least, nobody waits, and a call out of the work itself is one more.
#[derive(Debug, Default)]
pub struct Turn(AtomicUsize);

impl Turn {
    /// Has the work done, by this thread or by whoever is at it.
    pub fn call(&self, mut work: impl FnMut()) {
        if self.0.fetch_add(1, Ordering::AcqRel) > 0 {
            return;
        }
        loop {
            let seen = self.0.load(Ordering::Acquire);
            work();
            if self.0.compare_exchange(seen, 0, Ordering::AcqRel, Ordering::Acquire).is_ok() {
                return;
            }
        }
    }
}

#[cfg(all(test, not(rem_loom)))]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;
    use std::sync::atomic::AtomicBool;
    use std::thread;

    use super::*;

    #[test]
    fn whatever_was_put_before_a_call_is_taken_by_one_at_a_time_in_its_order() {
        const THREADS: u32 = 4;
        const EACH: u32 = 5_000;
        for _ in 0..5 {
            let (turn, queue, taken) =
                (Turn::default(), Mutex::new(VecDeque::new()), Mutex::new(Vec::new()));
            let is_busy = AtomicBool::new(false);
            let work = || {
                assert!(!is_busy.swap(true, Ordering::SeqCst), "two work at once");
                loop {
                    let Some(one) = queue.lock().unwrap().pop_front() else { break };
                    taken.lock().unwrap().push(one);
                }
                is_busy.store(false, Ordering::SeqCst);
            };
            thread::scope(|scope| {
                for number in 0..THREADS {
                    let (turn, queue) = (&turn, &queue);
                    scope.spawn(move || {
                        for at in 0..EACH {
                            queue.lock().unwrap().push_back((number, at));
                            turn.call(work);
                        }
                    });
                }
            });
            // Nobody calls any more, and nothing is left.
            let taken = taken.into_inner().unwrap();
            assert_eq!(taken.len(), (THREADS * EACH) as usize);
            for number in 0..THREADS {
                let own = taken.iter().filter(|(thread, _)| *thread == number).map(|(_, at)| *at);
                assert!(own.eq(0..EACH), "those of thread {number} are out of order");
            }
        }
    }

    #[test]
    fn a_call_out_of_the_work_has_it_done_once_more() {
        let (turn, mut times) = (Turn::default(), 0);
        turn.call(|| {
            times += 1;
            if times < 3 {
                turn.call(|| unreachable!("whoever is at it does it"));
            }
        });
        assert_eq!(times, 3);
    }
}
