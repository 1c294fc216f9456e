//! REM, the Reactive Event Mesh: a typed event bus.
//!
//! Components publish events and react to them without knowing each other. An event type is an enum or a struct that
//! derives [`EventType`]; each variant has a dotted topic. Subscriptions select topics by pattern, or events by type, and
//! the compiler checks both. A subsystem gets a child bus, which sees and says only what lies below its prefix; the past is
//! kept in a bounded history and can be asked.
//!
//! ```
//! use rem::prelude::*;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(EventType, Debug, Clone, Serialize, Deserialize)]
//! #[event(namespace = "system.provider")]
//! enum ProviderEvent {
//!     /// A provider is ready to serve.
//!     Connected { name: String, latency_ms: u32 }, // system.provider.connected
//!     #[event(name = "lost")]
//!     Disconnected { name: String }, // system.provider.lost
//!     #[event(topic = "by_name.{name}.rate_limited")]
//!     RateLimited { name: String, retry_after_ms: u64 }, // system.provider.by_name.<name>.rate_limited
//! }
//!
//! let bus = Bus::builder().history(Ring::events(10_000)).build();
//!
//! // Every event of one type, with its data typed …
//! let _all = bus.on(|event: &Event<ProviderEvent>| match &event.data {
//!     ProviderEvent::Connected { name, latency_ms } => println!("{name} after {latency_ms} ms"),
//!     other => println!("{other:?}"),
//! });
//! // … some of them, by a pattern that the compiler has checked against the type …
//! let _limited = bus.on_pattern(
//!     pattern!(ProviderEvent, "by_name.*.rate_limited"),
//!     |event: &Event<ProviderEvent>| println!("{}", event.topic()),
//! );
//! // … or events of any type, by topic.
//! let _system = bus.subscribe("system.**", |event: &Event| println!("{event}"))?;
//!
//! // A subsystem publishes on a bus of its own, under `eu.system.provider.connected`.
//! let eu = bus.child("eu")?;
//! let receipt = eu.publish(ProviderEvent::Connected { name: "primary".into(), latency_ms: 12 })?;
//! assert_eq!(receipt.delivered(), 1); // by type it is seen from above, under any prefix
//!
//! let past = bus.query("eu.system.provider")?.last(20).events();
//! assert_eq!(past.len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where to look
//! - [`Bus`]: publish, subscribe, children, middleware, history.
//! - [`EventType`](derive@EventType): the derive and its attributes. [`pattern!`], [`topic!`]: checked by the compiler.
//! - [`#[handlers]`](macro@handlers), [`#[on("…")]`](macro@on): handlers declared in one place, registered at once.
//! - [`TaskBuilder`]: async handlers, with concurrency, order by key, retries, time limits and dead letters.
//! - [`Pattern`]: the language of patterns. [`Topic`]: its rules.
//! - [`middleware`]: what sees, changes or stops an event before its subscribers do, ready-made or
//!   [your own](guides::write_a_middleware).
//! - [`trace`]: which trace an event belongs to, by W3C Trace Context.
//! - [`wire`]: how the data of events leaves the process and comes back.
//! - `effects` (feature `effects`): publishing as a value, tested with no bus; the page `guides::effects` goes through it.
//! - `journal` (feature `journal`): a history that survives a crash; the page `guides::journal` goes through it.
//! - `inspector` (feature `inspector`): a look into a bus while it runs, by a page and its API; the page `guides::inspector` goes
//!   through it.
//! - `mesh` (feature `mesh`): the buses of several processes, joined; the page `guides::mesh` goes through it.
//! - `nats` (feature `nats`): the mesh over servers of NATS; the page `guides::nats` goes through it.
//! - `partition` (feature `partition`): units of work with dependencies, run in parallel as they become ready; the page
//!   `guides::partition` goes through it.
//! - `projections` (feature `projections`): states made of events, at any moment, and commands that are decided by them; the
//!   page `guides::projections` goes through it.
//! - `schema` (feature `schema`): a lock against changes that break readers, and the catalogue of what a program publishes.
//! - [`promises`]: what a program may build on, sentence by sentence: order, losses, isolation, ends, bounds.
//! - [`Signal`], in [`signal`]: one typed point to connect receivers to, with no topic and no bus;
//!   [`guides::coming_from_blinker`] compares it with Python's Blinker.
//! - [`testing`]: a recorder with expectations and waits, fixed ids, a clock that is turned by hand, (feature `cloudevents`)
//!   events from files of JSON lines, and interleavings of threads that a seed fixes.
//!
//! # Features
//! None is on by default.
//! - `analysis`: the module `analysis`: counts, rates, sums and percentiles of a history, by group and by window.
//! - `parquet`: the module `analysis::parquet`: any query as a file that `DuckDB`, Polars and pandas read.
//! - `regex`: patterns that are regular expressions, `Pattern::regex`. It is a third of what a build would cost.
//! - `msgpack`: the codec MessagePack for the data of events, beside JSON.
//! - `cloudevents`: the module `cloudevents`: events as CloudEvents 1.0.
//! - `rate-limit`: the middleware `RateLimit`, by the crate governor.
//! - `tracing`: the middleware `Log` and `Spans`, and handlers that are `traced`: events, publishes and handlings, told to
//!   the crate tracing.
//! - `metrics`: the module `metrics` and the middleware `Measure`: counters, gauges and times, told to the crate metrics.
//! - `effects`: the module `effects`: effects that are values, and dispatchers that perform them.
//! - `journal`: the module `journal`: a history that outlives the process, in one crash-safe file.
//! - `inspector`: the module `inspector`: a server with a page, an HTTP API and Server-Sent Events. It brings axum and tokio.
//! - `mesh`: the module `mesh`: buses joined over a transport, as far as somebody listens.
//! - `nats`: the module `nats`: a mesh over servers of NATS. It brings their client, and with it tokio and rustls.
//! - `partition`: the module `partition`: plans of units that wait for each other, and workers that run them.
//! - `projections`: the module `projections`: states made of events, time travel, commands.
//! - `schema`: the module `schema`: `assert_compatible!`, JSON Schema, AsyncAPI and Markdown, by schemars.
//! - `tokio`: a runtime of tokio runs tasks: [`BusBuilder::spawner`] takes its `Handle`.
//! - `full`: all of them.
#![forbid(unsafe_code)]

