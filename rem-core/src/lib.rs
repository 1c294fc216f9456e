//! The bus of REM, the Reactive Event Mesh: publish, middleware, route, record, deliver.
//!
//! Most programs depend on the facade, the package `rem-bus`, which adds the macros. Read `way.rs` first: it is the way
//! of an event, and names the file of each step.

mod way;
mod publish;
pub mod middleware;
mod route;
mod record;
mod deliver;

mod event;
pub mod wire;
#[cfg(feature = "cloudevents")]
pub mod cloudevents;
mod draft;
mod received;
mod bus;
mod subscription;
mod queue;
mod task;
mod durable;
mod handlers;
mod history;
mod replay;
mod request;
pub mod signal;
mod system;
mod topology;
pub mod trace;
#[cfg(feature = "metrics")]
pub mod metrics;
pub mod testing;
mod clock;
mod timers;
mod block;
mod interest;
mod probe;
mod error;
mod sync;
#[cfg(feature = "schemars")]
mod json_schema;
#[cfg(all(test, rem_loom))]
mod loom;
#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use bus::{
    Bus, BusBuilder, CloseReport, InFlight, Ordering, Ready, ReadyError, ReadyErrorKind,
    SettleError, SettleErrorKind, WeakBus, Whose,
};
pub use clock::{BusClock, ManualClock, ParseTimestampError, Timestamp};
pub use draft::Draft;
pub use durable::{DurableBuilder, DurableNameError, DurableStream, ForgetError, PositionReport};
pub use error::{ChildError, DraftError, PublishError, PublishErrorKind, SubscribeError};
pub use event::{
    Event, EventId, EventSchema, EventType, FieldSchema, Leaf, Metadata, Part, Payload, Schema,
    Shape, Source, TopicWriter, TypedPattern,
};
pub use handlers::{
    Argument, ArgumentError, Captured, HandlerCall, HandlerFn, Handlers, RegisterError,
    RegisterErrorKind, State, Subscriptions,
};
pub use history::{
    Ask, Commits, Direction, Durable, DurableHistory, Events, Evicted, Follow, Followed, History,
    HistoryError, HistoryErrorKind, HistoryReport, Nudge, Page, Query, QueryError, QuotaReport,
    Restored, Ring, Written,
};
pub use middleware::{Middleware, Next, Step, Stop};
pub use publish::{Append, AppendError, AppendRefusal, EventBuilder, Publisher, Receipt, When};
pub use queue::{
    EventStream, Iter, Key, Lagged, Overflow, QueueStats, Recovered, Recv, TryRecvError,
};
pub use received::Received;
pub use replay::{
    OnFailure, Progress, Replay, ReplayError, ReplayErrorKind, ReplayHandle, ReplayReport,
    Replaying, Target, ToBus, ToHandler,
};
pub use request::{Asking, IntoAnswer, Request, RequestError, Requester};
pub use signal::{Namespace, Signal};
pub use subscription::{
    Outcome, QueueBuilder, Start, Subscription, SubscriptionBuilder, SubscriptionId, Token,
    Unsubscribed, Until, Wait, WaitError, WaitErrorKind,
};
pub use system::SystemEvent;
pub use task::{
    DeadLetter, DeadLetterError, DeadLetters, Retry, Spawner, TaskBuilder, TaskFuture, TaskKey,
    carry,
};
pub use topology::{
    DeliveryReport, MiddlewareReport, MiddlewareStats, Stats, SubscriptionReport,
    SubscriptionStats, TopicReport, Topology,
};

pub use rem_patterns::{
    Captures, IntoPattern, Pattern, PatternError, PatternErrorKind, Topic, TopicError,
    TopicErrorKind,
};
