//! [`Expectation`]: events that are expected, in a sequence.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rem_patterns::{IntoPattern, PatternError};

use super::log::{Log, Look, Place};
use super::step::Step;
use super::unmet::{Fault, Mode, Unmet};
use crate::event::{Event, EventType, Payload, Shape};
use crate::sync;

/// Events that are expected, in a sequence: see [`Recorder::expect`](super::Recorder::expect).
///
/// Each step is one event. How they are to come says the method at the end: [`exactly`](Self::exactly),
/// [`in_a_row`](Self::in_a_row) or [`among_others`](Self::among_others). Steps are compared with what was recorded since the
/// mark: behind what the last expectation or wait met. One that holds moves the mark; one that fails leaves it.
///
/// Topics and patterns are whole ones, from the root bus. A predicate may be called more than once with an event.
///
/// ```
/// use rem_core::testing::{Recorder, TestBus};
/// use rem_core::wire::{Codec, RawEvent};
///
/// let test = TestBus::new();
/// let recorder = Recorder::new(&test.bus);
/// for topic in ["order.placed", "order.paid", "stock.changed"] {
///     test.bus.publish_to(topic, RawEvent::new(Codec::Json, *b"1"))?;
/// }
/// recorder.expect().topic("order.placed").pattern("stock.*").among_others();
/// recorder.expect().exactly(); // and nothing behind it
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "nothing is compared until `exactly`, `in_a_row` or `among_others` is called"]
pub struct Expectation<T: ?Sized = dyn Payload> {
    log: Arc<Log<T>>,
    steps: Vec<Arc<Step>>,
    wrong: Option<PatternError>,
    limit: Duration,
}

impl<T: Shape + ?Sized> Expectation<T> {
    pub(super) fn new(log: &Arc<Log<T>>) -> Self {
        Self { log: Arc::clone(log), steps: Vec::new(), wrong: None, limit: Duration::ZERO }
    }

    fn step(mut self, step: Step) -> Self {
        self.steps.push(Arc::new(step));
        self
    }

    /// Next, an event of that topic.
    pub fn topic(self, topic: impl AsRef<str>) -> Self {
        self.step(Step::topic(topic.as_ref()))
    }

    /// Next, an event whose topic the pattern selects.
    ///
    /// A pattern that is none fails the expectation.
    pub fn pattern(mut self, pattern: impl IntoPattern) -> Self {
        match pattern.into_pattern() {
            Ok(pattern) => self.step(Step::pattern(pattern)),
            Err(error) => {
                self.wrong.get_or_insert(error);
                self
            }
        }
    }

    /// Next, an event that can be seen as `E`: of the type, or of one that holds it or that it is nested in.
    pub fn of<E: EventType>(self) -> Self {
        self.step(Step::of::<E>())
    }

    /// Next, an event with data of which something is so; `what` says it in the message of a failure: `"of order 42"`.
    pub fn data<E: EventType>(
        self,
        what: impl AsRef<str>,
        test: impl Fn(&E) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.step(Step::data(what.as_ref(), test))
    }

    /// Next, an event with data equal to this.
    pub fn equal<E: EventType + PartialEq>(self, data: E) -> Self {
        self.step(Step::equal(data))
    }

    /// Next, any event.
    pub fn any(self) -> Self {
        self.step(Step::any())
    }

    /// The last step so many times, one after the other; 0 takes it off.
    pub fn times(mut self, times: usize) -> Self {
        if let Some(step) = self.steps.pop() {
            // More than are kept can never come: that is told, and not tried.
            let most = self.log.limit().saturating_add(1);
            self.steps.extend(std::iter::repeat_n(step, times.min(most)));
        }
        self
    }

    /// Waits for what has not come yet, in this thread, at most so long. Without it what was recorded so far has to do.
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// These events came and no others, before, between or behind them. Gives them back.
    ///
    /// With [`within`](Self::within) it returns when the last step is met; what comes later is seen by the next expectation.
    ///
    /// # Panics
    /// When it is not so, with the step that was expected next and what came.
    #[track_caller]
    pub fn exactly(self) -> Vec<Arc<Event<T>>> {
        or_panic(self.compare(Mode::Exactly))
    }

    /// These events came one after the other with none before or between them; more may have come behind them, and are
    /// the next expectation's. Gives them back.
    ///
    /// # Panics
    /// As for [`exactly`](Self::exactly).
    #[track_caller]
    pub fn in_a_row(self) -> Vec<Arc<Event<T>>> {
        or_panic(self.compare(Mode::InARow))
    }

    /// These events came in this order, and any others before, between and behind them. Gives them back. What lies between is
    /// passed over: the mark is moved behind the last.
    ///
    /// # Panics
    /// As for [`exactly`](Self::exactly).
    #[track_caller]
    pub fn among_others(self) -> Vec<Arc<Event<T>>> {
        or_panic(self.compare(Mode::Among))
    }

