//! Without `--cfg rem_shuttle`: threads of the system, which no seed fixes.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use super::Failure;
use crate::deliver::isolate;

thread_local! {
    /// Where the threads of a run tell that they panicked; the run lasts until all have let it go.
    static FAILED: RefCell<Option<Sender<Box<str>>>> = const { RefCell::new(None) };
}

pub(super) fn explore(
    seeds: Range<u64>,
    _: Option<usize>,
    body: impl Fn() + Send + Sync + 'static,
) -> Result<u64, Failure> {
    assert!(FAILED.with_borrow(Option::is_none), "an `Interleave` runs within another");
    let (body, mut runs) = (Arc::new(body), 0);
    for seed in seeds {
        let (failed, failures) = channel();
        let body = Arc::clone(&body);
        drop(start(Some(failed), move || body()));
        // To the end, so that no thread of this run is there when the next begins.
        let all: Vec<_> = failures.into_iter().collect();
        if let Some(message) = all.into_iter().next() {
            return Err(Failure { seed, message });
        }
        runs += 1;
    }
    Ok(runs)
}

pub(super) fn spawn<R: Send + 'static>(
    run: impl FnOnce() -> R + Send + 'static,
) -> thread::JoinHandle<R> {
    start(FAILED.with_borrow(Clone::clone), run)
}

fn start<R: Send + 'static>(
    failed: Option<Sender<Box<str>>>,
    run: impl FnOnce() -> R + Send + 'static,
) -> thread::JoinHandle<R> {
    thread::spawn(move || {
        FAILED.set(failed.clone());
        let result = isolate(run);
        FAILED.set(None);
        match (result, failed) {
            (Ok(result), _) => result,
            (Err(message), failed) => {
                if let Some(failed) = failed {
                    // Nobody listens only where the run is over.
                    let _ = failed.send(message.clone());
                }
                std::panic::resume_unwind(Box::new(String::from(message)))
            }
        }
    })
}

pub(super) fn to_repeat(_: &Failure, _: Option<&str>) -> String {
    "nothing was fixed, for it ran on threads of the system; to have seeds fix what threads do: RUSTFLAGS=\"--cfg rem_shuttle\" \
     cargo test --target-dir target/interleave --test FILE"
        .to_owned()
}
