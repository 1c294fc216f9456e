//! A regular expression over the whole topic, or over what is below a literal prefix.

use core::ops::Range;

use crate::error::{PatternError, PatternErrorKind};

/// The most bytes that one compiled expression takes.
#[cfg(feature = "regex")]
pub(super) const SIZE_LIMIT: usize = 1 << 20;

/// A compiled expression, anchored at both ends.
#[derive(Debug)]
#[cfg(feature = "regex")]
pub(crate) struct Regex {
    /// Anchored at both ends.
    compiled: regex::Regex,
    /// As it was written.
    source: alloc::boxed::Box<str>,
}

#[cfg(feature = "regex")]
impl Regex {
    /// Compiles what stands in `span` of the pattern.
    pub(super) fn new(pattern: &str, span: Range<usize>) -> Result<Self, PatternError> {
        use alloc::string::ToString;

        let source = &pattern[span.clone()];
        let fault = |error: &regex::Error| {
            let kind = match error {
                regex::Error::CompiledTooBig(_) => PatternErrorKind::RegexTooLarge,
                _ => PatternErrorKind::BadRegex,
            };
            let said = error.to_string();
            // The last line says what; the lines before draw the expression, as this error does itself.
            let detail = said.lines().next_back().unwrap_or_default().trim_start_matches("error: ");
            PatternError::new(kind, pattern, span.clone()).with_detail(detail)
        };
        let build = |source: &str| regex::RegexBuilder::new(source).size_limit(SIZE_LIMIT).build();
        // Alone first, so that no expression closes the group which the anchors stand around.
        build(source).map_err(|error| fault(&error))?;
        // A comment of verbose mode would swallow the end, but for a line of its own.
        build(&alloc::format!(r"\A(?:{source})\z"))
            .or_else(|_| build(&alloc::format!("\\A(?:{source}\n)\\z")))
            .map(|compiled| Self { compiled, source: source.into() })
            .map_err(|error| fault(&error))
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        self.compiled.is_match(text)
    }

    /// The names of its groups, in the order of the groups.
    pub(super) fn group_names(&self) -> impl Iterator<Item = &str> {
        self.compiled.capture_names().flatten()
    }

    /// The expression as it was written.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// The named groups that take part, with what they took.
    pub(super) fn groups<'p, 't>(&'p self, text: &'t str, mut each: impl FnMut(&'p str, &'t str)) {
        let Some(found) = self.compiled.captures(text) else { return };
        for name in self.compiled.capture_names().flatten() {
            if let Some(group) = found.name(name) {
                each(name, group.as_str());
            }
        }
    }
}

/// There is none: the feature `regex` is off.
#[derive(Debug)]
#[cfg(not(feature = "regex"))]
pub(crate) enum Regex {}

#[cfg(not(feature = "regex"))]
impl Regex {
    pub(super) fn new(pattern: &str, span: Range<usize>) -> Result<Self, PatternError> {
        Err(PatternError::new(PatternErrorKind::RegexUnsupported, pattern, span))
    }

    pub(super) fn is_match(&self, _text: &str) -> bool {
        match *self {}
    }

    pub(super) fn group_names(&self) -> core::iter::Empty<&str> {
        match *self {}
    }

    pub(super) fn groups<'p, 't>(&'p self, _text: &'t str, _each: impl FnMut(&'p str, &'t str)) {
        match *self {}
    }
}
