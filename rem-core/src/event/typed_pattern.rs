//! [`TypedPattern`]: a pattern that the compiler has compared with the topics of one event type.

use std::fmt;
use std::marker::PhantomData;

use rem_patterns::Pattern;

use super::EventType;

/// A pattern over the topics of the event type `E`, relative to its namespace.
///
/// `pattern!(Type, "…")` makes it, and refuses to compile where the pattern can select none of the type's topics. As
/// it is relative to the namespace, it means the same on a child bus. A clone costs an atomic increment.
pub struct TypedPattern<E> {
    pattern: Pattern,
    of: PhantomData<fn() -> E>,
}

impl<E: EventType> TypedPattern<E> {
    /// The pattern `text`, which `pattern!` has checked.
    ///
    /// Not public API; called by expanded code.
    #[doc(hidden)]
    pub fn checked(text: &'static str) -> Self {
        Self { pattern: checked_pattern(text), of: PhantomData }
    }

    /// The pattern, relative to [the type's namespace](super::Schema::namespace).
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }
}

/// The pattern `text`, which `pattern!` has checked.
///
/// Not public API; called by expanded code.
#[doc(hidden)]
pub fn checked_pattern(text: &'static str) -> Pattern {
    // The macro crate is pinned to the version of this one, so that both parse alike.
    Pattern::parse(text)
        .unwrap_or_else(|error| unreachable!("`pattern!` accepted what is no pattern: {error}"))
}

impl<E> Clone for TypedPattern<E> {
    fn clone(&self) -> Self {
        Self { pattern: self.pattern.clone(), of: PhantomData }
    }
}

impl<E> fmt::Debug for TypedPattern<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TypedPattern").field(&self.pattern.as_str()).finish()
    }
}

impl<E> fmt::Display for TypedPattern<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.pattern, f)
    }
}
