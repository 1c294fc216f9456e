//! [`Recorder`]: keeps what a bus delivers, to be compared and waited for.

use std::fmt::{self, Write};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use rem_patterns::IntoPattern;

use super::expect::Expectation;
use super::log::Log;
use super::unmet::Unmet;
use crate::bus::{self, Bus, WeakBus};
use crate::error::SubscribeError;
use crate::event::{Event, EventType, Payload, Shape};
use crate::subscription::Subscription;

/// Keeps what a bus delivers, to be compared, waited for and looked at: for tests.
///
/// It has an event before any queue and any handler has it, also one that is published from within a handler: what handlers
/// and readers publish stands behind what they had, whatever thread they run in.
///
/// It keeps the first [`LIMIT`](Self::LIMIT) events, or as many as [`at_most`](Self::at_most) says; those that come then are
/// counted ([`lost`](Self::lost)), and no expectation holds that would have to know them.
///
/// ```
/// use rem_core::testing::{Recorder, TestBus};
/// # use rem_core::{EventType, EventSchema, Schema, TopicWriter};
/// # #[derive(Debug, PartialEq)]
/// # struct Paid { order: u64 }
/// # impl EventType for Paid {
/// #     const SCHEMA: Schema = Schema::new("Paid", "order", &[EventSchema::new("Paid", "paid", &[])]);
/// #     fn leaf(&self) -> usize { 0 }
/// #     fn write_topic(&self, out: &mut TopicWriter) -> std::fmt::Result { out.literal("paid") }
/// # }
/// let test = TestBus::new();
/// let recorder = Recorder::new(&test.bus);
/// test.bus.publish(Paid { order: 42 })?;
/// test.bus.publish(Paid { order: 43 })?;
///
/// recorder
///     .expect()
///     .topic("order.paid")
///     .data("of order 43", |paid: &Paid| paid.order == 43)
///     .exactly();
///
/// test.bus.publish(Paid { order: 44 })?;
/// let unmet = recorder.expect().equal(Paid { order: 45 }).try_exactly().unwrap_err();
/// assert_eq!(
///     unmet.to_string(),
///     "step 1 of 1 is not met: expected next Paid { order: 45 }, but `order.paid` came
/// recorded since the last expectation (= met, > came instead):
///   >   3  order.paid: Paid { order: 44 }
///          expected step 1: Paid { order: 45 }
///          its data is another (- expected, + found)
///            Paid {
///          -     order: 45,
///          +     order: 44,
///            }"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Recorder<T: ?Sized + Shape = dyn Payload> {
    log: Arc<Log<T>>,
    bus: WeakBus,
    _subscription: Subscription,
}

/// Goes with the handler, which nobody calls any more.
struct End<T: ?Sized>(Arc<Log<T>>);

impl<T: ?Sized> Drop for End<T> {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Recorder {
    /// Records every event on this bus and those below it.
    ///
    /// # Panics
    /// On a bus that is closed.
    #[track_caller]
    pub fn new(bus: &Bus) -> Self {
        match Self::of(bus, "**") {
            Ok(recorder) => recorder,
            Err(error) => panic!("nothing to record: {error}"),
        }
    }
}

impl<T: Shape + ?Sized> Recorder<T> {
    /// How many events are kept unless told.
    pub const LIMIT: usize = 10_000;

    /// Records the events that the pattern selects and that can be seen as `T`.
    ///
    /// # Errors
    /// As for [`Bus::subscribe`].
    #[track_caller]
    pub fn of(bus: &Bus, pattern: impl IntoPattern) -> Result<Self, SubscribeError> {
        Self::at_most(bus, pattern, Self::LIMIT)
    }

    /// The same with room for so many events.
    ///
    /// # Errors
    /// As for [`Bus::subscribe`].
    #[track_caller]
    pub fn at_most(
        bus: &Bus,
        pattern: impl IntoPattern,
        events: usize,
    ) -> Result<Self, SubscribeError> {
        let log = Arc::new(Log::new(events));
        let told: Arc<dyn bus::End> = Arc::clone(&log) as _;
        let end = End(Arc::clone(&log));
        // Before all queues and handlers, so that what others make of it comes after what made them.
        let subscription = bus.subscription(pattern).first(move |event| end.0.push(event))?;
        bus.state().tell_end(&told);
        Ok(Self { log, bus: bus.downgrade(), _subscription: subscription })
    }

    /// What was recorded so far, in the order delivered.
    pub fn events(&self) -> Vec<Arc<Event<T>>> {
        self.log.all().events
    }

    /// The same, and forgets it, with what was [`lost`](Self::lost).
    pub fn take(&self) -> Vec<Arc<Event<T>>> {
        self.log.take()
    }

    /// The topics of what was recorded.
    pub fn topics(&self) -> Vec<String> {
        self.events().iter().map(|event| event.topic().to_string()).collect()
    }

