//! Failures of servers, cables and processes under a mesh as its user has it: while events are published, something is killed, cut,
//! held or filled; then what came is held against a ledger of all that was published.
//!
//! Each case has a number, F1 to F15, by which `docs/promises.md` says what holds then; F11 is in `tests/tests/mesh/disk.rs`, for it needs no
//! server, and F15 in the step `interop`, for it needs Python and Node.js. They are short here. With `REM_FAULTS=full` they take as
//! long as a campaign has: `cargo xtask campaign faults`, which reads the line that each case says at its end.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what a case did, and how far it is"
)]

mod again;
mod bridges;
mod deaths;
mod floor;
mod ledger;
mod partitions;
mod readers;
mod rig;
mod servers;
