//! [`Workers`]: who runs units, and how many at a time.
//!
//! A worker is one turn of a thread, or of a future: it takes the first unit that is ready, does it, takes the next, and goes
//! when there is none. Units are no jobs of rayon themselves, for its queues know no order: whoever is free takes the first of
//! all, which is what keeps the longest way going.

use std::fmt;
use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::Poll;

use rayon_core::{ThreadPool, ThreadPoolBuilder};
use rem_core::__private::{block_on, isolate};
use rem_core::Spawner;

use crate::attempt::Attempt;
use crate::error::{Fault, WorkersError};
use crate::perform::{Board, Racing, call};
use crate::sync;
use crate::work::Work;

/// How often one looks for more before it goes.
const LOOKS: u32 = if cfg!(rem_loom) { 1 } else { 128 };
/// After how many units that do not wait a future lets others of its thread go on.
const IN_A_ROW: u32 = 64;

/// Who runs units, and how many at a time. Cheap to clone; clones share threads, and each run has as many at a time.
///
/// ```
/// use rem_partition::{Plan, Workers};
///
/// let workers = Workers::rayon(4)?;
/// assert_eq!(workers.count(), 4);
/// Plan::builder().build()?.run(&workers)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Workers {
    by: By,
    count: usize,
}

#[derive(Clone)]
enum By {
    Rayon(Arc<ThreadPool>),
    Spawner(Arc<dyn Spawner>),
    #[cfg(feature = "tokio")]
    Tokio(tokio::runtime::Handle),
}

impl Workers {
    /// So many threads of their own, a pool of rayon: for units that compute. They end with the last clone, when nothing runs.
    ///
    /// # Errors
    /// If they are none, or the system gives none.
    pub fn rayon(count: usize) -> Result<Self, WorkersError> {
        if count == 0 {
            return Err(WorkersError::none());
        }
        let pool = ThreadPoolBuilder::new()
            .num_threads(count)
            .thread_name(|place| format!("rem-unit-{place}"))
            .build();
        Ok(Self::pool(Arc::new(pool.map_err(WorkersError::threads)?)))
    }

    /// All threads of a pool of rayon that is there already.
    pub fn pool(pool: Arc<ThreadPool>) -> Self {
        let count = pool.current_num_threads();
        Self { by: By::Rayon(pool), count }
    }

    /// So many at a time on a runtime of tokio: async units on its own threads, others on those that may block.
    ///
    /// # Errors
    /// If they are none.
    #[cfg(feature = "tokio")]
    pub fn tokio(handle: &tokio::runtime::Handle, count: usize) -> Result<Self, WorkersError> {
        let by = By::Tokio(handle.clone());
        if count == 0 { Err(WorkersError::none()) } else { Ok(Self { by, count }) }
    }

    /// So many at a time on any runtime: for async units. Others are called within its futures, and hold up their threads.
    ///
    /// # Errors
    /// If they are none.
    pub fn spawner(spawner: impl Spawner, count: usize) -> Result<Self, WorkersError> {
        let by = By::Spawner(Arc::new(spawner));
        if count == 0 { Err(WorkersError::none()) } else { Ok(Self { by, count }) }
    }

    /// How many units run at a time, at the most.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Whether this thread is one of theirs, which should not wait for another.
    pub(crate) fn is_here(&self) -> bool {
        matches!(&self.by, By::Rayon(pool) if pool.current_thread_index().is_some())
    }
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = match self.by {
            By::Rayon(_) => "rayon",
            By::Spawner(_) => "spawner",
            #[cfg(feature = "tokio")]
            By::Tokio(_) => "tokio",
        };
        f.debug_struct("Workers").field("by", &by).field("count", &self.count).finish()
    }
}

/// A unit has become ready: a worker is called for it, unless all are at work.
pub(crate) fn ring<B: Board>(board: &Arc<B>) {
    if !board.crew().join() {
        return;
    }
    let shift = Shift { board: Arc::clone(board), job: None, over: false };
    // A spawner is the user's, and one that panics has dropped what it was given.
    let _ = isolate(|| match &board.workers().by {
        By::Rayon(pool) => pool.spawn(move || shift.here()),
        By::Spawner(spawner) => spawner.spawn(Box::pin(shift.asynchronous())),
        #[cfg(feature = "tokio")]
        By::Tokio(handle) => {
            let here = handle.clone();
            drop(handle.spawn_blocking(move || shift.between(&here)));
        }
    });
}

/// The turn of one worker. Dropped before it is over, whoever ran it is gone.
struct Shift<B: Board> {
    board: Arc<B>,
    /// What it is at.
    job: Option<B::Job>,
    over: bool,
}

impl<B: Board> Shift<B> {
    /// In a thread that may block.
    fn here(mut self) {
        let mut attempt = None;
        while self.next() {
            attempt = self.now(attempt);
            if let Some(racing) = self.later() {
                block_on(racing);
            }
        }
    }

    /// In a thread of tokio's that may block, and where that would be to wait, in one of its others.
    #[cfg(feature = "tokio")]
    fn between(mut self, handle: &tokio::runtime::Handle) {
        let mut attempt = None;
        while self.next() {
            attempt = self.now(attempt);
            if let Some(racing) = self.later() {
                let here = handle.clone();
                drop(handle.spawn(async move {
                    racing.await;
                    let blocking = here.clone();
                    drop(here.spawn_blocking(move || self.between(&blocking)));
                }));
                return;
            }
        }
    }

    /// In a future.
    async fn asynchronous(mut self) {
        let (mut attempt, mut in_a_row) = (None, 0);
        while self.next() {
            attempt = self.now(attempt);
            match self.later() {
                Some(racing) => racing.await,
                None => in_a_row += 1,
            }
            if in_a_row == IN_A_ROW {
                in_a_row = 0;
                let_others_go_on().await;
            }
        }
    }

    /// Takes a unit, or ends the turn.
    fn next(&mut self) -> bool {
        self.job = None;
        loop {
            self.job = self.board.take();
            if self.job.is_some() {
                return true;
            }
            if (0..LOOKS).any(|_| {
                sync::pause();
                !self.board.is_empty()
            }) {
                continue;
            }
            if self.board.crew().rest(|| self.board.is_empty()) {
                self.over = true;
                return false;
            }
        }
    }

    /// Does the unit, if its work does not wait.
    fn now(&self, attempt: Option<Attempt>) -> Option<Attempt> {
        let job = self.job.as_ref()?;
        match self.board.work(job) {
            Work::Sync(work) => Some(call(&self.board, job, attempt, &**work)),
            Work::Async(_) => None,
        }
    }

    /// Begins the unit, if its work waits.
    fn later(&self) -> Option<Racing<B>> {
        let job = self.job.as_ref()?;
        match self.board.work(job) {
            Work::Sync(_) => None,
            Work::Async(work) => Some(Racing::begin(&self.board, job, &**work)),
        }
    }
}

impl<B: Board> Drop for Shift<B> {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        self.board.crew().leave();
        if let Some(job) = self.job.take() {
            self.board.lives().forget(B::key(&job));
            self.board.end(&job, 1, Err(Fault::Abandoned));
        }
        self.board.abandon();
    }
}

fn let_others_go_on() -> impl Future<Output = ()> {
    let mut gone = false;
    poll_fn(move |cx| {
        if std::mem::replace(&mut gone, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
}