    /// How many events were not kept, for want of room.
    pub fn lost(&self) -> u64 {
        self.log.lost()
    }

    /// Expects events in a sequence, which is told step by step.
    pub fn expect(&self) -> Expectation<T> {
        Expectation::new(&self.log)
    }

    /// Waits in this thread for an event whose topic the pattern selects, at most so long: the first since the mark, also if it
    /// has come already. The mark is moved behind it, so that the next wait waits for another.
    ///
    /// # Errors
    /// When the limit comes first, at once when the bus is closed or gone, and for a pattern that is none: with what has come.
    pub fn wait_for(
        &self,
        pattern: impl IntoPattern,
        limit: Duration,
    ) -> Result<Arc<Event<T>>, Unmet> {
        self.expect().pattern(pattern).within(limit).try_among_others().map(one)
    }

    /// The same for an event that can be seen as `E`.
    ///
    /// # Errors
    /// As for [`wait_for`](Self::wait_for).
    pub fn wait_for_type<E: EventType>(&self, limit: Duration) -> Result<Arc<Event<E>>, Unmet> {
        let event = one(self.expect().of::<E>().within(limit).try_among_others()?);
        match E::share(&T::erase(event)) {
            Some(event) => Ok(event),
            None => unreachable!("it was seen as the type before, and is kept as that"),
        }
    }

    /// The same for so many events of the pattern.
    ///
    /// # Errors
    /// As for [`wait_for`](Self::wait_for).
    pub fn wait_for_count(
        &self,
        pattern: impl IntoPattern,
        count: usize,
        limit: Duration,
    ) -> Result<Vec<Arc<Event<T>>>, Unmet> {
        self.expect().pattern(pattern).times(count).within(limit).try_among_others()
    }

    /// [`wait_for`](Self::wait_for) as a future for any runtime, without a limit: put a timeout of yours around it. More than one
    /// event: [`Expectation::coming`].
    ///
    /// # Errors
    /// When the bus is closed or gone or the recorder is dropped before, and for a pattern that is none: with what has come.
    pub fn wait_for_async(
        &self,
        pattern: impl IntoPattern,
    ) -> impl Future<Output = Result<Arc<Event<T>>, Unmet>> + Send + 'static {
        let coming = self.expect().pattern(pattern).coming();
        async move { coming.await.map(one) }
    }

    /// Nothing has come since the mark, so far.
    ///
    /// # Panics
    /// When something has.
    #[track_caller]
    pub fn assert_nothing_more(&self) {
        self.expect().exactly();
    }

    /// Nothing comes any more: waits until the bus has settled, at most so long, and then nothing has come since the mark.
    ///
    /// # Panics
    /// When something has come, and when the bus does not settle ([`Bus::settle`]).
    #[track_caller]
    pub fn assert_quiet(&self, limit: Duration) {
        if let Some(bus) = self.bus.upgrade()
            && let Err(error) = bus.settle(limit)
        {
            panic!("whether more comes is not known: {error}");
        }
        self.assert_nothing_more();
    }

    /// Compares the topics of all that was recorded, whatever the mark.
    ///
    /// # Panics
    /// When they are others, with both lists; and when some were not kept.
    #[track_caller]
    pub fn assert_topics(&self, expected: &[&str]) {
        let found = self.topics();
        let lost = self.lost();
        if found == expected && lost == 0 {
            return;
        }
        let mut text = String::from("the bus delivered other topics than expected\n");
        for at in 0..found.len().max(expected.len()) {
            let (expected, found) = (expected.get(at).copied(), found.get(at).map(String::as_str));
            let mark = if expected == found { ' ' } else { '>' };
            let none = "(nothing)";
            // Writing to a string does not fail.
            let _ = writeln!(
                text,
                "{mark} {at:3}: expected {}, found {}",
                expected.unwrap_or(none),
                found.unwrap_or(none)
            );
        }
        if lost > 0 {
            let _ = writeln!(text, "and {lost} more, which the recorder had no room for");
        }
        panic!("{text}");
    }
}

/// The one event of one step.
fn one<T: ?Sized>(mut met: Vec<Arc<Event<T>>>) -> Arc<Event<T>> {
    match met.pop() {
        Some(event) => event,
        None => unreachable!("a step that is met has an event"),
    }
}

/// A line for each event, as the event shows itself, and one for what was not kept.
impl<T: Shape + ?Sized> fmt::Display for Recorder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let look = self.log.all();
        for event in &look.events {
            writeln!(f, "{event}")?;
        }
        match look.lost {
            0 => Ok(()),
            lost => writeln!(f, "and {lost} more, not kept"),
        }
    }
}

/// The events with all that is known about them.
impl<T: Shape + ?Sized> fmt::Debug for Recorder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let look = self.log.all();
        f.debug_struct("Recorder")
            .field("events", &look.events)
            .field("lost", &look.lost)
            .finish_non_exhaustive()
    }
}
