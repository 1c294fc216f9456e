//! From text to elements: one pass over the bytes, each fault with its own kind and span.

use alloc::vec::Vec;
use core::ops::Range;

use super::Inner;
use super::regex::Regex;
use crate::error::{PatternError, PatternErrorKind as Fault};
use crate::segment::{Element, Kind, Segment};
use crate::topic::rules::{MAX_BYTES, MAX_SEGMENTS, decode, is_forbidden, plain_end};

mod signs;

use signs::REGEX_OPEN;

/// The longest text: positions in it are 16 bits wide.
pub(super) const MAX_TEXT: usize = u16::MAX as usize;

/// The most segments of one element as written; lowering adds one, and the engines' sets of the places before and
/// after each have 64 bits.
const MAX_WRITTEN: usize = 62;

/// Parses a whole pattern.
pub(super) fn parse(text: &str) -> Result<Inner, PatternError> {
    if text.len() > MAX_TEXT {
        return Err(PatternError::new(Fault::TooLong, text, MAX_TEXT..text.len()));
    }
    if text.is_empty() {
        return Err(PatternError::new(Fault::Empty, text, 0..0));
    }
    let mut parser =
        Parser { text, bytes: text.as_bytes(), at: 0, segments: Vec::new(), regexes: Vec::new() };
    parser.segments.reserve_exact(parser.likely_segments());
    let first = parser.element()?;
    let mut more = Vec::new();
    while parser.at < text.len() {
        parser.at += 1; // the comma
        more.push(parser.element()?);
    }
    if first.exclude && more.iter().all(|element| element.exclude) {
        return Err(parser.fault(Fault::OnlyExclusions, 0..text.len()));
    }
    let Parser { segments, regexes, .. } = parser;
    Ok(Inner { text: text.into(), first, more, segments, regexes })
}

struct Parser<'p> {
    text: &'p str,
    bytes: &'p [u8],
    at: usize,
    segments: Vec<Segment>,
    regexes: Vec<Regex>,
}

/// What one segment holds, beside literal characters.
#[derive(Default)]
struct Seen {
    signs: bool,
    /// The fewest bytes of a segment that it selects.
    least: usize,
}

