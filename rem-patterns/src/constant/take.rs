//! A pattern compared with all topics of a type at once, by their [index](super::Index).
//!
//! This is what is run most often. A set of topics is a number with a bit each. A segment of a pattern is compared with
//! the different segments that stand at its place, and each that it takes adds the topics that have it: so what topics
//! have in common is compared once. Places are counted from the beginning before the first `**` of an element, and from
//! the end behind the last; what stands between two `**` may be anywhere.

use super::index::{Batch, Entry, Topics};
use super::{ConstElement, ConstForm, ConstPattern, ConstSegment, ConstText, follow};
use crate::glob::glob_matches;

/// Whether the pattern can select one of the topics: the same as [`selects`](super::selects) for each of them.
pub const fn selects_any(pattern: &ConstPattern<'_>, topics: &Topics<'_>) -> bool {
    let excludes = excludes(pattern);
    let mut batches = topics.batches;
    while let [batch, after @ ..] = batches {
        let (mut set, mut left) = (0, pattern.elements);
        while let [element, after @ ..] = left {
            if !element.exclude {
                set |= take(element, topics, batch, batch.all & !set);
                if set != 0 && !excludes {
                    return true;
                }
            }
            left = after;
        }
        left = pattern.elements;
        while let [element, after @ ..] = left {
            if element.exclude && set != 0 {
                set &= !take(element, topics, batch, set);
            }
            left = after;
        }
        if set != 0 {
            return true;
        }
        batches = after;
    }
    false
}

const fn excludes(pattern: &ConstPattern<'_>) -> bool {
    let mut elements = pattern.elements;
    while let [element, after @ ..] = elements {
        if element.exclude {
            return true;
        }
        elements = after;
    }
    false
}

/// Which of the topics `asked` about the element can take, or as an exclusion takes whatever their fields hold.
const fn take(element: &ConstElement<'_>, topics: &Topics<'_>, batch: &Batch, asked: u128) -> u128 {
    let mut set = if element.system { asked } else { asked & !batch.system };
    let (mut begin, mut end) = (0, element.segments.len());
    let mut column = batch.front.0;
    while begin < end && set != 0 {
        let segment = &element.segments[begin];
        if matches!(segment, ConstSegment::Many) {
            break;
        }
        if column == batch.front.1 {
            return 0; // No topic is as deep.
        }
        (set, column) = at_place(segment, topics.front, column, set, element.exclude);
        begin += 1;
    }
    if element.many == 0 {
        // What is deeper is not taken.
        return if column == batch.front.1 { set } else { set & !topics.front[column].all };
    }
    if set == 0 {
        return 0;
    }
    let mut place = batch.back.0;
    while set != 0 {
        let segment = &element.segments[end - 1];
        if matches!(segment, ConstSegment::Many) {
            break;
        }
        if place == batch.back.1 {
            return 0;
        }
        (set, place) = at_place(segment, topics.back, place, set, element.exclude);
        end -= 1;
    }
    // As many segments as stand behind the first `**` are there beside those before it.
    let mut more = element.segments.len() - element.many - begin;
    while more > 0 && set != 0 {
        if column == batch.front.1 {
            return 0;
        }
        set &= topics.front[column].all;
        column = topics.front[column].after;
        more -= 1;
    }
    if element.many == 1 || set == 0 {
        return set;
    }
    // Each segment between two `**` stands somewhere.
    let (mut between, mut others) = (begin, 0);
    while between < end && set != 0 {
        match &element.segments[between] {
            ConstSegment::Many => {}
            ConstSegment::One => others += 1,
            ConstSegment::Literal(text) | ConstSegment::Glob(text) => {
                set = anywhere(text, topics, batch, set, element.exclude);
                others += 1;
            }
        }
        between += 1;
    }
    // Where all of the topic is between them, one segment that stands somewhere is all that is asked.
    if others == 1 && begin == 0 && end == element.segments.len() {
        return set;
    }
    followed(element, topics, batch, set)
}

/// The topics of the set whose segment at the place is taken, and the place behind it.
const fn at_place(
    segment: &ConstSegment<'_>,
    entries: &[Entry<'_>],
    column: usize,
    set: u128,
    all: bool,
) -> (u128, usize) {
    let first = &entries[column];
    let set = match segment {
        ConstSegment::Literal(text) | ConstSegment::Glob(text) => {
            let (before, _) = entries.split_at(first.after);
            fitting(text, before.split_at(column).1, set, all)
        }
        ConstSegment::One | ConstSegment::Many => set & first.all,
    };
    (set, first.after)
}

/// The topics of the set that have, somewhere, a segment that is taken.
const fn anywhere(
    text: &ConstText<'_>,
    topics: &Topics<'_>,
    batch: &Batch,
    set: u128,
    all: bool,
) -> u128 {
    let (before, _) = topics.front.split_at(batch.front.1);
    fitting(text, before.split_at(batch.front.0).1, set, all)
}

/// The topics of the set that have one of the entries that the literal or glob can take; with `all`, that it takes
/// whatever a field may hold.
const fn fitting(text: &ConstText<'_>, entries: &[Entry<'_>], set: u128, all: bool) -> u128 {
    let (mut taken, mut form) = (0, 0);
    while form < text.forms.len() {
        let is = &text.forms[form];
        // What is looked at for every entry is at hand.
        let [head, head_said, tail, tail_said, rest] = is.0;
        let (least, most, plain) = (rest & 511, rest >> 9 & 511, rest >> 18 & 1 == 1);
        let mut left = entries;
        while let [entry, after @ ..] = left {
            left = after;
            let cut = &entry.cut;
            if cut.head & head_said != head
                || cut.tail & tail_said != tail
                || cut.len < least
                || cut.len > most
            {
                // No form says anything of a field, and of what is not in ASCII only some do.
                if cut.decided || entry.topics & set == 0 {
                    continue;
                }
            } else if cut.decided {
                if plain || entry.topics & set & !taken != 0 && is.holds(text, cut) {
                    taken |= entry.topics;
                }
                continue;
            }
            if special(text, is, entry, all) {
                taken |= entry.topics;
            }
        }
        form += 1;
    }
    taken & set
}

/// Whether an entry is taken that is a field, or is not in ASCII.
const fn special(text: &ConstText<'_>, form: &ConstForm, entry: &Entry<'_>, all: bool) -> bool {
    let cut = &entry.cut;
    if cut.field {
        !all
    } else if text.ascii {
        glob_matches(text.text.as_bytes(), cut.text)
    } else {
        form.takes(text, cut)
    }
}

/// The topics of the set that the element takes when it is followed along each.
#[cold]
const fn followed(
    element: &ConstElement<'_>,
    topics: &Topics<'_>,
    batch: &Batch,
    set: u128,
) -> u128 {
    let (mut taken, mut own, mut cuts) = (0, 1, topics.cuts.split_at(batch.cuts).1);
    while set >= own && own != 0 {
        let [first, ..] = cuts else { break };
        if set & own != 0 && follow::takes(element, cuts) {
            taken |= own;
        }
        cuts = cuts.split_at(first.left).1;
        own <<= 1;
    }
    taken
}
