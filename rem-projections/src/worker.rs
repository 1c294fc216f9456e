//! [`Worker`]: reads the history, folds it, and publishes views.

mod switch;
#[cfg(all(test, not(rem_loom)))]
mod tests;

use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rem_core::{Event, Follow, Followed};

use crate::changed::Announce;
use crate::fold::{fold, isolate, quietly};
use crate::policy::{SKIPS, Skipped};
use crate::rebuild::{Its, Switch};
use crate::shared::{Order, Shared, lock};
use crate::view::Stand;
use crate::{FoldError, Projection, ProjectionError, RebuildError, Status};

/// How many events are read at once: so few that they are in the processor's cache from when they are read until they are
/// folded and let go. With 4,096 a fold took more than twice as long.
const PAGE: usize = 256;
/// How many events are kept to bring the copy that readers had before up to date; if there are more it is made anew.
const LOG: usize = 1_024;
/// While it catches up, readers see a new state so often, and less often if a copy takes long.
const EVERY: Duration = Duration::from_millis(20);
const COPY_SHARE: u32 = 20;
/// A pause so long that the time of its end cannot be told.
const NEVER: Duration = Duration::from_secs(1 << 32);

/// Who folds. One at a time has it: see [`Shared`].
pub(crate) struct Worker<P: Projection> {
    follow: Follow<P::Event>,
    /// What is folded into, and nobody else sees; `None` when it has become the view.
    work: Option<Arc<Stand<P>>>,
    /// The view before, which lacks what is in `log`: as soon as no reader has it, it is the next to be folded into.
    former: Option<Arc<Stand<P>>>,
    log: Vec<Arc<Event<P::Event>>>,
    /// There was more than the log has.
    is_log_cut: bool,
    events: Vec<Arc<Event<P::Event>>>,
    /// No event from this number on is read before what comes before it is published: it has failed.
    barrier: Option<u64>,
    attempts: u32,
    /// Not before then that event is tried again.
    again: Option<Instant>,
    published: Instant,
    copying: Duration,
    snapshot_at: u64,
    may_miss: bool,
    announce: Option<Announce<P>>,
    /// What is folded into was folded anew, and readers see the state before until it has come as far.
    switch: Option<Switch<P>>,
    /// Readers see that state now, which is to be told.
    switched: Option<Arc<Its>>,
    status: Status,
}

impl<P: Projection> Worker<P> {
    pub(crate) fn new(
        follow: Follow<P::Event>,
        may_miss: bool,
        announce: Option<Announce<P>>,
        snapshot_at: u64,
    ) -> Self {
        Self {
            follow,
            work: None,
            former: None,
            log: Vec::new(),
            is_log_cut: true,
            events: Vec::new(),
            barrier: None,
            attempts: 0,
            again: None,
            published: Instant::now(),
            copying: Duration::ZERO,
            snapshot_at,
            may_miss,
            announce,
            switch: None,
            switched: None,
            status: Status::CatchingUp,
        }
    }

    /// The life of a projector's thread.
    pub(crate) fn live(shared: &Arc<Shared<P>>, mut watch: Follow<P::Event>) {
        loop {
            if shared.stopped.load(Ordering::Acquire) {
                return shared.end(Status::Stopped);
            }
            let Some((mut worker, orders)) = shared.take(None) else { return };
            let status = worker.run(shared, orders, u64::MAX, None);
            watch.seek(worker.follow.position());
            let is_failed = matches!(status, Status::Failed(_));
            if matches!(status, Status::Ended) || (is_failed && watch.is_over()) {
                quietly(worker);
                return shared.end(status);
            }
            if is_failed {
                watch.seek(u64::MAX - 1); // it sleeps until it is asked to go on, or there is no bus
            }
            shared.put(worker, status);
            watch.wait(None);
        }
    }

    /// Goes on until all is read that is there, or what is up to that number, and readers see it; behind the page in which that
    /// time comes it ends in any case.
    pub(crate) fn run(
        &mut self,
        shared: &Shared<P>,
        orders: Vec<Order<P>>,
        up_to: u64,
        until: Option<Instant>,
    ) -> Status {
        if let Err(panic) = isolate(|| self.go_on(shared, orders, up_to, until)) {
            // Not of `apply`, which has its own: of `Clone`, most likely.
            let name = || shared.name.clone();
            self.give_up_switch(|| RebuildError::State { name: name(), said: panic.clone() });
            self.tell_switched();
            self.forget_work(shared);
            self.fail(ProjectionError::Panicked { name: name(), panic });
        }
        self.status.clone()
    }

