//! [`Performing`]: an effect that is being performed.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;

use rem_core::__private::Alert;

use crate::dispatcher::Dispatcher;
use crate::effect::taken;
use crate::error::EffectError;
use crate::machine::Machine;
use crate::node::{Came, Link};

/// An effect that is being performed: a future of what it gives, or of the error that it did not handle. Made by
/// [`Effect::perform`](crate::Effect::perform).
///
/// Dropping it stops what is under way: what is waited for is dropped. Polled after its end it stays pending.
#[must_use = "nothing is performed until it is polled, and its error would be lost"]
pub struct Performing<T> {
    machine: Option<Box<Machine>>,
    of: PhantomData<fn() -> T>,
}

impl<T> Performing<T> {
    pub(crate) fn new(link: &Link, dispatcher: &Dispatcher) -> Self {
        let machine = Machine::new(link.clone(), dispatcher.clone(), false);
        Self { machine: Some(Box::new(machine)), of: PhantomData }
    }
}

impl<T: 'static> Future for Performing<T> {
    type Output = Result<T, EffectError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(machine) = &mut self.machine else { return Poll::Pending };
        let came = std::task::ready!(machine.poll(cx));
        self.machine = None;
        Poll::Ready(came.map(taken))
    }
}

impl<T> fmt::Debug for Performing<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Performing").field("is_over", &self.machine.is_none()).finish()
    }
}

/// Performs it to its end in this thread.
pub(crate) fn blocking(link: &Link, dispatcher: &Dispatcher) -> Came {
    drive(link, dispatcher, || false)
}

/// The same. Where it would have to wait, `go_on` is asked whether something has come by it.
pub(crate) fn drive(link: &Link, dispatcher: &Dispatcher, go_on: impl Fn() -> bool) -> Came {
    let mut machine = Machine::new(link.clone(), dispatcher.clone(), true);
    let alert = Alert::of_this_thread();
    let waker = alert.waker();
    let mut cx = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(came) = machine.poll(&mut cx) {
            return came;
        }
        while !alert.take() && !go_on() {
            thread::park();
        }
    }
}
