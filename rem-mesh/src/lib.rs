//! The buses of several processes, joined: what one exports another imports, as far as somebody listens. Most programs use it
//! through the facade, the package `rem-bus`, as `rem::mesh` (feature `mesh`); the page `rem::guides::mesh` goes through it.
//!
//! A [`Mesh`] is a bus that has joined. A [`Transport`] carries its events: a trait without a runtime, with its promises written
//! down, and a suite (`contract`, feature `testing`) that holds transports to them. [`memory`] is one within the process, with
//! faults by a seed.
//!
//! # Levels
//! There is one today, *Fast*: what is lost is counted and told, and not repaired. Two more are designed and not built:
//!
//! - *Durable*: an event that is to leave is noted in the journal, in the commit that stores it, as due to a mesh. A pump reads what
//!   is due by a durable subscription, so that it goes on behind its position after a crash, has a bounded number in flight, and
//!   notes what the transport has acknowledged. An answer that did not come is an event that is sent again with its own id, which
//!   the broker and every receiver's window tell apart. On failure it goes back to the first that is not acknowledged, so that the
//!   order of a source stays. What is due is bounded by bytes and number; what happens at the bound is said by who joins: refuse the
//!   publish, or let the oldest go and tell it.
//! - *Replicated*: a publish that is ready when the broker has acknowledged it.
//!
//! What they need that is not here: a transport that acknowledges what is stored (`Transport::publish` is ready when the transport
//! has it, and would take the level asked for), parcels that are acknowledged when their event is handled, and a mark of the event's
//! home in the journal: today what came from elsewhere is known by a window in memory, which a journal outlives.
#![forbid(unsafe_code)]

mod block;
mod builder;
mod consume;
#[cfg(feature = "testing")]
pub mod contract;
mod error;
mod home;
mod imports;
mod inbound;
mod interest;
mod keeper;
mod level;
#[cfg(all(test, rem_loom))]
mod loom;
pub mod memory;
mod mesh;
mod outbound;
mod outbox;
mod past;
mod replicated;
mod settled;
mod state;
mod stats;
mod sync;
mod told;
mod transport;
mod watched;
mod window;
mod wire;
mod work;

pub use builder::MeshBuilder;
pub use consume::{Consumer, MeshDeadLetter};
pub use error::{JoinError, JoinErrorKind};
pub use imports::Import;
pub use level::Level;
pub use mesh::{LeaveReport, Mesh};
pub use outbox::{Outbox, WhenFull};
pub use past::{MeshPast, PastEvent};
pub use replicated::{Replicated, ReplicatedError, ReplicatedErrorKind};
pub use settled::{Settled, SettledError, SettledErrorKind};
pub use stats::{MeshStats, Refusal};
pub use told::MeshEvent;
pub use transport::{
    Answer, Capabilities, ConsumerId, ConsumerSpec, Consuming, Delivery, Doing, FilterId,
    HistoryAsk, HistoryPage, Incoming, Parcel, Stored, StoredParcel, Storing, StreamSpec,
    StreamStart, StreamState, Streams, Subject, SubjectError, SubjectFilter, Ticket, Transport,
    TransportError, TransportErrorKind,
};
pub use wire::Mode;
