//! One pattern against one topic: no allocation, no recursion, at most the product of their numbers of segments.

use super::Inner;
use crate::glob::glob_matches;
use crate::segment::{Element, Kind, Segment};
use crate::topic::rules::Split;

impl Inner {
    /// Whether the pattern selects the topic: some element does, and no exclusion.
    pub(crate) fn selects(&self, topic: &Split<'_>) -> bool {
        self.chosen(topic).is_some()
    }

    /// The first element that selects the topic, if no exclusion does.
    pub(super) fn chosen(&self, topic: &Split<'_>) -> Option<&Element> {
        let chosen =
            self.elements().find(|element| !element.exclude && self.takes(element, topic))?;
        (!self.excludes(topic)).then_some(chosen)
    }

    /// Whether an exclusion of the set takes the topic away.
    pub(crate) fn excludes(&self, topic: &Split<'_>) -> bool {
        self.elements().any(|element| element.exclude && self.takes(element, topic))
    }

    /// Whether one element selects the topic.
    pub(crate) fn takes(&self, element: &Element, topic: &Split<'_>) -> bool {
        if element.system != topic.is_system() {
            return false;
        }
        let segments = self.segments(element);
        match element.regex {
            Some(number) => self.regex_takes(segments, number, topic),
            None => align(&self.text, segments, topic, |_, _| ()),
        }
    }

    /// A literal prefix, and a regular expression for the rest.
    fn regex_takes(&self, prefix: &[Segment], number: u16, topic: &Split<'_>) -> bool {
        topic.depth() > prefix.len()
            && prefix.iter().enumerate().all(|(at, segment)| fits(&self.text, *segment, topic, at))
            && self.regexes[usize::from(number)].is_match(topic.from(prefix.len()))
    }
}

/// Whether the segments take the whole topic. `note` is told where each segment began to take, and told again when that changes:
/// what it was told last holds.
///
/// Only the latest `**` is ever given more: what stands before it took as little as it could, so that giving that more would
/// not help.
pub(super) fn align(
    text: &str,
    segments: &[Segment],
    topic: &Split<'_>,
    mut note: impl FnMut(usize, usize),
) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut latest: Option<(usize, usize)> = None;
    loop {
        let mut fit = false;
        if let Some(&segment) = segments.get(at) {
            if segment.kind == Kind::Many {
                note(at, read);
                at += 1;
                if at == segments.len() {
                    return true;
                }
                latest = Some((at, read));
                continue;
            }
            if read < topic.depth() && fits(text, segment, topic, read) {
                note(at, read);
                (at, read, fit) = (at + 1, read + 1, true);
            }
        } else if read == topic.depth() {
            return true;
        }
        if !fit {
            match &mut latest {
                Some((resume, taken)) if *taken < topic.depth() => {
                    *taken += 1;
                    (at, read) = (*resume, *taken);
                }
                _ => return false,
            }
        }
    }
}

/// Whether a segment of the pattern, other than `**`, takes segment `at` of the topic.
#[inline]
fn fits(text: &str, segment: Segment, topic: &Split<'_>, at: usize) -> bool {
    match segment.kind {
        Kind::Literal => segment.text(text).as_bytes() == topic.segment(at),
        Kind::Glob => glob_matches(segment.text(text).as_bytes(), topic.segment(at)),
        Kind::One | Kind::Many => true,
    }
}
