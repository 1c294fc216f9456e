//! Time travel: the state at a moment of the past, from the snapshot before it and a fold.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use rem_core::{Followed, Timestamp};
use serde::Serialize;

use crate::difference::{Difference, difference};
use crate::fold::{fold, isolate, quietly};
use crate::shared::lock;
use crate::view::Stand;
use crate::{FoldError, Projection, Projector, TagError, TravelError};

/// How many moments may have tags.
const TAGS: usize = 1_024;
/// How many events are read at once.
const PAGE: usize = 256;

/// A moment in the life of a projection.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Moment {
    /// Behind the event of this number.
    Sequence(u64),
    /// Before the first of its events that happened later than this.
    Time(Timestamp),
    /// The one that was given this tag, by [`Projector::tag`].
    Tag(Box<str>),
    /// As readers see it.
    Now,
}

impl From<u64> for Moment {
    fn from(sequence: u64) -> Self {
        Self::Sequence(sequence)
    }
}

impl From<Timestamp> for Moment {
    fn from(time: Timestamp) -> Self {
        Self::Time(time)
    }
}

impl From<&str> for Moment {
    fn from(tag: &str) -> Self {
        Self::Tag(tag.into())
    }
}

/// The state at a moment of the past: see [`Projector::at`].
pub struct Past<P>(Arc<Stand<P>>);

impl<P> Past<P> {
    /// All up to this number is in it, and nothing above that was selected.
    pub fn sequence(&self) -> u64 {
        self.0.sequence
    }
}

impl<P> Deref for Past<P> {
    type Target = P;

    fn deref(&self) -> &P {
        &self.0.state
    }
}

/// The state itself is looked at by itself: `{:?}` of `*past`.
impl<P> fmt::Debug for Past<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Past").field("sequence", &self.sequence()).finish_non_exhaustive()
    }
}

impl<P: Projection> Projector<P> {
    /// The state at a moment: behind an event's number, at a time, at a tag.
    ///
    /// ```
    /// # use rem_projections::{Projection, Projector, TravelError};
    /// # fn look<P: Projection>(total: &Projector<P>) -> Result<(), TravelError> {
    /// let then = total.at(1_000)?; // behind the event of that number
    /// let noon = total.at(rem_core::Timestamp::from_nanos(1_790_000_000_000_000_000))?;
    /// let before = total.at("before-the-migration")?;
    /// # Ok(()) }
    /// ```
    ///
    /// Times need not be in order: the state at a time is that before the first event that happened later.
    ///
    /// # Errors
    /// A number that it has not come to, a past that neither snapshots nor the history reach, an unknown tag, an event that
    /// cannot be applied. Once a projection that [may miss](crate::ProjectorBuilder::may_miss) events has missed some, a past that
    /// is not reached is no error: it is folded from what is left.
    ///
    /// # Cost
    /// A copy of the snapshot before it, and a fold of the events in between. Nobody waits for it.
    pub fn at(&self, moment: impl Into<Moment>) -> Result<Past<P>, TravelError> {
        let shared = &self.inner().shared;
        let view = shared.view.load_full();
        match moment.into() {
            Moment::Now => Ok(Past(view)),
            Moment::Tag(tag) => {
                let tags = lock(&shared.tags);
                let found = tags.get(&*tag).map(Arc::clone);
                found.map(Past).ok_or_else(|| {
                    let mut known: Vec<_> = tags.keys().cloned().collect();
                    known.sort();
                    TravelError::UnknownTag { name: shared.name.clone(), tag, known }
                })
            }
            Moment::Sequence(wanted) if wanted > view.sequence => {
                let (name, at) = (shared.name.clone(), view.sequence);
                Err(TravelError::NotYet { name, wanted, at })
            }
            Moment::Sequence(wanted) if wanted == view.sequence => Ok(Past(view)),
            Moment::Sequence(wanted) => {
                let snapshot = shared.snapshots.find(wanted).map_err(TravelError::Snapshot)?;
                self.fold_from(snapshot.as_deref(), wanted, None).map(Past)
            }
            Moment::Time(time) if time >= view.time => Ok(Past(view)),
            Moment::Time(time) => {
                let snapshot = shared.snapshots.find_by_time(time, view.sequence);
                let snapshot = snapshot.map_err(TravelError::Snapshot)?;
                self.fold_from(snapshot.as_deref(), view.sequence, Some(time)).map(Past)
            }
        }
    }

