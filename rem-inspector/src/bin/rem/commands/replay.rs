//! `rem replay`: the past once more, at a speed, to the terminal, into a journal or into a mesh.

use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use clap::ArgMatches;
use rem_core::wire::RawEvent;
use rem_core::{Bus, Event, Timestamp};

use super::answer;
use super::import::sent_of;
use crate::Ended;
use crate::failure::Failure;
use crate::output::{self, Out, are};
use crate::shown::value_of;
use crate::source::Source;
use crate::target::Target;
use crate::wanted::Wanted;

pub(crate) fn run(matches: &ArgMatches) -> Ended {
    let wanted = Wanted::read(matches)?;
    let source = Source::open(matches)?;
    let speed = matches.get_one::<f64>("speed").copied();
    let mut into = if matches.contains_id("into") { Some(Target::open(matches)?) } else { None };
    // How many there are is known of a journal alone, without holding them.
    let of = match (&source, wanted.first, wanted.last) {
        (Source::Journal(local), None, None) => local.query(&wanted)?.count() as u64,
        (_, first, last) => first.or(last).unwrap_or(0),
    };
    let bar = output::bar(matches.get_flag("quiet") || into.is_none(), of);
    let mut out = Out::new(matches.get_flag("json"));
    let mut pace = speed.map(Pace::new);
    let mut count = 0_u64;
    for event in source.events(&wanted)? {
        let event = event?;
        if let Some(pace) = &mut pace {
            pace.wait(event.timestamp());
        }
        if let Some(target) = &mut into {
            target.room()?;
            again(target.bus(), &event)?;
        } else {
            out.event(&value_of(&event))?;
            out.flush()?;
        }
        count += 1;
        bar.set_position(count);
    }
    bar.finish_and_clear();
    let Some(target) = into else {
        out.flush()?;
        return Ok(answer(count > 0));
    };
    let sent = target.finish()?;
    if out.is_json {
        let mut said = serde_json::json!({ "replayed": count });
        if let Some(sent) = sent {
            said["sent"] = sent.into();
        }
        out.json(&said)?;
    } else {
        out.text(&match sent {
            None => are(count, "replayed"),
            Some(sent) => sent_of(sent, count),
        })?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// Publishes an event as it was, under a number of the other bus.
pub(super) fn again(bus: &Bus, event: &Event) -> Result<(), Failure> {
    let Some(raw) = event.data.downcast_ref::<RawEvent>() else { return Ok(()) };
    let mut draft = bus.event(raw.clone()).id(event.id()).timestamp(event.timestamp());
    if let Some(source) = event.source() {
        draft = draft.source(source.to_owned());
    }
    for (name, value) in event.metadata().iter() {
        draft = draft.metadata(name, value.clone());
    }
    if let Some(cause) = event.causation() {
        draft = draft.causation(cause);
    }
    let published = draft.correlation(event.correlation()).publish_to(event.topic().as_str());
    published.map(drop).map_err(|error| Failure::refused(error.to_string()))
}

/// Lets events go in the time that they had, so many times as fast.
struct Pace {
    speed: f64,
    begun: Option<(Instant, Timestamp)>,
}

impl Pace {
    fn new(speed: f64) -> Self {
        Self { speed, begun: None }
    }

    fn wait(&mut self, time: Timestamp) {
        let (begun, first) = *self.begun.get_or_insert_with(|| (Instant::now(), time));
        let due = Duration::try_from_secs_f64(time.since(first).as_secs_f64() / self.speed);
        thread::sleep(due.unwrap_or(Duration::MAX).saturating_sub(begun.elapsed()));
    }
}
