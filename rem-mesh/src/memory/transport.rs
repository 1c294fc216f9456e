//! [`MemoryTransport`]: one end of a broker within the process.

use std::fmt;
use std::future::{Future, poll_fn, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rem_core::__private::Alarm;

use super::broker::Broker;
use crate::sync::{Mutex, lock};
use crate::transport::{
    Capabilities, Doing, FilterId, Incoming, Parcel, Streams, SubjectFilter, Transport,
};

/// One end of a [`MemoryBroker`](super::MemoryBroker). Dropping it is as when its process ends.
pub struct MemoryTransport {
    pub(super) broker: Arc<Broker>,
    pub(super) id: u64,
    name: Box<str>,
    /// When something is to be given again.
    alarm: Mutex<Option<Alarm>>,
}

impl MemoryTransport {
    pub(super) fn new(broker: &Arc<Broker>, name: &str, no_echo: bool) -> Self {
        let id = broker.add(name, no_echo);
        Self { broker: Arc::clone(broker), id, name: name.into(), alarm: Mutex::new(None) }
    }
}

impl Transport for MemoryTransport {
    fn connect(&self) -> Doing<'_, Capabilities> {
        Box::pin(ready(self.broker.connect(self.id)))
    }

    fn is_connected(&self) -> bool {
        self.broker.is_connected(self.id)
    }

    fn publish(&self, parcel: Parcel) -> Doing<'_, ()> {
        Box::pin(ready(self.broker.publish(self.id, &parcel)))
    }

    fn subscribe(&self, filter: SubjectFilter, group: Option<&str>) -> Doing<'_, FilterId> {
        Box::pin(ready(self.broker.subscribe(self.id, filter, group)))
    }

    fn unsubscribe(&self, filter: FilterId) -> Doing<'_, ()> {
        Box::pin(ready(self.broker.unsubscribe(self.id, filter)))
    }

    fn flush(&self) -> Doing<'_, ()> {
        Box::pin(poll_fn(|cx| self.broker.poll_flush(self.id, cx)))
    }

    fn poll_incoming(&self, cx: &mut Context<'_>) -> Poll<Incoming> {
        loop {
            if let Poll::Ready(came) = self.broker.poll_incoming(self.id, cx) {
                return Poll::Ready(came);
            }
            // Polled under no lock, for wakers are the user's.
            let Some(time) = self.broker.due(self.id) else { return Poll::Pending };
            let mut alarm = self.broker.alarm(time);
            if !time.is_zero() && Pin::new(&mut alarm).poll(cx).is_pending() {
                let before = lock(&self.alarm).replace(alarm);
                drop(before);
                // A clock that was turned meanwhile wakes nobody who had not told it yet.
                if !self.broker.due(self.id).is_some_and(|time| time.is_zero()) {
                    return Poll::Pending;
                }
            }
            self.broker.change(|_| ());
        }
    }

    fn close(&self) -> Doing<'_, ()> {
        self.broker.close(self.id);
        Box::pin(ready(Ok(())))
    }

    fn streams(&self) -> Option<&dyn Streams> {
        Some(self)
    }
}

impl Drop for MemoryTransport {
    fn drop(&mut self) {
        self.broker.remove(self.id);
    }
}

impl fmt::Debug for MemoryTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryTransport")
            .field("name", &self.name)
            .field("is_connected", &self.is_connected())
            .finish_non_exhaustive()
    }
}
