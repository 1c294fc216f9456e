//! Registering: from what the macro tells of each handler to subscriptions, all of them or none.

use std::fmt;
use std::mem;
use std::panic::Location;
use std::sync::Arc;

use rem_patterns::Pattern;

use super::argument::Around;
use super::guard::LeftBehind;
use super::holder::Holder;
use super::{
    Argument, ArgumentError, HandlerCall, HandlerFn, Handlers, RegisterError, RegisterErrorKind,
    SpanName, Subscriptions,
};
use crate::bus::{Bus, Core};
use crate::deliver::is_delivering;
use crate::error::SubscribeError;
use crate::event::{Event, EventType, Shape, TypedPattern, all_topics};
use crate::subscription::{
    Called, CatchUp, Delivery, Entry, Start, Subscription, SubscriptionBuilder, Until,
};
use crate::task::Prepared;
use crate::trace::Traced;

impl Bus {
    /// Subscribes the handlers that `#[handlers]` has found on a type, all of them or none. They keep the value.
    ///
    /// Patterns are relative to this bus: on a child bus they select below its prefix. A method is called inline; an async
    /// one is a task, as [`TaskBuilder::task`](crate::TaskBuilder::task) makes it, and its futures share the value.
    ///
    /// # Errors
    /// A closed bus, a pattern that is too long below the bus's prefix, an argument that could never be made here: a
    /// [`State`](super::State) that is missing. If it begins in the past, also a bus without history and, where it is called
    /// inline, a call of this within a handler. Of an async handler also a topic for dead letters that is none, a spawner that
    /// panics, and a thread that the bus cannot start; of a durable one a history that does not outlive the process, and a name
    /// that cannot be or is in use. Then no handler was subscribed, not even for a moment, none has read of the past, and the
    /// workers of tasks that were started end.
    ///
    /// # Cost
    /// A subscription for each `#[on("…")]`, and for each async one as many futures, given to the spawner once, as calls may
    /// run at a time. A call of an async handler counts a few owners more than that of a task made in code.
    pub fn register<H: Handlers + Send + Sync>(
        &self,
        handlers: Arc<H>,
    ) -> Result<Subscriptions, RegisterError> {
        let mut registrar = Registrar::new(self, Holder::Strong(handlers));
        H::handlers(&mut registrar);
        registrar.finish(None)
    }

    /// The same without keeping the value: when its last owner drops it, its handlers end. The next event that finds it
    /// gone removes them. A call of an async handler keeps it while it runs; what waits for one then goes.
    ///
    /// # Errors
    /// As for [`register`](Self::register).
    pub fn register_weak<H: Handlers + Send + Sync>(
        &self,
        handlers: &Arc<H>,
    ) -> Result<Subscriptions, RegisterError> {
        let left = Arc::new(LeftBehind::new());
        let holder = Holder::Weak { value: Arc::downgrade(handlers), left: Arc::clone(&left) };
        let mut registrar = Registrar::new(self, holder);
        H::handlers(&mut registrar);
        registrar.finish(Some(left))
    }

    /// Subscribes the function above which `#[on("…")]` stands: `bus.register_fn::<its_name>()`.
    ///
    /// # Errors
    /// As for [`register`](Self::register).
    pub fn register_fn<F: HandlerFn>(&self) -> Result<Subscriptions, RegisterError> {
        let mut registrar = Registrar::new(self, Holder::Strong(Arc::new(())));
        F::handlers(&mut registrar);
        registrar.finish(None)
    }
}

/// Gathers what the macro tells of the handlers of one type. Not public API; expanded code calls it.
#[doc(hidden)]
pub struct Registrar<'b, S> {
    bus: &'b Bus,
    pub(super) holder: Holder<S>,
    pub(super) around: Arc<Around>,
    made: Result<Vec<Made>, RegisterError>,
}

/// A handler that lacks nothing, and that nobody knows yet.
#[derive(Debug)]
struct Made {
    name: &'static str,
    place: &'static Location<'static>,
    way: Way,
}

/// How events will reach it.
#[derive(Debug)]
pub(super) enum Way {
    Inline(Arc<Entry>),
    /// Called with the past first, by the thread that registers.
    Past(Arc<Entry>, Box<CatchUp>),
    Task(Prepared),
}

/// One handler in the making. Not public API.
#[doc(hidden)]
#[must_use = "a handler is added by `see` or `share`"]
pub struct HandlerSetup<'b> {
    pub(super) name: &'static str,
    bus: &'b Bus,
    pub(super) place: &'static Location<'static>,
    pub(super) subscription: SubscriptionBuilder<'b>,
    pub(super) traced: Traced,
    pub(super) refused: Option<RegisterErrorKind>,
}

