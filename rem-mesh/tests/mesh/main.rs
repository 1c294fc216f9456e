//! Several buses in one process, joined over a broker in memory.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod again;
mod bridges;
mod consume;
mod durable;
mod ends;
mod faults;
mod hostile;
mod interest;
mod sameness;
mod support;
