//! [`Names`]: which names of durable subscriptions are in use, and by whom.

use std::collections::BTreeMap;
use std::panic::Location;
use std::sync::{Arc, Weak};

use crate::error::SubscribeError;
use crate::interest::Watchers;
use crate::subscription::Entry;
use crate::sync::{Mutex, lock};

/// The names in use on one root bus and all below it.
#[derive(Debug, Default)]
pub(crate) struct Names(Mutex<BTreeMap<Box<str>, User>>, Arc<Watchers>);

#[derive(Debug)]
struct User {
    place: &'static Location<'static>,
    /// Nobody, as long as it is being made.
    entry: Weak<Entry>,
}

impl Names {
    /// None; whoever takes one is told of to those.
    pub(crate) fn new(watchers: &Arc<Watchers>) -> Self {
        Self(Mutex::default(), Arc::clone(watchers))
    }

    /// Takes a name, unless another has it; then tells where that was made.
    pub(crate) fn claim(
        self: &Arc<Self>,
        name: Box<str>,
        place: &'static Location<'static>,
    ) -> Result<Claim, InUse> {
        let mut names = lock(&self.0);
        if let Some(user) = names.get(&name) {
            return Err(InUse { name, place: user.place });
        }
        names.insert(name.clone(), User { place, entry: Weak::new() });
        drop(names);
        Ok(Claim { names: Arc::clone(self), name })
    }

    /// The subscriptions that have names.
    pub(crate) fn entries(&self) -> Vec<Arc<Entry>> {
        lock(&self.0).values().filter_map(|user| user.entry.upgrade()).collect()
    }

    /// Who uses that name, and where it was made.
    pub(super) fn user(
        &self,
        name: &str,
    ) -> Option<(&'static Location<'static>, Option<Arc<Entry>>)> {
        lock(&self.0).get(name).map(|user| (user.place, user.entry.upgrade()))
    }
}

/// A name that another has.
pub(crate) struct InUse {
    pub(crate) name: Box<str>,
    pub(crate) place: &'static Location<'static>,
}

impl From<InUse> for SubscribeError {
    fn from(InUse { name, place }: InUse) -> Self {
        Self::DurableInUse { name, place }
    }
}

/// A name in use. It is free when this is dropped.
#[derive(Debug)]
pub(crate) struct Claim {
    names: Arc<Names>,
    name: Box<str>,
}

impl Claim {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Says whose it is.
    pub(crate) fn is_of(&self, entry: &Arc<Entry>) {
        if let Some(user) = lock(&self.names.0).get_mut(&self.name) {
            user.entry = Arc::downgrade(entry);
        }
        self.names.1.ring();
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let user = lock(&self.names.0).remove(&self.name);
        drop(user);
        self.names.1.ring();
    }
}
