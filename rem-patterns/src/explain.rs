//! Why a pattern selects a topic, or does not, in words.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::glob::glob_matches;
use crate::pattern::{Inner, Pattern};
use crate::segment::{Element, Kind, Segment};
use crate::topic::check_topic;
use crate::topic::rules::Split;

impl Pattern {
    /// Why the pattern selects this topic, or does not: one line for people.
    ///
    /// ```
    /// use rem_patterns::Pattern;
    ///
    /// let pattern = Pattern::parse("order.{id}.{paid,lost},!order.0.*")?;
    /// assert_eq!(pattern.explain("order.42.paid"), "selected: id = `42`");
    /// assert_eq!(
    ///     pattern.explain("order.42.created"),
    ///     "not selected: segment 3, `created`, is not `{paid,lost}`",
    /// );
    /// assert_eq!(pattern.explain("order.42"), "not selected: it ends where `{paid,lost}` should follow");
    /// assert_eq!(pattern.explain("order.0.paid"), "not selected: `!order.0.*` takes it away");
    /// # Ok::<(), rem_patterns::PatternError>(())
    /// ```
    pub fn explain(&self, topic: &str) -> String {
        let Some(split) = Split::new(topic) else {
            let message = check_topic(topic).err().map_or("", |fault| fault.kind.message());
            return format!("not selected: this is no topic: {message}");
        };
        if let Some(captures) = self.captures(topic) {
            let taken: Vec<String> =
                captures.iter().map(|(name, value)| format!("{name} = `{value}`")).collect();
            return if taken.is_empty() {
                "selected".into()
            } else {
                format!("selected: {}", taken.join(", "))
            };
        }
        let inner = self.inner();
        let excludes = |element: &&Element| element.exclude && inner.takes(element, &split);
        let positive = || inner.elements().filter(|element| !element.exclude);
        if positive().any(|element| inner.takes(element, &split))
            && let Some(element) = inner.elements().find(excludes)
        {
            let exact = if element.exact { "=" } else { "" };
            return format!("not selected: `!{exact}{}` takes it away", inner.written(element));
        }
        let mut reasons: Vec<String> =
            positive().map(|element| inner.why_not(element, &split)).collect();
        if reasons.len() > 1 {
            for (reason, element) in reasons.iter_mut().zip(positive()) {
                *reason = format!("by `{}`, {reason}", inner.written(element));
            }
        }
        format!("not selected: {}", reasons.join("; "))
    }
}

impl Inner {
    /// Where the element and the topic part.
    fn why_not(&self, element: &Element, topic: &Split<'_>) -> String {
        if topic.is_system() && !element.system {
            return "it begins with `$`, and only a literal that begins so selects it".into();
        }
        if element.regex.is_some() {
            return "the regular expression does not match".into();
        }
        let segments = self.segments(element);
        let mut alive = reachable(segments, 1);
        for at in 0..topic.depth() {
            let mut next = 0;
            for (place, segment) in each(segments, alive) {
                next |= match segment.kind {
                    Kind::Many => 1 << place,
                    Kind::One => 2 << place,
                    Kind::Literal => {
                        u64::from(segment.text(&self.text).as_bytes() == topic.segment(at))
                            << (place + 1)
                    }
                    Kind::Glob => {
                        u64::from(glob_matches(
                            segment.text(&self.text).as_bytes(),
                            topic.segment(at),
                        )) << (place + 1)
                    }
                };
            }
            if next == 0 {
                let (number, text) = (at + 1, topic.text_of(at));
                return match self.wanted(segments, alive) {
                    wanted if wanted.is_empty() => format!(
                        "it goes on with segment {number}, `{text}`, after the pattern ends"
                    ),
                    wanted => format!("segment {number}, `{text}`, is not {wanted}"),
                };
            }
            alive = reachable(segments, next);
        }
        format!("it ends where {} should follow", self.wanted(segments, alive))
    }

    /// What the pattern waits for.
    fn wanted(&self, segments: &[Segment], alive: u64) -> String {
        let wanted = each(segments, alive).filter(|(_, segment)| segment.kind != Kind::Many);
        let names: Vec<String> = wanted
            .map(|(_, segment)| match segment.kind {
                Kind::One | Kind::Many => "a segment".into(),
                Kind::Literal | Kind::Glob => format!("`{}`", segment.text(&self.text)),
            })
            .collect();
        names.join(" or ")
    }
}

/// The segments at which the pattern may stand.
fn each(segments: &[Segment], alive: u64) -> impl Iterator<Item = (usize, Segment)> {
    segments.iter().copied().enumerate().filter(move |&(place, _)| alive & 1 << place != 0)
}

/// With the places behind each `**`.
fn reachable(segments: &[Segment], mut alive: u64) -> u64 {
    for (place, segment) in segments.iter().enumerate() {
        if alive & 1 << place != 0 && segment.kind == Kind::Many {
            alive |= 2 << place;
        }
    }
    alive
}
