//! [`run`]: every line of a file through the bus, and an account of each.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

use rem::middleware;
use rem::prelude::*;

use super::{Catalogue, Envelope, GithubEvent, Subscribers, decode};
use crate::Lines;

/// The longest line that is read, in bytes. What is documented is far shorter.
const MAX_LINE: usize = 1 << 20;

/// How many lines that did not get through are told one by one, and how many unknown types by name.
const TOLD: usize = 100;

/// What became of the lines: each was published, of an unknown type, or rejected.
#[derive(Debug)]
pub struct Run {
    /// Lines read, empty ones left out.
    pub lines: u64,
    /// Lines that were published.
    pub published: u64,
    /// Lines of a type that [`GithubEvent`] does not have, by type; the hundred first met.
    pub unknown: BTreeMap<String, u64>,
    /// Lines of other unknown types.
    pub other_unknown: u64,
    /// Lines of which no event could be made or published.
    pub rejected: u64,
    /// The first hundred of them.
    pub notes: Vec<Note>,
    /// Who listened.
    pub subscribers: Subscribers,
    /// The last three events about issues, as the history tells them.
    pub last_issues: Vec<Arc<Event<GithubEvent>>>,
}

/// A line that did not get through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Its number, from 1.
    pub line: u64,
    /// Why.
    pub reason: String,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} rejected: {}", self.line, self.reason)
    }
}

/// Runs a file of `CloudEvents`, a JSON object a line, through the bus.
///
/// # Errors
/// A file that cannot be read.
pub fn run(path: &Path) -> Result<Run, Box<dyn Error>> {
    let cannot = |error| format!("cannot read {}: {error}", path.display());
    let file = File::open(path).map_err(cannot)?;
    let bus = Bus::builder().history(Ring::events(1_000)).build();
    bus.middleware("github.**", middleware::transform("type agrees", type_agrees))?;
    let catalogue = Catalogue::new()?;
    let mut run = Run {
        lines: 0,
        published: 0,
        unknown: BTreeMap::new(),
        other_unknown: 0,
        rejected: 0,
        notes: Vec::new(),
        subscribers: Subscribers::open(&bus)?,
        last_issues: Vec::new(),
    };
    let mut lines = Lines::new(BufReader::new(file), MAX_LINE);
    while let Some(line) = lines.next().map_err(cannot)? {
        run.lines += 1;
        let fate = match line.bytes {
            Some(bytes) => publish(&bus, &catalogue, bytes),
            None => Fate::Rejected(format!("it is longer than {MAX_LINE} bytes")),
        };
        run.count(line.number, fate);
    }
    run.last_issues = bus.query("github.issues")?.last(3).of();
    Ok(run)
}

enum Fate {
    Published,
    Unknown(String),
    Rejected(String),
}

impl Run {
    fn count(&mut self, line: u64, fate: Fate) {
        match fate {
            Fate::Published => self.published += 1,
            Fate::Unknown(kind)
                if self.unknown.len() < TOLD || self.unknown.contains_key(&kind) =>
            {
                *self.unknown.entry(kind).or_default() += 1;
            }
            Fate::Unknown(_) => self.other_unknown += 1,
            Fate::Rejected(reason) => {
                self.rejected += 1;
                if self.notes.len() < TOLD {
                    self.notes.push(Note { line, reason });
                }
            }
        }
    }

    /// Lines of unknown types.
    pub fn unknown_lines(&self) -> u64 {
        self.unknown.values().sum::<u64>() + self.other_unknown
    }

    /// `true` if every line that was read is accounted for.
    pub fn is_complete(&self) -> bool {
        self.lines == self.published + self.unknown_lines() + self.rejected
    }
}

fn publish(bus: &Bus, catalogue: &Catalogue, line: &[u8]) -> Fate {
    let envelope = match Envelope::read(line) {
        Ok(envelope) => envelope,
        Err(error) => return Fate::Rejected(error.to_string()),
    };
    let kind = &*envelope.kind;
    if !catalogue.knows(kind) {
        return Fate::Unknown(kind.to_owned());
    }
    let data = match decode(kind, envelope.data) {
        Some(Ok(data)) => data,
        Some(Err(error)) => return Fate::Rejected(format!("the data of `{kind}`: {error}")),
        None => return Fate::Unknown(kind.to_owned()),
    };
    let time = match envelope.timestamp() {
        Ok(time) => time,
        Err(error) => return Fate::Rejected(error.to_string()),
    };
    let published = bus
        .event(data)
        .timestamp(time)
        .source(envelope.source.into_owned())
        .metadata(ID, &*envelope.id)
        .metadata(TYPE, kind)
        .publish();
    match published {
        Ok(receipt) if receipt.failed() > 0 => {
            Fate::Rejected(format!("a handler failed: {receipt}"))
        }
        Ok(_) => Fate::Published,
        Err(error) => Fate::Rejected(error.to_string()),
    }
}

/// The `CloudEvent`'s attributes that the bus has no place for.
const ID: &str = "ce.id";
const TYPE: &str = "ce.type";

/// The topic is made from the data; the envelope's type must say the same.
fn type_agrees(draft: &mut Draft) -> Result<(), String> {
    match draft.metadata().get(TYPE).and_then(|kind| kind.as_str()) {
        Some(kind) if kind != draft.topic().as_str() => {
            Err(format!("the type says `{kind}` and the data `{}`", draft.topic()))
        }
        _ => Ok(()),
    }
}
