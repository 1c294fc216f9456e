//! [`Airspace`]: the root bus, and below it a bus for each carrier.

use std::collections::BTreeMap;
use std::fmt;

use rem::middleware;
use rem::prelude::*;
use rem::{PublishErrorKind, SubscribeError};

use super::{Code, FlightEvent, Row, check};

/// The bus, and the buses of the carriers that have been met.
///
/// A carrier's bus has the prefix `flight.<carrier>`; it sees and says nothing beyond.
pub struct Airspace {
    bus: Bus,
    carriers: BTreeMap<Code, Carrier>,
}

/// A carrier's bus, and the handle by which it publishes there.
struct Carrier {
    bus: Bus,
    publisher: Publisher<FlightEvent>,
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It was published; the receipt says to whom.
    Published(Receipt),
    /// Middleware stopped it.
    Dropped {
        /// The middleware's name.
        by: Box<str>,
        /// What it said.
        reason: Box<str>,
    },
    /// It could not be published.
    Rejected(Box<str>),
}

impl Airspace {
    /// An airspace that remembers the newest events.
    ///
    /// # Errors
    /// None that these patterns give.
    pub fn new(history: usize) -> Result<Self, SubscribeError> {
        Self::on(Bus::builder().history(Ring::events(history)).build())
    }

    /// An airspace on a root bus of its own, with the history that it has.
    ///
    /// # Errors
    /// A bus that is closed.
    pub fn on(bus: Bus) -> Result<Self, SubscribeError> {
        bus.middleware("flight.**", middleware::transform("well-formed", check))?;
        Ok(Self { bus, carriers: BTreeMap::new() })
    }

    /// The root bus: it sees every carrier's events.
    pub fn bus(&self) -> &Bus {
        &self.bus
    }

    /// The carriers met so far, each with its bus.
    pub fn carriers(&self) -> impl Iterator<Item = (Code, &Bus)> {
        self.carriers.iter().map(|(code, carrier)| (*code, &carrier.bus))
    }

    /// Publishes a row on its carrier's bus, as having happened when the row says.
    pub fn publish(&mut self, row: Row) -> Fate {
        let Row { carrier, time, event } = row;
        let published = match self.carrier(carrier) {
            Ok(carrier) => carrier.publisher.event(event).timestamp(time).publish(),
            Err(error) => return Fate::Rejected(error.to_string().into()),
        };
        match published {
            Ok(receipt) => Fate::Published(receipt),
            Err(error) => match error.kind() {
                PublishErrorKind::Middleware { name, reason, .. } => {
                    Fate::Dropped { by: name.clone(), reason: reason.clone() }
                }
                _ => Fate::Rejected(error.to_string().into()),
            },
        }
    }

    /// The carrier, its bus opened when it is first met.
    fn carrier(&mut self, carrier: Code) -> Result<&Carrier, rem::ChildError> {
        use std::collections::btree_map::Entry;
        match self.carriers.entry(carrier) {
            Entry::Occupied(open) => Ok(open.into_mut()),
            Entry::Vacant(new) => {
                let bus = self.bus.child(format!("flight.{carrier}"))?;
                let publisher = bus.publisher();
                Ok(new.insert(Carrier { bus, publisher }))
            }
        }
    }
}

impl fmt::Debug for Airspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Airspace")
            .field("bus", &self.bus)
            .field("carriers", &self.carriers.keys())
            .finish()
    }
}
