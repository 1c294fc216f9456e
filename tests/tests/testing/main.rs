//! `rem::testing` as its users have it: what an expectation says when it does not hold, waits, texts, fixtures.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

mod expect;
mod first;
mod fixture;
mod support;
mod text;
mod wait;
