//! What a process that is killed and the one that kills it have in common: the plan of a life, what is published in it, and
//! what is told of it line by line. Its durable subscriptions are in `crash/durable.rs`.

pub mod durable;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use rem::EventId;
use rem::journal::{Durability, Journal, JournalBuilder, Keep, Retention};
use rem::prelude::*;
use serde::{Deserialize, Serialize, Serializer};

/// What one life of the process does: the same seed has the same plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan {
    /// The journal's file.
    pub path: PathBuf,
    /// Which life it is of those that the journal has had, from 0.
    pub life: u64,
    /// What all that is drawn is drawn from.
    pub seed: u64,
    /// How its journal is opened.
    pub pace: Pace,
    /// How many threads publish, beside the one that reads.
    pub publishers: u64,
    /// How many events may not be on the disk yet. Few make refusals.
    pub backlog: usize,
    /// Whether the journal lets go of what is old.
    pub retains: bool,
}

/// [`Durability`] by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// [`Durability::EveryEvent`].
    EveryEvent,
    /// [`Durability::Every`] two milliseconds.
    Every,
    /// [`Durability::OnClose`].
    OnClose,
}

impl Pace {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::EveryEvent, Self::Every, Self::OnClose];

    /// What it is the name of.
    pub fn durability(self) -> Durability {
        match self {
            Self::EveryEvent => Durability::EveryEvent,
            Self::Every => Durability::Every(Duration::from_millis(2)),
            Self::OnClose => Durability::OnClose,
        }
    }
}

impl Plan {
    /// How many events are kept at the least once any was let go, where the journal retains.
    pub const KEPT: u64 = 150;
    /// The rule beside that for all.
    pub const VIEWED: &str = "order.viewed.**";

    /// The journal of this life.
    ///
    /// # Errors
    /// None: the pattern of the rule is one.
    pub fn journal(&self) -> Result<JournalBuilder, rem::PatternError> {
        let mut retention = Retention::new();
        if self.retains {
            retention =
                retention.all(Keep::events(Self::KEPT)).of(Self::VIEWED, Keep::events(20))?;
        }
        // Nobody is to wait where many are to be refused.
        let patience = Duration::from_secs(if self.backlog < 16 { 0 } else { 30 });
        let journal = Journal::builder().durability(self.pace.durability()).retention(retention);
        Ok(journal.backlog(self.backlog, 1 << 20).patience(patience))
    }

    /// The name of an event of this life.
    pub fn name(&self, publisher: u64, number: u64) -> Name {
        Name { life: self.life, publisher, number }
    }
}

/// Any number, the same for the same.
pub fn draw(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// By what an event is known whatever number it has: whose it is, and which of theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Name {
    /// In which life it was published.
    pub life: u64,
    /// By which thread.
    pub publisher: u64,
    /// As which of its own, from 0.
    pub number: u64,
}

/// What is published. All that it has follows from its name.
#[derive(EventType, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[event(namespace = "order")]
pub enum Order {
    /// Most of them.
    Paid {
        /// Its name.
        name: Name,
        /// Nothing to up to some hundred bytes.
        text: String,
    },
    /// Those of which few are kept.
    #[event(topic = "viewed.{shop}")]
    Viewed {
        /// By whom.
        shop: u64,
        /// Its name.
        name: Name,
        /// As above.
        text: String,
    },
    /// Refused, for it cannot be written.
    Broken {
        /// Its name.
        #[serde(serialize_with = "cannot")]
        name: Name,
    },
    /// Refused by middleware.
    Unwanted {
        /// Its name.
        name: Name,
    },
}

fn cannot<S: Serializer>(_: &Name, _: S) -> Result<S::Ok, S::Error> {
    Err(serde::ser::Error::custom("it cannot be written"))
}

impl Order {
    /// The event of that name.
    pub fn of(name: Name) -> Self {
        let drawn = draw(name);
        let length = usize::try_from(drawn % 300).unwrap_or_default();
        let text = format!("{drawn:x}-").repeat(length / 17 + 1);
        match drawn >> 32 & 63 {
            0 => Self::Broken { name },
            1 => Self::Unwanted { name },
            2..20 => Self::Viewed { shop: name.publisher, name, text },
            _ => Self::Paid { name, text },
        }
    }

    /// Its name.
    pub fn name(&self) -> Name {
        let (Self::Paid { name, .. }
        | Self::Viewed { name, .. }
        | Self::Broken { name }
        | Self::Unwanted { name }) = self;
        *name
    }

    /// Whether it is always refused.
    pub fn is_refused(&self) -> bool {
        matches!(self, Self::Broken { .. } | Self::Unwanted { .. })
    }

    /// Whether [`Plan::VIEWED`] selects it.
    pub fn is_viewed(&self) -> bool {
        matches!(self, Self::Viewed { .. })
    }
}

/// Never leaves its process: it has a number, and the disk has nothing of it.
#[derive(EventType, Debug, Clone, PartialEq, Eq)]
#[event(name = "seen", local)]
pub struct Seen;

/// The source of an event of that name.
pub fn source_of(name: Name) -> String {
    format!("life-{}-publisher-{}", name.life, name.publisher)
}

/// The name under which positions are kept, and that of snapshots.
pub const READER: &str = "reader";

/// The bytes of a snapshot at that number.
pub fn snapshot_of(sequence: u64) -> Vec<u8> {
    format!("{:x}", draw(sequence)).repeat(8).into_bytes()
}

/// What a process tells, a line each, before it goes on. What stands in the pipe when it is killed can still be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// The journal is open, and the first event will have this number.
    Open(u64),
    /// It is about to publish this.
    About(Name),
    /// The publish has returned, and this is the event's number.
    Numbered(Name, u64),
    /// This number went to an event that never leaves the process.
    Spent(u64),
    /// The event is acknowledged: it is on the disk.
    Acknowledged(u64),
    /// The publish was refused.
    Refused(Name),
    /// A position was set, and what was published after it is acknowledged.
    Position(u64),
    /// A snapshot was stored.
    Snapshot(u64),
    /// A durable subscription has handled this, and will say so: see [`durable::bill`].
    Handled {
        /// The event's identity.
        id: EventId,
        /// Which it is.
        name: Name,
        /// Its number.
        sequence: u64,
    },
    /// The journal is closed.
    Closed,
    /// Something went wrong that should not.
    Fault(String),
}

impl Told {
    /// Tells it: one write, and so all of it or nothing.
    ///
    /// # Errors
    /// Nobody listens any more.
    pub fn tell(&self) -> io::Result<()> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        let mut out = io::stdout().lock();
        out.write_all(&line)?;
        out.flush()
    }
}
