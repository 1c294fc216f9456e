//! [`SendAsync`]: a send that waits for async receivers, driven by whoever awaits it.

use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::vec;

use super::Signal;
use super::depth::Depth;
use super::error::{Panicked, SendAsyncError, SendError};
use super::plan::{Entry, Merged};
use super::receiver::{self, Work};
use super::results::{Panics, Results, Values};
use super::send::panicked;
use super::state::Inner;
use crate::deliver::{isolate, quietly};

/// A send under way: see [`Signal::send_async`]. Nobody is called before it is first polled.
///
/// Dropping it ends the async receivers where they stand, and calls no others.
#[must_use = "nobody is called before it is awaited"]
pub struct SendAsync<'a, T: ?Sized, R, S> {
    inner: Arc<Inner<T, R, S>>,
    sender: Option<&'a S>,
    value: Arc<T>,
    at_once: bool,
    state: State<T, R, S>,
}

enum State<T: ?Sized, R, S> {
    NotBegun,
    Running(Running<T, R, S>),
    Over,
}

/// Receivers in their order: those that were called, and those that are still to be.
struct Running<T: ?Sized, R, S> {
    called: Vec<Call<T, R, S>>,
    left: vec::IntoIter<Entry<T, R, S>>,
    pending: usize,
    passed: bool,
}

struct Call<T: ?Sized, R, S> {
    entry: Entry<T, R, S>,
    state: CallState<R>,
}

enum CallState<R> {
    Pending(Work<R>),
    Over(Result<R, Panicked>),
}

/// Nothing in it is pinned: futures are boxed, and results are only moved.
impl<T: ?Sized, R, S> Unpin for SendAsync<'_, T, R, S> {}

impl<'a, T: ?Sized, R, S> SendAsync<'a, T, R, S> {
    pub(super) fn new(signal: &Signal<T, R, S>, sender: Option<&'a S>, value: Arc<T>) -> Self {
        let inner = Arc::clone(&signal.0);
        Self { inner, sender, value, at_once: false, state: State::NotBegun }
    }

    /// Calls all receivers in their order without waiting for one before the next is called, so that async ones are under
    /// way at the same time. The results stand in the same order.
    ///
    /// # Cost
    /// Whenever it is woken, every receiver that is not ready is polled.
    pub fn at_once(mut self) -> Self {
        self.at_once = true;
        self
    }
}

impl<T, R, S> Future for SendAsync<'_, T, R, S>
where
    T: ?Sized + 'static,
    R: 'static,
    S: Eq + Hash + Send + Sync + 'static,
{
    type Output = Result<Results<R>, SendAsyncError<T>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let (inner, sender, value) = (&this.inner, this.sender, &this.value);
        let (mut running, depth) = match mem::replace(&mut this.state, State::Over) {
            State::NotBegun => match begin(inner, sender) {
                Ok(Some((running, depth))) => (running, depth),
                Ok(None) => return Poll::Ready(Ok(Results::default())),
                Err(error) => {
                    let value = Arc::clone(value);
                    return Poll::Ready(Err(SendAsyncError { error, value }));
                }
            },
            State::Running(running) => (running, Depth::again()),
            // Whoever polls a future that is over is told that there is nothing more.
            State::Over => return Poll::Ready(Ok(Results::default())),
        };
        let is_over = running.go_on(sender, value, this.at_once, cx);
        drop(depth);
        if !is_over {
            this.state = State::Running(running);
            return Poll::Pending;
        }
        if running.passed {
            inner.remove_gone();
        }
        Poll::Ready(Ok(running.results()))
    }
}

type Begun<T, R, S> = (Running<T, R, S>, Depth);

/// Who is to be called; `None` if the signal is muted in this thread.
fn begin<T, R, S>(
    inner: &Inner<T, R, S>,
    sender: Option<&S>,
) -> Result<Option<Begun<T, R, S>>, SendError>
where
    T: ?Sized + 'static,
    R: 'static,
    S: Eq + Hash + Send + Sync + 'static,
{
    let fresh = inner.fresh();
    let plan = fresh.plan();
    let others = match sender {
        Some(sender) => isolate(|| plan.by(sender)).map_err(|panic| inner.no_sender(panic))?,
        None => None,
    };
    let Some(depth) = inner.enter()? else { return Ok(None) };
    // Kept one by one and not as the plan, which would keep those too that were disconnected while it waits.
    let left: Vec<_> = Merged::new(&plan.any, others).cloned().collect();
    let called = Vec::with_capacity(left.len());
    let running = Running { called, left: left.into_iter(), pending: 0, passed: false };
    Ok(Some((running, depth)))
}

impl<T: ?Sized, R, S> Running<T, R, S> {
    /// `true` when there is nothing left to do.
    fn go_on(
        &mut self,
        sender: Option<&S>,
        value: &Arc<T>,
        at_once: bool,
        cx: &mut Context<'_>,
    ) -> bool {
        // One after another, only the last that was called can be pending.
        let from = if at_once { 0 } else { self.called.len().saturating_sub(1) };
        self.poll_from(from, cx);
        while (at_once || self.pending == 0)
            && let Some(entry) = self.left.next()
        {
            self.call(entry, sender, value);
            self.poll_from(self.called.len().saturating_sub(1), cx);
        }
        self.pending == 0
    }

    fn call(&mut self, entry: Entry<T, R, S>, sender: Option<&S>, value: &Arc<T>) {
        let state = match isolate(|| entry.receiver.begin(sender, value)) {
            Ok(Some(receiver::Begun::Done(value))) => CallState::Over(Ok(value)),
            Ok(Some(receiver::Begun::Pending(work))) => {
                self.pending += 1;
                CallState::Pending(work)
            }
            Ok(None) => {
                self.passed = true;
                return quietly(entry);
            }
            Err(panic) => CallState::Over(Err(panicked(&entry, panic))),
        };
        self.called.push(Call { entry, state });
    }

    /// Polls those of them that are pending.
    fn poll_from(&mut self, from: usize, cx: &mut Context<'_>) {
        for call in self.called.iter_mut().skip(from) {
            let CallState::Pending(work) = &mut call.state else { continue };
            let result = match isolate(|| work.as_mut().poll(cx)) {
                Ok(Poll::Pending) => continue,
                Ok(Poll::Ready(value)) => Ok(value),
                Err(panic) => Err(panicked(&call.entry, panic)),
            };
            self.pending -= 1;
            quietly(mem::replace(&mut call.state, CallState::Over(result)));
        }
    }

    fn results(mut self) -> Results<R> {
        let (mut values, mut panics) = (Vec::with_capacity(self.called.len()), Panics::default());
        for Call { entry, state } in mem::take(&mut self.called) {
            match state {
                CallState::Over(Ok(value)) => values.push((entry.key.id, value)),
                CallState::Over(Err(panic)) => {
                    panics.push(values.len() + panics.len(), entry.key.id, panic);
                }
                CallState::Pending(work) => quietly(work),
            }
            quietly(entry);
        }
        Results { values: Values::Some(values), panics }
    }
}

impl<T: ?Sized, R, S> Drop for Running<T, R, S> {
    fn drop(&mut self) {
        // Each by itself: user code, which may panic.
        for Call { entry, state } in self.called.drain(..) {
            quietly(state);
            quietly(entry);
        }
        self.left.by_ref().for_each(quietly);
    }
}

impl<T: ?Sized, R, S> fmt::Debug for SendAsync<'_, T, R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::NotBegun => "not begun",
            State::Running(_) => "running",
            State::Over => "over",
        };
        f.debug_struct("SendAsync").field("state", &state).finish_non_exhaustive()
    }
}
