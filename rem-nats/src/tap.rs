//! [`Tap`]: one subscription of the client, emptied at the moment something is put into it.
//!
//! The client gives each subscription a channel of its own, and drops what finds that full. So what came in one order would be read
//! in another, what was dropped would be told as an event that can be dropped too, and nobody could say which parcels came before
//! the connection was lost. But a channel wakes its reader where it is written to, once for each message: a reader whose waker
//! takes the message out at once takes it in the thread of the connection, in the order of the wire, and its channel is never full.
//! Should a later client wake elsewhere, nothing is lost by it but the order between subscriptions, and the contract finds that.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use async_nats::{Message, Subscriber};
use futures_core::Stream;
use rem_mesh::__private::Turn;
use tokio::sync::Notify;

use crate::inbox::lock;

/// One subscription of the client, and where its messages go.
pub(crate) struct Tap {
    /// Until it is unsubscribed.
    subscriber: Mutex<Option<Subscriber>>,
    /// Who empties it.
    turn: Turn,
    takes: Box<dyn Fn(Message) + Send + Sync>,
    /// That nothing more will come.
    over: Notify,
}

impl Tap {
    /// What comes goes to `takes`, one at a time, from now on.
    pub(crate) fn open(
        subscriber: Subscriber,
        takes: impl Fn(Message) + Send + Sync + 'static,
    ) -> Arc<Self> {
        let subscriber = Mutex::new(Some(subscriber));
        let (turn, takes, over) = (Turn::default(), Box::new(takes), Notify::new());
        let tap = Arc::new(Self { subscriber, turn, takes, over });
        tap.empty();
        tap
    }

    /// Takes nothing any more; what it was subscribed by. Without this it keeps itself.
    pub(crate) fn shut(&self) -> Option<Subscriber> {
        lock(&self.subscriber).take()
    }

    /// Unsubscribes, and takes what the server has sent before it knew: ready when that has all come.
    pub(crate) async fn drain(&self) {
        loop {
            let told = {
                let mut slot = lock(&self.subscriber);
                let Some(subscriber) = slot.as_mut() else { return };
                // Not awaited while it is locked: it waits only where the client is told more than it can take.
                pin!(subscriber.drain()).poll(&mut Context::from_waker(Waker::noop()))
            };
            match told {
                Poll::Ready(Ok(())) => return self.over.notified().await,
                Poll::Ready(Err(_)) => return, // the connection is lost
                Poll::Pending => tokio::task::yield_now().await,
            }
        }
    }

    fn empty(self: &Arc<Self>) {
        self.turn.call(|| {
            let waker = Waker::from(Arc::clone(self));
            while let Some(message) = self.next(&waker) {
                (self.takes)(message);
            }
        });
    }

    fn next(&self, waker: &Waker) -> Option<Message> {
        let mut slot = lock(&self.subscriber);
        let subscriber = slot.as_mut()?;
        // It is not this task whose budget is to be used up.
        let next =
            tokio::task::unconstrained(poll_fn(|cx| Pin::new(&mut *subscriber).poll_next(cx)));
        match pin!(next).poll(&mut Context::from_waker(waker)) {
            Poll::Ready(Some(message)) => Some(message),
            Poll::Ready(None) => {
                self.over.notify_one();
                None
            }
            Poll::Pending => None,
        }
    }
}

impl Wake for Tap {
    fn wake(self: Arc<Self>) {
        self.empty();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.empty();
    }
}
