//! [`Topic`]: the dotted name of one kind of event.

use alloc::borrow::{Cow, ToOwned};
use alloc::string::String;
use alloc::sync::Arc;
use core::borrow::Borrow;
use core::cmp::Ordering;
use core::fmt::{self, Write};
use core::hash::{Hash, Hasher};
use core::ops::Deref;
use core::str::FromStr;

use crate::error::TopicError;

pub(crate) mod rules;
mod escape;

pub use rules::{MAX_BYTES, MAX_SEGMENTS, TopicFault, check_topic};

/// The dotted name of one kind of event: `system.provider.connected`.
///
/// A topic has 1 to [`MAX_SEGMENTS`] segments between dots and at most [`MAX_BYTES`] bytes. A segment is one or more
/// characters other than whitespace, control characters and any of `. * > ? [ ] { } , ! =`. Case matters. A first
/// segment that begins with `$` is REM's own: only REM publishes there.
///
/// A topic is checked once, when it is made. A clone costs an atomic increment, and for a topic made by
/// [`from_static`](Self::from_static) nothing. It orders, hashes and compares as its text.
///
/// ```
/// use rem_patterns::Topic;
///
/// let topic = Topic::parse("system.provider.connected")?;
/// assert_eq!(topic.depth(), 3);
/// assert_eq!(topic.segments().last(), Some("connected"));
/// assert!(Topic::parse("system.*").is_err());
/// # Ok::<(), rem_patterns::TopicError>(())
/// ```
#[derive(Clone)]
pub struct Topic(Repr);

#[derive(Clone)]
enum Repr {
    /// Known to the program: no reference count to touch.
    Static(&'static str),
    Shared(Arc<str>),
}

impl Topic {
    /// Checks a text and makes it a topic, in one allocation.
    ///
    /// # Errors
    /// Says which byte is wrong, why, and how to mend it.
    pub fn parse(text: impl AsRef<str>) -> Result<Self, TopicError> {
        let text = text.as_ref();
        validate(text)?;
        Ok(Self(Repr::Shared(text.into())))
    }

    /// A topic known when the program is written; in a `const` it is checked by the compiler.
    ///
    /// ```
    /// use rem_patterns::Topic;
    ///
    /// const PAID: Topic = Topic::from_static("order.paid");
    /// assert_eq!(PAID, "order.paid");
    /// ```
    ///
    /// # Panics
    /// If the text is no topic: in a `const` this is a compile error, elsewhere prefer [`parse`](Self::parse).
    #[track_caller]
    pub const fn from_static(text: &'static str) -> Self {
        match check_topic(text) {
            Ok(()) => Self(Repr::Static(text)),
            Err(fault) => panic!("{}", fault.kind.message()),
        }
    }

    /// The whole topic.
    #[inline]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Static(text) => text,
            Repr::Shared(text) => text,
        }
    }

    /// The segments from the left; there is at least one.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &str> + Clone {
        self.as_str().split('.')
    }

    /// How many segments the topic has, 1 to [`MAX_SEGMENTS`]. Counts the dots.
    pub fn depth(&self) -> usize {
        1 + self.as_str().bytes().filter(|&byte| byte == b'.').count()
    }

    /// Whether this is one of REM's own topics: its first segment begins with `$`.
    pub fn is_system(&self) -> bool {
        self.as_str().starts_with('$')
    }

    /// This topic, and below it the other: `eu` joined with `order.paid` is `eu.order.paid`.
    ///
    /// # Errors
    /// If the two together are too long or too deep.
    pub fn join(&self, below: &Self) -> Result<Self, TopicError> {
        let mut joined = String::with_capacity(self.len() + 1 + below.len());
        joined.push_str(self);
        joined.push('.');
        joined.push_str(below);
        Self::parse(joined)
    }

    /// What stands below `prefix`; `None` if this topic does not lie below it (a topic is not below itself).
    ///
    /// ```
    /// use rem_patterns::Topic;
    ///
    /// let topic = Topic::from_static("eu-west.order.paid");
    /// assert_eq!(topic.strip_prefix(&Topic::from_static("eu-west")), Some("order.paid"));
    /// assert_eq!(topic.strip_prefix(&Topic::from_static("eu")), None);
    /// ```
    pub fn strip_prefix(&self, prefix: &Self) -> Option<&str> {
        self.as_str().strip_prefix(prefix.as_str())?.strip_prefix('.')
    }

    /// Whether this topic is `prefix` or lies below it.
    pub fn starts_with(&self, prefix: &Self) -> bool {
        self == prefix || self.strip_prefix(prefix).is_some()
    }

    /// Any text as one segment: what a segment may not hold, `%` and a leading `$` are percent-encoded, and the empty
    /// text is a lone `%`. Different texts give different segments; [`unescape`](Self::unescape) undoes it.
    ///
    /// So a value in a topic adds neither a level, nor a wildcard, nor a system topic. Text that needs no
    /// change is borrowed. The length is not limited here: a topic made of it may be too long.
    ///
    /// ```
    /// use rem_patterns::Topic;
    ///
    /// assert_eq!(Topic::escape("eu-west"), "eu-west");
    /// assert_eq!(Topic::escape("10.0.0.1 (a)"), "10%2E0%2E0%2E1%20(a)");
    /// assert_eq!(Topic::unescape("10%2E0%2E0%2E1%20(a)"), "10.0.0.1 (a)");
    /// ```
    pub fn escape(text: &str) -> Cow<'_, str> {
        escape::escape(text)
    }

    /// As [`escape`](Self::escape), written to `out` with no allocation.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn escape_into(text: &str, out: &mut impl Write) -> fmt::Result {
        escape::escape_into(text, out)
    }

    /// The text that [`escape`](Self::escape) made this segment of.
    ///
    /// A lone `%` is the empty text. Elsewhere a `%` that two hexadecimal digits do not follow stays as it is, and so does a
    /// whole segment whose bytes would not be UTF-8.
    pub fn unescape(segment: &str) -> Cow<'_, str> {
        escape::unescape(segment)
    }

    /// For a text that was checked already.
    pub(crate) fn checked(text: &str) -> Self {
        debug_assert!(check_topic(text).is_ok(), "{text} was said to be a topic");
        Self(Repr::Shared(text.into()))
    }
}

/// Checks a topic with no allocation: for a hot path that holds the text in a buffer.
///
/// # Errors
/// As [`Topic::parse`]; the error alone allocates.
#[inline]
pub fn validate(text: &str) -> Result<(), TopicError> {
    match rules::Split::new(text) {
        Some(_) => Ok(()),
        None => Err(TopicError::of(text)),
    }
}

impl Deref for Topic {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Topic {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for Topic {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl TryFrom<&str> for Topic {
    type Error = TopicError;

    fn try_from(text: &str) -> Result<Self, TopicError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Topic {
    type Error = TopicError;

    fn try_from(text: String) -> Result<Self, TopicError> {
        Self::parse(text)
    }
}

impl FromStr for Topic {
    type Err = TopicError;

    fn from_str(text: &str) -> Result<Self, TopicError> {
        Self::parse(text)
    }
}

impl From<Topic> for String {
    fn from(topic: Topic) -> Self {
        topic.as_str().to_owned()
    }
}

impl PartialEq for Topic {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Topic {}

impl PartialEq<str> for Topic {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Topic {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialOrd for Topic {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Topic {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for Topic {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Topic").field(&self.as_str()).finish()
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
