//! [`QueueBuilder`]: a subscription whose events wait in a queue.

use std::sync::Arc;

use super::{Delivery, SubscriptionBuilder};
use crate::error::SubscribeError;
use crate::event::Shape;
use crate::queue::{Channel, EventStream, Overflow};

/// A subscription in the making whose events wait in a queue: see [`SubscriptionBuilder::queue`].
#[must_use = "nothing is subscribed until the queue is given a reader: `stream`"]
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

    /// The reader's end. `EventStream<Order>` gives events of one type, `EventStream` events of any.
    ///
    /// # Errors
    /// A pattern that is none or cannot lie below the bus's prefix, and a closed bus.
    pub fn stream<T: Shape + ?Sized>(self) -> Result<EventStream<T>, SubscribeError> {
        let Self { subscription, capacity, overflow } = self;
        let bus = subscription.bus();
        let channel = Arc::new(Channel::new(capacity, overflow));
        let subscription = subscription.finish(Delivery::queue::<T>(&channel))?;
        // A bus that was closed meanwhile has passed by what was not there yet.
        if bus.is_closed() {
            channel.finish();
        }
        let about = Arc::clone(subscription.about());
        Ok(EventStream::new(subscription, about, channel))
    }
}
