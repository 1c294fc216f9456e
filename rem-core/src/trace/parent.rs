//! [`TraceParent`]: the header `traceparent` of W3C Trace Context, as a value.

use std::fmt;
use std::num::{NonZeroU64, NonZeroU128};
use std::str::FromStr;

use super::{TRACEPARENT, TraceError, TraceErrorKind};
use crate::event::Event;

/// Which trace something belongs to, and which span of it is its parent: `traceparent` of
/// [W3C Trace Context](https://www.w3.org/TR/trace-context/).
///
/// ```
/// use rem_core::trace::TraceParent;
///
/// let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// let parent: TraceParent = text.parse()?;
/// assert!(parent.is_sampled());
/// assert_eq!(parent.to_string(), text);
/// # Ok::<(), rem_core::trace::TraceError>(())
/// ```
///
/// A text of a later version than 00 is read as far as version 00 goes, and is written again as version 00 with the flags
/// that version 00 knows, as the standard has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceParent {
    trace: TraceId,
    span: SpanId,
    flags: u8,
}

/// The identity of a trace: sixteen bytes, not all zero. Written as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId(NonZeroU128);

/// The identity of a span within its trace: eight bytes, not all zero. Written as 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanId(NonZeroU64);

/// The one flag that version 00 has.
const SAMPLED: u8 = 1;

/// Where each part begins, and where the last one ends.
const TRACE: usize = 3;
const SPAN: usize = 36;
const FLAGS: usize = 53;
const END: usize = 55;

impl TraceParent {
    /// Of these parts.
    pub fn new(trace: TraceId, span: SpanId, sampled: bool) -> Self {
        Self { trace, span, flags: if sampled { SAMPLED } else { 0 } }
    }

    /// That of an event: `None` if its metadata has none.
    ///
    /// # Errors
    /// A text that is none, and a value that is no text.
    pub fn of<T: ?Sized>(event: &Event<T>) -> Result<Option<Self>, TraceError> {
        match event.metadata().get(TRACEPARENT) {
            None => Ok(None),
            Some(value) => value.as_str().unwrap_or_default().parse().map(Some),
        }
    }

    /// The trace.
    pub fn trace_id(&self) -> TraceId {
        self.trace
    }

    /// The span: of an event, its publish.
    pub fn span_id(&self) -> SpanId {
        self.span
    }

    /// Whether whoever began the trace wants it to be kept.
    pub fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// Another span of the same trace, sampled if this one is.
    #[must_use]
    pub fn child(&self, span: SpanId) -> Self {
        Self { span, ..*self }
    }
}

impl TraceId {
    /// `None` for 0, which is no id.
    pub fn new(id: u128) -> Option<Self> {
        NonZeroU128::new(id).map(Self)
    }

    /// As a number, its first byte the highest.
    pub fn get(self) -> u128 {
        self.0.get()
    }
}

impl SpanId {
    /// `None` for 0, which is no id.
    pub fn new(id: u64) -> Option<Self> {
        NonZeroU64::new(id).map(Self)
    }

    /// As a number, its first byte the highest.
    pub fn get(self) -> u64 {
        self.0.get()
    }
}

impl FromStr for TraceParent {
    type Err = TraceError;

    fn from_str(text: &str) -> Result<Self, TraceError> {
        let bytes = text.as_bytes();
        let version = number(bytes, 0, TRACE - 1)?;
        if version == 0xff {
            return Err(TraceError::new(TraceErrorKind::Version, 0));
        }
        let trace = number(bytes, TRACE, SPAN - 1)?;
        let span = number(bytes, SPAN, FLAGS - 1)?;
        let flags = number(bytes, FLAGS, END)?;
        match bytes.get(END) {
            None => {}
            Some(b'-') if version > 0 => {}
            Some(_) => return Err(TraceError::new(TraceErrorKind::TooLong, END)),
        }
        let trace = TraceId::new(trace).ok_or(TraceError::new(TraceErrorKind::NoTrace, TRACE))?;
        let span = u64::try_from(span).ok().and_then(SpanId::new);
        let span = span.ok_or(TraceError::new(TraceErrorKind::NoSpan, SPAN))?;
        Ok(Self::new(trace, span, flags & u128::from(SAMPLED) != 0))
    }
}

