//! [`Watch`]: tells on a bus what becomes of units, each event with its cause.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use rem_core::__private::isolate;
use rem_core::{Bus, EventId, Source};

use crate::error::UnitError;
use crate::event::TaskEvent;

/// Tells on a bus what becomes of units.
#[derive(Debug)]
pub(crate) struct Watch {
    bus: Bus,
    source: Option<Source>,
    /// Events that the bus did not take.
    lost: AtomicU64,
}

/// What led to an event.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cause {
    pub(crate) event: Option<EventId>,
    /// Of what it is a part.
    pub(crate) story: Option<EventId>,
}

/// What was told of a unit.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Told {
    /// The newest event of it, or what let it begin.
    pub(crate) cause: Cause,
    /// When its attempt began.
    since: Option<Instant>,
}

impl Told {
    /// Nothing yet; that is why it is there.
    pub(crate) fn by(cause: Cause) -> Self {
        Self { cause, since: None }
    }

    /// An attempt began, which was told by that event.
    pub(crate) fn began(cause: Cause) -> Self {
        Self { cause, since: Some(Instant::now()) }
    }

    /// How long ago that was.
    pub(crate) fn micros(&self) -> u64 {
        let time = self.since.map(|since| since.elapsed().as_micros());
        time.map_or(0, |time| u64::try_from(time).unwrap_or(u64::MAX))
    }
}

impl Watch {
    pub(crate) fn new(bus: &Bus, source: Option<Source>) -> Self {
        Self { bus: bus.clone(), source, lost: AtomicU64::new(0) }
    }

    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Publishes it; gives it as the cause of what follows. If nobody listens, or the bus refuses it, that is what caused it.
    pub(crate) fn tell(&self, event: TaskEvent, cause: Cause) -> Cause {
        let mut builder = self.bus.event(event);
        if let Some(source) = &self.source {
            builder = builder.source(source.clone());
        }
        if let Some(event) = cause.event {
            builder = builder.causation(event).correlation(cause.story.unwrap_or(event));
        }
        let Ok(receipt) = builder.publish() else {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return cause;
        };
        match receipt.id() {
            Some(id) => Cause { event: Some(id), story: cause.story.or(Some(id)) },
            None => cause,
        }
    }

    pub(crate) fn failed(&self, error: &UnitError, cause: Cause) -> Cause {
        let event = TaskEvent::Failed {
            unit: error.unit().into(),
            attempts: error.attempts(),
            kind: error.kind(),
            error: text(error),
        };
        self.tell(event, cause)
    }
}

/// The text of what may be the user's own.
pub(crate) fn text(of: &impl std::fmt::Display) -> String {
    isolate(|| of.to_string())
        .unwrap_or_else(|panic| format!("an error whose text panics: {panic}"))
}
