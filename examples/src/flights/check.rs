//! The middleware: a row that can be read but cannot be true goes no further.

use std::fmt;
use std::ops::RangeInclusive;

use rem::Draft;

use super::{Code, FlightEvent};

/// Minutes after schedule that a flight can be: from half a day early to five days late.
const DELAYS: RangeInclusive<i32> = -12 * 60..=5 * 24 * 60;

/// What is wrong with a flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Defect {
    /// An airport's code is not of three letters.
    Airport(Code),
    /// It begins and ends at the same airport.
    Nowhere(Code),
    /// No flight has the number 0.
    Unnumbered,
    /// No flight is so early or so late, in minutes.
    Delay(i32),
}

/// Looks at the flight that a draft carries. Bound as middleware by
/// `middleware::transform("well-formed", check)`: an error stops the event and goes to its publisher.
///
/// # Errors
/// The first defect, if there is one.
pub fn check(draft: &mut Draft) -> Result<(), Defect> {
    match draft.downcast_ref::<FlightEvent>() {
        Some(event) => defect(&event.data).map_or(Ok(()), Err),
        None => Ok(()), // not a flight: none of ours
    }
}

/// What is wrong with a flight, if anything is.
pub fn defect(event: &FlightEvent) -> Option<Defect> {
    let (here, there, number) = event.flight();
    let is_airport = |code: &Code| {
        code.as_str().len() == 3 && code.as_str().bytes().all(|byte| byte.is_ascii_lowercase())
    };
    if let Some(code) = [here, there].into_iter().find(|code| !is_airport(code)) {
        return Some(Defect::Airport(code));
    }
    if here == there {
        return Some(Defect::Nowhere(here));
    }
    if number == 0 {
        return Some(Defect::Unnumbered);
    }
    event.delay().filter(|delay| !DELAYS.contains(delay)).map(Defect::Delay)
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Airport(code) => write!(f, "`{code}` is no airport: its code has three letters"),
            Self::Nowhere(code) => write!(f, "a flight from {} to itself", code.upper()),
            Self::Unnumbered => f.write_str("no flight has the number 0"),
            Self::Delay(minutes) => {
                write!(
                    f,
                    "a delay of {minutes} minutes is not between {} and {}",
                    DELAYS.start(),
                    DELAYS.end()
                )
            }
        }
    }
}

impl std::error::Error for Defect {}
