//! The buses of several processes, joined.
#![forbid(unsafe_code)]

mod block;
#[cfg(feature = "testing")]
pub mod contract;
pub mod memory;
mod sync;
mod transport;
mod watched;

pub use transport::{
    Capabilities, Doing, FilterId, Parcel, Signal, Subject, SubjectError, SubjectFilter, Transport,
    TransportError, TransportErrorKind,
};
