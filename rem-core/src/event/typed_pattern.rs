//! [`TypedPattern`]: a pattern that the compiler has compared with the topics of one event type.

use std::fmt;
use std::marker::PhantomData;

use rem_patterns::{IntoPattern, Pattern, PatternError, Topic};

use super::check::checked_pattern;
use super::{EventType, Leaf, Schema};

/// A pattern over the topics of the event type `E`, relative to its namespace.
///
/// `pattern!(Type, "…")` makes it, and refuses to compile where the pattern can select none of the type's topics. As
/// it is relative to the namespace, it means the same on a child bus. A clone costs an atomic increment.
pub struct TypedPattern<E> {
    pattern: Pattern,
    of: PhantomData<fn() -> E>,
}

impl<E> TypedPattern<E> {
    /// The pattern `text`, which `pattern!` has checked.
    ///
    /// Not public API; called by expanded code. It has no bound, for the check has said already what is no event type.
    #[doc(hidden)]
    pub fn checked(text: &'static str) -> Self {
        Self { pattern: checked_pattern(text), of: PhantomData }
    }
}

impl<E: EventType> TypedPattern<E> {
    /// The pattern, relative to [the type's namespace](super::Schema::namespace).
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// The pattern below the namespace. `None` if it is longer there than a pattern may be, so that it selects nothing.
    pub(crate) fn absolute(&self) -> Option<Pattern> {
        self.below_namespace().ok()
    }

    /// The same, with why there is none.
    pub(crate) fn below_namespace(&self) -> Result<Pattern, PatternError> {
        match E::SCHEMA.namespace {
            "" => Ok(self.pattern.clone()),
            // What is no topic is no pattern either, and so the error is one.
            namespace => match Topic::parse(namespace) {
                Ok(namespace) => self.pattern.under(&namespace),
                Err(_) => Pattern::parse(namespace),
            },
        }
    }
}

/// The pattern that selects every topic of `E`, aliases included, and no other, below a scope. `None` for a type without topics.
pub(crate) fn all_topics<E: EventType>() -> Option<Pattern> {
    let topic = |leaf: &Leaf| {
        if !leaf.is_template() {
            return format!("={leaf}");
        }
        let segments =
            leaf.topic.split('.').map(|text| if text.contains('{') { "*" } else { text });
        segments.collect::<Vec<_>>().join(".")
    };
    let mut topics: Vec<_> = E::SCHEMA.leaves_and_aliases().iter().map(topic).collect();
    open_below(&E::SCHEMA, E::SCHEMA.namespace, &mut topics);
    match topics.into_pattern() {
        Ok(pattern) => Some(pattern),
        // Only a type with thousands of topics makes a longer set than may be; then the namespace stands for them.
        Err(_) if E::SCHEMA.namespace.is_empty() => Pattern::parse("**").ok(),
        Err(_) => Pattern::parse(E::SCHEMA.namespace).ok(),
    }
}

/// What is below the namespace of a type that holds what it does not know, and below those nested in it.
fn open_below(schema: &Schema, above: &str, patterns: &mut Vec<String>) {
    let join =
        |last: &str| if above.is_empty() { last.to_owned() } else { format!("{above}.{last}") };
    if schema.open {
        patterns.push(join(">"));
    }
    for event in schema.events {
        if let Some(nested) = event.nested {
            let below = if event.topic.is_empty() { above.to_owned() } else { join(event.topic) };
            open_below(nested, &below, patterns);
        }
    }
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
