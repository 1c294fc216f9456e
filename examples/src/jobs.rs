//! The flights as a graph of jobs that grows while they come: `cargo run --release --bin 20_partition`.
//!
//! A handler of flights sees that a day is over, and publishes a unit for each carrier that flew, and one for the day, which
//! waits for these. [`run`](fn@run) says what came of it; [`Sums::add`] is all that is counted.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::mem;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rem::partition::{
    EventDrivenPartitioner, PartitionerReport, TaskCreated, TaskEvent, Unit, Workers,
};
use rem::prelude::*;
use serde::{Deserialize, Serialize};

use crate::flights::{Airspace, Code, FlightEvent, Rows, carrier_of};

/// Longer than any of it takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// What flights did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    /// So many left,
    pub departed: u64,
    /// came,
    pub arrived: u64,
    /// and were called off.
    pub cancelled: u64,
    /// The delays of those that left, as far as they are known, in minutes.
    pub delay: i64,
    /// How many delays these are.
    pub delays: u64,
}

impl Sums {
    /// One more flight.
    pub fn add(&mut self, flight: &FlightEvent) {
        match flight {
            FlightEvent::Departed { delay, .. } => {
                self.departed += 1;
                self.delay += i64::from(delay.unwrap_or(0));
                self.delays += u64::from(delay.is_some());
            }
            FlightEvent::Arrived { .. } => self.arrived += 1,
            FlightEvent::Cancelled { .. } => self.cancelled += 1,
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            departed: self.departed + other.departed,
            arrived: self.arrived + other.arrived,
            cancelled: self.cancelled + other.cancelled,
            delay: self.delay + other.delay,
            delays: self.delays + other.delays,
        }
    }

    /// The mean delay of those that left, in minutes.
    #[expect(clippy::cast_precision_loss, reason = "minutes of a year are far below 2^52")]
    pub fn mean_delay(&self) -> f64 {
        self.delay as f64 / self.delays.max(1) as f64
    }
}

/// What a unit of a carrier's day is given: whose flights, from which number to which.
#[derive(Debug, Serialize, Deserialize)]
struct Slice {
    carrier: Code,
    after: u64,
    before: u64,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// What flights did, by day.
    pub days: BTreeMap<String, Sums>,
    /// What became of the units.
    pub report: PartitionerReport,
    /// How often a unit was told to wait for what had not come.
    pub held: usize,
    /// The units, in the language of Graphviz,
    pub dot: String,
    /// and in that of Mermaid.
    pub mermaid: String,
}

/// The carriers that fly on a day, seen from its first event on.
#[derive(Default)]
struct Planner {
    day: String,
    carriers: BTreeSet<Code>,
    /// The number of the last event before the day.
    after: u64,
    days: Vec<String>,
}

impl Planner {
    /// A flight, as it comes; gives the units of the day before if it is the first of another.
    fn see(&mut self, event: &Event<FlightEvent>) -> Result<Vec<TaskCreated>, Box<dyn Error>> {
        let number = event.sequence().unwrap_or(0);
        let day = event.timestamp().to_string()[..10].to_owned();
        let tasks = if day == self.day { Vec::new() } else { self.over(number)? };
        self.day = day;
        self.carriers.insert(carrier_of(event));
        Ok(tasks)
    }

    /// The day is over with the event before that number.
    fn over(&mut self, before: u64) -> Result<Vec<TaskCreated>, Box<dyn Error>> {
        let (day, carriers) = (mem::take(&mut self.day), mem::take(&mut self.carriers));
        let after = mem::replace(&mut self.after, before.saturating_sub(1));
        if day.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<_> = carriers.iter().map(|carrier| format!("{carrier} {day}")).collect();
        // First the one that waits: it is held until the others are there.
        let mut tasks = vec![Unit::new(&day).after_all(&names).call("day", &names)?];
        for (carrier, name) in carriers.into_iter().zip(names) {
            let slice = Slice { carrier, after, before };
            tasks.push(Unit::new(name).call("carrier", &slice)?);
        }
        self.days.push(day);
        Ok(tasks)
    }
}

/// What a carrier did in a part of the history.
fn carrier(bus: &Bus, slice: &Slice) -> Result<Sums, Box<dyn Error + Send + Sync>> {
    let mut sums = Sums::default();
    let flights = bus.query(format!("flight.{}", slice.carrier))?;
    for event in flights.after(slice.after).before(slice.before).iter::<FlightEvent>() {
        sums.add(&event.data);
    }
    Ok(sums)
}

/// Reads so many rows, with so many workers beside.
///
/// # Errors
/// If the file cannot be read, or something of it is no flight.
pub fn run(path: &Path, rows: usize, workers: usize) -> Result<Outcome, Box<dyn Error>> {
    let mut airspace = Airspace::on(Bus::builder().history(Ring::events(rows * 2)).build())?;
    let bus = airspace.bus().clone();
    let held = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&held);
    let _told = bus.on(move |event: &Event<TaskEvent>| {
        if let TaskEvent::Held { .. } = event.data {
            *counted.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        }
    });
    let asked = bus.clone();
    let partitioner = EventDrivenPartitioner::builder(&bus, &Workers::rayon(workers)?)
        .register("carrier", move |slice: &Slice, _| carrier(&asked, slice))
        .register("day", |names: &Vec<String>, attempt| {
            names.iter().try_fold(Sums::default(), |sums, name| {
                Ok(sums.and(*attempt.output_of::<Sums>(name)?))
            })
        })
        .register("summary", |days: &Vec<String>, attempt| {
            let of = |day: &String| Ok((day.clone(), *attempt.output_of::<Sums>(day)?));
            days.iter().map(of).collect::<Result<BTreeMap<_, _>, _>>()
        })
        .attach()?;

    let planner = Arc::new(Mutex::new(Planner::default()));
    let (seen, weak) = (Arc::clone(&planner), bus.downgrade());
    let _planned = bus.subscribe("flight.**", move |event: &Event<FlightEvent>| {
        let tasks = seen.lock().unwrap_or_else(PoisonError::into_inner).see(event);
        for task in tasks.map_err(|error| error.to_string())? {
            let Some(bus) = weak.upgrade() else { continue };
            bus.publish(task).map_err(|error| error.to_string())?;
        }
        Ok::<(), String>(())
    })?;
    let mut file = Rows::open(path)?;
    for _ in 0..rows {
        let Some(row) = file.next()? else { break };
        airspace.publish(row?);
    }
    let (tasks, days) = {
        let mut planner = planner.lock().unwrap_or_else(PoisonError::into_inner);
        (planner.over(u64::MAX)?, mem::take(&mut planner.days))
    };
    for task in tasks {
        bus.publish(task)?;
    }
    bus.publish(Unit::new("summary").after_all(&days).call("summary", &days)?)?;
    // Somebody cannot spell: one waits for what never comes, the other calls what is not there.
    bus.publish(Unit::new("mail").after("sumary").call("summary", &["sumary"])?)?;
    bus.publish(Unit::new("archive").after("summary").call("achive", &())?)?;

    let report = partitioner.close(PATIENCE);
    let (dot, mermaid) = (partitioner.dot(), partitioner.mermaid());
    let days = partitioner.output_of::<BTreeMap<String, Sums>>("summary")?;
    let held = *held.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(Outcome { days: (*days).clone(), report, held, dot, mermaid })
}
