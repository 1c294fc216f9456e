//! [`Captures`]: what the `{names}` of a pattern took of a topic.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

use super::Inner;
use super::matching::align;
use crate::segment::{Element, Kind, Segment};
use crate::topic::Topic;
use crate::topic::rules::Split;

/// What the captures of a pattern took of one topic, in the order in which they are written.
///
/// A value is unescaped: what [`Topic::escape`] wrote into the segment comes back. What `{*rest}` took is a path of
/// segments, or empty, and stays as it stands in the topic, since unescaping could change where its segments end.
///
/// Of a set, the captures are those of the first element that selects the topic. Of a regular expression, they are its
/// named groups that took part.
///
/// ```
/// use rem_patterns::{Pattern, Topic};
///
/// let pattern = Pattern::parse("order.{id}.{*rest}")?;
/// let topic = format!("order.{}.item.added", Topic::escape("A 7/b"));
/// let captures = pattern.captures(&topic).expect("the pattern selects it");
/// assert_eq!(captures.get("id").as_deref(), Some("A 7/b"));
/// assert_eq!(captures.get("rest").as_deref(), Some("item.added"));
/// assert_eq!(captures.get("item"), None);
/// # Ok::<(), rem_patterns::PatternError>(())
/// ```
///
/// The default is what a pattern without captures takes.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Captures<'a> {
    /// A pattern without captures allocates nothing here.
    taken: Vec<Taken<'a>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Taken<'a> {
    name: &'a str,
    raw: &'a str,
    is_path: bool,
}

impl<'a> Captures<'a> {
    /// The value of one name, unescaped; `None` if nothing was captured under it. Cost: linear in the number of captures.
    pub fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        self.taken.iter().find(|taken| taken.name == name).map(Taken::value)
    }

    /// As [`get`](Self::get), as it stands in the topic.
    pub fn get_raw(&self, name: &str) -> Option<&'a str> {
        self.taken.iter().find(|taken| taken.name == name).map(|taken| taken.raw)
    }

    /// Names and values, in the order in which the pattern has them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'a str, Cow<'a, str>)> + '_ {
        self.taken.iter().map(|taken| (taken.name, taken.value()))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.taken.len()
    }

    /// Whether nothing was captured.
    pub fn is_empty(&self) -> bool {
        self.taken.is_empty()
    }

    /// What the element takes of the topic, which it selects.
    pub(super) fn of(pattern: &'a Inner, element: &Element, topic: &Split<'a>) -> Self {
        let segments = pattern.segments(element);
        let mut taken = Vec::new();
        if let Some(number) = element.regex {
            pattern.regexes[usize::from(number)].groups(topic.from(segments.len()), |name, raw| {
                taken.push(Taken { name, raw, is_path: raw.contains('.') });
            });
        } else if segments.iter().copied().any(Segment::is_capture) {
            let mut begins = [0; 64];
            align(&pattern.text, segments, topic, |at, read| begins[at] = read);
            for (segment, read) in segments.iter().zip(begins) {
                if segment.is_capture() {
                    let (name, is_path) = (segment.text(&pattern.text), segment.kind == Kind::Many);
                    let raw = if is_path { topic.from(read) } else { topic.text_of(read) };
                    taken.push(Taken { name, raw, is_path });
                }
            }
        }
        Self { taken }
    }
}

impl<'a> Taken<'a> {
    fn value(&self) -> Cow<'a, str> {
        if self.is_path { Cow::Borrowed(self.raw) } else { Topic::unescape(self.raw) }
    }
}

impl fmt::Debug for Captures<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
