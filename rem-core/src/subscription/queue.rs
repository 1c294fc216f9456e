//! [`QueueBuilder`]: a subscription whose events wait in a queue.

use std::sync::Arc;

use super::{Delivery, Subscription, SubscriptionBuilder};
use crate::error::SubscribeError;
use crate::event::Shape;
use crate::queue::{Channel, EventStream, Overflow};
use crate::task::TaskBuilder;

/// A subscription in the making whose events wait in a queue: see [`SubscriptionBuilder::queue`].
#[must_use = "nothing is subscribed until the queue is given a reader: `stream` or `task`"]
#[derive(Debug)]
pub struct QueueBuilder<'a> {
    subscription: SubscriptionBuilder<'a>,
    capacity: usize,
    overflow: Overflow,
}

impl<'a> QueueBuilder<'a> {
    pub(super) fn new(
        subscription: SubscriptionBuilder<'a>,
        capacity: usize,
        overflow: Overflow,
    ) -> Self {
        Self { subscription, capacity, overflow }
    }

    /// A task, with this queue before it.
    pub(crate) fn before_task(self) -> TaskBuilder<'a> {
        let Self { subscription, capacity, overflow } = self;
        TaskBuilder::new(subscription, Some((capacity, overflow)))
    }

    /// The reader's end. `EventStream<Order>` gives events of one type, `EventStream` events of any.
    ///
    /// # Errors
    /// A pattern that is none or cannot lie below the bus's prefix, a closed bus, and one without history for a stream that
    /// begins in the past.
    pub fn stream<T: Shape + ?Sized>(self) -> Result<EventStream<T>, SubscribeError> {
        let Self { subscription, capacity, overflow } = self;
        subscription.stream_of(Arc::new(Channel::new(capacity, overflow)))
    }
}

impl SubscriptionBuilder<'_> {
    /// The reader's end of a queue.
    pub(super) fn stream_of<T: Shape + ?Sized>(
        mut self,
        channel: Arc<Channel>,
    ) -> Result<EventStream<T>, SubscribeError> {
        let bus = self.bus();
        // Counted by its reader, who alone knows what reaches him.
        let events = self.calls.take();
        let (entry, past) = self.prepare(Delivery::queue::<T>(&channel))?;
        let about = Arc::clone(entry.about());
        let core = &bus.state().core;
        let subscription = match past {
            None => Subscription::new(core, entry),
            Some(_) => Subscription::outside(core, entry),
        };
        bus.state().finish_late(&channel);
        let mut stream = EventStream::new(subscription, about, channel, past);
        if let Some(events) = events {
            stream.last(events);
        }
        Ok(stream)
    }
}
