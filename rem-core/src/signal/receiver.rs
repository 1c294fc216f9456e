//! [`Receive`]: a receiver as a send sees it, whatever it is made of.

use std::any::type_name;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::Location;
use std::pin::Pin;
use std::sync::{Arc, Weak};

use crate::deliver::quietly;
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::sync::{Mutex, lock};

/// Names a receiver of a signal. No two of one signal have the same, also when one of them is gone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReceiverId(pub(super) u64);

impl fmt::Display for ReceiverId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "receiver {}", self.0)
    }
}

impl fmt::Debug for ReceiverId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReceiverId({})", self.0)
    }
}

/// What is known of a receiver, whatever it is made of.
pub(super) struct About {
    pub(super) id: ReceiverId,
    /// The line that connected it.
    pub(super) place: &'static Location<'static>,
    /// Its end is seen by a send that has begun already and has not come to it.
    active: AtomicBool,
    panics: AtomicU64,
    last_panic: Mutex<Option<Arc<str>>>,
}

impl About {
    pub(super) fn new(id: ReceiverId, place: &'static Location<'static>) -> Self {
        let (panics, last_panic) = (AtomicU64::new(0), Mutex::new(None));
        Self { id, place, active: AtomicBool::new(true), panics, last_panic }
    }

    // Relaxed, for nothing is read by it: who must see the end for certain finds a plan without the receiver.
    pub(super) fn is_active(&self) -> bool {
        self.active.load(Ordering::Relaxed)
    }

    pub(super) fn end(&self) {
        self.active.store(false, Ordering::Relaxed);
    }

    pub(super) fn count_panic(&self, text: &str) {
        self.panics.fetch_add(1, Ordering::Relaxed);
        *lock(&self.last_panic) = Some(text.into());
    }

    pub(super) fn panics(&self) -> u64 {
        self.panics.load(Ordering::Relaxed)
    }

    pub(super) fn last_panic(&self) -> Option<Arc<str>> {
        lock(&self.last_panic).clone()
    }
}

/// What an async receiver returns, driven by [`Signal::send_async`](super::Signal::send_async).
pub(super) type Work<R> = Pin<Box<dyn Future<Output = R> + Send>>;

/// What came of calling a receiver in an async send.
pub(super) enum Begun<R> {
    Done(R),
    Pending(Work<R>),
}

/// How a receiver is called: it is looked at in its own code, so that a call takes one jump, as that of a boxed closure.
pub(super) trait Receive<T: ?Sized, R, S>: Send + Sync {
    fn about(&self) -> &About;

    /// `None` if it has ended, its owner is gone, or it is async, which the sender has made sure of.
    fn call(&self, sender: Option<&S>, value: &T) -> Option<R>;

    /// The same for an async send.
    fn begin(&self, sender: Option<&S>, value: &Arc<T>) -> Option<Begun<R>> {
        self.call(sender, value).map(Begun::Done)
    }

    fn is_async(&self) -> bool {
        false
    }

    /// It has an owner that it does not keep.
    fn is_weak(&self) -> bool {
        false
    }

    /// Its owner is gone, or it has ended.
    fn is_gone(&self) -> bool {
        !self.about().is_active()
    }
}

/// A closure with what is known of it.
pub(super) struct Plain<F> {
    pub(super) about: About,
    pub(super) call: F,
}

impl<T: ?Sized, R, S, F> Receive<T, R, S> for Plain<F>
where
    F: Fn(Option<&S>, &T) -> R + Send + Sync,
{
    fn about(&self) -> &About {
        &self.about
    }

    fn call(&self, sender: Option<&S>, value: &T) -> Option<R> {
        self.about.is_active().then(|| (self.call)(sender, value))
    }
}

/// A method of an owner that is not kept.
pub(super) struct OfOwner<O, F> {
    pub(super) about: About,
    pub(super) owner: Weak<O>,
    pub(super) call: F,
}

impl<T: ?Sized, R, S, O, F> Receive<T, R, S> for OfOwner<O, F>
where
    O: Send + Sync,
    F: Fn(&O, Option<&S>, &T) -> R + Send + Sync,
{
    fn about(&self) -> &About {
        &self.about
    }

    fn call(&self, sender: Option<&S>, value: &T) -> Option<R> {
        if !self.about.is_active() {
            return None;
        }
        // Kept for the length of the call, and dropped as part of it.
        let owner = self.owner.upgrade()?;
        Some((self.call)(&owner, sender, value))
    }

    fn is_weak(&self) -> bool {
        true
    }

    fn is_gone(&self) -> bool {
        self.owner.strong_count() == 0 || !self.about.is_active()
    }
}

