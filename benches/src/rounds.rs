//! Rounds: in each of them every contender has a turn, so that a slow moment of the machine is felt by all. What is told are
//! medians.

use std::fmt;
use std::time::{Duration, Instant};

use crate::results;

/// How many rounds are to be: as many as `REM_BENCH_ROUNDS` says, which `cargo xtask bench --rounds` sets, or as usual.
pub fn usual(rounds: usize) -> usize {
    let asked = std::env::var("REM_BENCH_ROUNDS").ok().and_then(|asked| asked.parse().ok());
    asked.filter(|rounds| *rounds > 0).unwrap_or(rounds)
}

/// One thing to measure.
pub struct Contender<'a> {
    name: String,
    /// Does it so often, and says how long that took.
    run: Box<dyn FnMut(u32) -> Duration + 'a>,
    /// How often a round does it.
    calls: u32,
}

impl<'a> Contender<'a> {
    /// A call with a number, which counts up. Of one that takes some 100 ns, 50,000 calls are 5 ms.
    pub fn new(name: impl Into<String>, calls: u32, mut call: impl FnMut(u64) + 'a) -> Self {
        let mut number = 0;
        Self::timed(name, calls, move |calls| {
            let start = Instant::now();
            for _ in 0..calls {
                number += 1;
                call(number);
            }
            start.elapsed()
        })
    }

    /// Something that takes its own time, for so many calls.
    pub fn timed(
        name: impl Into<String>,
        calls: u32,
        run: impl FnMut(u32) -> Duration + 'a,
    ) -> Self {
        Self { name: name.into(), run: Box::new(run), calls }
    }

    /// Sends with a number, so many in a burst, and receives each burst whole.
    pub fn bursts(
        name: impl Into<String>,
        (calls, burst): (u32, u32),
        mut send: impl FnMut(u64) + 'a,
        mut receive: impl FnMut() + 'a,
    ) -> Self {
        Self::timed(name, calls, move |calls| {
            let start = Instant::now();
            for sent in (0..calls).step_by(burst as usize) {
                for value in 0..burst.min(calls - sent) {
                    send(u64::from(value));
                }
                receive();
            }
            start.elapsed()
        })
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Does it so often, and says how long that took.
    pub fn run(&mut self, calls: u32) -> Duration {
        (self.run)(calls)
    }
}

impl fmt::Debug for Contender<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Contender").field(&self.name).finish()
    }
}

/// The medians of so many rounds, in nanoseconds a call, in the order of the contenders, kept for programs too. One round more
/// warms up.
///
/// # Panics
/// When the file for them cannot be written.
pub fn medians(contenders: &mut [Contender<'_>], rounds: usize) -> Vec<f64> {
    let medians = compare(contenders, rounds);
    for (contender, figure) in contenders.iter().zip(&medians) {
        results::median(contender.name(), *figure, "ns");
    }
    medians
}

/// The same for who keeps them in a form of his own.
pub fn compare(contenders: &mut [Contender<'_>], rounds: usize) -> Vec<f64> {
    let mut times = vec![Vec::with_capacity(rounds); contenders.len()];
    for round in 0..=rounds {
        for (contender, times) in contenders.iter_mut().zip(&mut times) {
            let took = contender.run(contender.calls);
            if round > 0 {
                times.push(took.as_secs_f64() * 1e9 / f64::from(contender.calls));
            }
        }
    }
    times.iter_mut().map(|times| median(times)).collect()
}

/// The value in the middle; of an even number, the upper one.
///
/// # Panics
/// Of none.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
