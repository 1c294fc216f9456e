//! Signals: one typed point to connect receivers to, with no topic. The smallest bus.
//!
//! A [`Signal<T, R>`](Signal) is sent a value of `T`; each receiver that is connected to it is called with it, in the order
//! in which they were connected, and returns an `R`. Senders may be named, by value, and receivers may hear some of them
//! alone. A [`Namespace`] has signals by name.
//!
//! It depends on no [`Bus`](crate::Bus), keeps no history and has no queue. What it has over a `Vec<Box<dyn Fn(&T) -> R>>`:
//! receivers come and go while it is being sent, from any thread and from within receivers; one that panics harms neither
//! the others nor the sender; and guards end them, so that nothing is called that should not be.
//!
//! ```
//! use rem_core::signal::Signal;
//!
//! #[derive(Debug)]
//! struct Order {
//!     cents: u32,
//! }
//!
//! // What is sent, what receivers return, and who sends.
//! let placed: Signal<Order, Result<(), String>, &str> = Signal::new();
//!
//! let _limit = placed.connect(|order| match order.cents {
//!     0..10_000 => Ok(()),
//!     _ => Err("too dear".to_owned()),
//! });
//! let _web = placed.connect_to("web", |order| {
//!     println!("by the web: {order:?}");
//!     Ok(())
//! });
//!
//! let refused: Vec<_> =
//!     placed.by(&"web").send(&Order { cents: 12_000 })?.into_values().filter_map(Result::err).collect();
//! assert_eq!(refused, ["too dear"]);
//! # Ok::<(), rem_core::signal::SendError>(())
//! ```

mod by;
mod changes;
mod connecting;
mod connection;
mod depth;
mod error;
#[cfg(all(test, rem_loom))]
mod loom;
mod keep;
mod lasting;
mod mute;
mod namespace;
mod plan;
mod receiver;
mod results;
mod send;
mod send_async;
mod state;

use std::any::type_name;
use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use crate::deliver::isolate;
use plan::{Entry, Heard};
use state::Inner;

pub use by::By;
pub use changes::{Cause, ReceiverConnected, ReceiverDisconnected};
pub use connecting::Connecting;
pub use connection::{ConnectedTo, Connection};
pub use error::{
    NamespaceError, NamespaceErrorKind, Panicked, SendAsyncError, SendError, SendErrorKind,
};
pub use mute::Muted;
pub use namespace::Namespace;
pub use receiver::{ReceiverId, Sender};
pub use results::{IntoIter, Iter, Results, Sent};
pub use send_async::SendAsync;

/// A point to connect receivers to: see [the module](self). It is sent `&T`, receivers return `R`, and who sends is an `S`,
/// by value.
///
/// A cheap handle; its clones are the same signal. When the last is dropped, its receivers are. A receiver that captures a
/// handle of its own signal keeps both; capture what it needs of it instead, or let its guard go first.
pub struct Signal<T: ?Sized, R = (), S = ()>(Arc<Inner<T, R, S>>);

impl<T, R, S> Signal<T, R, S>
where
    T: ?Sized + 'static,
    R: 'static,
    S: Eq + Hash + Send + Sync + 'static,
{
    /// A signal without a receiver.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A signal with a name or limits of its own.
    pub fn builder() -> SignalBuilder<T, R, S> {
        SignalBuilder { name: None, depth: DEPTH, of: PhantomData }
    }

    /// Sends a value to async receivers and to the others, and waits for them: one after another, in their order, each
    /// called when the one before it is done. [`at_once`](SendAsync::at_once) lets them be under way together.
    ///
    /// It works with any runtime and without: whoever awaits the future drives the receivers. One that fails or panics
    /// stops no other. Who is called is settled when it is first polled; a receiver that is disconnected before its turn is
    /// not called, one that is under way goes on.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use rem_core::signal::Signal;
    ///
    /// # fn block_on<W: Future>(work: W) -> W::Output {
    /// #     let mut work = std::pin::pin!(work);
    /// #     let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    /// #     loop {
    /// #         if let std::task::Poll::Ready(value) = work.as_mut().poll(&mut context) {
    /// #             return value;
    /// #         }
    /// #     }
    /// # }
    /// let asked: Signal<str, usize> = Signal::new();
    /// let _slow = asked.connect_async(async |text: Arc<str>| text.len());
    /// let _quick = asked.connect(|text| text.split(' ').count());
    ///
    /// assert!(asked.send("to be").is_err(), "it could not wait");
    /// let results = block_on(asked.send_async("to be"))?;
    /// assert_eq!(results.into_values().collect::<Vec<_>>(), [5, 2]);
    /// # Ok::<(), rem_core::signal::SendAsyncError<str>>(())
    /// ```
    ///
    /// # Errors
    /// When sends stand in one another deeper than the signal's [`depth`](SignalBuilder::depth): then nobody has been
    /// called, and the error has the value.
    pub fn send_async(&self, value: impl Into<Arc<T>>) -> SendAsync<'static, T, R, S> {
        SendAsync::new(self, None, value.into())
    }

    /// Whether anybody is connected, to whatever sender, and could be called: for a look before a value is made that takes
    /// long to make. Muting is not looked at.
    pub fn has_receivers(&self) -> bool {
        self.0.has_any()
    }

    /// Whether anybody would be called for what this sender sends. Muting is not looked at.
    ///
    /// # Cost
    /// As for finding out whom to call, and no more than that; while the signal is muted, a look at each receiver. A sender
    /// whose `Hash` or `Eq` panics is heard by those alone who hear any.
    pub fn has_receivers_for(&self, sender: &S) -> bool {
        let fresh = self.0.fresh();
        let plan = fresh.plan();
        let is_there = |entry: &Entry<T, R, S>| !entry.receiver.is_gone();
        if plan.any.entries.iter().any(is_there) {
            return true;
        }
        match isolate(|| plan.by(sender)) {
            Ok(Some(calls)) if calls.entries.iter().any(is_there) => true,
            _ => self.0.is_muted() && self.0.all().iter().any(|heard| hears(heard, sender)),
        }
    }

    /// Who would be called for what this sender sends, in their order.
    pub fn receivers_for(&self, sender: &S) -> Vec<ReceiverReport<S>> {
        self.0.all().iter().filter(|heard| hears(heard, sender)).map(ReceiverReport::of).collect()
    }

    /// All receivers, in the order in which they are called.
    pub fn receivers(&self) -> Vec<ReceiverReport<S>> {
        self.0.all().iter().filter(|heard| is_there(heard)).map(ReceiverReport::of).collect()
    }

    /// A signal that is sent when a receiver hears a sender that it did not hear before.
    ///
    /// It is sent by the thread that connects, when the receiver is connected; made when it is first asked for, so that a
    /// signal of which nobody asks pays nothing.
    ///
    /// ```
    /// use rem_core::signal::Signal;
    ///
    /// let saved: Signal<u32> = Signal::new();
    /// let _watch = saved.receiver_connected().connect(|told| println!("connected at {}", told.place));
    /// let _log = saved.connect(|order| println!("{order}"));
    /// ```
    pub fn receiver_connected(&self) -> &Signal<ReceiverConnected<S>> {
        self.0.receiver_connected()
    }

    /// A signal that is sent when a receiver hears a sender no more, or has ended: by its guard, or as its owner is gone.
    pub fn receiver_disconnected(&self) -> &Signal<ReceiverDisconnected<S>> {
        self.0.receiver_disconnected()
    }

    /// How many changes those two could not tell, for a receiver of theirs was async or they stood too deep in one another.
    pub fn untold_changes(&self) -> u64 {
        self.0.untold()
    }
}

