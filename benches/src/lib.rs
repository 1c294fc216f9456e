//! What the benchmarks share: the baselines, interleaved rounds with medians, bars, and counts of instructions.

#![forbid(unsafe_code)]

// Taken over as it is, layout and all.
#[rustfmt::skip]
#[path = "../peers/baseline.rs"]
#[expect(missing_docs, missing_debug_implementations, clippy::all, clippy::pedantic, clippy::unwrap_used, reason = "as above")]
pub mod baseline;
pub mod bars;
pub mod callgrind;
pub mod rounds;