pub mod guides;
pub mod prelude;

#[cfg(feature = "cloudevents")]
pub use rem_core::cloudevents;
#[cfg(feature = "metrics")]
pub use rem_core::metrics;
pub use rem_core::{
    Append, AppendError, AppendRefusal, Argument, ArgumentError, Ask, Asking, Bus, BusBuilder,
    BusClock, Captured, Captures, ChildError, CloseReport, Commits, DeadLetter, DeadLetterError,
    DeadLetters, DeliveryReport, Direction, Draft, DraftError, Durable, DurableBuilder,
    DurableHistory, DurableNameError, DurableStream, Event, EventBuilder, EventId, EventSchema,
    EventStream, EventType, Events, Evicted, FieldSchema, Follow, Followed, ForgetError,
    HandlerCall, HandlerFn, Handlers, History, HistoryError, HistoryErrorKind, HistoryReport,
    InFlight, IntoAnswer, IntoPattern, Iter, Key, Lagged, Leaf, ManualClock, Metadata, Middleware,
    MiddlewareReport, MiddlewareStats, Namespace, Next, Nudge, OnFailure, Ordering, Outcome,
    Overflow, Page, ParseTimestampError, Part, Pattern, PatternError, PatternErrorKind, Payload,
    PositionReport, Progress, PublishError, PublishErrorKind, Publisher, Query, QueryError,
    QueueBuilder, QueueStats, QuotaReport, Ready, ReadyError, ReadyErrorKind, Receipt, Received,
    Recovered, Recv, RegisterError, RegisterErrorKind, Replay, ReplayError, ReplayErrorKind,
    ReplayHandle, ReplayReport, Replaying, Request, RequestError, Requester, Restored, Retry, Ring,
    Schema, SettleError, SettleErrorKind, Shape, Signal, Source, Spawner, Start, State, Stats,
    Step, Stop, SubscribeError, Subscription, SubscriptionBuilder, SubscriptionId,
    SubscriptionReport, SubscriptionStats, Subscriptions, SystemEvent, Target, TaskBuilder,
    TaskFuture, TaskKey, Timestamp, ToBus, ToHandler, Token, Topic, TopicError, TopicErrorKind,
    TopicReport, TopicWriter, Topology, TryRecvError, TypedPattern, Unsubscribed, Until, Wait,
    WaitError, WaitErrorKind, WeakBus, When, Whose, Written, carry, middleware, signal, testing,
    trace, wire,
};
pub use rem_macros::{EventType, handlers, on, pattern, topic};

#[cfg(feature = "analysis")]
#[doc(inline)]
pub use rem_analysis as analysis;
#[cfg(feature = "effects")]
#[doc(inline)]
pub use rem_effects as effects;
#[cfg(feature = "inspector")]
#[doc(inline)]
pub use rem_inspector as inspector;
#[cfg(feature = "journal")]
#[doc(inline)]
pub use rem_journal as journal;
#[cfg(feature = "mesh")]
#[doc(inline)]
pub use rem_mesh as mesh;
#[cfg(feature = "nats")]
#[doc(inline)]
pub use rem_nats as nats;
#[cfg(feature = "partition")]
#[doc(inline)]
pub use rem_partition as partition;
#[cfg(feature = "projections")]
#[doc(inline)]
pub use rem_projections as projections;
#[cfg(feature = "schema")]
#[doc(inline)]
pub use rem_schema as schema;

#[doc(hidden)]
pub use rem_core::__private;

/// What a program may build on, and the tests that hold it.
///
#[doc = include_str!("../docs/promises.md")]
pub mod promises {}

/// The README's code, compiled and run as documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
