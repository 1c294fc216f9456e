//! [`DeadLetters`]: what a task has failed at and keeps, to be looked at, sent again or thrown away.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use super::lanes::NotTaken;
use super::{DeadLetter, Desk};
use crate::event::EventId;
use crate::subscription::{About, Subscription};

/// The dead letters of one subscription: see [`Subscription::dead_letters`]. A handle; it keeps neither the bus nor the
/// handler.
///
/// ```
/// # use std::time::Duration;
/// use rem_core::wire::{Codec, RawEvent};
/// use rem_core::{Bus, Received};
///
/// let bus = Bus::new();
/// let printed = bus
///     .subscription("order.paid")
///     .dead_letter("failed.print")
///     .task(async |_: Received| Err::<(), _>("no paper"))?;
/// bus.publish_to("order.paid", RawEvent::new(Codec::Json, *b"1"))?;
/// bus.settle(Duration::from_secs(10))?;
/// for letter in printed.dead_letters().list() {
///     println!("{} {}", letter.event, letter.error);
/// }
/// assert_eq!(printed.dead_letters().resend_all(), 1); // when there is paper again
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct DeadLetters {
    about: Arc<About>,
    /// `None` for one that is no task.
    desk: Option<Arc<Desk>>,
}

impl Subscription {
    /// What its handler has failed at and is kept, if it is a task with
    /// [`dead_letter`](crate::TaskBuilder::dead_letter) or [`keep_dead_letters`](crate::TaskBuilder::keep_dead_letters);
    /// nothing otherwise.
    ///
    /// ```
    /// use rem_core::{Bus, Received};
    ///
    /// let bus = Bus::new();
    /// let sub = bus
    ///     .subscription("order.**")
    ///     .dead_letter("failed.order")
    ///     .task(|_: Received| async { Err("no connection") })?;
    /// for letter in sub.dead_letters().list() {
    ///     println!("{letter}");
    /// }
    /// sub.dead_letters().resend_all();
    /// # Ok::<(), rem_core::SubscribeError>(())
    /// ```
    pub fn dead_letters(&self) -> DeadLetters {
        DeadLetters { about: Arc::clone(self.about()), desk: self.desk() }
    }
}

impl DeadLetters {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.desk.as_ref().map_or(0, |desk| desk.counts().dead_letters)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of them, oldest first: what has failed, and what waits behind it for it has the same key.
    pub fn list(&self) -> Vec<DeadLetter> {
        let list =
            |desk: &Arc<Desk>| desk.letters(|letter| DeadLetter::listed(letter, &self.about));
        self.desk.as_ref().map(list).unwrap_or_default()
    }

    /// Gives an event to the handler again, before all that waits. If it is handled, those behind it that have its key follow
    /// by themselves; if it fails again, it is a dead letter again, in its old place.
    ///
    /// # Errors
    /// When there is none of that id, when it waits behind another, which has to go first, and when the task has ended.
    pub fn resend(&self, event: EventId) -> Result<(), DeadLetterError> {
        let desk = self.desk.as_ref().ok_or(DeadLetterError::Unknown(event))?;
        match desk.resend(event) {
            Ok(true) => Ok(()),
            Ok(false) => Err(DeadLetterError::Ended),
            Err(NotTaken::Unknown) => Err(DeadLetterError::Unknown(event)),
            Err(NotTaken::Behind) => Err(DeadLetterError::Behind(event)),
        }
    }

    /// The same with all of them: those without a key and the first of each key now, and those behind them when they are
    /// handled. How many were sent now.
    pub fn resend_all(&self) -> usize {
        let heads = self.desk.as_ref().map(|desk| desk.heads()).unwrap_or_default();
        heads.into_iter().filter(|event| self.resend(*event).is_ok()).count()
    }

    /// Throws one away. If it was the first of its key, those behind it are handled now.
    ///
    /// # Errors
    /// When there is none of that id.
    pub fn discard(&self, event: EventId) -> Result<(), DeadLetterError> {
        let found = self.desk.as_ref().is_some_and(|desk| desk.discard(event));
        if found { Ok(()) } else { Err(DeadLetterError::Unknown(event)) }
    }

    /// Throws all away that are there now, the last first, so that none is handled; how many.
    pub fn discard_all(&self) -> usize {
        let Some(desk) = &self.desk else { return 0 };
        let all = desk.letters(|letter| letter.job.event.id());
        all.into_iter().rev().filter(|event| desk.discard(*event)).count()
    }
}

impl fmt::Debug for DeadLetters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadLetters")
            .field("subscription", &self.about)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// Why a dead letter was not sent again or thrown away.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeadLetterError {
    /// There is none of that event: it was sent again, thrown away, or made room for a newer one.
    Unknown(EventId),
    /// It waits behind one of the same key.
    Behind(EventId),
    /// The task takes nothing more: its bus is closed or gone, or the subscription has ended.
    Ended,
}

impl fmt::Display for DeadLetterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(event) => write!(
                f,
                "no dead letter of event {event}: it was sent again or thrown away, or made room for a newer one"
            ),
            Self::Behind(event) => write!(
                f,
                "event {event} waits behind a dead letter of the same key; send that again or throw it away first"
            ),
            Self::Ended => f.write_str(
                "the task takes nothing more, for its bus is closed or gone, or the subscription has ended",
            ),
        }
    }
}

impl Error for DeadLetterError {}
