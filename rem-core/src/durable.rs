//! Durable subscriptions: a name keeps its position in a history that outlives the process, and goes on behind it.
//!
//! Such a subscription is in no route and has no queue: it follows the history page by page, as far as that is committed
//! (`follow.rs`), so that publishers never wait for it and one that is slow costs no memory. What was taken and is not handled
//! yet stands in `marks.rs`: the position is the number below which all is handled. Workers of a task take turns in reading
//! (`turns.rs`), a stream reads by itself (`stream.rs`). `names.rs` knows which names are in use.

mod builder;
mod follow;
#[cfg(all(test, rem_loom))]
mod loom;
mod marks;
mod name;
mod names;
mod positions;
mod progress;
mod resume;
mod stream;
mod turns;

pub use builder::DurableBuilder;
pub use name::DurableNameError;
pub use positions::{ForgetError, PositionReport};
pub use stream::DurableStream;

pub(crate) use follow::Follower;
pub(crate) use names::{Claim, Names};
pub(crate) use progress::Progress;
pub(crate) use turns::{Reading, Took, Turns};
