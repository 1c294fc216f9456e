//! [`Threads`]: the bus's own threads, which run tasks where no runtime was given.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::num::NonZero;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread::available_parallelism;

use async_task::Runnable;

use super::TaskFuture;
use crate::deliver::{isolate, wake};
use crate::sync::{Mutex, lock, park, spawn, thread_waker};

/// How many threads there are at the most.
const MOST: usize = 4;

/// A few threads, started with the first task. They sleep while there is nothing to do, and end when the bus is gone and with
/// the last of its tasks.
#[derive(Default)]
pub(super) struct Threads(Arc<Pool>);

#[derive(Default)]
struct Pool(Mutex<State>);

#[derive(Default)]
struct State {
    ready: VecDeque<Runnable>,
    /// Threads that sleep.
    idle: Vec<(usize, Waker)>,
    threads: usize,
    /// Futures that have not come to their end.
    tasks: usize,
    bus_is_gone: bool,
}

impl Threads {
    pub(super) fn count(&self) -> usize {
        lock(&self.0.0).threads
    }

    pub(super) fn spawn(&self, future: TaskFuture) -> io::Result<()> {
        self.start()?;
        lock(&self.0.0).tasks += 1;
        let future = Counted { future: Some(future), pool: Arc::clone(&self.0) };
        let pool = Arc::clone(&self.0);
        let (runnable, task) = async_task::spawn(future, move |runnable| pool.push(runnable));
        task.detach();
        runnable.schedule();
        Ok(())
    }

    /// Starts what is missing; with one thread it goes.
    fn start(&self) -> io::Result<()> {
        let cores = available_parallelism().map_or(2, NonZero::get);
        // Under shuttle a seed is to mean the same on every machine.
        let wanted = if cfg!(rem_shuttle) { 2 } else { cores.clamp(2, MOST) };
        loop {
            let number = {
                let mut state = lock(&self.0.0);
                if state.threads >= wanted {
                    return Ok(());
                }
                state.threads += 1;
                state.threads
            };
            let pool = Arc::clone(&self.0);
            if let Err(error) = spawn(&format!("rem task {number}"), move || pool.run(number)) {
                lock(&self.0.0).threads -= 1;
                return if number > 1 { Ok(()) } else { Err(error) };
            }
        }
    }
}

impl Pool {
    fn push(&self, runnable: Runnable) {
        let mut state = lock(&self.0);
        state.ready.push_back(runnable);
        let idle = state.idle.pop();
        drop(state);
        if let Some((_, idle)) = idle {
            wake(idle);
        }
    }

    /// One thread.
    fn run(&self, number: usize) {
        let waker = thread_waker();
        loop {
            let mut state = lock(&self.0);
            if let Some(runnable) = state.ready.pop_front() {
                drop(state);
                // A worker lets no panic out; what else there may be ends here.
                let _ = isolate(|| runnable.run());
                continue;
            }
            if state.bus_is_gone && state.tasks == 0 {
                state.threads -= 1;
                return;
            }
            if !state.idle.iter().any(|(other, _)| *other == number) {
                state.idle.push((number, waker.clone()));
            }
            drop(state);
            park(None);
        }
    }

    fn wake_all(&self) {
        let idle = std::mem::take(&mut lock(&self.0).idle);
        for (_, idle) in idle {
            wake(idle);
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        lock(&self.0.0).bus_is_gone = true;
        self.0.wake_all();
    }
}

/// A future, counted until it is gone.
struct Counted {
    future: Option<TaskFuture>,
    pool: Arc<Pool>,
}

impl Future for Counted {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.future.as_mut().map_or(Poll::Ready(()), |future| future.as_mut().poll(cx))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let _ = isolate(|| drop(self.future.take()));
        let is_last = {
            let mut state = lock(&self.pool.0);
            state.tasks -= 1;
            state.tasks == 0 && state.bus_is_gone
        };
        if is_last {
            self.pool.wake_all();
        }
    }
}
