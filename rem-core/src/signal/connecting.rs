//! [`Connecting`]: a receiver in the making, with whom it hears and its place in the order.

use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::panic::Location;
use std::sync::{Arc, Weak};

use super::Signal;
use super::connection::{Connection, Holds};
use super::receiver::{About, Async, Heard, OfOwner, Plain, Receive, Sender, Senders};
use super::state::Inner;
use crate::deliver::isolate;

/// A receiver in the making: see [`Signal::receiver`].
#[must_use = "nothing is connected before it is given a function"]
pub struct Connecting<'a, T: ?Sized, R, S> {
    signal: &'a Signal<T, R, S>,
    senders: Vec<Sender<Arc<S>>>,
    priority: i32,
    place: &'static Location<'static>,
}

impl<T, R, S> Signal<T, R, S>
where
    T: ?Sized + 'static,
    R: 'static,
    S: Eq + Hash + Send + Sync + 'static,
{
    /// Connects a receiver that hears any sender, behind those that are there.
    ///
    /// ```
    /// use rem_core::signal::Signal;
    ///
    /// let saved: Signal<u32> = Signal::new();
    /// let connection = saved.connect(|order| println!("saved: {order}"));
    /// saved.emit(&1)?;
    /// drop(connection); // or `.detach()`, and it lasts as long as the signal
    /// assert!(!saved.has_receivers());
    /// # Ok::<(), rem_core::signal::SendError>(())
    /// ```
    #[track_caller]
    pub fn connect<F>(&self, receiver: F) -> Connection<S>
    where
        F: Fn(&T) -> R + Send + Sync + 'static,
    {
        self.receiver().connect(receiver)
    }

    /// Connects a receiver to one sender, by value: it is called for what is sent [by](Self::by) a sender equal to it.
    #[track_caller]
    pub fn connect_to<F>(&self, sender: impl Into<Sender<S>>, receiver: F) -> Connection<S>
    where
        F: Fn(&T) -> R + Send + Sync + 'static,
    {
        self.receiver().to(sender).connect(receiver)
    }

    /// Connects a method of a value that is not kept: when its last owner drops it, the receiver is disconnected, whether
    /// its guard lives or was detached.
    ///
    /// While the method runs it keeps the value.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use rem_core::signal::Signal;
    ///
    /// struct View;
    ///
    /// impl View {
    ///     fn show(&self, order: &u32) {
    ///         println!("{order}");
    ///     }
    /// }
    ///
    /// let (saved, view) = (Signal::<u32>::new(), Arc::new(View));
    /// saved.connect_weak(&view, View::show).detach();
    /// drop(view);
    /// assert!(!saved.has_receivers());
    /// ```
    #[track_caller]
    pub fn connect_weak<O, F>(&self, owner: &Arc<O>, method: F) -> Connection<S>
    where
        O: Send + Sync + 'static,
        F: Fn(&O, &T) -> R + Send + Sync + 'static,
    {
        self.receiver().connect_weak(owner, method)
    }

    /// Connects an async receiver, which [`send_async`](Self::send_async) calls and waits for. From then on [`send`] and
    /// [`emit`] are refused, for they could not wait.
    ///
    /// [`send`]: Self::send
    /// [`emit`]: Self::emit
    #[track_caller]
    pub fn connect_async<F, W>(&self, receiver: F) -> Connection<S>
    where
        F: Fn(Arc<T>) -> W + Send + Sync + 'static,
        W: Future<Output = R> + Send + 'static,
    {
        self.receiver().connect_async(receiver)
    }

    /// Runs `body` with a receiver connected, and disconnects it, also if `body` panics. Others stay as they were.
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU32, Ordering};
    /// use std::sync::Arc;
    ///
    /// use rem_core::signal::Signal;
    ///
    /// let saved: Signal<u32> = Signal::new();
    /// let sum = Arc::new(AtomicU32::new(0));
    /// let add = Arc::clone(&sum);
    /// let add = move |order: &u32| {
    ///     add.fetch_add(*order, Ordering::Relaxed);
    /// };
    /// saved.connected_to(add, || saved.emit(&3))?;
    /// saved.emit(&4)?;
    /// assert_eq!(sum.load(Ordering::Relaxed), 3);
    /// # Ok::<(), rem_core::signal::SendError>(())
    /// ```
    #[track_caller]
    pub fn connected_to<B>(
        &self,
        receiver: impl Fn(&T) -> R + Send + Sync + 'static,
        body: impl FnOnce() -> B,
    ) -> B {
        let _connection = self.connect(receiver);
        body()
    }

    /// A receiver in the making, to choose whom it hears and its place in the order.
    ///
    /// ```
    /// use rem_core::signal::Signal;
    ///
    /// let checked: Signal<u32, bool, &str> = Signal::new();
    /// let _last = checked.receiver().priority(-1).connect(|_| true);
    /// let _first = checked.receiver().to("shop").to("stock").connect(|order| *order < 10);
    /// let answers: Vec<_> = checked.by(&"shop").send(&12)?.into_values().collect();
    /// assert_eq!(answers, [false, true]);
    /// # Ok::<(), rem_core::signal::SendError>(())
    /// ```
    #[track_caller]
    pub fn receiver(&self) -> Connecting<'_, T, R, S> {
        let (senders, place) = (Vec::new(), Location::caller());
        Connecting { signal: self, senders, priority: 0, place }
    }
}

