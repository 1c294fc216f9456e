//! One attempt at a unit: its beginning, its work, its time limit, what follows. It knows of a run only
//! that it is a [`Board`].

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Wake, Waker};

use rem_core::__private::{Alarm, Alarms, isolate};

use crate::attempt::Attempt;
use crate::crew::Crew;
use crate::error::Fault;
use crate::lives::Lives;
use crate::unit::Terms;
use crate::watch::text;
use crate::work::{Answered, Later, Value, Work};
use crate::workers::Workers;

/// Who has units that are ready, and learns what became of them.
pub(crate) trait Board: Send + Sync + 'static {
    /// One unit.
    type Job: Clone + Send + Sync + Unpin + 'static;

    fn crew(&self) -> &Crew;
    fn workers(&self) -> &Workers;
    fn lives(&self) -> &Lives;
    fn alarms(&self) -> &Alarms;

    /// The first that is ready, which is running from now on.
    fn take(self: &Arc<Self>) -> Option<Self::Job>;
    /// Whether none is ready, asked by who is about to rest.
    fn is_empty(&self) -> bool;

    /// The number of a unit: of those that are open, each has its own.
    fn key(job: &Self::Job) -> u64;
    fn work<'a>(&'a self, job: &'a Self::Job) -> &'a Work;
    fn terms<'a>(&'a self, job: &'a Self::Job) -> Option<&'a Terms>;
    /// What its work is given; the one before can be used again.
    fn attempt(self: &Arc<Self>, before: Option<Attempt>, job: &Self::Job, number: u32) -> Attempt;

    /// An attempt begins.
    fn started(&self, job: &Self::Job, number: u32, error: Option<String>);
    fn is_running(&self, job: &Self::Job) -> bool;
    /// It is to be tried again later; not, if it is no longer running.
    fn pause(&self, job: &Self::Job) -> bool;
    /// It is ready once more, if it still waits for that.
    fn again(self: &Arc<Self>, job: &Self::Job);
    /// It has come to an end, if it is still running. What it lets begin is left to the thread that says so, and to others.
    fn end(self: &Arc<Self>, job: &Self::Job, attempts: u32, came: Result<Value, Fault>);
    /// Whoever was to run it is gone, and so may be all others.
    fn abandon(self: &Arc<Self>);
}

/// Begins an attempt; says which it is.
pub(crate) fn begin<B: Board>(board: &Arc<B>, job: &B::Job) -> u32 {
    let terms = board.terms(job);
    let (number, error) =
        if has_life(&**board, job) { board.lives().begin(B::key(job), terms) } else { (1, None) };
    board.started(job, number, error);
    number
}

fn has_life<B: Board>(board: &B, job: &B::Job) -> bool {
    board.terms(job).is_some() || matches!(board.work(job), Work::Async(_))
}

/// Does work that does not wait, from its beginning to its end.
pub(crate) fn call<B: Board>(
    board: &Arc<B>,
    job: &B::Job,
    before: Option<Attempt>,
    work: &(dyn Fn(&Attempt) -> Answered + Send + Sync),
) -> Attempt {
    let number = begin(board, job);
    if let Some(limit) = board.terms(job).and_then(|terms| terms.limit) {
        let mut alarm = board.alarms().after(limit);
        let waker = late(board, job, number);
        if ring_later(&mut alarm, &waker) {
            board.lives().keep(B::key(job), number, alarm);
        } else {
            waker.wake();
        }
    }
    let attempt = board.attempt(before, job, number);
    let came = match isolate(|| work(&attempt)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(failure)) => Err(Fault::failed(failure)),
        Err(panic) => Err(Fault::panicked(panic)),
    };
    finish(board, job, number, came);
    attempt
}

/// Woken when the time limit of that attempt has come.
pub(crate) fn late<B: Board>(board: &Arc<B>, job: &B::Job, number: u32) -> Waker {
    Waker::from(Arc::new(Late { board: Arc::downgrade(board), job: job.clone(), number }))
}

/// Whether the alarm rings later, and not now.
pub(crate) fn ring_later(alarm: &mut Alarm, waker: &Waker) -> bool {
    Pin::new(alarm).poll(&mut Context::from_waker(waker)).is_pending()
}

/// Says that the time limit has come of work that cannot be stopped.
struct Late<B: Board> {
    board: Weak<B>,
    job: B::Job,
    number: u32,
}

impl<B: Board> Wake for Late<B> {
    fn wake(self: Arc<Self>) {
        let Some(board) = self.board.upgrade() else { return };
        let limit = board.terms(&self.job).and_then(|terms| terms.limit).unwrap_or_default();
        // If another attempt follows, that is when this one has returned.
        if board.lives().is_last(B::key(&self.job), self.number) == Some(true) {
            board.end(&self.job, self.number, Err(Fault::TimedOut(limit)));
        }
    }
}

