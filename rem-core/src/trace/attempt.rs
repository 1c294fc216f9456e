//! The spans of a task that is `traced`: one for each attempt, which follows from that of the publish.

use tracing::Span;

use super::spans::{fail, handle, publish_of};
use crate::deliver::quietly;
use crate::event::Event;

/// What the spans of a task call it, if it has some.
#[derive(Debug, Default)]
pub(crate) struct Traced(Option<Box<str>>);

/// The span of an event's publish, kept open until the event is handled. Boxed, for most events have none.
///
/// To be dropped quietly, as an event is, and under no lock: that is the subscriber's code.
#[derive(Debug, Default)]
pub(crate) struct Origin(Option<Box<Span>>);

/// The span of one attempt. Boxed, for it stands in the future of each call.
#[derive(Debug, Default)]
pub(crate) struct AttemptSpan(Option<Box<Span>>);

impl Traced {
    pub(crate) fn by(subscription: Box<str>) -> Self {
        Self(Some(subscription))
    }

    pub(crate) fn is_on(&self) -> bool {
        self.0.is_some()
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
