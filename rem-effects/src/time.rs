//! [`Time`]: by which clock effects wait.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rem_core::__private::{Alarm, Alarms};
use rem_core::{ManualClock, Timestamp};

/// By which clock effects wait.
#[derive(Debug, Clone)]
pub(crate) enum Time {
    Real(Alarms),
    /// It goes on when nothing else does, at once and to the next moment that somebody waits for.
    Simulated(Simulated),
}

impl Time {
    pub(crate) fn after(&self, time: Duration) -> Alarm {
        match self {
            Self::Real(alarms) => alarms.after(time),
            Self::Simulated(simulated) => simulated.after(time),
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Simulated {
    clock: ManualClock,
    alarms: Alarms,
    /// What somebody has waited for, who may be gone.
    due: Arc<Mutex<BTreeSet<Timestamp>>>,
}

impl Simulated {
    pub(crate) fn new() -> Self {
        let clock = ManualClock::at(Timestamp::default());
        Self { alarms: Alarms::by(&clock), clock, due: Arc::default() }
    }

    fn after(&self, time: Duration) -> Alarm {
        self.due().insert(self.clock.now() + time);
        self.alarms.after(time)
    }

    /// Lets time go on; whether there is a moment that somebody waits for.
    pub(crate) fn go_on(&self) -> bool {
        while self.clock.timers() > 0 {
            let Some(next) = self.due().pop_first() else { return false };
            if next > self.clock.now() {
                self.clock.set(next); // wakers, under no lock
                return true;
            }
        }
        false
    }

    fn due(&self) -> MutexGuard<'_, BTreeSet<Timestamp>> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
