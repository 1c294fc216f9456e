//! Waiting for room in async code, before a publish begins: then nothing has to be undone.

use std::future::{self, Future};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::To;
use crate::bus::State;
use crate::event::EventType;
use crate::queue::Channel;
use crate::route::Ahead;

/// Waits until each queue that `data` would go to, and for which publishers wait, has room, and a history that outlives the
/// process too; takes a seat in all of them.
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
                Ok(ahead) => match ahead.with_place(&bus.core) {
                    Some(ahead) => return ahead,
                    None => None,
                },
                Err(channel) => Some(channel),
            },
            // What is wrong the publish itself says.
            Ok(None) | Err(_) => return Ahead::default(),
        };
        match (full, &bus.core.durable) {
            (Some(channel), _) => Room { channel, ticket: None }.await,
            (None, Some(history)) => future::poll_fn(|cx| history.poll_seat(cx.waker())).await,
            (None, None) => {}
        }
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
