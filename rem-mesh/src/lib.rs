//! The buses of several processes, joined: what one exports another imports, as far as somebody listens. Most programs use it
//! through the facade, the package `rem-bus`, as `rem::mesh` (feature `mesh`); the page `rem::guides::mesh` goes through it.
//!
//! A [`Mesh`] is a bus that has joined. A [`Transport`] carries its events: a trait without a runtime, with its promises written
//! down, and a suite (`contract`, feature `testing`) that holds transports to them. [`memory`] is one within the process, with
//! faults by a seed.
//!
//! # Levels
//! Each export has a [`Level`]: *Fast*, where what is lost is counted and told, and not repaired; *Durable*, sent from the bus's journal
//! until the broker has acknowledged it ([`Outbox`]); *Replicated*, the same of what is not to be published while nobody could acknowledge
//! it, with an acknowledgement to wait for ([`Mesh::replicated`]). An [import](Import::durable) may come from the broker's stream, which
//! gives it again until it is published here, and [`Mesh::past`] reads that stream. What may come twice does so outside of a window, and
//! each level says how large that is.
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
mod turn;
mod watched;
mod window;
mod wire;
mod work;

/// What transports of ours share. No promise is made of it.
#[doc(hidden)]
pub mod __private {
    pub use crate::turn::Turn;
}

pub use builder::MeshBuilder;
pub use consume::{Consumer, MeshDeadLetter};
pub use error::{JoinError, JoinErrorKind};
pub use imports::Import;
pub use interest::subjects_for;
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
