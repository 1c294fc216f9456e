//! [`Progress`]: how far an export or an import is.

/// How far an export or an import is: told after each event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub(super) events: u64,
    pub(super) bytes: u64,
}

impl Progress {
    /// How many events are done.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// How many bytes were written, or read.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// Who is told.
pub(super) type Tell<'a> = Box<dyn FnMut(Progress) + 'a>;