    fn go_on(
        &mut self,
        shared: &Shared<P>,
        orders: Vec<Order<P>>,
        up_to: u64,
        until: Option<Instant>,
    ) {
        for order in orders {
            match order {
                Order::Resume => {
                    if let Status::Failed(_) = self.status {
                        self.status = Status::CatchingUp;
                        (self.attempts, self.again) = (0, None);
                    }
                }
                Order::Switch(switch) => self.switch(shared, *switch),
            }
        }
        while !matches!(self.status, Status::Failed(_) | Status::Ended)
            && !shared.stopped.load(Ordering::Acquire)
        {
            let now = Instant::now();
            if let Some(again) = self.again.filter(|again| now < *again) {
                if until.is_some_and(|until| now >= until) {
                    break;
                }
                let end = until.map_or(again, |until| until.min(again));
                shared.pause(end.saturating_duration_since(now));
                continue;
            }
            self.again = None;
            let is_done = self.step(shared);
            if is_done
                || self.follow.position() >= up_to
                || until.is_some_and(|until| Instant::now() >= until)
            {
                break;
            }
        }
        self.publish(shared);
    }

    /// What is folded may be half done: it is made again from what readers see.
    fn forget_work(&mut self, shared: &Shared<P>) {
        quietly(self.work.take());
        quietly(self.former.take());
        self.cut_log();
        self.follow.seek(shared.view.load().sequence);
    }

    /// Reads and folds a page. Whether all is read.
    fn step(&mut self, shared: &Shared<P>) -> bool {
        let last = match self.barrier {
            Some(failed) if self.follow.position() + 1 < failed => failed - 1,
            _ => u64::MAX,
        };
        let mut events = mem::take(&mut self.events);
        let most = usize::try_from(self.snapshot_at.saturating_sub(self.follow.position()));
        let most = most.unwrap_or(PAGE).clamp(1, PAGE);
        let followed = self.follow.read(last, most, &mut events);
        if let Some(announce) = &self.announce {
            events.retain(|event| !announce.is_own::<P>(event));
        }
        let folded = self.fold(shared, &events);
        if folded.is_ok() && !self.is_log_cut {
            if self.log.len() + events.len() > LOG {
                self.is_log_cut = true;
                self.log.drain(..).for_each(quietly);
            } else {
                self.log.append(&mut events);
            }
        }
        events.drain(..).for_each(quietly);
        self.events = events;
        if let Err(error) = folded {
            self.failed(shared, error);
            return false;
        }
        let position = match &followed {
            Followed::Lost(lagged) if !self.may_miss => lagged.from() - 1,
            Followed::Unreadable(event) => event.sequence().unwrap_or_default().saturating_sub(1),
            _ => self.follow.position(),
        };
        let known =
            self.work.as_ref().map_or_else(|| shared.view.load().sequence, |work| work.sequence);
        if position > known {
            self.stand(shared, |stand| stand.sequence = position);
        }
        match followed {
            Followed::Idle | Followed::Ended if last != u64::MAX => {
                self.publish(shared); // what comes before the event that failed
                return false;
            }
            Followed::Idle => {
                self.publish(shared);
                self.status = Status::Live;
                return true;
            }
            Followed::Ended => {
                self.publish(shared);
                self.status = Status::Ended;
                return true;
            }
            Followed::Lost(lagged) if self.may_miss => {
                shared.missed.fetch_add(lagged.missed(), Ordering::Relaxed);
            }
            Followed::Lost(lagged) => {
                let (from, to) = (lagged.from(), lagged.to());
                let name = || shared.name.clone();
                if self.give_up_switch(|| RebuildError::BeforeHistory { name: name(), from, to }) {
                    self.forget_work(shared);
                    return false;
                }
                self.follow.seek(lagged.from() - 1);
                self.fail(ProjectionError::Lost { name: shared.name.clone(), from, to });
            }
            Followed::Unreadable(event) => {
                let sequence = event.sequence().unwrap_or_default();
                if !shared.skipped().contains_key(&sequence) {
                    self.failed(shared, FoldError::unreadable(&event));
                }
                return false;
            }
            _ => {}
        }
        let pause = EVERY.max(self.copying.saturating_mul(COPY_SHARE));
        if self.follow.position() >= self.snapshot_at || self.published.elapsed() >= pause {
            self.publish(shared);
        }
        false
    }

