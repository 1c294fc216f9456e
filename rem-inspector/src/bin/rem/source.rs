//! [`Source`]: a journal, a running inspector or a mesh over NATS, asked in the same way.

use std::sync::Arc;

use clap::ArgMatches;
use rem_core::Event;
use serde_json::Value;

use crate::failure::Failure;
use crate::local::Local;
use crate::nats::Nats;
use crate::remote::Remote;
use crate::shown::{event_of, value_of};
use crate::wanted::Wanted;

/// What is asked.
pub(crate) enum Source {
    Journal(Local),
    Inspector(Remote),
    /// What its stream keeps.
    Mesh(Nats),
}

type Each<'s, T> = Box<dyn Iterator<Item = Result<T, Failure>> + 's>;

impl Source {
    /// The one of the command line.
    pub(crate) fn open(matches: &ArgMatches) -> Result<Self, Failure> {
        let given = named(matches);
        match Kind::of(given) {
            Kind::Inspector => Remote::new(given, token(matches)).map(Self::Inspector),
            Kind::Mesh => Nats::to_read(matches, given).map(Self::Mesh),
            Kind::Journal => Local::open(given.as_ref()).map(Self::Journal),
        }
    }

    /// The events as JSON, oldest first.
    pub(crate) fn values(&self, wanted: &Wanted) -> Result<Each<'_, Value>, Failure> {
        Ok(match self {
            Self::Inspector(remote) => Box::new(remote.events(wanted)?),
            _ => Box::new(self.events(wanted)?.map(|event| Ok(value_of(&*event?)))),
        })
    }

    /// The events themselves, oldest first.
    pub(crate) fn events(&self, wanted: &Wanted) -> Result<Each<'_, Arc<Event>>, Failure> {
        Ok(match self {
            Self::Journal(local) => Box::new(local.events(wanted)?.map(Ok)),
            Self::Inspector(remote) => {
                Box::new(remote.events(wanted)?.map(|value| event_of(value?)))
            }
            Self::Mesh(nats) => Box::new(nats.past(wanted)?),
        })
    }

    /// How many there are at most, if that is known.
    pub(crate) fn events_at_most(&self) -> Result<u64, Failure> {
        Ok(match self {
            Self::Journal(local) => local.bus.topology().history.map_or(0, |history| history.kept),
            Self::Inspector(_) => 0,
            Self::Mesh(nats) => nats.state()?.count,
        })
    }
}

/// What a text names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Journal,
    Inspector,
    Mesh,
}

impl Kind {
    pub(crate) fn of(text: &str) -> Self {
        let begins = |schemes: &[&str]| schemes.iter().any(|scheme| text.starts_with(scheme));
        if begins(&["http://", "https://"]) {
            Self::Inspector
        } else if begins(&["nats://", "tls://"]) {
            Self::Mesh
        } else {
            Self::Journal
        }
    }
}

/// What the command line names.
pub(crate) fn named(matches: &ArgMatches) -> &str {
    matches.get_one::<String>("SOURCE").map(String::as_str).unwrap_or_default()
}

/// An inspector, where it is known to be one.
pub(crate) fn inspector(matches: &ArgMatches) -> Result<Remote, Failure> {
    Remote::new(named(matches), token(matches))
}

fn token(matches: &ArgMatches) -> Option<&str> {
    matches.get_one::<String>("token").map(String::as_str)
}
