//! Subscriptions that do not keep the value whose method they call.

use std::sync::Arc;

use super::{Called, Delivery, Outcome, Subscription, SubscriptionBuilder};
use crate::bus::Bus;
use crate::error::SubscribeError;
use crate::event::{Event, EventType, Shape, all_topics};

impl Bus {
    /// Calls a method of `owner` with every event whose topic the pattern selects, without keeping `owner`: when its last
    /// owner drops it, the subscription ends, whether its guard lives or was detached.
    ///
    /// While the method runs it keeps `owner`. If all others drop it meanwhile, the call goes on to its end, `owner` is
    /// dropped by the thread that publishes, as it returns, and nothing more is called.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use rem_core::{Bus, Event};
    ///
    /// struct View;
    ///
    /// impl View {
    ///     fn changed(&self, event: &Event) {
    ///         println!("{event}");
    ///     }
    /// }
    ///
    /// let bus = Bus::new();
    /// let view = Arc::new(View);
    /// bus.subscribe_weak("order", &view, View::changed)?.detach();
    /// drop(view); // and with it the subscription
    /// # Ok::<(), rem_core::SubscribeError>(())
    /// ```
    ///
    /// # Errors
    /// As for [`subscribe`](Self::subscribe).
    #[track_caller]
    pub fn subscribe_weak<S, T, F, R>(
        &self,
        pattern: impl rem_patterns::IntoPattern,
        owner: &Arc<S>,
        method: F,
    ) -> Result<Subscription, SubscribeError>
    where
        S: Send + Sync + 'static,
        T: Shape + ?Sized,
        F: Fn(&S, &Event<T>) -> R + Send + Sync + 'static,
        R: Outcome,
    {
        self.subscription(pattern).inline_weak(owner, method)
    }

    /// The same with every event of one type, as [`on`](Self::on) has it.
    #[track_caller]
    pub fn on_weak<S, E, F, R>(&self, owner: &Arc<S>, method: F) -> Subscription
    where
        S: Send + Sync + 'static,
        E: EventType,
        F: Fn(&S, &Event<E>) -> R + Send + Sync + 'static,
        R: Outcome,
    {
        let place = std::panic::Location::caller();
        let Some(pattern) = all_topics::<E>() else {
            return self.on(|_: &Event<E>| ()); // which selects nothing
        };
        match SubscriptionBuilder::by_type(self, Ok(pattern), place).inline_weak(owner, method) {
            Ok(subscription) => subscription,
            // Over from the start, for the bus is closed.
            Err(_) => self.on(|_: &Event<E>| ()),
        }
    }
}

impl SubscriptionBuilder<'_> {
    /// Calls a method of `owner` without keeping it: see [`Bus::subscribe_weak`].
    ///
    /// # Errors
    /// As for [`inline`](Self::inline).
    pub fn inline_weak<S, T, F, R>(
        mut self,
        owner: &Arc<S>,
        method: F,
    ) -> Result<Subscription, SubscribeError>
    where
        S: Send + Sync + 'static,
        T: Shape + ?Sized,
        F: Fn(&S, &Event<T>) -> R + Send + Sync + 'static,
        R: Outcome,
    {
        let owner = Arc::downgrade(owner);
        let gone = owner.clone();
        self.untils.over.push(Box::new(move || gone.strong_count() == 0));
        self.finish(Delivery::of::<T>(Box::new(move |event, _| {
            // Kept for the length of the call, and dropped as part of it.
            let Some(owner) = owner.upgrade() else { return Called::Passed };
            Called::from(T::see(event, |event| method(&owner, event).outcome()))
        })))
    }
}
