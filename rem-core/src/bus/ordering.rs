//! [`Ordering`]: whose order subscribers see.

/// In which order the subscribers of a root bus and of all below it see events:
/// [`BusBuilder::ordering`](crate::BusBuilder::ordering).
///
/// It is not in the facade's prelude, for the standard library has an `Ordering` of its own.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ordering {
    /// Each subscriber sees what one thread publishes in the order in which that published it. Between threads there is no
    /// order: each calls the handlers of its own events, beside the others, and two subscribers may see two events of two
    /// threads in different orders. Publishers do not wait for one another.
    #[default]
    PerPublisher,
    /// All subscribers, inline ones and queues, see all events in one order, that of their
    /// [`sequence`](crate::Event::sequence).
    ///
    /// One thread at a time has the turn: it delivers. A publisher that finds nobody at it has the turn until nothing is left
    /// to be delivered. One that finds another thread at it, or itself, leaves its event in a line and returns, and whoever
    /// has the turn delivers it: its receipt counts who will have it, with a queue or without, as
    /// [`deferred`](crate::Receipt::deferred). So no publisher waits for the handlers of another. A thread that is calling
    /// handlers of another bus has the turn too, and delivers when these have returned.
    ///
    /// ```
    /// use std::sync::{Arc, Mutex};
    /// use std::thread;
    ///
    /// use rem_core::{Bus, Event, Ordering};
    /// # use rem_core::{EventSchema, EventType, Schema, TopicWriter};
    /// # #[derive(Debug)]
    /// # struct Paid(u32);
    /// # impl EventType for Paid {
    /// #     const SCHEMA: Schema = Schema::new("Paid", "order", &[EventSchema::new("Paid", "paid", &[])]);
    /// #     fn leaf(&self) -> usize { 0 }
    /// #     fn write_topic(&self, out: &mut TopicWriter) -> std::fmt::Result { out.literal("paid") }
    /// # }
    ///
    /// let bus = Bus::builder().ordering(Ordering::Total).build();
    /// let seen: [Arc<Mutex<Vec<u32>>>; 2] = Default::default();
    /// for seen in seen.clone() {
    ///     bus.on(move |event: &Event<Paid>| {
    ///         if let Ok(mut seen) = seen.lock() {
    ///             seen.push(event.data.0);
    ///         }
    ///     })
    ///     .detach();
    /// }
    /// thread::scope(|scope| {
    ///     for order in 0..4 {
    ///         let bus = &bus;
    ///         scope.spawn(move || bus.publish(Paid(order)));
    ///     }
    /// });
    /// // In which order the four threads came is theirs; both handlers have seen the same.
    /// let [one, other] = seen.map(|seen| seen.lock().map(|seen| seen.clone()).unwrap_or_default());
    /// assert_eq!((one.len(), &one), (4, &other));
    /// ```
    ///
    /// # What is promised
    /// Every subscriber has the events that it wants in ascending order of their numbers, each once. An event has reached all
    /// of its own before an effect of it reaches anybody, whatever threads are about. No two inline handlers of the bus run
    /// at the same time, and each sees what those before it have done; only the past is read to an inline subscription
    /// ([`from`](crate::SubscriptionBuilder::from)) in the thread that subscribes, beside what others get live. System events
    /// (`$rem.…`), which have no number, have their turn as well, and child buses have that of their root.
    ///
    /// What is not: that an event is handled when its publish returns
    /// ([`Bus::settle`](crate::Bus::settle) waits until it is), in which thread a handler runs, that a queue's reader is as far
    /// as another's, and any order between two root buses.
    ///
    /// # Limits
    /// In the line there is room for as many events as [`BusBuilder::deferred`](crate::BusBuilder::deferred) says; the
    /// publisher of the next has it back as
    /// [`TooManyDeferred`](crate::PublishErrorKind::TooManyDeferred). The filters of an event that has to stand there are
    /// asked by its publisher, before it has a number.
    ///
    /// An event in the line has its place in each queue with `Block` or `Reject` already. If all places of a queue are those
    /// of events that stand there, and nothing is to be read, a handler that publishes into it is refused at once, as
    /// [`WouldDeadlock`](crate::PublishErrorKind::WouldDeadlock): it is what they wait for. Give such a queue room for as many
    /// events as publishers may have under way.
    ///
    /// # Cost
    /// Handlers run one after the other, however many threads publish, so that all together are as fast as one; a handler
    /// that takes long holds up every subscriber, and the thread that has the turn delivers for the others as long as they
    /// publish faster than that. A publish takes a lock that all publishers of the root bus share, twice, for a few moves
    /// (and what the history's [`record`](crate::History::record) does); one that finds another thread at it asks all filters
    /// first, and costs a few allocations more. The length of the line and the number of threads do not matter beyond that.
    Total,
}
