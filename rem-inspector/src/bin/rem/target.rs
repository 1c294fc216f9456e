//! [`Target`]: a journal or a mesh over NATS, into which events are published.

use clap::ArgMatches;
use rem_core::Bus;
use rem_journal::Journal;

use crate::failure::Failure;
use crate::nats::Sender;
use crate::source::Kind;

/// Into which events are published.
pub(crate) enum Target {
    Journal(Bus),
    Mesh(Box<Sender>),
}

impl Target {
    /// The one that `--into` names; a journal is made if there is none.
    pub(crate) fn open(matches: &ArgMatches) -> Result<Self, Failure> {
        let given = matches.get_one::<String>("into").map(String::as_str).unwrap_or_default();
        match Kind::of(given) {
            Kind::Inspector => Err(Failure::usage(
                "an inspector only looks, and nothing is published by it: name a journal, or a server of NATS as nats://127.0.0.1:4222, \
                 whose mesh the program has joined",
            )),
            Kind::Mesh => Ok(Self::Mesh(Box::new(Sender::join(matches, given)?))),
            Kind::Journal => {
                let journal = Journal::open(given);
                let journal = journal.map_err(|error| Failure::source(error.to_string()))?;
                Ok(Self::Journal(Bus::builder().history(journal).build()))
            }
        }
    }

    /// On which they are published.
    pub(crate) fn bus(&self) -> &Bus {
        match self {
            Self::Journal(bus) => bus,
            Self::Mesh(sender) => &sender.bus,
        }
    }

    /// Waits until there is room for one event more.
    pub(crate) fn room(&mut self) -> Result<(), Failure> {
        match self {
            Self::Journal(_) => Ok(()),
            Self::Mesh(sender) => sender.room(),
        }
    }

    /// Waits until a server has all that was published; how many events that is. A journal has them when it is closed.
    pub(crate) fn finish(self) -> Result<Option<u64>, Failure> {
        match self {
            Self::Journal(_) => Ok(None),
            Self::Mesh(sender) => sender.leave().map(Some),
        }
    }
}
