//! [`Captured`]: what the pattern captured, read as a type of the user's.

mod error;
mod value;
mod whole;

use std::ops::{Deref, DerefMut};

use serde::de::DeserializeOwned;

use super::{Argument, ArgumentError, HandlerCall};

use whole::Whole;

/// An argument of a handler: what the `{names}` of its pattern took of the event's topic, read by serde.
///
/// | `T` | is read from |
/// | --- | --- |
/// | a struct with named fields, a map | the captures, by name; one that is not asked for is passed over |
/// | a tuple, a `Vec`, an array | the captures, in the order of the pattern |
/// | anything else: text, a number, `bool`, `char`, an enum without data | the only capture |
///
/// Numbers, `bool` and `char` are parsed from the text; a variant is found by its name; an `Option` is `None` for an empty
/// text. What `{*rest}` took can be read into a `Vec`, one value a segment. What cannot be read is the handler's failure,
/// told with the name of the capture and its text.
///
/// ```
/// # use rem_core::Captured;
/// #[derive(serde::Deserialize)]
/// struct Ids {
///     tenant: String,
///     order: u64,
/// }
/// // In a handler: `#[on("{tenant}.order.{order}.paid")] fn paid(&self, Captured(ids): Captured<Ids>)`.
/// # let Captured(ids) = Captured(Ids { tenant: String::new(), order: 1 });
/// # let _ = (ids.tenant, ids.order);
/// ```
///
/// Costs a match of the pattern, and what `T` allocates. [`Captures`](crate::Captures) is the same unread.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Captured<T>(pub T);

impl<'c, T: DeserializeOwned> Argument<'c> for Captured<T> {
    fn from_call(call: &HandlerCall<'c>) -> Result<Self, ArgumentError> {
        let captures = call.captures();
        let whole = Whole::new(captures.as_ref());
        T::deserialize(whole).map(Self).map_err(|error| {
            ArgumentError::new(format_args!(
                "`{}` of `{}`: {error}",
                call.pattern(),
                call.event().topic()
            ))
        })
    }
}

impl<T> Deref for Captured<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Captured<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

#[cfg(test)]
mod tests;