impl<T: ?Sized, R, S> Signal<T, R, S> {
    /// The name it was given.
    pub fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }
}

fn is_there<T: ?Sized, R, S>(heard: &Heard<T, R, S>) -> bool {
    !heard.entry.receiver.is_gone()
}

fn hears<T: ?Sized, R, S: Eq>(heard: &Heard<T, R, S>, sender: &S) -> bool {
    let is_heard = || heard.senders.heard(Sender::Is(sender)).is_heard();
    is_there(heard) && (heard.senders.any.is_heard() || isolate(is_heard).unwrap_or(false))
}

/// How deep sends of one thread may stand in one another, unless told.
const DEPTH: usize = 64;

/// A signal in the making: see [`Signal::builder`].
#[must_use = "the signal is made by `build`"]
pub struct SignalBuilder<T: ?Sized, R = (), S = ()> {
    name: Option<Box<str>>,
    depth: usize,
    of: PhantomData<fn(&T, S) -> R>,
}

impl<T, R, S> SignalBuilder<T, R, S>
where
    T: ?Sized + 'static,
    R: 'static,
    S: Eq + Hash + Send + Sync + 'static,
{
    /// A name, for errors and `Debug`.
    pub fn name(mut self, name: impl Into<Box<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Within how many sends of the same thread, of this signal or others, it may be sent: 64 unless told, at least 1. What
    /// would stand deeper is an error of the send, rather than the end of the stack.
    pub fn depth(mut self, sends: usize) -> Self {
        self.depth = sends.clamp(1, usize::MAX >> 1);
        self
    }

    /// The signal.
    pub fn build(self) -> Signal<T, R, S> {
        Signal(Arc::new(Inner::new(self.name, self.depth)))
    }
}

/// A receiver as it is at one moment: see [`Signal::receivers`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ReceiverReport<S> {
    /// Its name in results.
    pub id: ReceiverId,
    /// The line that connected it.
    pub place: &'static Location<'static>,
    /// Higher ones are called first.
    pub priority: i32,
    /// Whom it hears.
    pub senders: Vec<Sender<Arc<S>>>,
    /// Its owner is not kept.
    pub is_weak: bool,
    /// It returns a future.
    pub is_async: bool,
    /// How many of its calls panicked.
    pub panics: u64,
    /// What the last panic said.
    pub last_panic: Option<Arc<str>>,
}

impl<S> ReceiverReport<S> {
    fn of<T: ?Sized, R>(heard: &Heard<T, R, S>) -> Self {
        let receiver = &heard.entry.receiver;
        let about = receiver.about();
        Self {
            id: about.id,
            place: about.place,
            priority: heard.entry.key.priority(),
            senders: heard.senders.each().collect(),
            is_weak: receiver.is_weak(),
            is_async: receiver.is_async(),
            panics: about.panics(),
            last_panic: about.last_panic(),
        }
    }
}

impl<T: ?Sized, R, S> Clone for Signal<T, R, S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T, R, S> Default for Signal<T, R, S>
where
    T: ?Sized + 'static,
    R: 'static,
    S: Eq + Hash + Send + Sync + 'static,
{
    fn default() -> Self {
        Self::new()
    }
}

impl<T: ?Sized, R, S> fmt::Debug for Signal<T, R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signal")
            .field("name", &self.name())
            .field("of", &type_name::<T>())
            .field("receivers", &self.0.count())
            .finish_non_exhaustive()
    }
}

impl<T: ?Sized, R, S> fmt::Debug for SignalBuilder<T, R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignalBuilder")
            .field("name", &self.name)
            .field("depth", &self.depth)
            .finish_non_exhaustive()
    }
}
