//! Signals whose receivers come to last and go while others send.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use rem::Signal;

use crate::repeat;

const SENDERS: usize = 2;
const LASTING: u64 = 20;

/// Receivers that are detached one after another, each behind one with a guard that goes: whoever sends has them in their
/// order, each once, never fewer than before, and what a guard held is dropped when it has gone.
#[test]
fn receivers_that_last_are_called_each_once_beside_those_that_go() {
    repeat("receivers_that_last_are_called_each_once_beside_those_that_go", |_| {
        let signal: Signal<(), Option<u64>> = Signal::new();
        let (done, sends) = (AtomicU64::new(0), AtomicU64::new(0));
        thread::scope(|scope| {
            for _ in 0..SENDERS {
                scope.spawn(|| {
                    let mut most = 0;
                    while most < LASTING {
                        let at_least = done.load(Ordering::Acquire);
                        let called = signal.send(&()).unwrap().into_values().flatten();
                        let called: Vec<_> = called.collect();
                        let count = called.len() as u64;
                        assert_eq!(called, (0..count).collect::<Vec<_>>());
                        assert!(count >= most.max(at_least), "{count} after {most} and {at_least}");
                        most = count;
                        sends.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            scope.spawn(|| {
                for number in 0..LASTING {
                    let held = Arc::new(());
                    let also = Arc::clone(&held);
                    let guarded = signal.connect(move |()| {
                        let _ = &also;
                        None
                    });
                    signal.connect(move |()| Some(number)).detach();
                    done.store(number + 1, Ordering::Release);
                    drop(guarded);
                    // A send that had begun lets it go when it is over; there is no other that could keep it.
                    while Arc::strong_count(&held) > 1 {
                        thread::yield_now();
                    }
                }
            });
        });
        sends.into_inner()
    });
}
