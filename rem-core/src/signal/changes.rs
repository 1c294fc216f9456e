//! What a signal tells of its receivers.

use std::panic::Location;
use std::sync::Arc;

use super::receiver::{ReceiverId, Sender};

/// A receiver hears a sender that it did not hear before: what [`Signal::receiver_connected`] sends, after it is so.
///
/// [`Signal::receiver_connected`]: super::Signal::receiver_connected
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ReceiverConnected<S> {
    /// The receiver.
    pub receiver: ReceiverId,
    /// The line that connected it.
    pub place: &'static Location<'static>,
    /// Whom it hears.
    pub sender: Sender<Arc<S>>,
    /// Its owner is not kept.
    pub is_weak: bool,
    /// It returns a future.
    pub is_async: bool,
}

/// A receiver hears a sender no more, or nobody: what [`Signal::receiver_disconnected`] sends, after it is so.
///
/// [`Signal::receiver_disconnected`]: super::Signal::receiver_disconnected
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ReceiverDisconnected<S> {
    /// The receiver.
    pub receiver: ReceiverId,
    /// The line that connected it.
    pub place: &'static Location<'static>,
    /// Whom it hears no more; `None`: it has ended, and hears nobody.
    pub sender: Option<Sender<Arc<S>>>,
    /// Why.
    pub cause: Cause,
}

impl<S> ReceiverDisconnected<S> {
    pub(super) fn new(
        receiver: ReceiverId,
        place: &'static Location<'static>,
        sender: Option<Sender<Arc<S>>>,
        cause: Cause,
    ) -> Self {
        Self { receiver, place, sender, cause }
    }
}

/// Why a receiver was disconnected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// Its guard was dropped, or told to.
    Disconnected,
    /// The owner that it does not keep is gone. It is noticed by the next send that would have called it, or when receivers
    /// are connected.
    OwnerGone,
}
