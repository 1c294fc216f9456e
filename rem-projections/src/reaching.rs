//! [`Reaching`]: waiting in async code until a projection has come to a number.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use rem_core::__private::Alarm;

use crate::waiters::Place;
use crate::{Projection, Projector, Status, View, WaitError};

/// After how long it looks again first, for a number that nobody may ring for: that of an event that is not selected; then after
/// twice as long each time, up to the other.
const FIRST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_millis(64);

/// Ready when all up to a number is in the state: see [`Projector::reaching`].
#[must_use = "nothing waits until it is awaited"]
pub struct Reaching<P: Projection> {
    projector: Projector<P>,
    sequence: u64,
    limit: Duration,
    place: Option<Place>,
    /// The end of the time, when it has waited at all.
    end: Option<Alarm>,
    /// The next look, and after how long the one behind it.
    look: Option<Alarm>,
    pause: Duration,
}

impl<P: Projection> Projector<P> {
    /// Waits in async code until all up to that number is in the state, and gives it, as [`wait_for`](Self::wait_for) does in a
    /// thread. The projector's thread folds; any runtime may await it. Dropped, it waits no more.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use rem_core::Receipt;
    /// # use rem_projections::{Projection, Projector, WaitError};
    /// # async fn read<P: Projection>(total: &Projector<P>, receipt: Receipt) -> Result<(), WaitError> {
    /// let own = receipt.sequence().unwrap_or_default();
    /// let state = total.reaching(own, Duration::from_secs(1)).await?;
    /// assert!(state.sequence() >= own);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// If the limit comes first, the projector stands still or has ended.
    pub fn reaching(&self, sequence: u64, limit: Duration) -> Reaching<P> {
        Reaching {
            projector: self.clone(),
            sequence,
            limit,
            place: None,
            end: None,
            look: None,
            pause: FIRST,
        }
    }
}

impl<P: Projection> Reaching<P> {
    /// What is to be said now, if there is something.
    fn come(&self) -> Option<Result<View<P>, WaitError>> {
        let (shared, wanted) = (&self.projector.inner().shared, self.sequence);
        // Before the state: what ends has let all be seen that it had.
        let status = shared.status();
        let view = self.projector.state();
        if view.sequence() >= wanted {
            return Some(Ok(view));
        }
        match status {
            Status::Failed(error) => Some(Err(WaitError::Failed(error))),
            Status::Ended | Status::Stopped => {
                let (name, at) = (shared.name.clone(), view.sequence());
                Some(Err(WaitError::Over { name, wanted, at }))
            }
            Status::CatchingUp | Status::Live => None,
        }
    }

    fn leave(&mut self) {
        if let Some(place) = self.place.take() {
            self.projector.inner().shared.waiters.leave(place);
        }
    }
}

impl<P: Projection> Future for Reaching<P> {
    type Output = Result<View<P>, WaitError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let Some(come) = this.come() {
            this.leave();
            return Poll::Ready(come);
        }
        let shared = &this.projector.inner().shared;
        this.place = Some(shared.waiters.put(this.sequence, this.place, cx.waker()));
        let (alarms, limit) = (&shared.alarms, this.limit);
        let end = this.end.get_or_insert_with(|| alarms.after(limit));
        let is_over = Pin::new(end).poll(cx).is_ready();
        loop {
            let pause = this.pause;
            let is_first = this.look.is_none();
            let look = this.look.get_or_insert_with(|| alarms.after(pause));
            if Pin::new(look).poll(cx).is_ready() {
                this.look = None;
                this.pause = LONGEST.min(pause * 2);
                shared.nudge.now();
                continue;
            }
            if is_first {
                shared.nudge.now(); // it may have read on without having been told
            }
            break;
        }
        // Once more: what came before it stood among those who wait woke nobody.
        if let Some(come) = this.come() {
            this.leave();
            return Poll::Ready(come);
        }
        if is_over {
            let (name, wanted) = (this.projector.name().into(), this.sequence);
            let at = this.projector.position();
            this.leave();
            return Poll::Ready(Err(WaitError::TimedOut { name, limit, wanted, at }));
        }
        Poll::Pending
    }
}

impl<P: Projection> Drop for Reaching<P> {
    fn drop(&mut self) {
        self.leave();
    }
}

impl<P: Projection> fmt::Debug for Reaching<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reaching")
            .field("projector", &self.projector.name())
            .field("sequence", &self.sequence)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