    fn fold(
        &mut self,
        shared: &Shared<P>,
        events: &[Arc<Event<P::Event>>],
    ) -> Result<(), FoldError> {
        if events.is_empty() {
            return Ok(());
        }
        let skipped = shared.skipped();
        self.stand(shared, |stand| fold(stand, events, &skipped))
    }

    /// What is folded into: the view before, brought up to date, if nobody reads it; else a copy.
    fn stand<R>(&mut self, shared: &Shared<P>, with: impl FnOnce(&mut Stand<P>) -> R) -> R {
        let mut work = self.work.take().unwrap_or_else(|| self.next(shared));
        // Nobody else has it; were it otherwise, it would be a copy.
        let result = with(Arc::make_mut(&mut work));
        self.work = Some(work);
        result
    }

    fn next(&mut self, shared: &Shared<P>) -> Arc<Stand<P>> {
        let log = mem::take(&mut self.log);
        let former = self.former.take().filter(|_| !self.is_log_cut);
        self.is_log_cut = false;
        let former = former.and_then(|mut former| {
            let stand = Arc::get_mut(&mut former)?;
            fold(stand, &log, &shared.skipped()).ok()?;
            let view = shared.view.load();
            (stand.sequence, stand.time) = (view.sequence, view.time);
            Some(former)
        });
        log.into_iter().for_each(quietly);
        if let Some(former) = former {
            return former;
        }
        let begun = Instant::now();
        let view = shared.view.load_full();
        let copy = Arc::new(Stand::clone(&view));
        self.copying = begun.elapsed();
        copy
    }

    /// Lets readers see what is folded, unless they have seen more.
    fn publish(&mut self, shared: &Shared<P>) {
        let Some(work) = &self.work else { return };
        if work.sequence < shared.view.load().sequence {
            return; // it was switched, and has not come so far yet
        }
        self.take_over(shared);
        let Some(work) = self.work.take() else { return };
        self.published = Instant::now();
        let sequence = work.sequence;
        let before = self.former.replace(shared.view.swap(work));
        quietly(before);
        shared.waiters.reached(sequence);
        if sequence >= self.snapshot_at {
            let trouble = shared.snapshots.keep(&shared.view.load_full());
            self.snapshot_at = shared.snapshots.next_after(sequence);
            if let Some(error) = trouble {
                *lock(&shared.trouble) = Some(error);
            }
        }
        if let Some(announce) = &mut self.announce {
            announce.tell(&shared.view.load_full());
        }
        self.tell_switched();
    }

    fn cut_log(&mut self) {
        self.log.drain(..).for_each(quietly);
        self.is_log_cut = true;
    }

    fn fail(&mut self, error: ProjectionError) {
        self.status = Status::Failed(Arc::new(error));
    }

    /// An event could not be applied: back to before it, and then as the policy says.
    fn failed(&mut self, shared: &Shared<P>, error: FoldError) {
        let sequence = error.sequence();
        self.forget_work(shared);
        if self.give_up_switch(|| RebuildError::Fold(error.clone())) {
            return;
        }
        if self.barrier != Some(sequence) {
            (self.barrier, self.attempts) = (Some(sequence), 0);
        }
        self.attempts += 1;
        if self.follow.position() + 1 < sequence {
            return; // readers are to see what comes before it first
        }
        let (retries, pause) = shared.policy.retries();
        if self.attempts <= retries {
            let now = Instant::now();
            self.again = now.checked_add(pause).or_else(|| now.checked_add(NEVER));
            return;
        }
        if !shared.policy.skips() {
            let name = shared.name.clone();
            return self.fail(ProjectionError::Fold { name, error, attempts: self.attempts });
        }
        let mut skipped = lock(&shared.skipped);
        if skipped.len() >= SKIPS {
            drop(skipped);
            return self.fail(ProjectionError::TooManySkipped { name: shared.name.clone(), error });
        }
        let (time, attempts) = (error.time(), self.attempts);
        Arc::make_mut(&mut skipped).insert(sequence, Skipped { error, time, attempts });
    }
}
