//! What was wrong with a text, at which byte, and how to mend it; drawn with a caret.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use core::fmt;
use core::ops::Range;

use crate::topic::check_topic;

/// Why a text is no topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TopicErrorKind {
    /// The text is empty.
    Empty,
    /// Two dots meet, or a dot leads or trails.
    EmptySegment,
    /// A sign of patterns, such as `*`: a topic names one kind of event.
    PatternSign,
    /// Whitespace or a control character.
    ForbiddenChar,
    /// More than [`MAX_BYTES`](crate::MAX_BYTES) bytes.
    TooLong,
    /// More than [`MAX_SEGMENTS`](crate::MAX_SEGMENTS) segments.
    TooManySegments,
}

impl TopicErrorKind {
    /// What is wrong and how to mend it, in one line.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Empty => "a topic is not empty: write at least one segment",
            Self::EmptySegment => {
                "a segment of a topic is not empty: write one dot between two segments, none at the ends"
            }
            Self::PatternSign => {
                "a topic holds none of `* > ? [ ] { } , ! =`, which belong to patterns: write another character, and values with `Topic::escape`"
            }
            Self::ForbiddenChar => {
                "a topic holds no whitespace and no control character: write another, and values with `Topic::escape`"
            }
            Self::TooLong => {
                "a topic has at most 255 bytes: shorten it, or move a value into the event's data"
            }
            Self::TooManySegments => {
                "a topic has at most 32 segments: join some of them with `_` or `-`"
            }
        }
    }
}

/// Why a text is no pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PatternErrorKind {
    /// The text, or a set of patterns, is empty.
    Empty,
    /// An element of a set is empty: two commas meet, or a comma leads or trails.
    EmptyElement,
    /// Two dots meet, or a dot leads or trails.
    EmptySegment,
    /// Whitespace, a control character, or a sign where it means nothing.
    ForbiddenChar,
    /// The text is over [`Pattern::MAX_BYTES`](crate::Pattern::MAX_BYTES), or needs topics of more than 255 bytes.
    TooLong,
    /// Needs topics of more than 32 segments, or is itself of more than 62.
    TooManySegments,
    /// `>` is not the last segment.
    TailNotLast,
    /// `>` shares its segment with something.
    TailInsideSegment,
    /// `**` shares its segment with something.
    DoubleStarInsideSegment,
    /// `=` before a pattern that has a wildcard, glob or capture.
    ExactWithWildcard,
    /// `=` elsewhere than first.
    MisplacedExact,
    /// `!` elsewhere than first.
    MisplacedExclusion,
    /// `[` is not closed within its segment.
    UnclosedClass,
    /// `[]` or `[!]`.
    EmptyClass,
    /// `[^…]`, which means other things elsewhere.
    CaretInClass,
    /// A range that runs backwards, such as `[c-a]`.
    BackwardRange,
    /// `{` is not closed.
    UnclosedBrace,
    /// `]` or `}` closes nothing.
    NothingToClose,
    /// A choice holds a dot.
    DotInChoice,
    /// A choice holds a choice.
    NestedChoice,
    /// Every alternative of a choice that is a whole segment is empty.
    EmptyChoice,
    /// `{name}` shares its segment with something.
    CaptureInsideSegment,
    /// `{}` or `{*}`.
    UnnamedCapture,
    /// A capture's name is no identifier.
    BadCaptureName,
    /// Two captures of one pattern have one name.
    DuplicateCapture,
    /// `{*rest}` is not the last segment.
    RestNotLast,
    /// An exclusion captures.
    CaptureInExclusion,
    /// A set of exclusions only.
    OnlyExclusions,
    /// A first segment that begins with `$` and has a glob: it could select nothing.
    SystemNotLiteral,
    /// `{~…~}` is not the last segment.
    RegexNotLast,
    /// `{~…~}` after a wildcard, glob or capture.
    RegexAfterWildcard,
    /// The regular expression does not parse.
    BadRegex,
    /// The regular expression compiles to more than its size limit.
    RegexTooLarge,
    /// The pattern has more than [`Pattern::MAX_REGEXES`](crate::Pattern::MAX_REGEXES) regular expressions.
    TooManyRegexes,
    /// The crate was built without its feature `regex`.
    RegexUnsupported,
}

