//! The inspector over real HTTP on this machine: every route, streams, who is let in, and what is not given away.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

mod support;

mod routes;
mod mistakes;
mod story;
mod listeners;
mod streams;
mod slow;
mod attached;
mod security;
mod replays;
#[cfg(feature = "projections")]
mod projections;
mod feeds;
mod journals;
mod ends;
mod document;
