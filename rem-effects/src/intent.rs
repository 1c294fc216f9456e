//! [`Intent`]: what is to be done, as a value.

use std::any::{Any, type_name};
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

/// What is to be done, as a value: data that says what, and nothing of how. A performer of a [`Dispatcher`](crate::Dispatcher)
/// does it, chosen by the intent's type.
///
/// ```
/// use rem_effects::{Dispatcher, Effect, Intent};
///
/// #[derive(Debug, PartialEq)]
/// struct Price { item: &'static str }
///
/// impl Intent for Price {
///     type Output = u32; // in cents
/// }
///
/// let price = Effect::of(Price { item: "tea" }); // nothing has happened
/// let shop = Dispatcher::new().performer(|price: &Price| match price.item {
///     "tea" => Ok(350),
///     other => Err(format!("there is no {other}")),
/// });
/// assert_eq!(price.perform_blocking(&shop)?, 350);
/// # Ok::<(), rem_effects::EffectError>(())
/// ```
///
/// It is shown by `Debug` where a test did not go as expected, and compared by `PartialEq` in
/// [`perform_sequence`](crate::testing::perform_sequence) alone.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no intent: nobody can be asked to perform it",
    label = "not an intent",
    note = "write `impl Intent for {Self} {{ type Output = …; }}` with what performing it gives; the type must be `Debug`, `Send`, \
            `Sync` and `'static`",
    note = "to publish an event write `publish(event)`; a value that is there already is `Effect::value(…)`"
)]
pub trait Intent: fmt::Debug + Send + Sync + 'static {
    /// What performing it gives.
    type Output: Send + 'static;

    /// What errors and logs call it: the path of its type, unless told.
    fn name(&self) -> &str {
        type_name::<Self>()
    }
}

/// An intent of any type.
pub(crate) trait AnyIntent: fmt::Debug + Send + Sync {
    fn name(&self) -> &str;
    fn as_any(&self) -> &dyn Any;
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}

impl<I: Intent> AnyIntent for I {
    fn name(&self) -> &str {
        Intent::name(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

/// An intent, and the line of the program that asks for it.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) intent: Arc<dyn AnyIntent>,
    pub(crate) at: &'static Location<'static>,
}
