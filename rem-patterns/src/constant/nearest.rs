//! The topic that a mistyped pattern most likely meant, and a text made at compile time to say so.

/// The most bytes of each side that [`distance`] compares; what is longer is cut.
const COMPARED: usize = 255;

/// Which template is nearest to the pattern's text, by the fewest bytes to change; `None` if there is none at all.
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

/// How many bytes to insert, delete or change make the text into the template (Levenshtein), or `limit` if that is less.
///
/// A low `limit` makes it stop early: give the least distance found so far.
pub const fn distance(text: &str, template: &[&str], limit: u32) -> u32 {
    let text = text.as_bytes();
    let width = if text.len() < COMPARED { text.len() } else { COMPARED };
    let mut row = [0_u32; COMPARED + 1];
    let mut at = 0;
    while at <= width {
        row[at] = at as u32;
        at += 1;
    }
    let mut height = 0;
    let mut piece = 0;
    while piece < template.len() {
        let bytes = template[piece].as_bytes();
        let mut at = 0;
        // Before every piece that is not empty, but the first of them, stands a dot.
        let mut dot = height > 0 && !bytes.is_empty();
        while at < bytes.len() && height < COMPARED as u32 {
            let byte = if dot { b'.' } else { bytes[at] };
            at += !dot as usize;
            dot = false;
            height += 1;
            if next_row(&mut row, text, width, byte) >= limit {
                return limit;
            }
        }
        piece += 1;
    }
    if row[width] < limit { row[width] } else { limit }
}

/// The next row of the table, in place; gives its least entry, below which the distance cannot fall.
const fn next_row(row: &mut [u32; COMPARED + 1], text: &[u8], width: usize, byte: u8) -> u32 {
    let mut diagonal = row[0];
    row[0] += 1;
    let mut least = row[0];
    let mut at = 0;
    while at < width {
        let changed = diagonal + (text[at] != byte) as u32;
        diagonal = row[at + 1];
        let shifted = if row[at] < diagonal { row[at] + 1 } else { diagonal + 1 };
        row[at + 1] = if changed < shifted { changed } else { shifted };
        if row[at + 1] < least {
            least = row[at + 1];
        }
        at += 1;
    }
    least
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
        assert_eq!(nearest("order.{id}.lots", TOPICS), Some(2));
        assert_eq!(nearest("x", &[]), None);
    }

    #[test]
    fn distances() {
        for (one, other, expected) in [
            ("", "", 0),
            ("abc", "", 3),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("a.b", "a.b", 0),
            ("ab", "a.b", 1),
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
