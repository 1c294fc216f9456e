//! W3C trace context: which trace an event belongs to, here and in other processes.
//!
//! An event carries it as text in its metadata, under [`TRACEPARENT`] and [`TRACESTATE`]. CloudEvents calls that its
//! Distributed Tracing extension, so it leaves and comes back as such. The middleware
//! [`Trace`](crate::middleware::Trace) gives every event one; [`TraceParent::of`] reads it:
//!
//! ```
//! use rem_core::{Bus, Event};
//! use rem_core::middleware::Trace;
//! use rem_core::trace::TraceParent;
//!
//! let bus = Bus::new();
//! bus.middleware("**", Trace::new())?;
//! let _sub = bus.subscribe("order.**", |event: &Event| {
//!     if let Ok(Some(parent)) = TraceParent::of(event) {
//!         println!("a request for {} goes out with `traceparent: {}`", event.topic(), parent);
//!     }
//! })?;
//! # Ok::<(), rem_core::SubscribeError>(())
//! ```

#[cfg(feature = "tracing")]
mod attempt;
mod error;
mod parent;
#[cfg(feature = "tracing")]
mod spans;
#[cfg(not(feature = "tracing"))]
mod untraced;

pub use error::{TraceError, TraceErrorKind};
pub use parent::{SpanId, TraceId, TraceParent};
#[cfg(feature = "tracing")]
#[doc(no_inline)]
pub use spans::Spans;
#[cfg(feature = "tracing")]
pub use spans::{handling, traced};

#[cfg(feature = "tracing")]
pub(crate) use attempt::{AttemptSpan, Origin, Traced};
#[cfg(not(feature = "tracing"))]
pub(crate) use untraced::{AttemptSpan, Origin, Traced};

/// The name under which the metadata of an event has its [`TraceParent`].
pub const TRACEPARENT: &str = "traceparent";

/// The name under which the metadata of an event has what the tools that follow the trace add of their own: a text that is
/// passed on as it is.
pub const TRACESTATE: &str = "tracestate";
