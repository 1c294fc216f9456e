//! [`Alarms`]: timers, lent to the crates that are built on the core.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::{Sleep, Timers};
use crate::bus::Bus;
use crate::clock::{Clock, ManualClock};

/// Who waits for a time, by one clock. Its clones are the same.
#[derive(Debug, Clone)]
pub struct Alarms(Arc<Timers>);

impl Alarms {
    /// By the system's clock.
    pub fn system() -> Self {
        Self(Timers::new(&Clock::System))
    }

    /// By a clock that a test turns.
    pub fn by(clock: &ManualClock) -> Self {
        Self(Timers::new(&Clock::Manual(clock.clone())))
    }

    /// By the clock of a bus.
    pub fn of(bus: &Bus) -> Self {
        Self(Arc::clone(&bus.state().core.timers))
    }

    /// Ready so long from now on.
    pub fn after(&self, time: Duration) -> Alarm {
        Alarm(self.0.sleep(time))
    }
}

/// Ready when its time has come. Dropping it waits no longer.
#[must_use = "it waits for nothing until it is polled"]
pub struct Alarm(Sleep);

impl Future for Alarm {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.poll(cx.waker())
    }
}

impl std::fmt::Debug for Alarm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Alarm").finish_non_exhaustive()
    }
}
