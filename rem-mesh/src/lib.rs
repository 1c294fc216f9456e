//! The buses of several processes, joined over any transport.
#![forbid(unsafe_code)]

mod block;
mod builder;
#[cfg(feature = "testing")]
pub mod contract;
mod error;
mod home;
mod imports;
mod inbound;
mod interest;
mod keeper;
#[cfg(all(test, rem_loom))]
mod loom;
pub mod memory;
mod mesh;
mod outbound;
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
pub use error::{JoinError, JoinErrorKind};
pub use imports::Import;
pub use mesh::{LeaveReport, Mesh};
pub use settled::{Settled, SettledError, SettledErrorKind};
pub use stats::{MeshStats, Refusal};
pub use told::MeshEvent;
pub use transport::{
    Capabilities, Doing, FilterId, Parcel, Signal, Subject, SubjectError, SubjectFilter, Transport,
    TransportError, TransportErrorKind,
};
pub use wire::Mode;
