//! What stands in place of the spans of tasks where the feature `tracing` is off: nothing.

use crate::event::Event;

#[derive(Debug, Default, Clone)]
pub(crate) struct Traced(());

#[derive(Debug, Default)]
pub(crate) struct Origin(());

#[derive(Debug, Default)]
pub(crate) struct AttemptSpan(());

#[expect(clippy::unused_self, reason = "as where there are spans")]
impl Traced {
    pub(crate) fn by(_: Box<str>) -> Self {
        Self(())
    }

    #[inline]
    pub(crate) fn call<T: ?Sized>(
        &self,
        _: &Event<T>,
        run: impl FnOnce() -> Result<(), Box<str>>,
    ) -> Result<(), Box<str>> {
        run()
    }

    pub(crate) fn is_on(&self) -> bool {
        false
    }

    #[inline]
    pub(crate) fn resend(&self, _: &Event) -> Origin {
        Origin(())
    }

    #[inline]
    pub(crate) fn attempt(&self, _: &Event, _: Option<&Origin>, _: u32) -> AttemptSpan {
        AttemptSpan(())
    }
}

#[expect(clippy::unused_self, reason = "as where there are spans")]
impl Origin {
    pub(crate) fn of(_: &Event) -> Self {
        Self(())
    }

    #[inline]
    pub(crate) fn is_none(&self) -> bool {
        true
    }

    #[inline]
    pub(crate) fn lend<R>(self, _: &Event, hand_over: impl FnOnce() -> R) -> R {
        hand_over()
    }
}

#[expect(clippy::unused_self, reason = "as where there are spans")]
impl AttemptSpan {
    #[inline]
    pub(crate) fn within<R>(&self, run: impl FnOnce() -> R) -> R {
        run()
    }

    pub(crate) fn fail(&self, _: &str) {}
}
