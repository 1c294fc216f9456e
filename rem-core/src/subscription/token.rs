//! [`Token`]: ending subscriptions from anywhere.

use std::fmt;
use std::mem;
use std::sync::{Arc, Weak};

use super::term::Over;
use super::{Entry, SubscriptionBuilder};
use crate::sync::{Mutex, keep_room, lock};

/// Ends all subscriptions that were made [`until`](SubscriptionBuilder::until) it, at once and from any thread. A handle;
/// its clones are the same.
///
/// Dropping it ends nothing. Whoever has a token of another library passes a closure that asks it instead:
/// `until(move || token.is_cancelled())`; or lets the one end the other.
///
/// ```
/// use rem_core::{Bus, Event, EventStream, Overflow, Token};
///
/// let bus = Bus::new();
/// let shift = Token::new();
/// bus.subscription("order").until(&shift).inline(|event: &Event| println!("{event}"))?.detach();
/// let mut events: EventStream =
///     bus.subscription("order").until(&shift).queue(64, Overflow::DropOldest).stream()?;
/// shift.end();
/// assert!(events.iter().next().is_none());
/// # Ok::<(), rem_core::SubscribeError>(())
/// ```
#[derive(Clone, Default)]
pub struct Token(Arc<Mutex<Bound>>);

enum Bound {
    To(Vec<Weak<Entry>>),
    Ended,
}

impl Default for Bound {
    fn default() -> Self {
        Self::To(Vec::new())
    }
}

impl Token {
    /// A token that has not ended.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends the subscriptions that hang on it: no new call of their handlers starts, and their streams end when what is
    /// queued is read. One that is made with it from now on is over from the start.
    pub fn end(&self) {
        let bound = mem::replace(&mut *lock(&self.0), Bound::Ended);
        let Bound::To(entries) = bound else { return };
        for entry in entries.iter().filter_map(Weak::upgrade) {
            entry.end(); // under no lock
        }
    }

    /// Whether it has ended.
    pub fn is_ended(&self) -> bool {
        matches!(*lock(&self.0), Bound::Ended)
    }

    pub(super) fn bind(&self, entry: &Arc<Entry>) {
        if let Bound::To(entries) = &mut *lock(&self.0) {
            // Those that are gone are forgotten before the list has to grow, so it is at most twice what it must be.
            if entries.len() == entries.capacity() {
                entries.retain(|entry| entry.strong_count() > 0);
                keep_room(entries);
            }
            entries.push(Arc::downgrade(entry));
            return;
        }
        entry.end();
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("ended", &self.is_ended()).finish()
    }
}

/// What a subscription may last until: a [`Token`], or a closure that says when it is over.
#[diagnostic::on_unimplemented(
    message = "a subscription cannot last until a `{Self}`",
    label = "neither a `&Token` nor a closure",
    note = "write a `&Token`, or a closure that returns `true` when it is over: `until(move || token.is_cancelled())`"
)]
pub trait Until: sealed::Sealed {
    #[doc(hidden)]
    fn add(self, untils: &mut Untils);
}

mod sealed {
    #[expect(unnameable_types, reason = "that is how a trait is sealed")]
    pub trait Sealed {}
    impl Sealed for &super::Token {}
    impl<F: Fn() -> bool + Send + Sync + 'static> Sealed for F {}
}

/// All that a subscription in the making lasts until.
#[doc(hidden)]
#[expect(unnameable_types, reason = "what a sealed method is given, of no use to others")]
#[derive(Default)]
pub struct Untils {
    pub(super) tokens: Vec<Token>,
    pub(super) over: Vec<Over>,
}

impl fmt::Debug for Untils {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tokens, over } = self;
        f.debug_struct("Untils").field("tokens", tokens).field("over", &over.len()).finish()
    }
}

impl Until for &Token {
    fn add(self, untils: &mut Untils) {
        untils.tokens.push(self.clone());
    }
}

impl<F: Fn() -> bool + Send + Sync + 'static> Until for F {
    fn add(self, untils: &mut Untils) {
        untils.over.push(Box::new(self));
    }
}

impl SubscriptionBuilder<'_> {
    /// Lets the subscription last until a [`Token`] ends, or a closure says `true`; several may be given, the first ends
    /// it. Its guard ends it as ever; with [`detach`](crate::Subscription::detach) it is left to this alone.
    ///
    /// A token ends it at once, and wakes a reader who waits. A closure is asked before each call, and before each event
    /// is put into a queue; so a subscription of which no event comes stays until one does, until somebody asks
    /// [`is_active`](crate::Subscription::is_active), or until others are made that end like it. It runs in the thread
    /// that publishes: let it look at a flag.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicBool, Ordering};
    ///
    /// use rem_core::{Bus, Event};
    ///
    /// let bus = Bus::new();
    /// let cancelled = Arc::new(AtomicBool::new(false));
    /// let asked = Arc::clone(&cancelled);
    /// let sub = bus
    ///     .subscription("order")
    ///     .until(move || asked.load(Ordering::Relaxed))
    ///     .inline(|event: &Event| println!("{event}"))?;
    /// assert!(sub.is_active());
    /// cancelled.store(true, Ordering::Relaxed);
    /// assert!(!sub.is_active());
    /// # Ok::<(), rem_core::SubscribeError>(())
    /// ```
    pub fn until(mut self, until: impl Until) -> Self {
        until.add(&mut self.untils);
        self
    }

    /// Ends the subscription with its `calls`th call: exactly so many, however many threads publish. A call is one of the
    /// handler, also if it fails; what a filter refuses and what is of an unrelated type is none. A stream ends when it has
    /// given so many events, from the past or live, and losses are none.
    ///
    /// The subscription has ended when the last call starts, so that what it publishes does not come back to it.
    ///
    /// ```
    /// use rem_core::{Bus, Event};
    ///
    /// let bus = Bus::new();
    /// bus.subscription("order.*.paid").take(3).inline(|event: &Event| println!("{event}"))?.detach();
    /// # Ok::<(), rem_core::SubscribeError>(())
    /// ```
    pub fn take(mut self, calls: u64) -> Self {
        self.calls = Some(self.calls.map_or(calls, |before| before.min(calls)));
        self
    }

    /// Ends the subscription with its first call: [`take(1)`](Self::take).
    pub fn once(self) -> Self {
        self.take(1)
    }
}
