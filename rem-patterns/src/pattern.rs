//! [`Pattern`]: an expression that selects topics.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::str::FromStr;

use crate::error::PatternError;
use crate::segment::{Element, Segment};
use crate::topic::Topic;
use crate::topic::rules::Split;

mod parse;
mod matching;
mod capture;
mod relative;
mod regex;
mod into;

pub use capture::Captures;
pub use into::IntoPattern;

/// An expression that selects topics: `system.*.connected`.
///
/// The [crate's page](crate#patterns) has the whole language. A pattern is parsed once, and a clone costs an atomic
/// increment. It displays as the text it was parsed from, and orders, hashes and compares as that text; whether two
/// patterns select the same topics is another question.
///
/// ```
/// use rem_patterns::Pattern;
///
/// let pattern = Pattern::parse("order.*.{created,paid}")?;
/// assert!(pattern.matches("order.42.paid"));
/// assert!(!pattern.matches("order.42.lost"));
/// # Ok::<(), rem_patterns::PatternError>(())
/// ```
#[derive(Clone)]
pub struct Pattern(Arc<Inner>);

/// What the parser makes, and every engine reads.
pub(crate) struct Inner {
    pub(crate) text: Box<str>,
    /// The elements of a set. Most patterns have one, which costs no list.
    first: Element,
    more: Vec<Element>,
    segments: Vec<Segment>,
    pub(crate) regexes: Vec<regex::Regex>,
}

impl Pattern {
    /// The longest text of a pattern, in bytes. A longer one is refused before it is looked at.
    pub const MAX_BYTES: usize = parse::MAX_TEXT;

    /// The most regular expressions of one pattern, those of exclusions among them: each takes up to 1 MiB compiled, and more to
    /// match by. One more is refused before it is compiled.
    pub const MAX_REGEXES: usize = 16;

    /// Parses a pattern, in time linear in its length; regular expressions in it are compiled besides, at most
    /// [`MAX_REGEXES`](Self::MAX_REGEXES) of up to 1 MiB each.
    ///
    /// # Errors
    /// Says which bytes are wrong, why, and how to mend it.
    pub fn parse(text: impl AsRef<str>) -> Result<Self, PatternError> {
        parse::parse(text.as_ref()).map(|inner| Self(Arc::new(inner)))
    }

    /// A regular expression over the whole topic, in the syntax of the [regex](https://docs.rs/regex) crate.
    ///
    /// It is anchored at both ends, so that `order` does not select `order.paid`, and it selects no topic that begins
    /// with `$`. Its text as a pattern is `{~…~}`, which may stand wherever a pattern may: last, or in a set.
    ///
    /// ```
    /// use rem_patterns::Pattern;
    ///
    /// let pattern = Pattern::regex(r"order\.\d+\.(paid|lost)")?;
    /// assert!(pattern.matches("order.42.paid"));
    /// assert_eq!(pattern.as_str(), r"{~order\.\d+\.(paid|lost)~}");
    /// # Ok::<(), rem_patterns::PatternError>(())
    /// ```
    ///
    /// # Errors
    /// If the expression does not parse, or is over the size limit of 1 MiB compiled.
    #[cfg(feature = "regex")]
    pub fn regex(expression: &str) -> Result<Self, PatternError> {
        // What would close the pattern is written so that it does not, and means the same.
        Self::parse(alloc::format!("{{~{}~}}", expression.replace("~}", r"~\}")))
    }

    /// The text that the pattern was parsed from.
    #[inline]
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// Whether the pattern selects this topic. A text that is no topic is selected by no pattern.
    ///
    /// Allocates nothing; a regular expression may, for its caches. Cost: at most the square of the pattern's length times the
    /// length of the topic, and without choices (`{a,b}`) at most the product of the two.
    pub fn matches(&self, topic: &str) -> bool {
        Split::new(topic).is_some_and(|topic| self.0.selects(&topic))
    }

    /// What the captures took of this topic; `None` if the pattern does not select it.
    pub fn captures<'a>(&'a self, topic: &'a str) -> Option<Captures<'a>> {
        let topic = Split::new(topic)?;
        let element = self.0.chosen(&topic)?;
        Some(Captures::of(&self.0, element, &topic))
    }

