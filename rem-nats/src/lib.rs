//! The mesh of REM over NATS. Most programs use it through the facade, the package `rem-bus`, as `rem::nats` (feature `nats`); the
//! page `rem::guides::nats` goes through it.
//!
//! A [`NatsTransport`] carries the parcels of a mesh by core NATS: what is live goes from one node to those that have asked for it, and
//! what nobody asks for goes no further than the server. With [`jetstream`](NatsBuilder::jetstream) it has streams too: what is stored is
//! acknowledged, kept within limits, and given to consumers until they have answered.
#![forbid(unsafe_code)]

mod builder;
mod credentials;
mod dial;
mod headers;
mod inbox;
mod jetstream;
mod link;
mod refusals;
mod runtime;
mod server;
mod shared;
mod stats;
mod tap;
#[cfg(feature = "testing")]
pub mod testing;
mod tls;
mod transport;
mod witness;

pub use builder::NatsBuilder;
pub use credentials::Credentials;
pub use stats::NatsStats;
pub use tls::Tls;
pub use transport::NatsTransport;
