//! Tasks: subscriptions whose handler is async.
//!
//! The events of a task wait in a queue, as those of a stream do, and its readers are *workers*: as many futures as calls may
//! run at a time, given to a spawner once, when the task is made. A worker takes an event and awaits the handler's own
//! future, so that an event costs no spawn and no box. What a task's workers share is its [`Desk`]; what they do with an
//! event is in `worker.rs` and `call.rs`.
//!
//! With keys there is a *lane* for each key that is under way (`lanes.rs`): an event whose key is being handled is parked
//! behind that, and one whose key has dead letters goes behind those, so that the events of one key are handled one after
//! the other.

mod builder;
mod call;
mod carry;
mod crew;
mod dead_letter;
mod dead_letters;
mod desk;
mod job;
mod key;
mod lanes;
#[cfg(all(test, rem_loom))]
mod loom;
mod prepared;
mod retry;
mod spawner;
mod staff;
mod threads;
mod worker;

pub use builder::TaskBuilder;
pub use carry::carry;
pub use dead_letter::DeadLetter;
pub use dead_letters::{DeadLetterError, DeadLetters};
pub use key::TaskKey;
pub use retry::Retry;
pub use spawner::{Spawner, TaskFuture};

pub(crate) use call::{Attempt, polled_alone};
pub(crate) use desk::{Desk, TaskCounts};
pub(crate) use job::Job;
pub(crate) use prepared::Prepared;
pub(crate) use spawner::Spawners;