/// Lets a unit be tried again.
struct Again<B: Board> {
    board: Weak<B>,
    job: B::Job,
}

impl<B: Board> Wake for Again<B> {
    fn wake(self: Arc<Self>) {
        if let Some(board) = self.board.upgrade() {
            board.again(&self.job);
        }
    }
}

/// What follows when an attempt has come to something.
pub(crate) fn finish<B: Board>(
    board: &Arc<B>,
    job: &B::Job,
    number: u32,
    mut came: Result<Value, Fault>,
) {
    if !has_life(&**board, job) {
        board.end(job, number, came);
        return;
    }
    let key = B::key(job);
    let ended = board.lives().end(key);
    if ended.late {
        let limit = board.terms(job).and_then(|terms| terms.limit).unwrap_or_default();
        let late = mem::replace(&mut came, Err(Fault::TimedOut(limit)));
        let _ = isolate(|| drop(late));
    }
    match (&came, ended.next) {
        (Err(fault), Some(wait)) if !matches!(fault, Fault::Abandoned) => {
            board.lives().failed(key, text(fault));
            if !board.pause(job) {
                board.lives().forget(key);
                return;
            }
            let again = Again { board: Arc::downgrade(board), job: job.clone() };
            let mut alarm = board.alarms().after(wait);
            if ring_later(&mut alarm, &Waker::from(Arc::new(again))) {
                board.lives().keep(key, number, alarm);
            } else {
                board.again(job);
            }
            let _ = isolate(|| drop(came));
        }
        _ => {
            board.lives().forget(key);
            board.end(job, number, came);
        }
    }
}

/// Work that waits, beside its time limit.
pub(crate) struct Racing<B: Board> {
    board: Arc<B>,
    job: B::Job,
    number: u32,
    work: Option<Later>,
    alarm: Option<Alarm>,
    /// What came of making it.
    came: Option<Result<Value, Fault>>,
}

impl<B: Board> Racing<B> {
    pub(crate) fn begin(
        board: &Arc<B>,
        job: &B::Job,
        work: &(dyn Fn(Attempt) -> Later + Send + Sync),
    ) -> Self {
        let number = begin(board, job);
        let limit = board.terms(job).and_then(|terms| terms.limit);
        let alarm = limit.map(|limit| board.alarms().after(limit));
        let attempt = board.attempt(None, job, number);
        let (work, came) = match isolate(|| work(attempt)) {
            Ok(work) => (Some(work), None),
            Err(panic) => (None, Some(Err(Fault::panicked(panic)))),
        };
        Self { board: Arc::clone(board), job: job.clone(), number, work, alarm, came }
    }

    fn step(&mut self, cx: &mut Context<'_>) -> Poll<Result<Value, Fault>> {
        if let Some(came) = self.came.take() {
            return Poll::Ready(came);
        }
        self.board.lives().wakes(B::key(&self.job), cx.waker());
        let Some(work) = &mut self.work else { return Poll::Pending };
        if !self.board.is_running(&self.job) {
            return Poll::Ready(Err(Fault::Abandoned)); // it was cancelled: of no account
        }
        match isolate(|| work.as_mut().poll(cx)) {
            Ok(Poll::Ready(Ok(value))) => return Poll::Ready(Ok(value)),
            Ok(Poll::Ready(Err(failure))) => return Poll::Ready(Err(Fault::failed(failure))),
            Ok(Poll::Pending) => {}
            Err(panic) => return Poll::Ready(Err(Fault::panicked(panic))),
        }
        if let Some(alarm) = &mut self.alarm
            && Pin::new(alarm).poll(cx).is_ready()
        {
            let limit = self.board.terms(&self.job).and_then(|terms| terms.limit);
            return Poll::Ready(Err(Fault::TimedOut(limit.unwrap_or_default())));
        }
        Poll::Pending
    }
}

impl<B: Board> Future for Racing<B> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Poll::Ready(came) = self.step(cx) else { return Poll::Pending };
        let work = self.work.take();
        let _ = isolate(|| drop(work));
        self.alarm = None;
        finish(&self.board, &self.job, self.number, came);
        Poll::Ready(())
    }
}

/// What it holds is the user's: should it panic as it goes, nobody else is harmed.
impl<B: Board> Drop for Racing<B> {
    fn drop(&mut self) {
        let work = self.work.take();
        let _ = isolate(|| drop(work));
    }
}
