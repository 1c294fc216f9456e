//! Tests of what threads do beside one another, with the interleaving fixed by a seed: the same seed, the same run, to the last
//! step.
//!
//! [`Interleave`] runs a body once for each of a range of seeds. In a build with `--cfg rem_shuttle` the bus's locks and atomics
//! are those of [shuttle](https://docs.rs/shuttle), which runs one thread at a time and lets the seed decide, at each of them,
//! which goes on. It is the real bus, with everything it has: handlers, queues, tasks, middleware, history, signals.
//!
//! ```
//! use rem_core::testing::interleave::{self, Interleave};
//! use rem_core::testing::{Recorder, TestBus};
//! # use rem_core::{EventType, EventSchema, Schema, TopicWriter};
//! # #[derive(Debug, Clone, PartialEq)]
//! # struct Paid { till: u64, order: u64 }
//! # impl EventType for Paid {
//! #     const SCHEMA: Schema = Schema::new("Paid", "order", &[EventSchema::new("Paid", "paid", &[])]);
//! #     fn leaf(&self) -> usize { 0 }
//! #     fn write_topic(&self, out: &mut TopicWriter) -> std::fmt::Result { out.literal("paid") }
//! # }
//!
//! Interleave::seeds(0..50).run(|| {
//!     let test = TestBus::new();
//!     let recorder = Recorder::new(&test.bus);
//!     let tills = [0, 1].map(|till| {
//!         let bus = test.bus.clone();
//!         interleave::spawn(move || (1..=3).all(|order| bus.publish(Paid { till, order }).is_ok()))
//!     });
//!     for till in tills {
//!         assert!(till.join().is_ok_and(|published| published));
//!     }
//!     let events = recorder.events();
//!     let paid = events.iter().filter_map(|event| event.downcast_ref::<Paid>());
//!     let (one, other): (Vec<_>, Vec<_>) = paid.map(|event| &event.data).partition(|paid| paid.till == 0);
//!     for till in [one, other] {
//!         assert!(till.iter().map(|paid| paid.order).eq(1..=3), "{recorder}");
//!     }
//! });
//! ```
//!
//! # How to run it
//! ```sh
//! RUSTFLAGS="--cfg rem_shuttle" cargo test --target-dir target/interleave --test interleave
//! ```
//! With the flag whatever uses a bus has to run within [`Interleave::run`], for shuttle's locks work nowhere else. So keep these
//! tests in a file of their own, as here `tests/interleave.rs`, and a directory of their own for what is built.
//!
//! Without the flag the same tests run on threads of the system, the body once for each seed: an ordinary test under a little
//! stress, in which nothing is fixed. The text of a failure says which of the two it was.
//!
//! # What a failure says
//! The seed, what went wrong, and the line that repeats it, in which `REM_SEED` stands in for the seeds of every
//! [`run`](Interleave::run): one, `REM_SEED=17`, or a range, `REM_SEED=1000..2000`, to try others than a test names.
//!
//! It is a failure when a thread panics, unless the bus catches it as a handler's; when all wait for one another; and when a run
//! takes more than a million steps, as with a loop that waits for something and does not [`yield_now`].
//!
//! # What is fixed
//! Which thread goes on, wherever one takes a lock, changes an atomic, starts, ends, waits or wakes another: those of the bus,
//! and of the body where it takes them from here: [`spawn`], [`block_on`], [`yield_now`] and what is in [`sync`]. Of the standard
//! library's threads and of runtimes like tokio's the scheduler knows nothing, and a lock of the standard library that is held
//! while another thread waits for it, hangs. An `Arc`, a lock that is held over no call of the bus, and a task of the bus that runs
//! on its own threads need no care.
//!
//! Limits of waiting have a time of their own: it stands still as long as any thread can go on, and then moves to the next limit
//! or retry. So a limit is reached only where nothing else could have happened, and `Duration::from_secs(60)` takes no time.
//!
//! Ids and times of events are as anywhere: take a [`TestBus`](super::TestBus) to have them the same as well. Random numbers and the
//! order of a `HashMap` that the body asks for are its own to fix.
//!
//! # What is not found
//! Atomics are in one order for all threads, as if each was `SeqCst`: what only weaker orderings allow is not seen here.

#[cfg(not(rem_shuttle))]
mod free;
#[cfg(rem_shuttle)]
mod seeded;
pub mod sync;

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::ops::Range;
use std::pin::pin;
use std::task::{Context, Poll};

#[cfg(not(rem_shuttle))]
use free as by;
#[cfg(rem_shuttle)]
use seeded as by;

use crate::sync::{park, thread_waker};

