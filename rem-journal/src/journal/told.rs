//! [`Told`]: who waits for a commit is told of it, or why there is none.

use std::sync::Arc;
use std::task::{Poll, Waker};

use rem_core::{Commits, HistoryError, HistoryErrorKind};

use crate::tail::{Fault, NoSeat, Tail};

/// Tells of commits as long as somebody wants to know; it does not hold the file.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) tail: Arc<Tail>,
    /// Whoever waits has to ask for a commit.
    pub(crate) is_asked: bool,
}

impl Commits for Told {
    fn poll_committed(&self, sequence: u64, waker: &Waker) -> Poll<Result<(), HistoryError>> {
        let committed = self.tail.poll_committed(sequence, waker, self.is_asked);
        committed.map(|committed| committed.map_err(no_seat))
    }
}

pub(super) fn no_seat(error: NoSeat) -> HistoryError {
    match error {
        NoSeat::Fault(fault) => refused(&fault),
        NoSeat::Closed => HistoryError::new(
            HistoryErrorKind::Closed,
            "the journal is closed; keep its bus for as long as events are published",
        ),
    }
}

fn refused(fault: &Fault) -> HistoryError {
    HistoryError::new(HistoryErrorKind::Store, fault.to_string()).caused_by(Arc::clone(fault))
}
