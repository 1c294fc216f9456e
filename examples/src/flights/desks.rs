//! [`Desks`]: who listens on the root bus, and what each has counted.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rem::prelude::*;
use rem::{SubscribeError, SystemEvent};

use super::{Code, FlightEvent, hour_in_new_york, scheduled};

/// The airports that have a desk of their own.
pub const NEW_YORK: [&str; 3] = ["ewr", "jfk", "lga"];

/// What one carrier's flights did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CarrierTotals {
    /// Flights that left.
    pub departed: u64,
    /// Flights that came to their gates.
    pub arrived: u64,
    /// Flights that were called off.
    pub cancelled: u64,
    /// Delays at departure, in minutes.
    pub departure: Mean,
    /// Delays at arrival, in minutes.
    pub arrival: Mean,
}

impl CarrierTotals {
    /// Takes one more event in.
    pub fn add(&mut self, event: &FlightEvent) {
        match *event {
            FlightEvent::Departed { delay, .. } => {
                self.departed += 1;
                self.departure.add(delay);
            }
            FlightEvent::Arrived { delay, .. } => {
                self.arrived += 1;
                self.arrival.add(delay);
            }
            FlightEvent::Cancelled { .. } => self.cancelled += 1,
        }
    }
}

/// A sum and how many made it up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mean {
    /// The sum.
    pub sum: i64,
    /// How many values it is the sum of.
    pub count: u64,
}

impl Mean {
    /// Takes one more value in, if there is one.
    pub fn add(&mut self, value: Option<i32>) {
        if let Some(value) = value {
            self.sum += i64::from(value);
            self.count += 1;
        }
    }

    /// Takes another mean's values in.
    pub fn join(&mut self, other: Self) {
        self.sum += other.sum;
        self.count += other.count;
    }

    /// The mean; `None` of nothing.
    #[expect(clippy::cast_precision_loss, reason = "minutes and flights are far below 2^52")]
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }
}

/// What one airport's desk saw.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Movements {
    /// Flights that left from it.
    pub departed: u64,
    /// Flights that came to it.
    pub arrived: u64,
    /// Flights that were to leave from it.
    pub cancelled: u64,
}

/// Delays at departure of each carrier, by the hour in New York at which the flight was to leave.
pub type Delays = BTreeMap<Code, [Mean; 24]>;