/// The environment's say in which seeds are run.
const SEED: &str = "REM_SEED";

/// Runs a body once for each seed, which fixes what its threads do beside one another. See the [module](self).
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "nothing runs until `run` or `find`"]
pub struct Interleave {
    seeds: Range<u64>,
    preemptions: Option<usize>,
}

impl Interleave {
    /// These seeds. Each lets a thread go on, at every step, that is chosen evenly from those that can.
    ///
    /// A hundred or two find most of what two or three threads can do wrong in a few steps.
    pub const fn seeds(seeds: Range<u64>) -> Self {
        Self { seeds, preemptions: None }
    }

    /// Lets a thread run as long as it can, but for so many places, chosen by the seed, at which it is interrupted: probabilistic
    /// concurrency testing (PCT). It finds in long bodies what needs few interruptions, each at its place.
    ///
    /// The body runs twice for each seed: the first run counts the steps.
    pub const fn preempted(self, times: usize) -> Self {
        Self { preemptions: Some(times), ..self }
    }

    /// Runs the body with each seed, and ends with the first that fails. Gives how often the body ran.
    ///
    /// # Panics
    /// With the seed, what went wrong and the line that repeats it. When `REM_SEED` is neither a number nor a range; within
    /// another [`run`](Self::run).
    #[track_caller]
    pub fn run(self, body: impl Fn() + Send + Sync + 'static) -> u64 {
        let Self { seeds, preemptions } = self;
        let seeds = match std::env::var(SEED) {
            Ok(text) => named(&text).unwrap_or_else(|error| panic!("{error}")),
            Err(_) => seeds,
        };
        (Self { seeds, preemptions }).find(body).unwrap_or_else(|failure| {
            panic!("{failure}\n{}", by::to_repeat(&failure, std::thread::current().name()))
        })
    }

    /// The same, with the first failure as a value. It takes no note of `REM_SEED`.
    ///
    /// # Errors
    /// The first seed that fails.
    ///
    /// # Panics
    /// Within another [`run`](Self::run).
    pub fn find(self, body: impl Fn() + Send + Sync + 'static) -> Result<u64, Failure> {
        by::explore(self.seeds, self.preemptions, body)
    }
}

/// A seed that fails, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    seed: u64,
    message: Box<str>,
}

impl Failure {
    /// The seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The text of the panic, or what else ended the run.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {} fails: {}", self.seed, self.message)
    }
}

impl Error for Failure {}

/// The seeds that a text names: one, or a range.
fn named(text: &str) -> Result<Range<u64>, String> {
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let seeds = match text.split_once("..") {
        Some((from, to)) => number(from).zip(number(to)).map(|(from, to)| from..to),
        None => number(text).and_then(|seed| Some(seed..seed.checked_add(1)?)),
    };
    let seeds = seeds.filter(|seeds| !seeds.is_empty());
    seeds.ok_or_else(|| {
        format!("{SEED} is {text:?}; write a number, `{SEED}=17`, or a range, `{SEED}=1000..2000`")
    })
}

/// Starts a thread, which the seed gives its turns.
///
/// A run lasts until the last of its threads has ended, and fails when one of them panics, joined or not.
///
/// # Panics
/// In a build with `--cfg rem_shuttle`, outside of [`Interleave::run`].
pub fn spawn<R: Send + 'static>(run: impl FnOnce() -> R + Send + 'static) -> JoinHandle<R> {
    JoinHandle(by::spawn(run))
}

/// A thread that was [`spawn`]ed, to be waited for.
#[derive(Debug)]
pub struct JoinHandle<R>(crate::sync::JoinHandle<R>);

impl<R> JoinHandle<R> {
    /// Waits until it has ended.
    ///
    /// # Errors
    /// What it panicked with.
    pub fn join(self) -> std::thread::Result<R> {
        self.0.join()
    }
}

/// Lets other threads go on: in every loop that waits for what another does, and wherever they may come in between.
pub fn yield_now() {
    crate::sync::yield_now();
}

/// Waits in this thread for a future, as a runtime's `block_on` does.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let (mut future, waker) = (pin!(future), thread_waker());
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => park(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_named_by_a_number_or_a_range() {
        assert_eq!(named("17"), Ok(17..18));
        assert_eq!(named(" 1000..2000 "), Ok(1000..2000));
        for text in ["", "x", "-1", "3..3", "4..3", "1..", "..2", "18446744073709551615", "1..=2"] {
            let error = named(text).unwrap_err();
            assert!(
                error.contains(&format!("{text:?}")) && error.contains("REM_SEED=17"),
                "{error}"
            );
        }
    }
}
