//! The spans of what is `traced`: one for each attempt of a task, which follows from that of the publish, or of its being sent
//! again.

use std::sync::Arc;

use tracing::Span;

use super::spans::{fail, handle, lend, publish_of, resend, within_handling};
use crate::deliver::quietly;
use crate::event::Event;

/// What the spans of a task, or of a handler, call it, if it has some.
#[derive(Debug, Default, Clone)]
pub(crate) struct Traced(Option<Arc<str>>);

/// The span of an event's publish, or of its being sent again, kept open until the event is handled. Boxed, for most events
/// have none.
///
/// To be dropped under no lock, for that is the subscriber's code.
#[derive(Debug, Default)]
pub(crate) struct Origin(Option<Box<Span>>);

/// The span of one attempt. Boxed, for it stands in the future of each call.
#[derive(Debug, Default)]
pub(crate) struct AttemptSpan(Option<Box<Span>>);

impl Traced {
    pub(crate) fn by(subscription: Box<str>) -> Self {
        Self(Some(subscription.into()))
    }

    /// The span of an event's being sent again. The subscriber's code, which may panic.
    pub(crate) fn resend(&self, event: &Event) -> Origin {
        let span = self.0.as_deref().map(|name| resend(name, event));
        Origin(span.filter(|span| !span.is_disabled()).map(Box::new))
    }

    pub(crate) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Calls a handler inline, within a span of its own if it is to have one.
    #[inline]
    pub(crate) fn call<T: ?Sized>(
        &self,
        event: &Event<T>,
        run: impl FnOnce() -> Result<(), Box<str>>,
    ) -> Result<(), Box<str>> {
        match self.0.as_deref() {
            None => run(),
            Some(name) => within_handling(name, event, run),
        }
    }

    /// The span of an attempt that begins. The subscriber's code, which may panic.
    #[inline]
    pub(crate) fn attempt(
        &self,
        event: &Event,
        origin: Option<&Origin>,
        attempt: u32,
    ) -> AttemptSpan {
        AttemptSpan(self.0.as_deref().and_then(|name| begin(name, event, origin, attempt)))
    }
}

#[cold]
fn begin(name: &str, event: &Event, origin: Option<&Origin>, attempt: u32) -> Option<Box<Span>> {
    let span = handle(name, event, Some(attempt));
    if span.is_disabled() {
        return None;
    }
    if let Some(publish) = origin.and_then(|origin| origin.0.as_deref()) {
        span.follows_from(publish);
    }
    Some(Box::new(span))
}

impl Origin {
    /// That of an event which is published in this thread, if it passed `Spans`. The subscriber's code, which may panic.
    pub(crate) fn of(event: &Event) -> Self {
        Self(publish_of(event).map(Box::new))
    }

    #[inline]
    pub(crate) fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// Hands an event over in a thread that need not be its publisher's, where handlings find the span.
    pub(crate) fn lend<R>(mut self, event: &Event, hand_over: impl FnOnce() -> R) -> R {
        match self.0.take() {
            Some(span) => lend(event.id(), *span, hand_over),
            None => hand_over(),
        }
    }
}

/// Quietly, as an event is dropped.
impl Drop for Origin {
    fn drop(&mut self) {
        if let Some(span) = self.0.take() {
            quietly(span);
        }
    }
}

impl AttemptSpan {
    /// Runs what belongs to the attempt.
    #[inline]
    pub(crate) fn within<R>(&self, run: impl FnOnce() -> R) -> R {
        match &self.0 {
            Some(span) => span.in_scope(run),
            None => run(),
        }
    }

    /// Notes why it has failed. The subscriber's code, which may panic.
    pub(crate) fn fail(&self, error: &str) {
        if let Some(span) = &self.0 {
            fail(span, &error);
        }
    }
}

/// Quietly, for a worker may be dropped wherever it waits.
impl Drop for AttemptSpan {
    fn drop(&mut self) {
        if let Some(span) = self.0.take() {
            quietly(span);
        }
    }
}
