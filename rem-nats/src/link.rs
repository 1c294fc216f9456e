//! [`Link`]: what is known of the connection, told to the reader in the place where it changed.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Waker;

use rem_mesh::{Capabilities, Incoming, TransportError, TransportErrorKind};
use tokio::sync::watch;

use crate::inbox::{Inbox, wake};

/// What is known of the connection.
pub(crate) struct Link {
    state: watch::Sender<State>,
    /// The same as in the state, to be read without a lock.
    is_connected: AtomicBool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct State {
    phase: Phase,
    /// How often the connection was lost, or an attempt to connect begun: what was asked for in another has no answer.
    pub(crate) epoch: u64,
}

impl State {
    /// Lost, or closed.
    pub(crate) fn is_not_connected(&self) -> bool {
        matches!(self.phase, Phase::Lost | Phase::Closed)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Phase {
    #[default]
    Idle,
    Connected,
    Lost,
    Closed,
}

impl Link {
    pub(crate) fn new() -> Self {
        Self { state: watch::Sender::new(State::default()), is_connected: AtomicBool::new(false) }
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.is_connected.load(Ordering::Acquire)
    }

    /// Which connection it is; an error if there is none.
    pub(crate) fn there(&self) -> Result<u64, TransportError> {
        let state = *self.state.borrow();
        match state.phase {
            Phase::Connected => Ok(state.epoch),
            Phase::Closed => Err(TransportError::closed()),
            Phase::Idle | Phase::Lost => Err(lost()),
        }
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.state.borrow().epoch
    }

    /// Told of each change.
    pub(crate) fn watch(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state.borrow().phase == Phase::Closed
    }

    /// For the first time, if that connection is the one that there is.
    pub(crate) fn begun(&self, epoch: u64) -> Result<(), TransportError> {
        self.change(|state| {
            if state.phase == Phase::Idle && state.epoch == epoch {
                self.enter(state, Phase::Connected);
            }
            None
        });
        self.there().map(drop)
    }

    /// An attempt to connect begins, in the task that read the connection: whatever came by the one before is in the inbox.
    pub(crate) fn lost(&self, inbox: &Inbox, reason: impl FnOnce() -> Box<str>) {
        self.change(|state| {
            state.epoch += 1;
            if state.phase != Phase::Connected {
                return None;
            }
            self.enter(state, Phase::Lost);
            inbox.place(Incoming::Disconnected(reason()))
        });
    }

    /// What was subscribed stands again, on that connection; if it is not that one any more, nothing is told.
    pub(crate) fn back(&self, epoch: u64, inbox: &Inbox, can: Capabilities) {
        self.change(|state| {
            if state.epoch != epoch || state.phase != Phase::Lost {
                return None;
            }
            self.enter(state, Phase::Connected);
            inbox.place(Incoming::Connected(can))
        });
    }

    /// Whether it was not closed before.
    pub(crate) fn close(&self) -> bool {
        let mut was_open = false;
        self.change(|state| {
            was_open = state.phase != Phase::Closed;
            self.enter(state, Phase::Closed);
            None
        });
        was_open
    }

    /// Before the reader can be told of it.
    fn enter(&self, state: &mut State, phase: Phase) {
        state.phase = phase;
        self.is_connected.store(phase == Phase::Connected, Ordering::Release);
    }

    /// The inbox's lock is taken within this one, and never the other way round. Who is to be woken is woken behind both.
    fn change(&self, change: impl FnOnce(&mut State) -> Option<Waker>) {
        let mut woken = None;
        self.state.send_if_modified(|state| {
            let before = *state;
            woken = change(state);
            *state != before
        });
        wake(woken);
    }

    /// What it gives; or an error as soon as that connection is lost or closed.
    pub(crate) async fn while_there<T>(
        &self,
        epoch: u64,
        doing: impl Future<Output = T>,
    ) -> Result<T, TransportError> {
        let over = async {
            let mut state = self.state.subscribe();
            let is_over = |state: &State| state.epoch != epoch || state.phase == Phase::Closed;
            match state.wait_for(is_over).await {
                Ok(state) if state.phase != Phase::Closed => lost(),
                _ => TransportError::closed(),
            }
        };
        tokio::select! {
            biased;
            done = doing => Ok(done),
            error = over => Err(error),
        }
    }
}

pub(crate) fn lost() -> TransportError {
    TransportError::new(
        TransportErrorKind::Disconnected,
        "there is no connection to a server of NATS now: it is tried again until there is",
    )
}
