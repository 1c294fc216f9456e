//! Projections and commands as their users have them.
#![expect(clippy::unwrap_used, reason = "helpers of tests, where a panic is the failure")]

mod append;
mod changed;
mod commands;
mod failures;
#[cfg(feature = "journal")]
mod journal;
mod live;
mod rebuild;
mod scenarios;
mod support;
mod travel;
