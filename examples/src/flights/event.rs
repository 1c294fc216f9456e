//! [`FlightEvent`]: what a carrier publishes on its bus.

use rem::prelude::*;
use serde::{Deserialize, Serialize};

use super::Code;

/// Something that happened to a flight, at an airport.
///
/// The type has no namespace: a carrier publishes it on its own bus, whose prefix makes the topic
/// whole. On the bus `flight.ua` the first variant's is `flight.ua.ewr.departed`.
#[derive(EventType, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FlightEvent {
    /// It left.
    #[event(topic = "{airport}.departed")]
    Departed {
        /// Where it left from, in lower case.
        airport: Code,
        /// Where it was going.
        to: Code,
        /// The flight's number.
        flight: u16,
        /// The aircraft, if known.
        tail: Option<Code>,
        /// Minutes after schedule, less than zero before it; `None` if unknown.
        delay: Option<i32>,
    },
    /// It came to its gate.
    #[event(topic = "{airport}.arrived")]
    Arrived {
        /// Where it arrived, in lower case.
        airport: Code,
        /// Where it came from.
        from: Code,
        /// The flight's number.
        flight: u16,
        /// The aircraft, if known.
        tail: Option<Code>,
        /// Minutes after schedule, less than zero before it; `None` if unknown.
        delay: Option<i32>,
    },
    /// It was called off; the event's time is that at which it was to leave.
    #[event(topic = "{airport}.cancelled")]
    Cancelled {
        /// Where it was to leave from, in lower case.
        airport: Code,
        /// Where it was to go.
        to: Code,
        /// The flight's number.
        flight: u16,
        /// The aircraft, if one was assigned.
        tail: Option<Code>,
    },
}

impl FlightEvent {
    /// The airport at which it happened, the one at the other end, and the flight's number.
    pub fn flight(&self) -> (Code, Code, u16) {
        match *self {
            Self::Departed { airport, to, flight, .. }
            | Self::Cancelled { airport, to, flight, .. } => (airport, to, flight),
            Self::Arrived { airport, from, flight, .. } => (airport, from, flight),
        }
    }

    /// Minutes after schedule, if known.
    pub fn delay(&self) -> Option<i32> {
        match *self {
            Self::Departed { delay, .. } | Self::Arrived { delay, .. } => delay,
            Self::Cancelled { .. } => None,
        }
    }
}
