//! The store of the journal, as the journal uses it.
#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test")]

#[expect(dead_code, reason = "these tests use a part of it")]
mod disk;
mod support;

mod append;
mod index;
mod retention;
mod failure;
mod threads;