impl PatternErrorKind {
    /// What is wrong and how to mend it, in one line.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Empty => "a pattern is not empty: write `**` for every topic",
            Self::EmptyElement => {
                "an element of the set is empty: drop the comma, or write a pattern beside it"
            }
            Self::EmptySegment => {
                "a segment is not empty: write one dot between two segments, none at the ends"
            }
            Self::ForbiddenChar => {
                "no topic holds this character: drop it, or escape it as `Topic::escape` does"
            }
            Self::TooLong => {
                "no topic is that long: a topic has at most 255 bytes, a pattern's text at most 65535"
            }
            Self::TooManySegments => {
                "no topic is that deep: a topic has at most 32 segments, a pattern at most 62"
            }
            Self::TailNotLast => {
                "`>` is the last segment or none: write `*.**` for one or more segments elsewhere"
            }
            Self::TailInsideSegment => "`>` is a segment of its own: put a dot before it",
            Self::DoubleStarInsideSegment => {
                "`**` is a segment of its own: put dots around it, or write `*` within a segment"
            }
            Self::ExactWithWildcard => {
                "`=` is for a plain name: a pattern with a wildcard, glob or capture is exact already, so drop the `=`"
            }
            Self::MisplacedExact => "`=` stands first: write `=a.b` for the topic `a.b` alone",
            Self::MisplacedExclusion => {
                "`!` stands first in an element of a set, or first in a class: write `a,!a.b` or `[!b]`"
            }
            Self::UnclosedClass => {
                "`[` is not closed in its segment: write `]` after its characters"
            }
            Self::EmptyClass => "a class is not empty: name characters in it, or write `?` for any",
            Self::CaretInClass => {
                "`^` does not negate here: write `[!…]`, or put `^` after another character"
            }
            Self::BackwardRange => "a range runs upwards: swap its ends",
            Self::UnclosedBrace => "`{` is not closed: write `{name}`, `{*rest}` or `{this,that}`",
            Self::NothingToClose => {
                "nothing is open here to be closed: drop it, or write what opens it"
            }
            Self::DotInChoice => {
                "a choice lies within one segment and holds no dot: write the whole patterns as a set, `a.b,c`"
            }
            Self::NestedChoice => "choices do not nest: write `{a,bc,bd}` for `{a,b{c,d}}`",
            Self::EmptyChoice => "a choice of nothing selects nothing: write what it may be",
            Self::CaptureInsideSegment => {
                "a capture is a whole segment: put dots around it, or write `*`; a choice has a comma, `v{1,2}`"
            }
            Self::UnnamedCapture => {
                "a capture has a name: write `{id}` or `{*rest}`, or `*` and `**` to keep nothing"
            }
            Self::BadCaptureName => {
                "a capture's name is letters, digits and `_`, and begins with no digit"
            }
            Self::DuplicateCapture => {
                "this name is captured already: give each capture of a pattern its own"
            }
            Self::RestNotLast => "`{*rest}` is the last segment or none: write `**` elsewhere",
            Self::CaptureInExclusion => "an exclusion captures nothing: write `*` or `**`",
            Self::OnlyExclusions => {
                "a set of exclusions selects nothing: write first what they are taken from, `**,!a`"
            }
            Self::SystemNotLiteral => {
                "topics that begin with `$` are selected by a literal first segment only: write it out, `$rem.**`"
            }
            Self::RegexNotLast => {
                "`{~…~}` is the last segment or none: let the expression say the rest"
            }
            Self::RegexAfterWildcard => {
                "a regular expression follows literal segments only: let it say the rest, `{~.*x~}` for `**.{~x~}`"
            }
            Self::BadRegex => "this is no regular expression",
            Self::RegexTooLarge => {
                "the regular expression is over the size limit: make it shorter, or its repetitions smaller"
            }
            Self::TooManyRegexes => {
                "a pattern has at most 16 regular expressions: join some of them, `{~a|b~}` for `{~a~},{~b~}`, or make several patterns"
            }
            Self::RegexUnsupported => "regular expressions need the feature `regex` of this crate",
        }
    }
}