impl<T, R, S> Connecting<'_, T, R, S>
where
    T: ?Sized + 'static,
    R: 'static,
    S: Eq + Hash + Send + Sync + 'static,
{
    /// Hears this sender, beside others that it is told; a receiver that is told none hears any.
    pub fn to(mut self, sender: impl Into<Sender<S>>) -> Self {
        self.senders.push(match sender.into() {
            Sender::Any => Sender::Any,
            Sender::Is(sender) => Sender::Is(Arc::new(sender)),
        });
        self
    }

    /// Receivers are called from the highest priority to the lowest, 0 unless told; of the same priority, the oldest first.
    pub fn priority(mut self, priority: i32) -> Self {
        self.priority = priority;
        self
    }

    /// Connects a function.
    pub fn connect<F>(self, receiver: F) -> Connection<S>
    where
        F: Fn(&T) -> R + Send + Sync + 'static,
    {
        self.connect_with_sender(move |_, value| receiver(value))
    }

    /// Connects a function that is told who sends: `None` for what is sent by nobody.
    pub fn connect_with_sender<F>(self, receiver: F) -> Connection<S>
    where
        F: Fn(Option<&S>, &T) -> R + Send + Sync + 'static,
    {
        self.finish(|about| Arc::new(Plain { about, call: receiver }))
    }

    /// Connects a method of a value that is not kept: see [`Signal::connect_weak`].
    pub fn connect_weak<O, F>(self, owner: &Arc<O>, method: F) -> Connection<S>
    where
        O: Send + Sync + 'static,
        F: Fn(&O, &T) -> R + Send + Sync + 'static,
    {
        let owner = Arc::downgrade(owner);
        let call = move |owner: &O, _: Option<&S>, value: &T| method(owner, value);
        self.finish(|about| Arc::new(OfOwner { about, owner, call }))
    }

    /// Connects an async function: see [`Signal::connect_async`].
    pub fn connect_async<F, W>(self, receiver: F) -> Connection<S>
    where
        F: Fn(Arc<T>) -> W + Send + Sync + 'static,
        W: Future<Output = R> + Send + 'static,
    {
        self.finish(|about| Arc::new(Async::new(about, receiver)))
    }

    fn finish(self, receiver: impl FnOnce(About) -> Arc<dyn Receive<T, R, S>>) -> Connection<S> {
        let Self { signal, senders, priority, place } = self;
        let heard = Heard { lasting: true, guards: 0 };
        let mut all = Senders::default();
        if senders.is_empty() {
            all.any = heard;
        }
        for sender in senders {
            match isolate(|| all.with(&sender, heard)) {
                Ok(more) => all = more,
                // One that cannot be compared is heard, if it can be hashed.
                Err(_) => {
                    if let Sender::Is(sender) = sender {
                        all.some.push((sender, heard));
                    }
                }
            }
        }
        let key = signal.0.add(priority, all, place, receiver);
        let held: Weak<dyn Holds<S>> = Arc::<Inner<T, R, S>>::downgrade(&signal.0);
        Connection::new(held, key, place)
    }
}

impl<T: ?Sized, R, S: fmt::Debug> fmt::Debug for Connecting<'_, T, R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connecting")
            .field("senders", &self.senders)
            .field("priority", &self.priority)
            .finish_non_exhaustive()
    }
}
