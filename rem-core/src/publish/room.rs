//! Waiting for room in async code, before a publish begins: then nothing has to be undone.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::To;
use crate::bus::State;
use crate::event::EventType;
use crate::queue::Channel;
use crate::route::Ahead;

/// Waits until each queue that `data` would go to, and for which publishers wait, has room; takes a seat in all of them.
///
/// Whoever is full is waited for with nothing in hand, so that two that wait cannot hold what the other needs.
pub(crate) async fn room<E: EventType>(bus: &State, data: &E) -> Ahead {
    room_at(bus, data, To::Own).await
}

/// The same for what goes to a topic by name.
pub(crate) async fn room_at<E: EventType>(bus: &State, data: &E, to: To<'_>) -> Ahead {
    loop {
        // The route is not held while waiting: it belongs to this thread, and may be stale afterwards.
        let full = match super::find(bus, data, to) {
            Ok(Some(route)) => match Ahead::of(&route) {
                Ok(ahead) => return ahead,
                Err(channel) => channel,
            },
            // What is wrong the publish itself says.
            Ok(None) | Err(_) => return Ahead::default(),
        };
        Room { channel: full, ticket: None }.await;
    }
}

/// Ready when a queue may have room.
struct Room {
    channel: Arc<Channel>,
    ticket: Option<u64>,
}

impl Room {
    fn leave(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.channel.leave(ticket);
        }
    }
}

impl Future for Room {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.leave();
        let mut waiter = Some(cx.waker().clone());
        self.ticket = self.channel.wait(&mut waiter);
        if self.ticket.is_some() { Poll::Pending } else { Poll::Ready(()) }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.leave();
    }
}
