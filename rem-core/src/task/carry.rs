//! [`carry`]: the present cause, for a future that runs elsewhere.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;

use crate::deliver::quietly;
use crate::event::Event;
use crate::publish::{handled, handling};

/// Lets the event that is being handled in this thread be the cause of what a future publishes, wherever that is run.
///
/// What a task's handler publishes itself has its cause already, and so have the futures that it awaits; this is for one that
/// it spawns. Where no event is being handled it changes nothing. The event is kept as long as the future is.
///
/// ```
/// # use rem_core::{Bus, EventType, carry};
/// # fn handler<E: EventType>(bus: Bus, told: E, spawn: impl Fn(std::pin::Pin<Box<dyn Future<Output = ()> + Send>>)) {
/// spawn(Box::pin(carry(async move {
///     if let Err(error) = bus.publish_async(told).await {
///         eprintln!("{error}");
///     }
/// })));
/// # }
/// ```
pub fn carry<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let cause = handled().map(|event| Cause(Some(event)));
    async move {
        let mut future = pin!(future);
        poll_fn(|cx| match cause.as_ref().and_then(|cause| cause.0.as_ref()) {
            Some(event) => handling(event, None, || future.as_mut().poll(cx)),
            None => future.as_mut().poll(cx),
        })
        .await
    }
}

/// Dropped quietly, for the last owner of an event may be a runtime.
struct Cause(Option<Arc<Event>>);

impl Drop for Cause {
    fn drop(&mut self) {
        quietly(self.0.take());
    }
}
