//! Queues: events that wait for a reader who takes them in its own time.
//!
//! A queue stands between the threads that publish and one reader. It is bounded, and what happens when it is full is
//! said when it is made: its [`Overflow`]. Two of the answers, to wait and to refuse, come before the event has a number:
//! the route step takes a *seat* in each such queue, and gives them all back if one is full, so that a publish that
//! fails has left nothing anywhere. The others lose an event, which the reader is told as a value, [`Lagged`].
//!
//! The events of a queue stand in the order of their sequence numbers, whoever came first. One that comes when a later
//! one has been lost already is lost too: so the range of a [`Lagged`] never encloses an event that was delivered.
//!
//! No user code runs under a queue's lock: keys and wakers are made before it is taken, and what goes is dropped and who
//! waits is woken when it is free again. Checked by loom (`queue/loom.rs`).

mod channel;
mod drains;
mod items;
#[cfg(all(test, rem_loom))]
mod loom;
mod losses;
mod notes;
mod overflow;
mod stats;
mod stream;
mod wait;

pub use losses::Lagged;
pub use overflow::{Key, Overflow};
pub use stats::QueueStats;
pub use stream::{EventStream, Iter, Recovered, Recv, TryRecvError};

pub(crate) use channel::{Channel, Seat, Sent, Taken, Work};
pub(crate) use wait::{Deadline, Waited, Waits};
