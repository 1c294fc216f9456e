//! What the benchmarks share: the baselines, interleaved rounds with medians, bars, counts of instructions, and what of it all is kept
//! for programs.

#![forbid(unsafe_code)]

// Taken over as it is, layout and all.
#[rustfmt::skip]
#[path = "../peers/baseline.rs"]
#[expect(missing_docs, missing_debug_implementations, clippy::all, clippy::pedantic, clippy::unwrap_used, reason = "as above")]
pub mod baseline;
pub mod bars;
pub mod callgrind;
pub mod results;
pub mod rounds;
