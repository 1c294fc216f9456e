//! [`Level`]: what an export promises, by name.

use std::fmt;

/// What becomes of an event that leaves when a connection is lost or a process ends. Each export has one; of several that select
/// an event, the highest counts.
///
/// | level | `publish` returns when | may be lost | may come twice |
/// | --- | --- | --- | --- |
/// | `Fast` | subscribers here have it | whatever is on its way, and what does not fit into the queue | if the broker repeats it, behind the window of who imports it |
/// | `Durable` | the journal has taken it, and when that promises so, has it on the disk | what the journal loses in a crash, by its `Durability`, or lets go unsent, by its retention | behind the window of the broker, and that of who imports it |
/// | `Replicated` | as `Durable`; refused while there is no connection. [`Mesh::replicated`](crate::Mesh::replicated) is ready when the broker has acknowledged it | as `Durable`, and nothing once that is ready | as `Durable` |
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub enum Level {
    /// Sent as soon as it is published, and not again.
    #[default]
    Fast,
    /// Kept in the bus's journal and sent from there, again and again until the broker has acknowledged it; also what was published
    /// while there was no connection, and by a process that is gone.
    Durable,
    /// The same, of events that are not to be published at all while nobody could acknowledge them. Who publishes waits for the
    /// broker's acknowledgement by [`Mesh::replicated`](crate::Mesh::replicated).
    ///
    /// That is no part of `publish`, for when the broker answers the event has its number and its subscribers here have it:
    /// an error of `publish` says that it was not published and gives it back, and this could not.
    Replicated,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fast => "Fast",
            Self::Durable => "Durable",
            Self::Replicated => "Replicated",
        })
    }
}
