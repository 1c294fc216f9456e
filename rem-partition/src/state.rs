//! [`State`]: where a unit is; [`States`]: those of all units of a run, with what each still waits for.
//!
//! The protocol: who completes a unit takes one from the count of each that waits for it, and who takes the last one makes it
//! ready. Who fails or is cancelled marks all behind it that wait. Each change is one exchange of the state, from what it was:
//! whoever makes it is alone in that.

use crate::sync::atomic::{AtomicU8, AtomicU32, Ordering};

/// Where a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(crate) enum State {
    Waiting,
    Ready,
    Running,
    /// Between two attempts.
    Paused,
    Completed,
    Failed,
    Skipped,
    Cancelled,
    /// Only in a partitioner: it was held for what never came.
    Refused,
}

impl State {
    pub(crate) fn of(number: u8) -> Self {
        match number {
            0 => Self::Waiting,
            1 => Self::Ready,
            2 => Self::Running,
            3 => Self::Paused,
            4 => Self::Completed,
            5 => Self::Failed,
            6 => Self::Skipped,
            7 => Self::Cancelled,
            _ => Self::Refused,
        }
    }

    pub(crate) fn is_end(self) -> bool {
        self as u8 >= Self::Completed as u8
    }
}

/// Whom a unit has its end from: nobody, or nobody else.
pub(crate) const NOBODY: u32 = u32::MAX;

/// Of all units of a run: 9 bytes each.
#[derive(Debug)]
pub(crate) struct States {
    now: Box<[AtomicU8]>,
    missing: Box<[AtomicU32]>,
    causes: Box<[AtomicU32]>,
}

impl States {
    /// Of units that wait for so many others each.
    pub(crate) fn new(waits: impl ExactSizeIterator<Item = u32>) -> Self {
        let missing: Box<[_]> = waits.map(AtomicU32::new).collect();
        let all = || 0..missing.len();
        Self {
            now: all().map(|_| AtomicU8::new(State::Waiting as u8)).collect(),
            causes: all().map(|_| AtomicU32::new(NOBODY)).collect(),
            missing,
        }
    }

    pub(crate) fn get(&self, unit: u32) -> State {
        State::of(self.now[unit as usize].load(Ordering::Acquire))
    }

    /// Whose end it shares; [`NOBODY`] if it is its own.
    pub(crate) fn cause(&self, unit: u32) -> u32 {
        self.causes[unit as usize].load(Ordering::Acquire)
    }

    /// Changes it from one to another, if it is that.
    pub(crate) fn change(&self, unit: u32, from: State, to: State) -> bool {
        self.now[unit as usize]
            .compare_exchange(from as u8, to as u8, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    /// One of those that it waits for has completed: whether it is ready now.
    pub(crate) fn one_less(&self, unit: u32) -> bool {
        self.missing[unit as usize].fetch_sub(1, Ordering::AcqRel) == 1
            && self.change(unit, State::Waiting, State::Ready)
    }

    /// Those that wait for nothing are ready from the beginning.
    pub(crate) fn is_first(&self, unit: u32) -> bool {
        self.missing[unit as usize].load(Ordering::Acquire) == 0
            && self.change(unit, State::Waiting, State::Ready)
    }

    /// It is cancelled, unless it has come to an end: what it was.
    pub(crate) fn cancel(&self, unit: u32) -> Option<State> {
        let mut now = self.get(unit);
        while !now.is_end() {
            if self.change(unit, now, State::Cancelled) {
                return Some(now);
            }
            now = self.get(unit);
        }
        None
    }

    /// It shares the end of another, which it waits for by itself or by others; not if it has one already.
    pub(crate) fn share(&self, unit: u32, cause: u32, end: State) -> bool {
        let changed = self.change(unit, State::Waiting, end);
        if changed {
            self.causes[unit as usize].store(cause, Ordering::Release);
        }
        changed
    }
}
