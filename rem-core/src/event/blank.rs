//! [`Blank`]: how derived code takes the value out of a field that is not for every eye.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// A field to be blanked. Of a type with a `Default` the method is its own; of others it is that of [`CannotBlank`], which
/// the compiler takes when there is no other.
pub struct Blank<'f, T>(pub &'f mut T);

impl<T: Default + 'static> Blank<'_, T> {
    /// Blanks it. `true`, for that can be done.
    pub fn rem_blank(self) -> bool {
        *self.0 = T::default();
        let field: &mut dyn Any = self.0;
        if let Some(text) = field.downcast_mut::<String>() {
            text.push_str(REDACTED);
        } else if let Some(text) = field.downcast_mut::<Box<str>>() {
            *text = REDACTED.into();
        } else if let Some(text) = field.downcast_mut::<Arc<str>>() {
            *text = REDACTED.into();
        }
        true
    }
}

/// What a field says whose type has no `Default`.
pub trait CannotBlank: Sized {
    /// `false`: it is as it was.
    fn rem_blank(self) -> bool {
        false
    }
}

impl<T> CannotBlank for Blank<'_, T> {}

/// What a text becomes.
const REDACTED: &str = "[redacted]";

impl<T> fmt::Debug for Blank<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Blank")
    }
}
