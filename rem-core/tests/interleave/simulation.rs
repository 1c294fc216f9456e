//! A small program for each seed: the seed chooses what it consists of, and what its threads do beside one another.
//!
//! Publishers, handlers that panic and that publish, a queue, a task that tries again, a child bus that is opened and closed,
//! subscriptions, streams and handles that are dropped under way, and a clock that jumps, back too. Whatever it is, each event is
//! accounted for at the end: who stayed has it once and in its publisher's order, or was told that it is lost; and no data is
//! left when the bus is gone. `cargo xtask campaign simulation` runs ten thousand seeds.

mod parts;
mod plan;

use std::env;
use std::ops::Range;

use rem_core::testing::interleave::Interleave;

use plan::Plan;

/// So many programs are an ordinary test.
const SEEDS: Range<u64> = 0..200;

#[test]
fn each_event_is_accounted_for_whatever_the_program() {
    let seeds = match env::var("REM_SEED") {
        Ok(text) => named(&text),
        Err(_) if cfg!(rem_shuttle) => SEEDS,
        Err(_) => 0..20,
    };
    let mut runs = 0;
    for seed in seeds {
        let plan = Plan::of(seed);
        let told = format!("{plan:?}");
        runs += Interleave::seeds(seed..seed + 1).find(move || parts::run(&plan)).unwrap_or_else(
            |failure| {
                panic!(
                    "{failure}\nthe program: {told}\nto see it again: REM_SEED={seed} RUSTFLAGS=\"--cfg rem_shuttle\" cargo test \
                     --target-dir target/interleave -p rem-core --test interleave -- --exact \
                     simulation::each_event_is_accounted_for_whatever_the_program"
                )
            },
        );
    }
    println!("{runs} runs");
}

/// Of `REM_SEED`: one, or a range.
fn named(text: &str) -> Range<u64> {
    let number = |text: &str| text.trim().parse().expect("REM_SEED is a number, or two with `..`");
    match text.split_once("..") {
        Some((from, to)) => number(from)..number(to),
        None => number(text)..number(text) + 1,
    }
}
