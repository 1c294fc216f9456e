//! [`Attached`]: what is on the bus while a client is attached, and not without one: a probe of handlings, and who hears of failures.

use std::fmt;
use std::sync::Arc;

use rem_core::__private::{Interests, Probe, Probing};
use rem_core::{Bus, EventStream, Overflow, SubscriptionId, SystemEvent};

use crate::measures::Measures;

/// How many failures wait to be taken.
const QUEUE: usize = 256;

/// What is on the bus while a client is attached.
pub(crate) struct Attached {
    _probing: Option<Probing>,
    /// None on a bus that is closed.
    pub(crate) failures: Option<EventStream<SystemEvent>>,
    subscription: Option<SubscriptionId>,
    interests: Interests,
}

impl Attached {
    pub(crate) fn to(bus: &Bus, measures: Option<&Arc<Measures>>) -> Self {
        let probing = measures.map(|measures| {
            measures.refill();
            Probing::begin(bus, Arc::clone(measures) as Arc<dyn Probe>)
        });
        let failures = bus.subscription("$rem.handler.failed");
        let failures = failures.queue(QUEUE, Overflow::DropOldest).stream().ok();
        let interests = Interests::of(bus);
        let subscription = failures.as_ref().map(|stream| stream.subscription().id());
        if let Some(id) = subscription {
            interests.set_apart(id);
        }
        Self { _probing: probing, failures, subscription, interests }
    }

    /// The subscription that it has.
    pub(crate) fn subscription(&self) -> Option<SubscriptionId> {
        self.subscription
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        if let Some(id) = self.subscription {
            self.interests.forget(id);
        }
    }
}

impl fmt::Debug for Attached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attached").finish_non_exhaustive()
    }
}