    /// Whether it captures anything: a segment, the rest, or a named group of a regular expression. Cost: a look at each
    /// segment.
    ///
    /// ```
    /// use rem_patterns::Pattern;
    ///
    /// assert!(Pattern::parse("order.{id}.*")?.has_captures());
    /// assert!(!Pattern::parse("order.*.*")?.has_captures());
    /// # Ok::<(), rem_patterns::PatternError>(())
    /// ```
    pub fn has_captures(&self) -> bool {
        self.0.segments.iter().any(|segment| segment.is_capture())
            || !self.0.regexes.is_empty() && self.capture_names().next().is_some()
    }

    /// The names under which [`captures`](Self::captures) may give something, each once, in the order in which they are written:
    /// those of segments, and of the named groups of regular expressions. What a set excludes captures nothing.
    ///
    /// ```
    /// use rem_patterns::Pattern;
    ///
    /// let pattern = Pattern::parse("order.{id}.{*rest},user.{id}.{name}")?;
    /// assert_eq!(pattern.capture_names().collect::<Vec<_>>(), ["id", "rest", "name"]);
    /// # Ok::<(), rem_patterns::PatternError>(())
    /// ```
    pub fn capture_names(&self) -> impl Iterator<Item = &str> {
        let mut said = BTreeSet::new();
        let selecting = self.0.elements().filter(|element| !element.exclude);
        selecting.flat_map(|element| self.0.names(element)).filter(move |name| said.insert(*name))
    }

    /// The same pattern below a prefix: `system.**` under `eu` is `eu.system.**`.
    ///
    /// It selects `prefix.topic` where this pattern selects `topic`, and never the prefix itself; a regular expression
    /// applies to the part below the prefix. An element whose first segment is a literal that begins with `$` is not
    /// moved, since REM's own topics have no prefix.
    ///
    /// ```
    /// use rem_patterns::{Pattern, Topic};
    ///
    /// let eu = Topic::from_static("eu");
    /// assert_eq!(Pattern::parse("a.*,!=b.c")?.under(&eu)?.as_str(), "eu.a.*,!=eu.b.c");
    /// assert_eq!(Pattern::parse("**")?.under(&eu)?.as_str(), "eu.>");
    /// # Ok::<(), rem_patterns::PatternError>(())
    /// ```
    ///
    /// # Errors
    /// If the prefix makes it too long or too deep: no topic below the prefix could be selected.
    pub fn under(&self, prefix: &Topic) -> Result<Self, PatternError> {
        self.0.under(prefix)
    }

    /// Whether the pattern is one topic written with `=`.
    pub fn is_exact(&self) -> bool {
        self.0.more.is_empty() && self.0.first.exact
    }

    /// The topic of a pattern that [is exact](Self::is_exact).
    pub fn literal(&self) -> Option<Topic> {
        self.is_exact().then(|| Topic::checked(self.0.written(&self.0.first)))
    }

    /// Whether the pattern is a set of more than one element.
    pub fn is_set(&self) -> bool {
        !self.0.more.is_empty()
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }
}

impl Inner {
    pub(crate) fn elements(&self) -> impl Iterator<Item = &Element> {
        core::iter::once(&self.first).chain(&self.more)
    }

    pub(crate) fn segments(&self, element: &Element) -> &[Segment] {
        &self.segments[element.first as usize..][..usize::from(element.count)]
    }

    /// The names of what an element captures. Before a regular expression stand literals, so its groups are all that there is.
    fn names(&self, element: &Element) -> impl Iterator<Item = &str> {
        let captures = self.segments(element).iter().filter(|segment| segment.is_capture());
        let groups = element.regex.map(|number| self.regexes[usize::from(number)].group_names());
        captures.map(|segment| segment.text(&self.text)).chain(groups.into_iter().flatten())
    }

    /// An element as it is written, without `!` and `=`.
    pub(crate) fn written(&self, element: &Element) -> &str {
        &self.text[usize::from(element.start)..usize::from(element.end)]
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        Self::parse(text)
    }
}

impl TryFrom<&str> for Pattern {
    type Error = PatternError;

    fn try_from(text: &str) -> Result<Self, PatternError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Pattern {
    type Error = PatternError;

    fn try_from(text: String) -> Result<Self, PatternError> {
        Self::parse(text)
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.as_str().into()
    }
}

impl AsRef<str> for Pattern {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Pattern {}

impl PartialOrd for Pattern {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Pattern {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for Pattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.as_str()).finish()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
