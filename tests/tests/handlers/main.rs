//! Handlers that are declared in one place, through the facade alone.

mod arguments;
mod asynchronous;
mod asynchronous_ends;
mod asynchronous_failures;
mod block;
mod captured;
mod complete;
mod function;
mod hygiene;
mod keys;
mod lifetime;
mod support;
