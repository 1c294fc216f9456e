//! [`Bus`]: the handle to publish, subscribe and make children.

mod builder;
mod child;
mod close;
mod ends;
mod in_flight;
#[cfg(all(test, rem_loom))]
mod loom;
mod ordering;
mod ready;
mod settle;
mod state;
mod unfinished;
mod weak;

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use rem_patterns::{IntoPattern, Topic};

use crate::deliver::isolate;
use crate::error::{ChildError, PublishError, SubscribeError};
use crate::event::{Event, EventType, Shape, TypedPattern, all_topics};
use crate::history::{Query, QueryError};
use crate::middleware::{Bound, Middleware};
use crate::publish::{EventBuilder, Publisher, Receipt, To};
use crate::subscription::{Delivery, Outcome, Subscription, SubscriptionBuilder};
use crate::task::DeadLetter;
use crate::{publish, way};

pub use builder::BusBuilder;
pub use close::CloseReport;
pub(crate) use ends::End;
pub use in_flight::{InFlight, Whose};
pub use ordering::Ordering;
pub use ready::{Ready, ReadyError, ReadyErrorKind};
pub use settle::{SettleError, SettleErrorKind};
pub(crate) use state::{Core, State};
pub(crate) use unfinished::wait;
pub use weak::WeakBus;

/// A bus: where events are published and subscribed to. A handle; its clones are the same bus, and cheap.
///
/// ```
/// use rem_core::{Bus, Event, SystemEvent};
///
/// let bus = Bus::new();
/// let eu = bus.child("eu")?;
/// let _sub = bus.subscribe("eu.**", |event: &Event| println!("{event}"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Cost
/// A publish to a topic that has been published to before takes no lock and compares one number to know its
/// subscriptions. With nobody listening, no middleware and no history it allocates nothing and reads no clock.
#[derive(Clone)]
pub struct Bus(Arc<State>);

impl Default for Bus {
    fn default() -> Self {
        Self::new()
    }
}

impl Bus {
    /// A root bus without history.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A root bus in the making: history, limits, source.
    pub fn builder() -> BusBuilder {
        BusBuilder::default()
    }

    /// Publishes a value under the topic of its variant, below the bus's prefix.
    ///
    /// When it returns, every inline handler has returned, unless it is called from within one: then they follow when
    /// the event being handled has reached all of its own.
    ///
    /// # Errors
    /// A [`PublishError`] with the value, when the event was not published; then nothing of it remains.
    pub fn publish<E: EventType>(&self, data: E) -> Result<Receipt, PublishError<E>> {
        way::go(&self.0, data, To::Own, None, None)
    }

    /// The same in async code: where a queue of [`Overflow::Block`](crate::Overflow::Block) is full it waits for room without
    /// blocking the thread.
    ///
    /// The limit of `Block` is not looked at, for it takes a runtime to tell the time: put a timeout of yours around it.
    /// Dropping the future before it is ready publishes nothing. Room is waited for before the middleware sees the event,
    /// in every such queue that its topic goes to, also where a filter will then say no; if middleware moves it to a
    /// topic with a full queue it is refused.
    ///
    /// # Errors
    /// As for [`publish`](Self::publish).
    pub async fn publish_async<E: EventType>(&self, data: E) -> Result<Receipt, PublishError<E>> {
        let ahead = publish::room(&self.0, &data).await;
        way::go(&self.0, data, To::Own, None, Some(ahead))
    }

    /// Publishes a value under a topic by name, below the bus's prefix, instead of that of its variant.
    ///
    /// # Errors
    /// As for [`publish`](Self::publish); and a name that is no topic, or one of REM's own.
    pub fn publish_to<E: EventType>(
        &self,
        topic: impl AsRef<str>,
        data: E,
    ) -> Result<Receipt, PublishError<E>> {
        let to = To::Named(topic.as_ref());
        way::go(&self.0, data, to, None, None)
    }

