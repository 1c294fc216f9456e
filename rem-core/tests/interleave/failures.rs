//! That a fault is found, told with its seed, and comes again with it.

use std::panic::catch_unwind;
use std::sync::Arc;

use rem_core::Event;
use rem_core::testing::interleave::sync::Mutex;
use rem_core::testing::interleave::{Interleave, spawn};
use rem_core::testing::{Recorder, TestBus};

use crate::{Tick, join};

/// A program with a fault: it sells one ticket, by looking whether it is sold, publishing that it is, and noting that in a
/// handler. Two sellers may both look before either has noted it. Gives what was published.
fn sell(sellers: u64) -> String {
    let test = TestBus::new();
    let recorder = Recorder::new(&test.bus);
    let sold = Arc::new(Mutex::new(0));
    let note = Arc::clone(&sold);
    let _sub = test.bus.on(move |_: &Event<Tick>| *note.lock().unwrap() += 1);
    let sell = |publisher| {
        let (bus, sold) = (test.bus.clone(), Arc::clone(&sold));
        spawn(move || {
            for number in 0..2 {
                let is_sold = *sold.lock().unwrap() > 0;
                if !is_sold {
                    bus.publish(Tick::Of { publisher, number }).unwrap();
                }
            }
        })
    };
    // All are started before one is waited for.
    join((0..sellers).map(sell).collect::<Vec<_>>());
    recorder.to_string()
}

fn check(history: &str) {
    assert_eq!(history.lines().count(), 1, "sold more than once:\n{history}");
}

/// Threads of the system may or may not show it; either way the text says what it is worth.
#[cfg(not(rem_shuttle))]
#[test]
fn what_ran_on_threads_of_the_system_says_so() {
    let body = || {
        let beside = spawn(|| assert!(Vec::<u64>::new().is_empty()));
        let fails = spawn(|| panic!("by design"));
        assert!(fails.join().is_err());
        beside.join().unwrap();
    };
    let failure = Interleave::seeds(7..9).find(body).unwrap_err();
    assert_eq!((failure.seed(), failure.message()), (7, "by design"), "joined or not, it fails");
    let panic = catch_unwind(|| Interleave::seeds(7..9).run(body)).unwrap_err();
    let text = panic.downcast_ref::<String>().unwrap();
    assert!(text.starts_with("seed 7 fails: by design\nnothing was fixed"), "{text}");
    assert!(text.contains("--cfg rem_shuttle"), "{text}");
    assert_eq!(Interleave::seeds(0..3).find(|| check(&sell(1))), Ok(3));
}

#[cfg(rem_shuttle)]
mod seeded {
    use std::time::Duration;

    use rem_core::{EventStream, Overflow};

    use super::*;

    /// What a fault's run published, and the failure that it is.
    fn find(seeds: Interleave) -> (rem_core::testing::interleave::Failure, String) {
        let last = Arc::new(std::sync::Mutex::new(String::new()));
        let kept = Arc::clone(&last);
        let failure = seeds.find(move || {
            let history = sell(2);
            kept.lock().unwrap().clone_from(&history);
            check(&history);
        });
        let history = last.lock().unwrap().clone();
        (failure.unwrap_err(), history)
    }

    #[test]
    fn a_fault_is_found_and_its_seed_shows_it_again() {
        for form in [|seeds| seeds, |seeds: Interleave| seeds.preempted(2)] {
            let (failure, history) = find(form(Interleave::seeds(0..50)));
            assert!(failure.message().contains("sold more than once"), "{failure}");
            let seed = failure.seed();
            for _ in 0..3 {
                let again = find(form(Interleave::seeds(seed..seed + 1)));
                assert_eq!(again, (failure.clone(), history.clone()));
            }
        }
    }

    #[test]
    fn a_failure_names_its_seed_and_how_to_repeat_it() {
        let run = || Interleave::seeds(0..50).run(|| check(&sell(2)));
        let (failure, _) = find(Interleave::seeds(0..50));
        let panic = catch_unwind(run).unwrap_err();
        let text = panic.downcast_ref::<String>().unwrap();
        assert!(text.starts_with(&failure.to_string()), "{text}");
        let line = format!(
            "to see it again: REM_SEED={} RUSTFLAGS=\"--cfg rem_shuttle\" cargo test --target-dir target/interleave -- --exact \
             failures::seeded::a_failure_names_its_seed_and_how_to_repeat_it",
            failure.seed()
        );
        assert!(text.ends_with(&line), "{text}");
    }

    /// Each seed is an interleaving of its own, and the same in every run.
    #[test]
    fn seeds_fix_the_interleaving_and_differ() {
        let order = |seed: u64| {
            let last = Arc::new(std::sync::Mutex::new(String::new()));
            let kept = Arc::clone(&last);
            let runs = Interleave::seeds(seed..seed + 1).find(move || {
                let test = TestBus::new();
                let recorder = Recorder::new(&test.bus);
                join(crate::publishers(&test.bus, 3, 3));
                *kept.lock().unwrap() = recorder.to_string();
            });
            assert_eq!(runs, Ok(1));
            last.lock().unwrap().clone()
        };
        let orders: Vec<_> = (0..20).map(order).collect();
        assert_eq!(orders, (0..20).map(order).collect::<Vec<_>>());
        let distinct: std::collections::BTreeSet<_> = orders.iter().collect();
        assert!(distinct.len() > 10, "{} of 20", distinct.len());
    }

    #[test]
    fn threads_that_wait_for_one_another_are_told() {
        let body = || {
            let locks = Arc::new((Mutex::new(()), Mutex::new(())));
            let other = Arc::clone(&locks);
            let thread = spawn(move || {
                let _second = other.1.lock().unwrap();
                let _first = other.0.lock().unwrap();
            });
            let first = locks.0.lock().unwrap();
            let second = locks.1.lock().unwrap();
            drop((first, second));
            thread.join().unwrap();
        };
        let failure = Interleave::seeds(0..50).find(body).unwrap_err();
        assert!(failure.message().starts_with("deadlock!"), "{failure}");
    }

    /// Limits come when nothing else can happen, in no time, the nearest first.
    #[test]
    fn limits_take_no_time() {
        crate::run(|| {
            let test = TestBus::new();
            let order = Arc::new(Mutex::new(Vec::new()));
            let waiters = [3, 1, 2].map(|days| {
                let (bus, order) = (test.bus.clone(), Arc::clone(&order));
                spawn(move || {
                    let queue = bus.subscription("tick").queue(1, Overflow::Reject);
                    let mut stream: EventStream<Tick> = queue.stream().unwrap();
                    let limit = Duration::from_secs(days * 86_400);
                    assert!(stream.recv_timeout(limit).is_err());
                    order.lock().unwrap().push(days);
                })
            });
            join(waiters);
            assert_eq!(*order.lock().unwrap(), [1, 2, 3]);
            Recorder::new(&test.bus).assert_quiet(Duration::from_secs(86_400));
        });
    }

    #[test]
    fn one_within_another_is_refused() {
        let failure =
            Interleave::seeds(3..4).find(|| drop(Interleave::seeds(0..1).find(|| ()))).unwrap_err();
        assert!(failure.message().contains("within another"), "{failure}");
    }
}