impl Parser<'_> {
    fn fault(&self, kind: Fault, span: Range<usize>) -> PatternError {
        PatternError::new(kind, self.text, span)
    }

    /// How many segments there will be, so that they are allocated once. Dots in a regular expression count too much.
    fn likely_segments(&self) -> usize {
        let separators = self.bytes.iter().filter(|&&byte| matches!(byte, b'.' | b',')).count();
        separators.min(MAX_WRITTEN) + 2
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn eat(&mut self, sign: u8) -> bool {
        let eaten = self.peek() == Some(sign);
        self.at += usize::from(eaten);
        eaten
    }

    /// One element, up to a comma or the end.
    fn element(&mut self) -> Result<Element, PatternError> {
        let begin = self.at;
        let exclude = self.eat(b'!');
        let exact = self.eat(b'=');
        let start = self.at;
        if matches!(self.peek(), None | Some(b',')) {
            let span =
                begin.min(self.text.len().saturating_sub(1))..(start + 1).min(self.text.len());
            return Err(self.fault(Fault::EmptyElement, span));
        }
        let first = self.segments.len();
        let (mut written, mut depth, mut least) = (0, 0, 0);
        let mut regex = None;
        loop {
            let segment_start = self.at;
            if self.text[self.at..].starts_with(REGEX_OPEN) {
                if self.segments[first..].iter().any(|segment| segment.kind != Kind::Literal) {
                    return Err(self.fault(Fault::RegexAfterWildcard, start..self.at));
                }
                regex = Some(self.regex()?);
                depth += 1;
                least += 2;
            } else {
                least += self.segment(first)? + 1;
                depth +=
                    usize::from(self.segments.last().is_some_and(|last| last.kind != Kind::Many));
            }
            written += 1;
            if written > MAX_WRITTEN || depth > MAX_SEGMENTS {
                return Err(self.fault(Fault::TooManySegments, segment_start..self.at));
            }
            if !self.eat(b'.') {
                break;
            }
        }
        let span = start..self.at;
        // One dot less than segments. A wildcard of many takes none, and its dot goes with it.
        if least > MAX_BYTES + 1 {
            return Err(self.fault(Fault::TooLong, span));
        }
        self.finish(Element {
            exclude,
            exact,
            system: false,
            first: u32_of(first),
            count: 0,
            regex,
            start: u16_of(start),
            end: u16_of(span.end),
        })
    }

    /// Lowers what is implied, and checks what needs the whole element.
    fn finish(&mut self, mut element: Element) -> Result<Element, PatternError> {
        let first = element.first as usize;
        let span = usize::from(element.start)..usize::from(element.end);
        let plain = element.regex.is_none()
            && self.segments[first..].iter().all(|segment| segment.kind == Kind::Literal);
        if element.exact && !plain {
            return Err(self.fault(Fault::ExactWithWildcard, span.start - 1..span.start));
        }
        let captures = element
            .exclude
            .then(|| self.segments[first..].iter().find(|s| s.is_capture()))
            .flatten();
        if let Some(name) = captures {
            let name = usize::from(name.start)..usize::from(name.end);
            return Err(self.fault(Fault::CaptureInExclusion, name));
        }
        if let Some(head) = self.segments.get(first) {
            let text = head.text(self.text);
            element.system = head.kind == Kind::Literal && text.starts_with('$');
            let leads = |at| text.as_bytes().get(at) == Some(&b'$');
            let choice = text.starts_with('{')
                && (leads(1)
                    || (1..text.len()).any(|at| text.as_bytes()[at - 1] == b',' && leads(at)));
            if head.kind == Kind::Glob && (leads(0) || choice) {
                return Err(self.fault(
                    Fault::SystemNotLiteral,
                    usize::from(head.start)..usize::from(head.end),
                ));
            }
        }
        if plain && !element.exact {
            // The parent-prefix rule: a plain name selects what is below it too.
            self.segments.push(Segment { kind: Kind::Many, start: element.end, end: element.end });
        }
        element.count = u8::try_from(self.segments.len() - first).unwrap_or(u8::MAX);
        Ok(element)
    }

    /// One segment, pushed; gives the fewest bytes that it takes (`usize::MAX` is never reached).
    fn segment(&mut self, first: usize) -> Result<usize, PatternError> {
        let start = self.at;
        if self.peek() == Some(b'{') && !self.is_choice() {
            return self.capture(first);
        }
        let mut seen = Seen::default();
        while let Some(byte) = self.peek() {
            match byte {
                b'.' | b',' => break,
                b'*' if self.bytes.get(self.at + 1) == Some(&b'*') => {
                    self.at += 2;
                    if start + 2 == self.at && self.at_segment_end() {
                        self.push_many(first, self.at..self.at);
                        return Ok(0);
                    }
                    return Err(self.fault(Fault::DoubleStarInsideSegment, self.at - 2..self.at));
                }
                b'>' => return self.tail(start),
                _ => self.atom(&mut seen, false)?,
            }
        }
        let span = start..self.at;
        if span.is_empty() {
            // The dot that leads, follows another, or trails.
            let dot = if start < self.text.len() && self.bytes[start] == b'.' {
                start
            } else {
                start - 1
            };
            return Err(self.fault(Fault::EmptySegment, dot..dot + 1));
        }
        let kind = match (seen.signs, self.bytes[start]) {
            (false, _) => Kind::Literal,
            (true, b'*') if span.len() == 1 => Kind::One,
            (true, _) => Kind::Glob,
        };
        if kind == Kind::Glob && (span.len() > MAX_BYTES || seen.least > MAX_BYTES) {
            return Err(self.fault(Fault::TooLong, span));
        }
        if kind == Kind::Glob && self.is_choice_of_nothing(span.clone()) {
            return Err(self.fault(Fault::EmptyChoice, span));
        }
        let start = if kind == Kind::One { self.at } else { start };
        self.push(kind, start..self.at);
        Ok(seen.least.max(1))
    }

    /// Literal characters, or a sign within a segment.
    fn atom(&mut self, seen: &mut Seen, in_choice: bool) -> Result<(), PatternError> {
        let start = self.at;
        let plain = plain_end(self.bytes, start);
        if plain > start {
            self.at = plain;
            seen.least += plain - start;
            return Ok(());
        }
        match self.bytes[start] {
            b'*' if self.bytes.get(start + 1) == Some(&b'*') => {
                return Err(self.fault(Fault::DoubleStarInsideSegment, start..start + 2));
            }
            b'*' => {
                self.at += 1;
                seen.signs = true;
            }
            b'?' => {
                self.at += 1;
                seen.signs = true;
                seen.least += 1;
            }
            b'[' => {
                self.class()?;
                seen.signs = true;
                seen.least += 1;
            }
            b'{' if in_choice => return Err(self.fault(Fault::NestedChoice, start..start + 1)),
            b'{' => {
                self.choice(seen)?;
                seen.signs = true;
            }
            b']' | b'}' => return Err(self.fault(Fault::NothingToClose, start..start + 1)),
            b'=' => return Err(self.fault(Fault::MisplacedExact, start..start + 1)),
            b'!' => return Err(self.fault(Fault::MisplacedExclusion, start..start + 1)),
            b'>' => return Err(self.fault(Fault::TailInsideSegment, start..start + 1)),
            _ => {
                let (character, next) = decode(self.bytes, start);
                if is_forbidden(character) {
                    return Err(self.fault(Fault::ForbiddenChar, start..next));
                }
                self.at = next;
                seen.least += next - start;
            }
        }
        Ok(())
    }

    /// `>`: one segment, and then any.
    fn tail(&mut self, start: usize) -> Result<usize, PatternError> {
        let span = self.at..self.at + 1;
        self.at += 1;
        if span.start != start || !self.at_segment_end() {
            return Err(self.fault(Fault::TailInsideSegment, span));
        }
        if self.peek() == Some(b'.') {
            return Err(self.fault(Fault::TailNotLast, span));
        }
        self.push(Kind::One, self.at..self.at);
        self.push(Kind::Many, self.at..self.at);
        Ok(1)
    }

    fn at_segment_end(&self) -> bool {
        matches!(self.peek(), None | Some(b'.' | b','))
    }

    fn push(&mut self, kind: Kind, span: Range<usize>) {
        self.segments.push(Segment { kind, start: u16_of(span.start), end: u16_of(span.end) });
    }

    /// Two wildcards of many in a row take what one takes.
    fn push_many(&mut self, first: usize, name: Range<usize>) {
        if self.segments.len() > first
            && self.segments.last().is_some_and(|last| last.kind == Kind::Many)
        {
            self.segments.pop();
        }
        self.push(Kind::Many, name);
    }
}

/// A position in a text that is at most [`MAX_TEXT`] long.
fn u16_of(position: usize) -> u16 {
    u16::try_from(position).unwrap_or(u16::MAX)
}

/// A number of segments, of which there are fewer than bytes.
fn u32_of(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
