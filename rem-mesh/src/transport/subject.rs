//! [`Subject`] and [`SubjectFilter`]: where a parcel goes, and which a transport is asked for.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// The most bytes of a subject: a topic, and what stands before it.
const LONGEST: usize = 512;

/// Where a parcel goes: tokens with dots between them, none of which is a wildcard. A topic is one, and so is one of NATS.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject(Arc<str>);

impl Subject {
    /// Reads a subject.
    ///
    /// ```
    /// use rem_mesh::Subject;
    ///
    /// assert_eq!(Subject::parse("rem.main.order.paid")?.as_str(), "rem.main.order.paid");
    /// assert!(Subject::parse("rem..paid").is_err() && Subject::parse("rem.*").is_err());
    /// # Ok::<(), rem_mesh::SubjectError>(())
    /// ```
    ///
    /// # Errors
    /// For an empty token, one that is a wildcard or has a white-space or control character, and more than 512 bytes.
    pub fn parse(text: impl AsRef<str>) -> Result<Self, SubjectError> {
        let text = text.as_ref();
        check(text, |_, token| token != "*" && token != ">")?;
        Ok(Self(text.into()))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which subjects are asked for: tokens, `*` for any one of them, and in the last place `>` for one or more.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubjectFilter(Arc<str>);

impl SubjectFilter {
    /// Reads a filter.
    ///
    /// # Errors
    /// As for [`Subject::parse`], but for wildcards; and a `>` that is not the last.
    pub fn parse(text: impl AsRef<str>) -> Result<Self, SubjectError> {
        let text = text.as_ref();
        check(text, |is_last, token| token != ">" || is_last)?;
        Ok(Self(text.into()))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn tokens(&self) -> impl Iterator<Item = &str> {
        self.0.split('.')
    }

    /// Whether it selects that subject.
    ///
    /// ```
    /// use rem_mesh::{Subject, SubjectFilter};
    ///
    /// let filter = SubjectFilter::parse("order.*.>")?;
    /// assert!(filter.selects(&Subject::parse("order.4.line.paid")?));
    /// assert!(!filter.selects(&Subject::parse("order.4")?));
    /// # Ok::<(), rem_mesh::SubjectError>(())
    /// ```
    pub fn selects(&self, subject: &Subject) -> bool {
        let (mut wanted, mut given) = (self.tokens(), subject.0.split('.'));
        loop {
            match (wanted.next(), given.next()) {
                (Some(">"), Some(_)) | (None, None) => return true,
                (Some(token), Some(other)) if token == "*" || token == other => {}
                _ => return false,
            }
        }
    }

    /// Whether it selects everything that the other does.
    pub fn covers(&self, other: &Self) -> bool {
        let (mut ours, mut theirs) = (self.tokens(), other.tokens());
        loop {
            match (ours.next(), theirs.next()) {
                (Some(">"), Some(_)) | (None, None) => return true,
                (Some("*"), Some(token)) if token != ">" => {}
                (Some(token), Some(other)) if token == other => {}
                _ => return false,
            }
        }
    }

    /// What both select, which is one filter again; `None` if there is no such subject.
    ///
    /// ```
    /// use rem_mesh::SubjectFilter;
    ///
    /// let one = SubjectFilter::parse("order.*.paid")?;
    /// let met = one.meet(&SubjectFilter::parse("order.4.>")?);
    /// assert_eq!(met.as_ref().map(SubjectFilter::as_str), Some("order.4.paid"));
    /// # Ok::<(), rem_mesh::SubjectError>(())
    /// ```
    #[must_use]
    pub fn meet(&self, other: &Self) -> Option<Self> {
        let (mut ours, mut theirs) = (self.tokens(), other.tokens());
        let mut met: Vec<&str> = Vec::new();
        loop {
            match (ours.next(), theirs.next()) {
                (None, None) => break,
                (Some(">"), Some(token)) => {
                    met.push(token);
                    met.extend(theirs);
                    break;
                }
                (Some(token), Some(">")) => {
                    met.push(token);
                    met.extend(ours);
                    break;
                }
                (Some("*"), Some(token)) => met.push(token),
                (Some(token), Some(other)) if other == "*" || token == other => met.push(token),
                _ => return None,
            }
        }
        Some(Self(met.join(".").into()))
    }

    /// Both in their order, so that what covers another comes before it.
    pub(crate) fn wide_first(&self) -> (usize, bool, usize) {
        let literals = self.tokens().filter(|token| !matches!(*token, "*" | ">")).count();
        let ends_open = self.0.ends_with('>');
        (literals, !ends_open, self.tokens().count())
    }
}

fn check(text: &str, may: impl Fn(bool, &str) -> bool) -> Result<(), SubjectError> {
    let wrong =
        |said: &str| Err(SubjectError { text: text.chars().take(80).collect(), said: said.into() });
    if text.len() > LONGEST {
        return wrong("it has more than 512 bytes: shorten it");
    }
    let mut tokens = text.split('.').peekable();
    while let Some(token) = tokens.next() {
        if token.is_empty() {
            return wrong("a token between two dots is empty: write one dot, or something between");
        }
        if token.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return wrong("white space and control characters stand in no subject: take them out");
        }
        if !may(tokens.peek().is_none(), token) {
            return wrong(
                "a wildcard stands where none may be: `>` is the last token of a filter, and a subject has none",
            );
        }
    }
    Ok(())
}

macro_rules! text {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

text!(Subject);
text!(SubjectFilter);

/// A text that is no subject and no filter: which, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectError {
    text: Box<str>,
    said: Box<str>,
}

impl fmt::Display for SubjectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no subject: {}", self.text, self.said)
    }
}

impl Error for SubjectError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filter(text: &str) -> SubjectFilter {
        SubjectFilter::parse(text).unwrap()
    }

    #[test]
    fn what_is_no_subject_is_told() {
        let long = "a".repeat(513);
        for text in ["", ".", "a.", ".a", "a..b", "a b", "a.\u{7}", "*", "a.>", &long] {
            assert!(Subject::parse(text).is_err(), "{text:?}");
        }
        for text in ["", "a..b", ">.a", "a.>.b", "a b"] {
            assert!(SubjectFilter::parse(text).is_err(), "{text:?}");
        }
        let error = Subject::parse("a..b").unwrap_err();
        assert!(error.to_string().contains("`a..b`") && error.to_string().contains("empty"));
    }

    proptest! {
        /// Of few tokens, so that they meet.
        #[test]
        fn meeting_and_covering_say_what_selecting_does(
            one in "([ab]|\\*)(\\.([ab]|\\*)){0,3}(\\.>)?",
            two in "([ab]|\\*)(\\.([ab]|\\*)){0,3}(\\.>)?",
            subject in "[ab](\\.[ab]){0,4}",
        ) {
            let (one, two) = (filter(&one), filter(&two));
            let subject = Subject::parse(subject).unwrap();
            let both = one.selects(&subject) && two.selects(&subject);
            prop_assert_eq!(one.meet(&two).is_some_and(|met| met.selects(&subject)), both);
            if one.covers(&two) {
                prop_assert!(!two.selects(&subject) || one.selects(&subject));
                prop_assert!(one == two || one.wide_first() < two.wide_first());
            }
            if let Some(met) = one.meet(&two) {
                prop_assert!(one.covers(&met) && two.covers(&met));
            }
        }
    }
}
