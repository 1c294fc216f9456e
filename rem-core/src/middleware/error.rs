//! [`OptionError`]: an option of ready-made middleware that makes no sense.

use std::error::Error;
use std::fmt;
use std::time::Duration;

/// An option of ready-made middleware that makes no sense. Nothing was made.
#[derive(Debug, Clone, PartialEq)]
pub struct OptionError {
    /// Whose.
    of: &'static str,
    kind: OptionErrorKind,
}

/// What is wrong with an option.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum OptionErrorKind {
    /// A number or a time of which nothing would pass, or be kept, if it were zero.
    Zero {
        /// Which.
        option: &'static str,
        /// What to do instead.
        instead: &'static str,
    },
    /// A part of the whole that is not one: not within 0 and 1, or not a number.
    Ratio(f64),
    /// So many in so long a time cannot be reckoned with: they are faster than ten million a
    /// second, or take longer than a century.
    Rate {
        /// How many.
        events: u32,
        /// In which time.
        per: Duration,
    },
}

impl OptionError {
    pub(super) fn new(of: &'static str, kind: OptionErrorKind) -> Self {
        Self { of, kind }
    }

    /// What is wrong.
    pub fn kind(&self) -> &OptionErrorKind {
        &self.kind
    }
}

impl fmt::Display for OptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = self.of;
        match &self.kind {
            OptionErrorKind::Zero { option, instead } => {
                write!(f, "`{of}` cannot have {option} of zero; {instead}")
            }
            OptionErrorKind::Ratio(ratio) => write!(
                f,
                "`{of}` cannot let {ratio} of the events pass; write a part between 0.0, none, and 1.0, all"
            ),
            OptionErrorKind::Rate { events, per } => write!(
                f,
                "`{of}` cannot reckon with {events} events in {per:?}; write a rate of at most ten million a second that \
                 takes no longer than a century"
            ),
        }
    }
}

impl Error for OptionError {}
