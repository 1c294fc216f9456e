//! [`Spawner`]: who runs the futures of tasks.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;

use super::threads::Threads;
use crate::deliver::isolate;
use crate::error::SubscribeError;

/// A future that a [`Spawner`] is given.
pub type TaskFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Who runs the futures of tasks: a runtime. Given to [`BusBuilder::spawner`](crate::BusBuilder::spawner).
///
/// A closure is one: `|task| smol::spawn(task).detach()`. With the feature `tokio`, so is a `tokio::runtime::Handle`.
pub trait Spawner: Send + Sync + 'static {
    /// Runs the future to its end, some time, in some thread, and returns at once.
    ///
    /// A future that is dropped before its end takes the event with it that it is handling, which has failed then; and with
    /// the last of a task's futures the task ends.
    fn spawn(&self, task: TaskFuture);
}

impl<F: Fn(TaskFuture) + Send + Sync + 'static> Spawner for F {
    fn spawn(&self, task: TaskFuture) {
        self(task);
    }
}

#[cfg(feature = "tokio")]
impl Spawner for tokio::runtime::Handle {
    fn spawn(&self, task: TaskFuture) {
        drop(Self::spawn(self, task)); // which lets it run on
    }
}

/// Who runs the tasks of a bus: whoever it was given, or threads of its own.
#[derive(Default)]
pub(crate) struct Spawners {
    given: Option<Box<dyn Spawner>>,
    own: OnceLock<Threads>,
}

impl Spawners {
    pub(crate) fn new(given: Option<Box<dyn Spawner>>) -> Self {
        Self { given, own: OnceLock::new() }
    }

    pub(super) fn spawn(&self, task: TaskFuture) -> Result<(), SubscribeError> {
        match &self.given {
            Some(spawner) => isolate(|| spawner.spawn(task)).map_err(|panic| {
                SubscribeError::Spawn(format!("the spawner panicked: {panic}").into())
            }),
            None => self.own.get_or_init(Threads::default).spawn(task).map_err(|error| {
                SubscribeError::Spawn(format!("the bus could not start a thread: {error}").into())
            }),
        }
    }
}

impl fmt::Debug for Spawners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own = self.own.get().map_or(0, Threads::count);
        f.debug_struct("Spawners").field("given", &self.given.is_some()).field("own", &own).finish()
    }
}
