//! Opening child buses.

use std::sync::{Arc, Weak};

use rem_patterns::Topic;

use super::State;
use crate::error::ChildError;
use crate::sync::lock;

/// What to do about a bus that is open with the prefix.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Existing {
    Refuse,
    Share,
}

pub(super) fn open(
    parent: &Arc<State>,
    prefix: &str,
    existing: Existing,
) -> Result<Arc<State>, ChildError> {
    let local = Topic::parse(prefix)?;
    if local.is_system() {
        return Err(ChildError::SystemPrefix(local));
    }
    let prefix = match parent.prefix_topic() {
        Some(above) => above.join(&local)?,
        None => local,
    };
    // Declared before the lock, to be dropped after it: it may be the last handle of that bus, and hold the user's data.
    let open;
    let child = {
        let mut children = lock(&parent.core.children);
        if parent.is_closed() {
            return Err(ChildError::Closed);
        }
        open = children.get(&prefix).and_then(Weak::upgrade);
        match (&open, existing) {
            (Some(bus), Existing::Refuse) if !bus.is_closed() => {
                return Err(ChildError::Open(prefix));
            }
            (Some(bus), Existing::Share) if !bus.is_closed() => return Ok(Arc::clone(bus)),
            _ => {
                // Prefixes whose last handle is gone are forgotten now and then, before the map has to grow.
                if children.len() == children.capacity() {
                    children.retain(|_, open| open.strong_count() > 0);
                }
                let child = Arc::new(State::child(parent, prefix.clone()));
                children.insert(prefix, Arc::downgrade(&child));
                child
            }
        }
    };
    // Routes below the prefix were resolved without the child, and its middleware.
    parent.core.router.touch();
    Ok(child)
}

/// See [`Bus::nearest`](super::Bus::nearest).
pub(super) fn nearest(bus: &Arc<State>, prefix: &str) -> Arc<State> {
    let below = match bus.prefix() {
        "" => Some(prefix),
        above => prefix.strip_prefix(above).and_then(|rest| rest.strip_prefix('.')),
    };
    let below = below.filter(|below| !below.is_empty());
    let child = below.and_then(|below| open(bus, below, Existing::Share).ok());
    child.unwrap_or_else(|| Arc::clone(bus))
}