/// The number of the digits between `begin` and `end`, at most 32 of them, behind a dash unless they are the first.
fn number(bytes: &[u8], begin: usize, end: usize) -> Result<u128, TraceError> {
    let at = |at: usize| bytes.get(at).ok_or(TraceError::new(TraceErrorKind::TooShort, at));
    if begin > 0 && *at(begin - 1)? != b'-' {
        return Err(TraceError::new(TraceErrorKind::Dash, begin - 1));
    }
    (begin..end).try_fold(0, |number, place| {
        let digit = match *at(place)? {
            byte @ b'0'..=b'9' => byte - b'0',
            byte @ b'a'..=b'f' => byte - b'a' + 10,
            _ => return Err(TraceError::new(TraceErrorKind::Digit, place)),
        };
        Ok(number << 4 | u128::from(digit))
    })
}

/// As version 00.
impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-{:02x}", self.trace, self.span, self.flags)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(all(test, not(rem_loom)))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn what_the_standard_takes() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7";
        for (text, written) in [
            (GOOD.to_owned(), GOOD.to_owned()),
            (format!("00-{trace}-00"), format!("00-{trace}-00")),
            // Flags that version 00 does not know are not passed on.
            (format!("00-{trace}-ff"), format!("00-{trace}-01")),
            (format!("00-{trace}-fe"), format!("00-{trace}-00")),
            // A later version, with and without more.
            (format!("01-{trace}-01"), format!("00-{trace}-01")),
            (format!("cc-{trace}-01-what-comes-then"), format!("00-{trace}-01")),
            (format!("cc-{trace}-01-"), format!("00-{trace}-01")),
        ] {
            assert_eq!(text.parse::<TraceParent>().unwrap().to_string(), written, "{text}");
        }
    }

    #[test]
    fn what_it_does_not_take_is_told_with_its_place() {
        use TraceErrorKind::{Dash, Digit, NoSpan, NoTrace, TooLong, TooShort, Version};
        let zeros = |begin: usize, end: usize| {
            let mut text = GOOD.to_owned();
            text.replace_range(begin..end, &"0".repeat(end - begin));
            text
        };
        for (text, kind, at) in [
            (String::new(), TooShort, 0),
            ("0".to_owned(), TooShort, 1),
            (GOOD[..54].to_owned(), TooShort, 54),
            (format!("{GOOD}-"), TooLong, 55),
            (format!("{GOOD}0"), TooLong, 55),
            (format!("01{}0", &GOOD[2..]), TooLong, 55),
            (format!(" {GOOD}"), Digit, 0),
            (format!("{GOOD} "), TooLong, 55),
            (format!("ff{}", &GOOD[2..]), Version, 0),
            (format!("0x{}", &GOOD[2..]), Digit, 1),
            (GOOD.to_uppercase(), Digit, 4),
            (GOOD.replace('-', "_"), Dash, 2),
            (format!("00-{}", &GOOD[4..]), Digit, 34),
            (format!("{}+1", &GOOD[..53]), Digit, 53),
            (format!("{}é", &GOOD[..53]), Digit, 53),
            (zeros(TRACE, SPAN - 1), NoTrace, TRACE),
            (zeros(SPAN, FLAGS - 1), NoSpan, SPAN),
        ] {
            let error = text.parse::<TraceParent>().unwrap_err();
            assert_eq!((error.kind(), error.at()), (kind, at), "{text}");
            assert!(error.to_string().contains(&format!("at byte {at}")), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC*|[0-9a-fA-F-]{0,60}|(00|0[0-9a-g])-[0-9a-f]{31,33}-[0-9a-f]{16}-0[0-9]-?") {
            if let Ok(parent) = text.parse::<TraceParent>() {
                prop_assert_eq!(&parent.to_string()[3..53], &text[3..53]);
            }
        }

        #[test]
        fn what_is_written_is_read(trace in 1_u128.., span in 1_u64.., other in 1_u64.., sampled: bool) {
            let (trace, span) = (TraceId::new(trace).unwrap(), SpanId::new(span).unwrap());
            let parent = TraceParent::new(trace, span, sampled);
            prop_assert_eq!(parent.to_string().parse(), Ok(parent));
            let child = parent.child(SpanId::new(other).unwrap());
            prop_assert_eq!((child.trace_id(), child.is_sampled()), (trace, sampled));
            prop_assert_eq!(child.span_id().get(), other);
        }

        #[test]
        fn a_text_with_one_character_changed_is_read_as_it_is_or_not_at_all(at in 0..55_usize, to in "[ -~]") {
            let mut text = GOOD.to_owned();
            text.replace_range(at..=at, &to);
            if let Ok(parent) = text.parse::<TraceParent>() {
                prop_assert_eq!(&parent.to_string()[3..53], &text[3..53]);
            }
        }
    }
}
