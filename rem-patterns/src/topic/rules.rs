//! What may stand in a topic: the one place where the rules are written, usable at compile time.

use crate::error::TopicErrorKind;

/// The most segments a topic has.
pub const MAX_SEGMENTS: usize = 32;

/// The most bytes a topic has, in UTF-8, dots included.
pub const MAX_BYTES: usize = 255;

/// A byte that any segment may hold.
const PLAIN: u8 = 0;
/// The dot between segments.
const DOT: u8 = 1;
/// A byte that no topic holds.
const FORBIDDEN: u8 = 2;
/// Part of a character beyond ASCII, which must be decoded to be judged.
const WIDE: u8 = 3;

/// What each byte means. A table, for this is looked up for every byte of every topic.
static CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [PLAIN; 256];
    let mut byte = 0;
    while byte < 256_u32 {
        table[byte as usize] = match byte {
            0x2E => DOT,
            0x80.. => WIDE,
            byte if is_forbidden(byte) => FORBIDDEN,
            _ => PLAIN,
        };
        byte += 1;
    }
    table
}

/// Whether no segment may hold this character: whitespace, control characters and the signs of patterns.
pub(crate) const fn is_forbidden(character: u32) -> bool {
    is_sign(character) || is_blank(character)
}

/// The dot and the signs that patterns are written with.
const fn is_sign(character: u32) -> bool {
    match char::from_u32(character) {
        Some(sign) => {
            matches!(sign, '.' | '*' | '>' | '?' | '[' | ']' | '{' | '}' | ',' | '!' | '=')
        }
        None => false,
    }
}

/// Unicode's `White_Space` and its control characters (`Cc`).
const fn is_blank(character: u32) -> bool {
    matches!(
        character,
        0..=0x20
            | 0x7F..=0xA0
            | 0x1680
            | 0x2000..=0x200A
            | 0x2028
            | 0x2029
            | 0x202F
            | 0x205F
            | 0x3000
    )
}

/// Decodes the character of valid UTF-8 that begins at `at`: its code point and where the next begins.
pub(crate) const fn decode(bytes: &[u8], at: usize) -> (u32, usize) {
    const fn tail(byte: u8) -> u32 {
        (byte & 0x3F) as u32
    }
    let first = bytes[at];
    match first {
        0..=0x7F => (first as u32, at + 1),
        0x80..=0xDF => (((first & 0x1F) as u32) << 6 | tail(bytes[at + 1]), at + 2),
        0xE0..=0xEF => {
            let high = ((first & 0x0F) as u32) << 12;
            (high | tail(bytes[at + 1]) << 6 | tail(bytes[at + 2]), at + 3)
        }
        _ => {
            let high = ((first & 0x07) as u32) << 18 | tail(bytes[at + 1]) << 12;
            (high | tail(bytes[at + 2]) << 6 | tail(bytes[at + 3]), at + 4)
        }
    }
}

/// What is wrong with a text that is no topic, and the bytes where.
///
/// The form of [`TopicError`](crate::TopicError) that exists at compile time; [`check_topic`] gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopicFault {
    /// What is wrong.
    pub kind: TopicErrorKind,
    /// The first byte of what is wrong.
    pub start: usize,
    /// The byte after it.
    pub end: usize,
}

