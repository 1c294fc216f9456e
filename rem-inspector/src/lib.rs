//! Looking into a bus of REM while it runs. Most programs use it through the facade, the package `rem-bus`, as `rem::inspector`
//! (feature `inspector`).
//!
//! [`serve`] is one line in a program: a server on this machine alone, with a page and an HTTP API. Nobody looks, and the bus does what
//! it would do without; somebody looks, and events come to him over Server-Sent Events, without a gap from where he was.
//!
//! ```
//! use rem_core::{Bus, Ring};
//!
//! let bus = Bus::builder().history(Ring::events(10_000)).build();
//! let inspector = rem_inspector::serve(&bus, "127.0.0.1:0")?;
//! println!("look at {}", inspector.url());
//! # Ok::<(), rem_inspector::ServeError>(())
//! ```
//!
//! [`Inspector::builder`] says more: a token, by which it may be reached from elsewhere; what is masked; projections; what listens in a
//! sandbox. [`EventFeed`] is events over Server-Sent Events for axum applications of one's own.
//!
//! # What it costs
//! With no client attached nothing is subscribed and nothing measured: publishers execute the instructions that they would without
//! an inspector. With one, events are read from the history, which no publisher waits for or knows of; without a history they come
//! through a bounded queue that drops the oldest. Only what is sent is written as JSON, or what is to be searched for a text,
//! and that in threads of the server's own.
//!
//! # The API
#![doc = include_str!("../API.md")]
#![forbid(unsafe_code)]

mod builder;
mod handle;
mod server;
mod connection;
mod guard;
mod assets;
mod routes;
mod params;
mod refusal;
mod source;
mod shared;
mod clients;
mod attached;
mod measures;
mod series;
mod counted;
mod failures;
mod event_json;
mod mask;
mod filter;
mod feed;
mod sse;
mod stream;
mod event_feed;
mod findings;
mod replays;
#[cfg(feature = "projections")]
mod projections;
mod error;

/// What the command `rem` shares with the inspector. No promise is made of it.
#[doc(hidden)]
pub mod __private {
    pub use crate::counted::Counted;
}

pub use builder::InspectorBuilder;
pub use error::{ServeError, ServeErrorKind};
pub use event_feed::EventFeed;
pub use handle::{Inspector, serve};