    /// A publish in the making: source, metadata, time, cause.
    ///
    /// ```
    /// # use rem_core::{Bus, EventType};
    /// # fn publish<E: EventType>(bus: Bus, started: E) -> Result<(), rem_core::PublishError<E>> {
    /// let receipt = bus.event(started).source("api").metadata("tenant", "acme").publish()?;
    /// # Ok(()) }
    /// ```
    pub fn event<E: EventType>(&self, data: E) -> EventBuilder<'_, E> {
        EventBuilder::new(&self.0, To::Own, data)
    }

    /// A handle that publishes one event type, for hot loops: it has found the type's topics already.
    pub fn publisher<E: EventType>(&self) -> Publisher<E> {
        Publisher::new(self)
    }

    /// Calls `handle` with every event of one type, whichever bus below this one it was published on.
    ///
    /// The type is told by the handler's argument. The handler runs in the thread that publishes, before `publish`
    /// returns. On a bus that is closed the subscription is over from the start.
    #[track_caller]
    pub fn on<E, F, R>(&self, handle: F) -> Subscription
    where
        E: EventType,
        F: Fn(&Event<E>) -> R + Send + Sync + 'static,
        R: Outcome,
    {
        self.0.by_type(all_topics::<E>(), Delivery::inline(handle), Location::caller())
    }

    /// Calls `handle` with the events of one type whose topics a pattern selects: `pattern!(Type, "…")`, which the
    /// compiler has checked and which is relative to the type's namespace.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "`pattern!` makes one to be given away")]
    pub fn on_pattern<E, F, R>(&self, pattern: TypedPattern<E>, handle: F) -> Subscription
    where
        E: EventType,
        F: Fn(&Event<E>) -> R + Send + Sync + 'static,
        R: Outcome,
    {
        self.0.by_type(pattern.absolute(), Delivery::inline(handle), Location::caller())
    }

    /// Calls `handle` with every event whose topic the pattern selects, below the bus's prefix.
    ///
    /// The handler takes `&Event` for data of any type, or `&Event<T>` for one: then an event of an unrelated type is
    /// not delivered but counted, and told as `$rem.event.mismatched`.
    ///
    /// # Errors
    /// A pattern that is none or cannot lie below the bus's prefix, and a closed bus.
    #[track_caller]
    pub fn subscribe<T, F, R>(
        &self,
        pattern: impl IntoPattern,
        handle: F,
    ) -> Result<Subscription, SubscribeError>
    where
        T: Shape + ?Sized,
        F: Fn(&Event<T>) -> R + Send + Sync + 'static,
        R: Outcome,
    {
        self.subscription(pattern).inline(handle)
    }

    /// A subscription in the making: predicates, priority, delivery.
    #[track_caller]
    pub fn subscription(&self, pattern: impl IntoPattern) -> SubscriptionBuilder<'_> {
        SubscriptionBuilder::new(self, pattern.into_pattern(), Location::caller())
    }

    /// Adds middleware for the drafts whose topic the pattern selects, below the bus's prefix. It lasts as long as the
    /// bus.
    ///
    /// # Errors
    /// A pattern that is none or cannot lie below the bus's prefix, and a closed bus.
    #[track_caller]
    pub fn middleware(
        &self,
        pattern: impl IntoPattern,
        middleware: impl Middleware,
    ) -> Result<(), SubscribeError> {
        let pattern = self.0.absolute(pattern.into_pattern()?)?;
        let prefix = self.0.prefix_topic().cloned();
        self.0.add_middleware(Bound::new(middleware, pattern, prefix, Location::caller()))
    }

    /// A bus whose topics all begin with `prefix`, below this one's.
    ///
    /// It is a capability: what it publishes, sees, and can ask of the history lies below its prefix, and from it there
    /// is no way up. It has middleware of its own, which its events pass first, and its own `close`.
    ///
    /// # Errors
    /// A prefix that is no topic, is one of REM's own or is open already, and a closed bus.
    pub fn child(&self, prefix: impl AsRef<str>) -> Result<Self, ChildError> {
        child::open(&self.0, prefix.as_ref(), child::Existing::Refuse).map(Self)
    }

    /// The same, or the bus that is open with this prefix.
    ///
    /// # Errors
    /// As for [`child`](Self::child), but for a prefix that is open.
    pub fn child_or_open(&self, prefix: impl AsRef<str>) -> Result<Self, ChildError> {
        child::open(&self.0, prefix.as_ref(), child::Existing::Share).map(Self)
    }

    /// Asks the history for events whose topic the pattern selects, below the bus's prefix.
    ///
    /// # Errors
    /// A pattern that is none or cannot lie below the bus's prefix, and a bus that keeps no history.
    pub fn query(&self, pattern: impl IntoPattern) -> Result<Query, QueryError> {
        let pattern = self.0.absolute(pattern.into_pattern()?)?;
        let core = &self.0.core;
        let history = core.history.as_ref().ok_or(QueryError::NoHistory)?;
        Ok(Query::new(history, core, pattern, self.0.prefix_topic().cloned()))
    }

    /// The last event of each topic that the pattern selects, below the bus's prefix, oldest first: where things stand,
    /// as far as the history goes back.
    ///
    /// It is taken as `T`: an event type, or `dyn Payload` for any. Of a topic this is the last event that can be seen as
    /// `T`; others do not count. Whatever is published meanwhile, no topic's event is older than one that could be read
    /// when this was called; what the history lets go meanwhile is left out, and never replaced by an older one.
    ///
    /// To ask more of them (a time, a source): [`query`](Self::query), with [`Query::last_per_topic`]. To begin with them and
    /// go on: [`Start::LastPerTopic`](crate::Start::LastPerTopic).
    ///
    /// ```
    /// use rem_core::{Bus, Payload, Ring};
    ///
    /// let bus = Bus::builder().history(Ring::events(10_000)).build();
    /// for event in bus.latest::<dyn Payload>("sensor.*.level")? {
    ///     println!("{event}");
    /// }
    /// # Ok::<(), rem_core::QueryError>(())
    /// ```
    ///
    /// # Errors
    /// As for [`query`](Self::query).
    ///
    /// # Cost
    /// A look at every kept event, from the newest backwards; a topic that is found already costs no view. Publishers do
    /// not wait for it. It waits for them, for the moment between an event's number and its place in the history, if the
    /// history let go of an event that it was about to read.
    pub fn latest<T: Shape + ?Sized>(
        &self,
        pattern: impl IntoPattern,
    ) -> Result<Vec<Arc<Event<T>>>, QueryError> {
        Ok(self.query(pattern)?.last_per_topic().of())
    }

    /// What every topic of this bus begins with; `None` for a root.
    pub fn prefix(&self) -> Option<&Topic> {
        self.0.prefix_topic()
    }

    /// The part of an event's topic below this bus's prefix; `None` for an event that is not below it.
    pub fn local_topic<'e, T: ?Sized>(&self, event: &'e Event<T>) -> Option<&'e str> {
        match self.0.prefix_topic() {
            Some(prefix) => event.topic().strip_prefix(prefix).filter(|rest| !rest.is_empty()),
            None => Some(event.topic()),
        }
    }

    /// The value of that type which was given to [`BusBuilder::state`], on this bus and every bus below its root.
    pub fn state_of<S: Send + Sync + 'static>(&self) -> Option<&S> {
        self.0.core.states.get()
    }

    /// Publishes a dead letter, which `event` causes.
    pub(crate) async fn publish_letter(
        &self,
        topic: &Topic,
        letter: DeadLetter,
        event: &Arc<Event>,
    ) -> Result<(), Box<str>> {
        let to = To::Named(topic.as_str());
        let ahead = publish::room_at(&self.0, &letter, to).await;
        let published = publish::handling(event, None, || {
            isolate(|| way::go(&self.0, letter, to, None, Some(ahead)))
        });
        match published? {
            Ok(_) => Ok(()),
            Err(error) => Err(isolate(|| error.to_string())?.into()),
        }
    }

    pub(crate) fn from_state(state: Arc<State>) -> Self {
        Self(state)
    }

    /// The bus with that prefix, opened if it is not, if it lies below this one; else this one.
    pub(crate) fn nearest(&self, prefix: &str) -> Self {
        Self(child::nearest(&self.0, prefix))
    }

    pub(crate) fn state(&self) -> &State {
        &self.0
    }

    pub(crate) fn state_arc(&self) -> &Arc<State> {
        &self.0
    }
}

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bus")
            .field("prefix", &self.0.prefix())
            .field("closed", &self.is_closed())
            .field("subscriptions", &self.0.core.router.subscriptions())
            .field("history", &self.0.core.history)
            .finish_non_exhaustive()
    }
}

/// Two handles are equal if they are the same bus.
impl PartialEq for Bus {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Bus {}