    /// Goes on from a snapshot to a number, or to the first event that happened later than a time.
    fn fold_from(
        &self,
        from: Option<&Stand<P>>,
        to: u64,
        until: Option<Timestamp>,
    ) -> Result<Arc<Stand<P>>, TravelError> {
        let shared = &self.inner().shared;
        let (name, initial) = (|| shared.name.clone(), shared.initial.load_full());
        let copied = isolate(|| match from {
            Some(stand) => Stand::clone(stand),
            None => Stand::new(P::clone(&initial)),
        });
        let mut stand = copied.map_err(|said| TravelError::State { name: name(), said })?;
        let mut follow = lock(&self.inner().past).again(stand.sequence);
        let skipped = shared.skipped();
        let mut events = Vec::new();
        while stand.sequence < to {
            let followed = follow.read(to, PAGE, &mut events);
            let later = |time| events.iter().position(|event| event.timestamp() > time);
            let end = until.and_then(later);
            let folded = fold(&mut stand, &events[..end.unwrap_or(events.len())], &skipped);
            let first_later = end.and_then(|end| events[end].sequence());
            events.drain(..).for_each(quietly);
            folded.map_err(TravelError::Fold)?;
            if let Some(later) = first_later {
                stand.sequence = later - 1;
                break;
            }
            stand.sequence = follow.position().min(to);
            match followed {
                Followed::Lost(_)
                    if shared.missed.load(std::sync::atomic::Ordering::Relaxed) > 0 => {}
                Followed::Lost(lost) => {
                    let (from, to) = (lost.from(), lost.to());
                    return Err(TravelError::BeforeHistory { name: name(), from, to });
                }
                Followed::Unreadable(event)
                    if !event.sequence().is_some_and(|number| skipped.contains_key(&number)) =>
                {
                    return Err(TravelError::Fold(FoldError::unreadable(&event)));
                }
                Followed::More | Followed::Unreadable(_) => {}
                _ if stand.sequence < to => return Err(TravelError::Gone { name: name() }),
                _ => {}
            }
        }
        Ok(Arc::new(stand))
    }

    /// Gives the state that readers see a name, under which it is kept until [`untag`](Self::untag), as long as the projector
    /// lives. Returns its number.
    ///
    /// # Errors
    /// A tag that another moment has, and 1,024 tags.
    pub fn tag(&self, tag: impl Into<Box<str>>) -> Result<u64, TagError> {
        let (shared, tag) = (&self.inner().shared, tag.into());
        let view = shared.view.load_full();
        let mut tags = lock(&shared.tags);
        if let Some(taken) = tags.get(&tag) {
            return Err(TagError::Taken { tag, sequence: taken.sequence });
        }
        if tags.len() >= TAGS {
            return Err(TagError::TooMany { limit: TAGS });
        }
        let sequence = view.sequence;
        tags.insert(tag, view);
        Ok(sequence)
    }

    /// Takes a tag away.
    ///
    /// # Errors
    /// A tag that no moment has.
    pub fn untag(&self, tag: &str) -> Result<(), TagError> {
        let gone = lock(&self.inner().shared.tags).remove(tag);
        let gone = gone.ok_or_else(|| TagError::Unknown { tag: tag.into() })?;
        quietly(gone);
        Ok(())
    }

    /// What is different between the states at two moments.
    ///
    /// # Errors
    /// As for [`at`](Self::at), and a state that serde cannot write.
    pub fn difference(
        &self,
        from: impl Into<Moment>,
        to: impl Into<Moment>,
    ) -> Result<Difference, TravelError>
    where
        P: Serialize,
    {
        let written = |past: &Past<P>| {
            let wrong = |said| TravelError::State { name: self.name().into(), said };
            let value = isolate(|| serde_json::to_value(&**past)).map_err(wrong)?;
            value.map_err(|error| wrong(error.to_string().into()))
        };
        let (from, to) = (self.at(from)?, self.at(to)?);
        let changes = difference(&written(&from)?, &written(&to)?);
        Ok(Difference { from: from.sequence(), to: to.sequence(), changes })
    }
}