/// The subscribers on the root bus. Each keeps its own count; dropping the desks ends them all.
pub struct Desks {
    carriers: Shared<BTreeMap<Code, CarrierTotals>>,
    delays: Shared<Delays>,
    airports: Vec<(&'static str, Shared<Movements>)>,
    cancelled_by_day: Shared<BTreeMap<u64, u64>>,
    failures: Shared<Vec<String>>,
    subscriptions: Vec<Subscription>,
}

/// A handler runs in the thread that publishes, so these locks are free when it takes them.
type Shared<T> = Arc<Mutex<T>>;

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Desks {
    /// Opens every desk on the root bus.
    ///
    /// # Errors
    /// A bus that is closed.
    pub fn open(bus: &Bus) -> Result<Self, SubscribeError> {
        let mut desks = Self {
            carriers: Shared::default(),
            delays: Shared::default(),
            airports: NEW_YORK.map(|airport| (airport, Shared::default())).into(),
            cancelled_by_day: Shared::default(),
            failures: Shared::default(),
            subscriptions: Vec::new(),
        };
        let mut subscriptions = vec![
            desks.count_carriers(bus),
            desks.average_delays(bus),
            desks.count_cancelled_days(bus),
            desks.hear_failures(bus)?,
        ];
        for (airport, movements) in &desks.airports {
            subscriptions.push(open_airport(bus, airport, movements)?);
        }
        desks.subscriptions = subscriptions;
        Ok(desks)
    }

    /// By type: every flight event, of whatever carrier.
    fn count_carriers(&self, bus: &Bus) -> Subscription {
        let carriers = Arc::clone(&self.carriers);
        bus.on(move |event: &Event<FlightEvent>| {
            lock(&carriers).entry(carrier_of(event)).or_default().add(&event.data);
        })
    }

    /// By type and pattern, checked by the compiler: departures alone.
    fn average_delays(&self, bus: &Bus) -> Subscription {
        let delays = Arc::clone(&self.delays);
        bus.on_pattern(pattern!(FlightEvent, "*.departed"), move |event: &Event<FlightEvent>| {
            let Some(delay) = event.data.delay() else { return };
            let hour = hour_in_new_york(scheduled(event.timestamp(), delay));
            lock(&delays).entry(carrier_of(event)).or_default()[hour].add(Some(delay));
        })
    }

    /// The same: cancellations, by the day (UTC, counted from 1970) on which the flight was to leave.
    fn count_cancelled_days(&self, bus: &Bus) -> Subscription {
        let days = Arc::clone(&self.cancelled_by_day);
        bus.on_pattern(pattern!(FlightEvent, "*.cancelled"), move |event: &Event<FlightEvent>| {
            let day = event.timestamp().as_nanos() / NANOS_A_DAY;
            *lock(&days).entry(day).or_default() += 1;
        })
    }

    /// What the bus itself has to tell: a handler that failed, an event of the wrong type.
    fn hear_failures(&self, bus: &Bus) -> Result<Subscription, SubscribeError> {
        const KEPT: usize = 20;
        let failures = Arc::clone(&self.failures);
        bus.subscribe("$rem.**", move |event: &Event<SystemEvent>| {
            let mut failures = lock(&failures);
            if failures.len() < KEPT {
                failures.push(event.data.to_string());
            }
        })
    }

    /// Each carrier's totals, by its code in lower case.
    pub fn carriers(&self) -> BTreeMap<Code, CarrierTotals> {
        lock(&self.carriers).clone()
    }

    /// What the delay desk has.
    pub fn delays(&self) -> Delays {
        lock(&self.delays).clone()
    }

    /// What each airport's desk has, in the order of [`NEW_YORK`].
    pub fn airports(&self) -> Vec<(&'static str, Movements)> {
        self.airports.iter().map(|(airport, movements)| (*airport, *lock(movements))).collect()
    }

    /// The day, as `2013-02-08`, on which most flights were cancelled, and how many.
    pub fn worst_day(&self) -> Option<(String, u64)> {
        let days = lock(&self.cancelled_by_day);
        let (day, count) = days.iter().max_by_key(|(_, count)| **count)?;
        let midnight = rem::Timestamp::from_nanos(day * NANOS_A_DAY).to_string();
        Some((midnight.chars().take_while(|&char| char != 'T').collect(), *count))
    }

    /// The first twenty things that went wrong in handlers. There should be none.
    pub fn failures(&self) -> Vec<String> {
        lock(&self.failures).clone()
    }
}

const NANOS_A_DAY: u64 = 24 * 60 * 60 * 1_000_000_000;

/// By glob, any type: whatever happens at one airport. What happened is the last segment.
fn open_airport(
    bus: &Bus,
    airport: &str,
    movements: &Shared<Movements>,
) -> Result<Subscription, SubscribeError> {
    let movements = Arc::clone(movements);
    bus.subscribe(format!("flight.*.{airport}.**"), move |event: &Event| {
        let mut movements = lock(&movements);
        match event.topic().segments().next_back() {
            Some("departed") => movements.departed += 1,
            Some("arrived") => movements.arrived += 1,
            Some("cancelled") => movements.cancelled += 1,
            other => return Err(format!("no desk knows what `{other:?}` is")),
        }
        Ok(())
    })
}

/// The carrier is what its bus's prefix says: the second segment of the topic.
pub fn carrier_of<T: ?Sized>(event: &Event<T>) -> Code {
    let carrier = event.topic().segments().nth(1).unwrap_or("??");
    // A bus's prefix is made of a code; the other never comes about.
    Code::new(carrier.as_bytes())
        .unwrap_or_else(|_| unreachable!("`{carrier}` is a carrier's code"))
}

impl fmt::Debug for Desks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.subscriptions).finish()
    }
}