/// A function that returns a future.
pub(super) struct Async<F, W> {
    about: About,
    call: F,
    of: PhantomData<fn() -> W>,
}

impl<F, W> Async<F, W> {
    pub(super) fn new(about: About, call: F) -> Self {
        Self { about, call, of: PhantomData }
    }
}

impl<T, R, S, F, W> Receive<T, R, S> for Async<F, W>
where
    T: ?Sized,
    F: Fn(Arc<T>) -> W + Send + Sync,
    W: Future<Output = R> + Send + 'static,
{
    fn about(&self) -> &About {
        &self.about
    }

    fn call(&self, _: Option<&S>, _: &T) -> Option<R> {
        None
    }

    fn begin(&self, _: Option<&S>, value: &Arc<T>) -> Option<Begun<R>> {
        let work = || Begun::Pending(Box::pin((self.call)(Arc::clone(value))));
        self.about.is_active().then(work)
    }

    fn is_async(&self) -> bool {
        true
    }
}

impl<T: ?Sized, R, S> fmt::Debug for dyn Receive<T, R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("id", &self.about().id)
            .field("of", &type_name::<T>())
            .field("place", &format_args!("{}", self.about().place))
            .finish_non_exhaustive()
    }
}

/// Whom a receiver hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sender<S> {
    /// Everybody: also what is sent by nobody.
    Any,
    /// The sender that is equal to this one.
    Is(S),
}

impl<S> From<S> for Sender<S> {
    fn from(sender: S) -> Self {
        Self::Is(sender)
    }
}

impl<S> Sender<S> {
    /// The same with the sender borrowed.
    pub fn as_ref(&self) -> Sender<&S> {
        match self {
            Self::Any => Sender::Any,
            Self::Is(sender) => Sender::Is(sender),
        }
    }
}

/// Why a sender is heard: it lasts, or as long as some guards of [`Connection::connected_to`](super::Connection).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) lasting: bool,
    pub(super) guards: usize,
}

impl Heard {
    pub(super) fn is_heard(self) -> bool {
        self.lasting || self.guards > 0
    }
}

/// The senders that one receiver hears. It is not changed but replaced, for comparing senders is user code.
#[derive(Debug)]
pub(super) struct Senders<S> {
    pub(super) any: Heard,
    pub(super) some: Vec<(Arc<S>, Heard)>,
}

impl<S> Default for Senders<S> {
    fn default() -> Self {
        Self { any: Heard::default(), some: Vec::new() }
    }
}

impl<S> Senders<S> {
    pub(super) fn each(&self) -> impl Iterator<Item = Sender<Arc<S>>> + '_ {
        let any = self.any.is_heard().then_some(Sender::Any);
        any.into_iter().chain(self.some.iter().map(|(sender, _)| Sender::Is(Arc::clone(sender))))
    }
}

impl<S: Eq> Senders<S> {
    pub(super) fn heard(&self, sender: Sender<&S>) -> Heard {
        match sender {
            Sender::Any => self.any,
            Sender::Is(sender) => {
                let found = self.some.iter().find(|(one, _)| **one == *sender);
                found.map_or_else(Heard::default, |(_, heard)| *heard)
            }
        }
    }

    /// Others, of which one is heard as said.
    pub(super) fn with(&self, sender: &Sender<Arc<S>>, heard: Heard) -> Self {
        let (mut any, mut some) = (self.any, self.some.clone());
        match sender {
            Sender::Any => any = heard,
            Sender::Is(sender) => match some.iter().position(|(one, _)| **one == **sender) {
                Some(at) if heard.is_heard() => some[at].1 = heard,
                Some(at) => drop(some.remove(at)),
                None if heard.is_heard() => some.push((Arc::clone(sender), heard)),
                None => {}
            },
        }
        Self { any, some }
    }
}

impl<S> Drop for Senders<S> {
    fn drop(&mut self) {
        // Each by itself: user code, which may panic.
        self.some.drain(..).for_each(quietly);
    }
}