/// The argument of that name, for one call; the error says which.
#[doc(hidden)]
pub fn take<'c, A: Argument<'c>>(call: &HandlerCall<'c>, name: &str) -> Result<A, Box<str>> {
    A::from_call(call).map_err(|error| in_argument(name, &error))
}

#[cold]
fn in_argument(name: &str, error: &ArgumentError) -> Box<str> {
    format!("argument `{name}`: {error}").into()
}

impl<'b, S> Registrar<'b, S> {
    fn new(bus: &'b Bus, holder: Holder<S>) -> Self {
        let state = bus.state_arc();
        let states = Arc::clone(&state.core.states);
        let around = Arc::new(Around { bus: Arc::downgrade(state), states });
        Self { bus, holder, around, made: Ok(Vec::new()) }
    }

    /// The line of the call: the macro gives it the line of the handler.
    #[track_caller]
    pub fn here(&self) -> &'static Location<'static> {
        Location::caller()
    }

    /// A handler of the topics that a pattern, which the macro has checked, selects.
    pub fn topics(
        &self,
        name: &'static str,
        place: &'static Location<'static>,
        pattern: Pattern,
    ) -> HandlerSetup<'b> {
        let subscription = SubscriptionBuilder::new(self.bus, Ok(pattern), place);
        self.begin(name, place, subscription)
    }

    /// A handler of every topic of a type, below any scope.
    pub fn every_topic<E: EventType>(
        &self,
        name: &'static str,
        place: &'static Location<'static>,
    ) -> HandlerSetup<'b> {
        let pattern = match all_topics::<E>() {
            Some(pattern) => Ok(pattern),
            None => Pattern::parse(E::SCHEMA.namespace),
        };
        let subscription = SubscriptionBuilder::by_type(self.bus, pattern, place);
        self.begin(name, place, subscription)
    }

    /// A handler of a group of a type's events, below any scope.
    pub fn group<E: EventType>(
        &self,
        name: &'static str,
        place: &'static Location<'static>,
        group: fn() -> TypedPattern<E>,
    ) -> HandlerSetup<'b> {
        let pattern = group().below_namespace();
        let subscription = SubscriptionBuilder::by_type(self.bus, pattern, place);
        self.begin(name, place, subscription)
    }

    fn begin(
        &self,
        name: &'static str,
        place: &'static Location<'static>,
        subscription: SubscriptionBuilder<'b>,
    ) -> HandlerSetup<'b> {
        let traced = Traced::default();
        HandlerSetup { name, bus: self.bus, place, subscription, traced, refused: None }
    }

    /// Adds a handler that looks at the event, or at none of a known type.
    pub fn see<T, F>(&mut self, mut setup: HandlerSetup<'b>, handle: F)
    where
        T: Shape + ?Sized,
        F: Fn(&S, &Event<T>, &HandlerCall<'_>) -> Result<(), Box<str>> + Send + Sync + 'static,
        S: Send + Sync + 'static,
    {
        let (holder, around) = (self.holder.clone(), Arc::clone(&self.around));
        let traced = mem::take(&mut setup.traced);
        let call: crate::subscription::Call = Box::new(move |event, about| {
            let is_replay = event.is_replay();
            let event_of_any = event.shared();
            let call =
                HandlerCall { event: event_of_any, about, around: &around, is_replay, attempt: 1 };
            let Some(outcome) = holder.with(|this| {
                T::see(event, |event| traced.call(event, || handle(this, event, &call)))
            }) else {
                about.end();
                return Called::Passed;
            };
            Called::from(outcome)
        });
        self.add(setup, Delivery::of::<T>(call));
    }

    /// Adds a handler that keeps the event: it costs a count of owners more.
    pub fn share<T, F>(&mut self, mut setup: HandlerSetup<'b>, handle: F)
    where
        T: Shape + ?Sized,
        F: Fn(&S, &Arc<Event<T>>, &HandlerCall<'_>) -> Result<(), Box<str>> + Send + Sync + 'static,
        S: Send + Sync + 'static,
    {
        let (holder, around) = (self.holder.clone(), Arc::clone(&self.around));
        let traced = mem::take(&mut setup.traced);
        let call: crate::subscription::Call = Box::new(move |event, about| {
            let (event, is_replay) = (event.shared(), event.is_replay());
            let call = HandlerCall { event, about, around: &around, is_replay, attempt: 1 };
            let Some(outcome) = holder.with(|this| {
                T::share(event).map(|event| traced.call(&event, || handle(this, &event, &call)))
            }) else {
                about.end();
                return Called::Passed;
            };
            Called::from(outcome)
        });
        self.add(setup, Delivery::of::<T>(call));
    }

    fn add(&mut self, setup: HandlerSetup<'b>, delivery: Delivery) {
        let HandlerSetup { name, place, subscription, refused, .. } = setup;
        self.made(name, place, refused, || {
            Ok(match subscription.prepare(delivery)? {
                (entry, None) => Way::Inline(entry),
                // Whether there is a past or not: what a program may do should not hang on that.
                (..) if is_delivering() => return Err(SubscribeError::WithinHandler { place }),
                (entry, Some(past)) => Way::Past(entry, past),
            })
        });
    }

    /// Keeps a handler until all are known, unless one before was refused.
    pub(super) fn made(
        &mut self,
        name: &'static str,
        place: &'static Location<'static>,
        refused: Option<RegisterErrorKind>,
        prepare: impl FnOnce() -> Result<Way, SubscribeError>,
    ) {
        let Ok(made) = &mut self.made else { return };
        let way = refused.map_or_else(|| prepare().map_err(RegisterErrorKind::Subscribe), Err);
        match way {
            Ok(way) => made.push(Made { name, place, way }),
            Err(kind) => self.made = Err(RegisterError::new(name, place, kind)),
        }
    }

    /// Subscribes all of them. Only to start the workers of tasks can fail, so that is done first: they wait, and where one
    /// cannot be started all end that were. Handlers that are called with the past come last, when the others hear what they
    /// publish.
    fn finish(self, with_value: Option<Arc<LeftBehind>>) -> Result<Subscriptions, RegisterError> {
        let core = &self.bus.state().core;
        let made = self.made?;
        for Made { name, place, way } in &made {
            if let Way::Task(task) = way {
                let refused =
                    |error| RegisterError::new(name, place, RegisterErrorKind::Subscribe(error));
                task.spawn().map_err(refused)?;
            }
        }
        let (late, others): (Vec<_>, Vec<_>) =
            made.into_iter().enumerate().partition(|(_, made)| matches!(made.way, Way::Past(..)));
        let subscribe =
            |(at, made): (usize, Made)| (at, (made.name, made.way.subscribe(core, made.place)));
        let mut held: Vec<_> = others.into_iter().chain(late).map(subscribe).collect();
        held.sort_by_key(|(declared, _)| *declared);
        let held = held.into_iter().map(|(_, handler)| handler).collect();
        Ok(Subscriptions::new(held, with_value))
    }
}

impl Way {
    fn subscribe(self, core: &Arc<Core>, place: &'static Location<'static>) -> Subscription {
        match self {
            Self::Inline(entry) => Subscription::new(core, entry),
            Self::Task(task) => task.begin(),
            // The bus was closed meanwhile: it is over, as the others are.
            Self::Past(entry, mut past) => {
                let over = |_| Subscription::ended(&entry);
                past.replay(core, &entry, place).unwrap_or_else(over)
            }
        }
    }
}

impl HandlerSetup<'_> {
    /// Handlers of higher priority are called first.
    pub fn priority(mut self, priority: i32) -> Self {
        self.subscription = self.subscription.priority(priority);
        self
    }

    /// Where in the past it begins.
    pub fn start(mut self, start: Start) -> Self {
        self.subscription = self.subscription.from(start);
        self
    }

    /// Only events from this source.
    pub fn source(mut self, source: impl Into<Box<str>>) -> Self {
        self.subscription = self.subscription.source(source);
        self
    }

    /// Only events that `wanted` says yes to.
    pub fn filter(mut self, wanted: impl Fn(&Event) -> bool + Send + Sync + 'static) -> Self {
        self.subscription = self.subscription.filter(wanted);
        self
    }

    /// Ends with so many calls.
    pub fn take(mut self, calls: u64) -> Self {
        self.subscription = self.subscription.take(calls);
        self
    }

    /// Ends with its first call.
    pub fn once(self) -> Self {
        self.take(1)
    }

    /// Lasts until a token ends, or a function says that it is over.
    pub fn until(mut self, until: impl Until) -> Self {
        self.subscription = self.subscription.until(until);
        self
    }

    /// Each call has a span, which calls the handler this.
    pub fn traced(mut self, name: impl SpanName) -> Self {
        self.traced = Traced::by(name.name());
        self
    }

    /// It takes an argument of that type.
    pub fn takes<'c, A: Argument<'c>>(mut self, argument: &'static str) -> Self {
        if self.refused.is_none()
            && let Err(error) = A::check(self.bus)
        {
            self.refused = Some(RegisterErrorKind::Argument { argument, error });
        }
        self
    }
}

impl<S> fmt::Debug for Registrar<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registrar").field("made", &self.made).finish_non_exhaustive()
    }
}

impl fmt::Debug for HandlerSetup<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerSetup")
            .field("name", &self.name)
            .field("place", &self.place)
            .field("subscription", &self.subscription)
            .finish_non_exhaustive()
    }
}
