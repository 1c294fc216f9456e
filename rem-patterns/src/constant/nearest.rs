//! The topic that a mistyped pattern most likely meant, and a text made at compile time to say so.

use crate::glob::find;
use crate::topic::rules::MAX_SEGMENTS;

/// The most bytes of a segment that are compared: what is longer is cut.
const COMPARED: usize = 48;

/// Which template is nearest to the pattern's text, as [`distance`] has it; `None` if there is none at all.
///
/// Ties go to the first. Cost: the product of the lengths of the text and of all templates.
pub const fn nearest(text: &str, templates: &[&[&str]]) -> Option<usize> {
    let (mut best, mut least) = (None, u32::MAX);
    let mut at = 0;
    while at < templates.len() {
        let far = distance(text, templates[at], least);
        if far < least {
            (best, least) = (Some(at), far);
        }
        at += 1;
    }
    best
}

/// How far a pattern's text is from a template, or `limit` if that is less: the fewest bytes to insert, delete or change
/// (Levenshtein), segment by segment. A wildcard, or a `{field}`, stands for any segment.
///
/// A low `limit` makes it stop early: give the least distance found so far.
pub const fn distance(text: &str, template: &[&str], limit: u32) -> u32 {
    let text = text.as_bytes();
    // How far what was read of the template is from the first segments of the text.
    let mut row = [0; MAX_SEGMENTS + 1];
    let (mut width, mut at) = (0, 0);
    while at < text.len() && width < MAX_SEGMENTS {
        let end = segment_end(text, at);
        width += 1;
        row[width] = row[width - 1] + weight(slice(text, at, end));
        at = end + 1;
    }
    let mut piece = 0;
    while piece < template.len() {
        let bytes = template[piece].as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let end = segment_end(bytes, at);
            if next_row(&mut row, text, width, slice(bytes, at, end)) >= limit {
                return limit;
            }
            at = end + 1;
        }
        piece += 1;
    }
    if row[width] < limit { row[width] } else { limit }
}

/// The next row of the table, in place; gives its least entry, below which the distance cannot fall.
const fn next_row(
    row: &mut [u32; MAX_SEGMENTS + 1],
    text: &[u8],
    width: usize,
    segment: &[u8],
) -> u32 {
    let mut diagonal = row[0];
    row[0] += weight(segment);
    let mut least = row[0];
    let (mut column, mut start) = (1, 0);
    while column <= width {
        let end = segment_end(text, start);
        let other = slice(text, start, end);
        let changed = diagonal + between(other, segment);
        diagonal = row[column];
        row[column] =
            least_of(changed, row[column - 1] + weight(other), diagonal + weight(segment));
        least = least_of(least, row[column], u32::MAX);
        (column, start) = (column + 1, end + 1);
    }
    least
}

/// What it costs to leave a segment out, with its dot: nothing for `**`.
#[expect(clippy::cast_possible_truncation, reason = "at most COMPARED")]
const fn weight(segment: &[u8]) -> u32 {
    match segment {
        b"**" | b">" => 0,
        _ => 1 + cut(segment) as u32,
    }
}

/// How many bytes of one segment to change to get the other.
const fn between(one: &[u8], other: &[u8]) -> u32 {
    if is_any(one) || is_any(other) {
        return 0;
    }
    let (one, other) = (slice(one, 0, cut(one)), slice(other, 0, cut(other)));
    let mut row = [0; COMPARED + 1];
    let mut column = 1;
    while column <= one.len() {
        row[column] = row[column - 1] + 1;
        column += 1;
    }
    let mut line = 0;
    while line < other.len() {
        let mut diagonal = row[0];
        row[0] += 1;
        let mut column = 1;
        while column <= one.len() {
            let changed = diagonal + (one[column - 1] != other[line]) as u32;
            diagonal = row[column];
            row[column] = least_of(changed, row[column - 1] + 1, diagonal + 1);
            column += 1;
        }
        line += 1;
    }
    row[one.len()]
}