/// The text was no topic: what is wrong, at which byte, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicError {
    kind: TopicErrorKind,
    text: Box<str>,
    span: Range<usize>,
}

impl TopicError {
    /// The error of a text that is known to be no topic.
    #[cold]
    pub(crate) fn of(text: &str) -> Self {
        let fault = check_topic(text).err();
        debug_assert!(fault.is_some(), "the quick check and the exact one differ on {text:?}");
        let (kind, span) = fault.map_or((TopicErrorKind::ForbiddenChar, 0..text.len()), |fault| {
            (fault.kind, fault.start..fault.end)
        });
        Self { kind, text: clip(text), span }
    }

    /// Why the text is no topic.
    pub fn kind(&self) -> TopicErrorKind {
        self.kind
    }

    /// The bytes of the text that are wrong; empty for an empty text.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The text; of one of more than 1,024 bytes its beginning, and `…`.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for TopicError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        draw(f, self.kind.message(), None, &self.text, &self.span)
    }
}

impl core::error::Error for TopicError {}

/// The text was no pattern: what is wrong, at which byte, and how to mend it.
///
/// ```
/// use rem_patterns::{Pattern, PatternErrorKind};
///
/// let error = Pattern::parse("order.>.paid").expect_err("> is last");
/// assert_eq!(error.kind(), PatternErrorKind::TailNotLast);
/// assert_eq!(error.span(), 6..7);
/// assert_eq!(error.to_string(), "\
/// at byte 6: `>` is the last segment or none: write `*.**` for one or more segments elsewhere
///   | order.>.paid
///   |       ^");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternError {
    kind: PatternErrorKind,
    text: Box<str>,
    span: Range<usize>,
    /// What the regular expression's own parser says.
    detail: Option<Box<str>>,
}

impl PatternError {
    #[cold]
    pub(crate) fn new(kind: PatternErrorKind, text: &str, span: Range<usize>) -> Self {
        Self { kind, text: clip(text), span, detail: None }
    }

    #[cfg(feature = "regex")]
    pub(crate) fn with_detail(mut self, detail: &str) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Why the text is no pattern.
    pub fn kind(&self) -> PatternErrorKind {
        self.kind
    }

    /// The bytes of the text that are wrong; empty for an empty text.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The text; of one of more than 1,024 bytes its beginning, and `…`.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        draw(f, self.kind.message(), self.detail.as_deref(), &self.text, &self.span)
    }
}

impl core::error::Error for PatternError {}

/// The most bytes of a faulty text that an error keeps and draws.
const SHOWN: usize = 1_024;

/// The text as an error keeps it: the first [`SHOWN`] bytes, so that an error never costs what the text did.
fn clip(text: &str) -> Box<str> {
    let end = boundary(text, SHOWN);
    if end == text.len() { text.into() } else { (text[..end].to_owned() + "…").into() }
}

/// The last boundary between characters that is not after `at`.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

/// One line that says it all, then the text with carets below what is wrong.
fn draw(
    f: &mut fmt::Formatter<'_>,
    message: &str,
    detail: Option<&str>,
    text: &str,
    span: &Range<usize>,
) -> fmt::Result {
    write!(f, "at byte {}: {message}", span.start)?;
    if let Some(detail) = detail {
        write!(f, ": {detail}")?;
    }
    let start = boundary(text, span.start);
    let end = boundary(text, span.end).max(start);
    // Around a far caret, 60 characters before it and after it are enough to see where it stands.
    let from = boundary(text, start.saturating_sub(60));
    let to = boundary(text, end.saturating_add(60));
    let shown = |part: &str, f: &mut fmt::Formatter<'_>| {
        // A control character would move the caret or the terminal's cursor: one sign stands for each.
        part.chars().try_for_each(|c| {
            fmt::Write::write_char(f, if c.is_control() { '\u{FFFD}' } else { c })
        })
    };
    f.write_str("\n  | ")?;
    shown(&text[from..to], f)?;
    let before = text[from..start].chars().count();
    let carets = text[start..end.min(to)].chars().count().max(1);
    write!(f, "\n  | {:before$}{:^<carets$}", "", "^")
}
