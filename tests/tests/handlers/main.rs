//! Handlers that are declared in one place, through the facade alone.

mod arguments;
mod asynchronous;
mod asynchronous_ends;
mod asynchronous_failures;
mod block;
mod captured;
mod function;
mod hygiene;
mod lifetime;
mod support;
