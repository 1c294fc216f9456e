//! What stands in brackets and braces: classes, choices, captures, regular expressions.

use core::ops::Range;

use super::{Parser, Seen, u16_of};
use crate::error::{PatternError, PatternErrorKind as Fault};
use crate::glob;
use crate::pattern::Pattern;
use crate::pattern::regex::Regex;
use crate::segment::Kind;
use crate::topic::rules::is_forbidden;

/// What opens a regular expression.
pub(super) const REGEX_OPEN: &str = "{~";
/// What closes it.
const REGEX_CLOSE: &str = "~}";

impl Parser<'_> {
    /// `[a-c]`, `[!x]`.
    pub(super) fn class(&mut self) -> Result<(), PatternError> {
        let open = self.at;
        let Some(length) = self.bytes[open..].iter().position(|&byte| byte == b']') else {
            return Err(self.fault(Fault::UnclosedClass, open..open + 1));
        };
        let close = open + length;
        let mut at = open + 1 + usize::from(self.bytes[open + 1] == b'!');
        if at == close {
            return Err(self.fault(Fault::EmptyClass, open..close + 1));
        }
        if self.bytes[at] == b'^' && at == open + 1 {
            return Err(self.fault(Fault::CaretInClass, at..at + 1));
        }
        while at < close {
            let (low, high, next) = glob::range(self.bytes, at);
            for end in [low, high] {
                if is_forbidden(end) {
                    // A class that is not closed before its segment ends is more likely forgotten than meant.
                    let kind = if end == u32::from(b'.') {
                        Fault::UnclosedClass
                    } else {
                        Fault::ForbiddenChar
                    };
                    let span = if kind == Fault::UnclosedClass { open..open + 1 } else { at..next };
                    return Err(self.fault(kind, span));
                }
            }
            if low > high {
                return Err(self.fault(Fault::BackwardRange, at..next));
            }
            at = next;
        }
        self.at = close + 1;
        Ok(())
    }

    /// `{opened,closed}`: alternatives of literals and signs.
    pub(super) fn choice(&mut self, seen: &mut Seen) -> Result<(), PatternError> {
        let open = self.at;
        if self.bytes.get(open + 1) == Some(&b'~') {
            return Err(self.fault(Fault::ForbiddenChar, open..open + 2));
        }
        self.at += 1;
        let (mut least, mut alternatives) = (usize::MAX, 1);
        let mut here = Seen::default();
        loop {
            match self.peek() {
                None => return Err(self.fault(Fault::UnclosedBrace, open..open + 1)),
                Some(b'.') => {
                    let closed = self.bytes[open..].contains(&b'}');
                    return Err(if closed {
                        self.fault(Fault::DotInChoice, self.at..self.at + 1)
                    } else {
                        self.fault(Fault::UnclosedBrace, open..open + 1)
                    });
                }
                Some(sign @ (b',' | b'}')) => {
                    self.at += 1;
                    least = least.min(here.least);
                    here = Seen::default();
                    if sign == b'}' {
                        break;
                    }
                    alternatives += 1;
                }
                Some(_) => self.atom(&mut here, true)?,
            }
        }
        if alternatives == 1 {
            return Err(self.fault(Fault::CaptureInsideSegment, open..self.at));
        }
        seen.least += least;
        Ok(())
    }

    /// `{,}` as a whole segment.
    pub(super) fn is_choice_of_nothing(&self, span: Range<usize>) -> bool {
        self.bytes[span].iter().all(|byte| matches!(byte, b'{' | b',' | b'}'))
    }

    /// Whether the brace here opens a choice: it has a comma before it closes, or never closes.
    pub(super) fn is_choice(&self) -> bool {
        self.bytes[self.at..].iter().find(|&&byte| matches!(byte, b',' | b'}' | b'.'))
            != Some(&b'}')
    }

    /// `{id}`, `{*rest}`.
    pub(super) fn capture(&mut self, first: usize) -> Result<usize, PatternError> {
        let open = self.at;
        let close = glob::closing(self.bytes, open);
        let rest = self.bytes[open + 1] == b'*';
        let name = open + 1 + usize::from(rest)..close;
        self.at = close + 1;
        if !self.at_segment_end() {
            return Err(self.fault(Fault::CaptureInsideSegment, open..close + 1));
        }
        if name.is_empty() {
            return Err(self.fault(Fault::UnnamedCapture, open..close + 1));
        }
        let text = &self.bytes[name.clone()];
        if text[0].is_ascii_digit()
            || !text.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        {
            return Err(self.fault(Fault::BadCaptureName, name));
        }
        let twice = self.segments[first..]
            .iter()
            .any(|s| s.is_capture() && s.text(self.text).as_bytes() == text);
        if twice {
            return Err(self.fault(Fault::DuplicateCapture, name));
        }
        if !rest {
            self.push(Kind::One, name);
            return Ok(1);
        }
        if self.peek() == Some(b'.') {
            return Err(self.fault(Fault::RestNotLast, open..close + 1));
        }
        self.push_many(first, name);
        Ok(0)
    }

    /// `{~…~}`: a regular expression for the rest of the topic.
    pub(super) fn regex(&mut self) -> Result<u16, PatternError> {
        let open = self.at;
        let start = open + REGEX_OPEN.len();
        let Some(length) = self.text[start..].find(REGEX_CLOSE) else {
            return Err(self.fault(Fault::UnclosedBrace, open..start));
        };
        let end = start + length;
        self.at = end + REGEX_CLOSE.len();
        if !matches!(self.peek(), None | Some(b',')) {
            return Err(self.fault(Fault::RegexNotLast, open..self.at));
        }
        if self.regexes.len() >= Pattern::MAX_REGEXES {
            return Err(self.fault(Fault::TooManyRegexes, open..self.at));
        }
        self.regexes.push(Regex::new(self.text, start..end)?);
        Ok(u16_of(self.regexes.len() - 1))
    }
}
