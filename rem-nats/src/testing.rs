//! Servers for tests: each with a port and a folder of its own, started by a line and gone with its handle.
//!
//! A test runs against two: the [oldest](Version::Floor) that is supported and a [new one](Version::Modern). Their programs are
//! found in the environment variables `REM_NATS_FLOOR` and `REM_NATS_MODERN`, or in `servers` below the directory that cargo builds
//! in, where `cargo xtask servers` of REM's repository puts them. A server that cannot be had is an error that says so: nothing is
//! left out in silence.
//!
//! ```no_run
//! use rem_nats::NatsTransport;
//! use rem_nats::testing::{Server, Version};
//!
//! let mut server = Server::start(Version::Modern)?;
//! let transport = NatsTransport::builder(server.url()).build()?;
//! server.kill(); // as a crash would
//! server.restart()?; // with what it had stored, on the same port
//! # drop(transport);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cluster;
mod place;
mod proxy;
mod server;

pub use cluster::Cluster;
pub use place::Version;
pub use proxy::Proxy;
pub use server::{Server, ServerBuilder, ServerError};
