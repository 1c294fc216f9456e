//! [`Source`]: what is looked at: a bus that runs, a journal that is opened as one, the sandbox of a replay.

use rem_core::{Bus, WeakBus};

use crate::refusal::Refusal;

/// What is looked at. All there is to look at is a bus: that of a program, one whose history is a journal and to which nobody
/// publishes, a sandbox.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    bus: Held,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone)]
enum Held {
    /// That of a program, which the inspector does not make last.
    Weak(WeakBus),
    /// One that is there to be looked at.
    Strong(Bus),
}

/// What a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Bus,
    Journal,
    Sandbox,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bus => "bus",
            Self::Journal => "journal",
            Self::Sandbox => "sandbox",
        }
    }
}

impl Source {
    pub(crate) fn of(bus: &Bus) -> Self {
        Self { bus: Held::Weak(bus.downgrade()), kind: Kind::Bus }
    }

    /// One that is kept for as long as it is looked at.
    pub(crate) fn kept(bus: Bus, kind: Kind) -> Self {
        Self { bus: Held::Strong(bus), kind }
    }

    /// # Errors
    /// If it is gone.
    pub(crate) fn bus(&self) -> Result<Bus, Refusal> {
        match &self.bus {
            Held::Weak(bus) => bus.upgrade().ok_or_else(Refusal::gone),
            Held::Strong(bus) => Ok(bus.clone()),
        }
    }
}