/// Checks a topic, at compile time too: `const _: () = assert!(check_topic("a.b").is_ok());`.
///
/// # Errors
/// The first fault from the left; but a text that is too long is refused before its characters are looked at.
pub const fn check_topic(text: &str) -> Result<(), TopicFault> {
    let bytes = text.as_bytes();
    if bytes.is_empty() {
        return Err(TopicFault { kind: TopicErrorKind::Empty, start: 0, end: 0 });
    }
    if bytes.len() > MAX_BYTES {
        return Err(TopicFault {
            kind: TopicErrorKind::TooLong,
            start: MAX_BYTES,
            end: bytes.len(),
        });
    }
    let (mut at, mut segment, mut depth) = (0, 0, 1);
    while at < bytes.len() {
        let (character, next) = decode(bytes, at);
        if character == b'.' as u32 {
            if at == segment {
                return Err(TopicFault {
                    kind: TopicErrorKind::EmptySegment,
                    start: at,
                    end: next,
                });
            }
            if depth == MAX_SEGMENTS {
                let kind = TopicErrorKind::TooManySegments;
                return Err(TopicFault { kind, start: at, end: bytes.len() });
            }
            depth += 1;
            segment = next;
        } else if is_forbidden(character) {
            let kind = if is_sign(character) {
                TopicErrorKind::PatternSign
            } else {
                TopicErrorKind::ForbiddenChar
            };
            return Err(TopicFault { kind, start: at, end: next });
        }
        at = next;
    }
    if segment == bytes.len() {
        return Err(TopicFault {
            kind: TopicErrorKind::EmptySegment,
            start: segment - 1,
            end: segment,
        });
    }
    Ok(())
}

/// Where the run of plain ASCII from `at` on ends: no dot, no sign, nothing forbidden.
#[inline]
pub(crate) fn plain_end(bytes: &[u8], at: usize) -> usize {
    let run = bytes[at..].iter().position(|&byte| CLASS[usize::from(byte)] != PLAIN);
    run.map_or(bytes.len(), |run| at + run)
}

/// A topic cut at its dots, on the stack: what every matcher reads.
#[derive(Clone, Copy)]
pub(crate) struct Split<'t> {
    text: &'t str,
    /// Where each segment ends; a topic is at most 255 bytes.
    ends: [u8; MAX_SEGMENTS],
    depth: usize,
}

impl<'t> Split<'t> {
    /// Cuts and checks in one pass over the bytes. `None` if the text is no topic: no pattern selects it.
    #[inline]
    pub(crate) fn new(topic: &'t str) -> Option<Self> {
        let bytes = topic.as_bytes();
        if bytes.is_empty() || bytes.len() > MAX_BYTES {
            return None;
        }
        let mut split = Self { text: topic, ends: [0; MAX_SEGMENTS], depth: 0 };
        let (mut segment, mut wide) = (0, false);
        for (at, &byte) in bytes.iter().enumerate() {
            match CLASS[usize::from(byte)] {
                PLAIN => {}
                DOT => {
                    if at == segment || split.depth == MAX_SEGMENTS - 1 {
                        return None;
                    }
                    split.push(at);
                    segment = at + 1;
                }
                WIDE => wide = true,
                _ => return None,
            }
        }
        if segment == bytes.len() || wide && check_topic(topic).is_err() {
            return None;
        }
        split.push(bytes.len());
        Some(split)
    }

    fn push(&mut self, end: usize) {
        // At most MAX_BYTES, checked on entry, so that the cast keeps the value.
        #[expect(clippy::cast_possible_truncation, reason = "at most MAX_BYTES")]
        let end = end as u8;
        self.ends[self.depth] = end;
        self.depth += 1;
    }

    #[inline]
    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    /// Whether this is a topic of REM's own.
    #[inline]
    pub(crate) fn is_system(&self) -> bool {
        self.text.as_bytes()[0] == b'$'
    }

    /// The byte where segment `index` begins; for `index == depth`, one past the topic's end.
    #[inline]
    pub(crate) fn start(&self, index: usize) -> usize {
        if index == 0 { 0 } else { usize::from(self.ends[index - 1]) + 1 }
    }

    #[inline]
    pub(crate) fn end(&self, index: usize) -> usize {
        usize::from(self.ends[index])
    }

    #[inline]
    pub(crate) fn segment(&self, index: usize) -> &'t [u8] {
        &self.text.as_bytes()[self.start(index)..self.end(index)]
    }

    /// One segment, as text.
    pub(crate) fn text_of(&self, index: usize) -> &'t str {
        self.text.get(self.start(index)..self.end(index)).unwrap_or("")
    }

    /// The topic from segment `index` on; nothing if there is no such segment.
    pub(crate) fn from(&self, index: usize) -> &'t str {
        self.text.get(self.start(index)..).unwrap_or("")
    }
}
