//! [`Resumed`]: a name that was taken, and where it goes on.

use std::sync::Arc;

use super::follow::first_position;
use super::name::whole;
use super::{Claim, Follower, Progress, Reading};
use crate::error::SubscribeError;
use crate::subscription::{Delivery, Entry, Start, SubscriptionBuilder};

/// A name that was taken, and where it goes on.
pub(crate) struct Resumed {
    claim: Claim,
    pub(crate) progress: Arc<Progress>,
    /// It has no position yet.
    is_new: bool,
}

impl SubscriptionBuilder<'_> {
    /// Takes the name.
    pub(crate) fn resume(&self, name: &str, window: usize) -> Result<Resumed, SubscribeError> {
        let bus = self.bus().state();
        let name = whole(bus.prefix_topic(), name)?;
        let history = bus.core.durable.as_ref().ok_or(SubscribeError::NoDurableHistory)?;
        if self.start() == Some(Start::LastPerTopic) {
            return Err(SubscribeError::DurableStart);
        }
        let claim = bus.core.names.claim(name, self.place())?;
        let position = history.position(claim.name());
        let progress = Progress::new(claim.name(), history, position.unwrap_or(0), window);
        Ok(Resumed { claim, progress, is_new: position.is_none() })
    }

    /// The subscription, known by its name, and what reads the history for it.
    pub(crate) fn follow(
        self,
        resumed: Resumed,
        delivery: Delivery,
    ) -> Result<(Arc<Entry>, Reading), SubscribeError> {
        if let Some(local) = delivery.wanted().filter(|wanted| wanted.schema.local) {
            return Err(SubscribeError::DurableLocal(local.schema.name));
        }
        let Resumed { claim, progress, is_new } = resumed;
        let (core, start) = (&self.bus().state().core, self.start().unwrap_or(Start::Earliest));
        let entry = self.made(delivery, |entry| entry.keeps_position(&progress))?;
        if is_new {
            progress.begin_after(first_position(core, &entry, start));
        }
        let follower = Follower::new(core, &entry, &progress);
        claim.is_of(&entry);
        core.arrivals.arrived();
        Ok((entry, Reading::new(follower, progress, claim)))
    }
}
