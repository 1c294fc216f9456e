//! What the `until` of a handler may be: a token, a function, or a function of the handler's value.

use super::{HandlerSetup, Registrar};
use crate::subscription::{SubscriptionBuilder, Token};

/// What handlers of `S` may last until. `Kind` tells the kinds apart for the compiler.
#[diagnostic::on_unimplemented(
    message = "a handler of `{S}` cannot last until this",
    label = "neither a `&Token` nor a function that says when it is over",
    note = "write a `&Token`, or a function of nothing, or of `&self`, that returns `true` when it is over"
)]
#[doc(hidden)]
pub trait Lasts<S, Kind> {
    /// The subscription that lasts until then.
    fn last<'b>(
        self,
        of: &Registrar<'_, S>,
        subscription: SubscriptionBuilder<'b>,
    ) -> SubscriptionBuilder<'b>;
}

impl<S> Lasts<S, Token> for &Token {
    fn last<'b>(
        self,
        _: &Registrar<'_, S>,
        subscription: SubscriptionBuilder<'b>,
    ) -> SubscriptionBuilder<'b> {
        subscription.until(self)
    }
}

impl<S, F> Lasts<S, fn() -> bool> for F
where
    F: Fn() -> bool + Send + Sync + 'static,
{
    fn last<'b>(
        self,
        _: &Registrar<'_, S>,
        subscription: SubscriptionBuilder<'b>,
    ) -> SubscriptionBuilder<'b> {
        subscription.until(self)
    }
}

impl<S, F> Lasts<S, fn(&S) -> bool> for F
where
    S: Send + Sync + 'static,
    F: Fn(&S) -> bool + Send + Sync + 'static,
{
    fn last<'b>(
        self,
        of: &Registrar<'_, S>,
        subscription: SubscriptionBuilder<'b>,
    ) -> SubscriptionBuilder<'b> {
        let holder = of.holder.clone();
        // With its value gone it is over, too.
        subscription.until(move || holder.with(|this| self(this)).unwrap_or(true))
    }
}

impl HandlerSetup<'_> {
    /// Lasts until what an expression names: a token, or a function.
    pub fn until_named<S, Kind>(
        mut self,
        of: &Registrar<'_, S>,
        until: impl Lasts<S, Kind>,
    ) -> Self {
        self.subscription = until.last(of, self.subscription);
        self
    }

    /// The same by a closure of the handler's value, whose type it need not tell.
    pub fn until_with<S, F>(self, of: &Registrar<'_, S>, is_over: F) -> Self
    where
        S: Send + Sync + 'static,
        F: Fn(&S) -> bool + Send + Sync + 'static,
    {
        self.until_named(of, is_over)
    }
}