    /// [`exactly`](Self::exactly), as a result.
    ///
    /// # Errors
    /// Where the other panics.
    pub fn try_exactly(self) -> Result<Vec<Arc<Event<T>>>, Unmet> {
        self.compare(Mode::Exactly)
    }

    /// [`in_a_row`](Self::in_a_row), as a result.
    ///
    /// # Errors
    /// Where the other panics.
    pub fn try_in_a_row(self) -> Result<Vec<Arc<Event<T>>>, Unmet> {
        self.compare(Mode::InARow)
    }

    /// [`among_others`](Self::among_others), as a result.
    ///
    /// # Errors
    /// Where the other panics.
    pub fn try_among_others(self) -> Result<Vec<Arc<Event<T>>>, Unmet> {
        self.compare(Mode::Among)
    }

    /// [`try_among_others`](Self::try_among_others) as a future for any runtime, ready when all have come. It has no limit, for
    /// it takes a runtime to tell the time: put a timeout of yours around it.
    pub fn coming(self) -> Coming<T> {
        Coming { place: Place::new(&self.log), expectation: self }
    }

    fn compare(self, mode: Mode) -> Result<Vec<Arc<Event<T>>>, Unmet> {
        let until = sync::now().checked_add(self.limit);
        loop {
            let look = self.log.since_mark();
            match self.check(&look, mode) {
                Ok(met) => return Ok(met),
                Err(fault) => {
                    let waits = fault.may_come && !self.limit.is_zero();
                    if !(waits && self.log.wait(&look, until)) {
                        return Err(self.unmet(&fault, &look, mode));
                    }
                }
            }
        }
    }

    fn check(&self, look: &Look<T>, mode: Mode) -> Result<Vec<Arc<Event<T>>>, Fault> {
        if self.wrong.is_some() {
            return Err(Fault::default());
        }
        let mut met = Vec::new();
        let mut at = 0;
        for (number, step) in self.steps.iter().enumerate() {
            loop {
                let Some(event) = look.events.get(at) else {
                    let may_come = !look.ended && look.lost == 0;
                    return Err(Fault { met, step: number, may_come, ..Fault::default() });
                };
                // The user's code: no lock is held.
                let why = step.why_not(&T::erase(Arc::clone(event)));
                at += 1;
                match why {
                    None => break met.push(at - 1),
                    Some(_) if mode == Mode::Among => {}
                    Some(why) => {
                        let other = Some((at - 1, why));
                        return Err(Fault { met, step: number, other, may_come: false });
                    }
                }
            }
        }
        if mode == Mode::Exactly && (at < look.events.len() || look.lost > 0) {
            let other = look.events.get(at).map(|_| (at, String::new()));
            return Err(Fault { met, step: self.steps.len(), other, may_come: false });
        }
        self.log.mark(look.first + at as u64);
        Ok(met.into_iter().map(|at| Arc::clone(&look.events[at])).collect())
    }

    #[cold]
    fn unmet(&self, fault: &Fault, look: &Look<T>, mode: Mode) -> Unmet {
        if let Some(error) = &self.wrong {
            return Unmet::pattern(error);
        }
        let events: Vec<_> = look.events.iter().map(|event| T::erase(Arc::clone(event))).collect();
        Unmet::new(fault, &self.steps, &events, look.first, mode)
            .after(self.limit, look.ended)
            .without(look.lost, self.log.limit())
    }
}

#[track_caller]
fn or_panic<R>(result: Result<R, Unmet>) -> R {
    match result {
        Ok(met) => met,
        Err(unmet) => panic!("{unmet}"),
    }
}

impl<T: ?Sized> fmt::Debug for Expectation<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps = self.steps.iter().map(|step| &step.what);
        f.debug_tuple("Expectation").field(&steps.collect::<Vec<_>>()).finish()
    }
}

/// Events that are waited for, as a future: see [`Expectation::coming`].
#[must_use = "nobody waits until it is awaited"]
pub struct Coming<T: ?Sized = dyn Payload> {
    expectation: Expectation<T>,
    place: Place<T>,
}

impl<T: Shape + ?Sized> Future for Coming<T> {
    type Output = Result<Vec<Arc<Event<T>>>, Unmet>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let look = self.expectation.log.since_mark();
            match self.expectation.check(&look, Mode::Among) {
                Ok(met) => return Poll::Ready(Ok(met)),
                Err(fault) if fault.may_come => {
                    if self.place.poll(&look, cx.waker()).is_pending() {
                        return Poll::Pending;
                    }
                }
                Err(fault) => {
                    return Poll::Ready(Err(self.expectation.unmet(&fault, &look, Mode::Among)));
                }
            }
        }
    }
}

impl<T: ?Sized> fmt::Debug for Coming<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Coming").field(&self.expectation).finish()
    }
}
