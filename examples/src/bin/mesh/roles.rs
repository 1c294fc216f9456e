//! What each of the three processes does: [`tower`], [`desk`] and [`board`].

use std::collections::HashSet;
use std::io::Read;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::ArgMatches;
use rem::EventId;
use rem::journal::Journal;
use rem::mesh::{Consumer, Import, Level, Mesh, MeshBuilder};
use rem::nats::NatsTransport;
use rem::prelude::*;
use rem_examples::flights::{Airspace, Fate, FlightEvent, Rows, YEAR};
use serde::{Deserialize, Serialize};

use crate::Ended;
use crate::said::{Said, Totals};

const LIMIT: Duration = Duration::from_secs(60);

/// What the desk publishes.
#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "notice")]
enum Notice {
    /// It may be given twice, when the desk is killed behind it: so it says of which event it is.
    #[event(topic = "{airport}.called_off")]
    CalledOff { airport: String, of: EventId },
}

/// Where a process is told to be.
struct Place<'a> {
    url: &'a str,
    mesh: &'a str,
    folder: &'a Path,
    rows: usize,
}

impl Place<'_> {
    fn join(&self, bus: &Bus, node: &str) -> Ended<MeshBuilder> {
        let transport = NatsTransport::builder(self.url).name(node).jetstream().build()?;
        let builder = Mesh::builder(bus).transport(transport).name(self.mesh).node(node);
        // On somebody's server it is gone an hour after the last flight.
        Ok(builder.stream(|spec| spec.age(Duration::from_secs(3_600))))
    }

    /// A bus whose journal is a file of that name.
    fn bus(&self, name: &'static str) -> Ended<Bus> {
        let journal = Journal::open(self.folder.join(format!("{name}.rem")))?;
        Ok(Bus::builder().source(name).history(journal).build())
    }
}

pub(crate) fn play(role: &str, told: &ArgMatches) -> Ended<ExitCode> {
    let text = |name| told.get_one::<String>(name).map(String::as_str);
    let place = Place {
        url: text("nats").ok_or("say which server")?,
        mesh: text("mesh").ok_or("say which mesh")?,
        folder: told.get_one::<PathBuf>("folder").ok_or("say which folder")?,
        rows: told.get_one::<NonZeroUsize>("rows").copied().map_or(1, NonZeroUsize::get),
    };
    let totals = match role {
        "tower" => tower(&place)?,
        "desk" => desk(&place)?,
        "board" => board(&place)?,
        other => return Err(format!("`{other}` is no role").into()),
    };
    Said::Ended(totals).say()?;
    Ok(ExitCode::SUCCESS)
}

/// Publishes the flights. Each is in the tower's journal before it leaves, and leaves until the server has acknowledged it.
fn tower(place: &Place<'_>) -> Ended<Totals> {
    let bus = place.bus("tower")?;
    let mut airspace = Airspace::on(bus.clone())?;
    let mesh = place.join(&bus, "tower")?.export_at(Level::Durable, "flight").join_blocking()?;
    let (mut totals, mut rows) = (Totals::default(), Rows::open(YEAR)?);
    for _ in 0..place.rows {
        let Some(row) = rows.next()? else { break };
        let row = row?;
        let event = row.event.clone();
        if let Fate::Rejected(why) = airspace.publish(row) {
            return Err(String::from(why).into());
        }
        totals.add(&event);
        Said::now_and_then(Said::Flights, totals.flights())?;
    }
    Said::Flights(totals.flights()).say()?;
    left(&mesh)?;
    Ok(totals)
}

/// Keeps the flights in a journal of its own, and gives notice of those that are called off. It is this one that is killed: what it was
/// given and has not kept comes again, and what it has kept and given no notice of it goes on with.
fn desk(place: &Place<'_>) -> Ended<Totals> {
    let bus = place.bus("desk")?;
    let count = Arc::new(AtomicU64::new(bus.query("flight")?.count() as u64));
    let counted = Arc::clone(&count);
    let _counts = bus.on(move |_: &Event<FlightEvent>| {
        Said::now_and_then(Said::Flights, counted.fetch_add(1, Ordering::Relaxed) + 1)
    });
    let mesh = place
        .join(&bus, "desk")?
        .import_rule(rule("desk", "flight").as_type::<FlightEvent>())
        .export_at(Level::Durable, "notice")
        .join_blocking()?;
    let called_off = bus.subscription("flight.*.*.cancelled").durable("notices");
    let weak = bus.downgrade();
    let notices = called_off.task(move |flight: Received<FlightEvent>| {
        let weak = weak.clone();
        async move {
            let (airport, ..) = flight.data.flight();
            if let Some(bus) = weak.upgrade() {
                bus.publish(Notice::CalledOff { airport: airport.to_string(), of: flight.id() })
                    .map_err(|error| error.to_string())?;
            }
            Ok::<(), String>(())
        }
    })?;
    until_told()?;
    bus.settle(LIMIT)?;
    left(&mesh)?;
    drop(notices);
    // What is in the journal, from both lives.
    let mut totals = Totals::default();
    bus.query("flight")?.of::<FlightEvent>().iter().for_each(|flight| totals.add(&flight.data));
    let of = bus.query("notice")?.of::<Notice>();
    let of = of.iter().map(|notice| match &notice.data {
        Notice::CalledOff { of, .. } => *of,
    });
    let (all, unique) = of.fold((0, HashSet::new()), |(all, mut unique), of| {
        unique.insert(of);
        (all + 1, unique)
    });
    totals.notices = unique.len() as u64;
    totals.again = all - totals.notices;
    Ok(totals)
}

/// Counts what comes from both, and keeps nothing.
fn board(place: &Place<'_>) -> Ended<Totals> {
    let bus = Bus::new();
    let counts = Arc::new(Mutex::new((Totals::default(), HashSet::new())));
    let kept = Arc::clone(&counts);
    let _flights = bus.on(move |flight: &Event<FlightEvent>| {
        let (totals, _) = &mut *kept.lock().unwrap_or_else(PoisonError::into_inner);
        totals.add(&flight.data);
        Said::now_and_then(Said::Flights, totals.flights())
    });
    let kept = Arc::clone(&counts);
    let _notices = bus.on(move |notice: &Event<Notice>| {
        let (totals, known) = &mut *kept.lock().unwrap_or_else(PoisonError::into_inner);
        let Notice::CalledOff { of, .. } = &notice.data;
        let new = u64::from(known.insert(*of));
        totals.notices += new;
        totals.again += 1 - new;
        Said::Notices(totals.notices).say()
    });
    let mesh = place
        .join(&bus, "board")?
        .import_rule(rule("board-flights", "flight").as_type::<FlightEvent>())
        .import_rule(rule("board-notices", "notice").as_type::<Notice>())
        .join_blocking()?;
    until_told()?;
    left(&mesh)?;
    let (totals, _) = &*counts.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(totals.clone())
}

/// By that name; what was on its way to one that was killed comes again in a second.
fn rule(name: &str, pattern: &str) -> Import {
    Import::of(pattern).durable(Consumer::new(name).time_to_answer(Duration::from_secs(1)))
}

/// Until its input ends, to which nothing is written.
fn until_told() -> std::io::Result<()> {
    std::io::stdin().read(&mut [0]).map(drop)
}

fn left(mesh: &Mesh) -> Ended<()> {
    let report = mesh.leave(LIMIT);
    if report.is_complete() { Ok(()) } else { Err(format!("{report}: {}", mesh.stats()).into()) }
}
