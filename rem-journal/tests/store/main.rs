//! The store of the journal, as the journal uses it.
#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test")]

mod disk;
mod support;

mod append;
mod index;
mod retention;
mod failure;
