//! [`IntoPattern`]: what may stand where a pattern is asked for.

use alloc::string::String;
use alloc::vec::Vec;

use super::Pattern;
use crate::error::PatternError;
use crate::topic::Topic;

/// What may be given where a pattern is wanted: text, a set of texts, a [`Pattern`], or a [`Topic`] for itself alone.
///
/// ```
/// use rem_patterns::{IntoPattern, Topic};
///
/// let set = ["order", "!order.*.heartbeat"].into_pattern()?;
/// assert_eq!(set.as_str(), "order,!order.*.heartbeat");
/// let one = (&Topic::from_static("order.paid")).into_pattern()?;
/// assert_eq!(one.as_str(), "=order.paid");
/// # Ok::<(), rem_patterns::PatternError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a pattern",
    label = "not a pattern",
    note = "write a text, `\"order.*\"`, a set of them, `[\"order\", \"!order.*.heartbeat\"]`, a `Pattern` or a `Topic`"
)]
pub trait IntoPattern {
    /// Makes the pattern.
    ///
    /// # Errors
    /// If the text, or one of the texts, is no pattern, or a set is empty or has exclusions only.
    fn into_pattern(self) -> Result<Pattern, PatternError>;
}

impl IntoPattern for Pattern {
    fn into_pattern(self) -> Result<Pattern, PatternError> {
        Ok(self)
    }
}

impl IntoPattern for &Pattern {
    fn into_pattern(self) -> Result<Pattern, PatternError> {
        Ok(self.clone())
    }
}

impl IntoPattern for &str {
    fn into_pattern(self) -> Result<Pattern, PatternError> {
        Pattern::parse(self)
    }
}

impl IntoPattern for String {
    fn into_pattern(self) -> Result<Pattern, PatternError> {
        Pattern::parse(&self)
    }
}

impl IntoPattern for &String {
    fn into_pattern(self) -> Result<Pattern, PatternError> {
        Pattern::parse(self)
    }
}

impl IntoPattern for &Topic {
    fn into_pattern(self) -> Result<Pattern, PatternError> {
        Pattern::parse(alloc::format!("={self}"))
    }
}

impl IntoPattern for Topic {
    fn into_pattern(self) -> Result<Pattern, PatternError> {
        (&self).into_pattern()
    }
}

impl<const N: usize> IntoPattern for [&str; N] {
    fn into_pattern(self) -> Result<Pattern, PatternError> {
        Pattern::parse(self.join(","))
    }
}

impl IntoPattern for &[&str] {
    fn into_pattern(self) -> Result<Pattern, PatternError> {
        Pattern::parse(self.join(","))
    }
}

impl IntoPattern for Vec<&str> {
    fn into_pattern(self) -> Result<Pattern, PatternError> {
        Pattern::parse(self.join(","))
    }
}

impl IntoPattern for Vec<String> {
    fn into_pattern(self) -> Result<Pattern, PatternError> {
        Pattern::parse(self.join(","))
    }
}

impl IntoPattern for &[String] {
    fn into_pattern(self) -> Result<Pattern, PatternError> {
        Pattern::parse(self.join(","))
    }
}