/// Whether the segment has a wildcard, a glob or a field: it stands for what is hard to say, and costs nothing.
const fn is_any(segment: &[u8]) -> bool {
    let mut at = 0;
    while at < segment.len() {
        if matches!(segment[at], b'*' | b'?' | b'[' | b'{' | b'>') {
            return true;
        }
        at += 1;
    }
    false
}

/// The dot after a segment, or the end.
const fn segment_end(text: &[u8], start: usize) -> usize {
    match find(text, start, b'.') {
        Some(dot) => dot,
        None => text.len(),
    }
}

const fn cut(segment: &[u8]) -> usize {
    if segment.len() < COMPARED { segment.len() } else { COMPARED }
}

const fn least_of(one: u32, two: u32, three: u32) -> u32 {
    let least = if one < two { one } else { two };
    if least < three { least } else { three }
}

const fn slice(bytes: &[u8], start: usize, end: usize) -> &[u8] {
    bytes.split_at(start).1.split_at(end - start).0
}

/// A text put together at compile time, of at most `N` bytes: what is over is left off.
///
/// ```
/// use rem_patterns::constant::Text;
///
/// const MESSAGE: Text<64> = Text::new().push("did you mean `").push_topic(&["order", "{id}.paid"]).push("`?");
/// assert_eq!(MESSAGE.as_str(), "did you mean `order.{id}.paid`?");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Text<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Text<N> {
    /// An empty text.
    #[expect(clippy::new_without_default, reason = "a default would not be usable in constants")]
    pub const fn new() -> Self {
        Self { bytes: [0; N], len: 0 }
    }

    /// With more text after it, as much of it as there is room for.
    #[must_use]
    pub const fn push(mut self, text: &str) -> Self {
        let (bytes, mut at) = (text.as_bytes(), 0);
        while at < bytes.len() {
            let width = crate::topic::rules::decode(bytes, at).1 - at;
            if self.len + width > N {
                return self;
            }
            let end = at + width;
            while at < end {
                self.bytes[self.len] = bytes[at];
                (self.len, at) = (self.len + 1, at + 1);
            }
        }
        self
    }

    /// With a template after it, its pieces joined by dots.
    #[must_use]
    pub const fn push_topic(mut self, template: &[&str]) -> Self {
        let (mut piece, mut first) = (0, true);
        while piece < template.len() {
            if !template[piece].is_empty() {
                self = if first { self } else { self.push(".") }.push(template[piece]);
                first = false;
            }
            piece += 1;
        }
        self
    }

    /// The text.
    pub const fn as_str(&self) -> &str {
        match core::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Text, distance, nearest};

    #[test]
    fn the_nearest_is_the_one_with_the_fewest_changes() {
        const TOPICS: &[&[&str]] =
            &[&["order", "created"], &["order", "paid"], &["", "order.{id}", "lost"]];
        const FOUND: Option<usize> = nearest("order.payd", TOPICS);
        assert_eq!(FOUND, Some(1));
        assert_eq!(nearest("order.*.lots", TOPICS), Some(2));
        assert_eq!(nearest("x", &[]), None);
    }

    #[test]
    fn distances() {
        for (one, other, expected) in [
            ("", "", 0),
            ("abc", "", 4),
            ("", "abc", 4),
            ("kitten", "sitting", 3),
            ("a.b", "a.b", 0),
            ("a", "a.bc", 3),
            ("**.c", "a.b.c", 2),
            ("a.*", "a.{id}", 0),
        ] {
            assert_eq!(distance(one, &[other], u32::MAX), expected, "{one} {other}");
        }
        assert_eq!(distance("a.b.c", &["a", "", "b.c"], u32::MAX), 0);
        assert_eq!(distance("kitten", &["sitting"], 2), 2);
    }

    #[test]
    fn a_text_never_breaks_a_character() {
        assert_eq!(Text::<4>::new().push("aéé").as_str(), "aé");
    }
}
