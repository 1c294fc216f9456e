//! [`Source`]: a journal or a running inspector, asked in the same way.

use std::sync::Arc;

use clap::ArgMatches;
use rem_core::Event;
use serde_json::Value;

use crate::failure::Failure;
use crate::local::Local;
use crate::remote::Remote;
use crate::shown::{event_of, value_of};
use crate::wanted::Wanted;

/// What is asked.
pub(crate) enum Source {
    Journal(Local),
    Inspector(Remote),
}

type Each<'s, T> = Box<dyn Iterator<Item = Result<T, Failure>> + 's>;

impl Source {
    /// The one of the command line.
    pub(crate) fn open(matches: &ArgMatches) -> Result<Self, Failure> {
        let given = matches.get_one::<String>("SOURCE").map(String::as_str).unwrap_or_default();
        if is_address(given) {
            return Remote::new(given, token(matches)).map(Self::Inspector);
        }
        Local::open(given.as_ref()).map(Self::Journal)
    }

    /// An inspector, where nothing else will do.
    pub(crate) fn inspector(matches: &ArgMatches) -> Result<Remote, Failure> {
        match Self::open(matches)? {
            Self::Inspector(remote) => Ok(remote),
            Self::Journal(_) => Err(Failure::usage(
                "a journal is not live: name a running inspector, as http://127.0.0.1:7878, or ask the journal by `rem query`",
            )),
        }
    }

    /// The events as JSON, oldest first.
    pub(crate) fn values(&self, wanted: &Wanted) -> Result<Each<'_, Value>, Failure> {
        Ok(match self {
            Self::Journal(local) => {
                Box::new(local.events(wanted)?.map(|event| Ok(value_of(&event))))
            }
            Self::Inspector(remote) => Box::new(remote.events(wanted)?),
        })
    }

    /// The events themselves, oldest first.
    pub(crate) fn events(&self, wanted: &Wanted) -> Result<Each<'_, Arc<Event>>, Failure> {
        Ok(match self {
            Self::Journal(local) => Box::new(local.events(wanted)?.map(Ok)),
            Self::Inspector(remote) => {
                Box::new(remote.events(wanted)?.map(|value| event_of(value?)))
            }
        })
    }
}

fn is_address(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

fn token(matches: &ArgMatches) -> Option<&str> {
    matches.get_one::<String>("token").map(String::as_str)
}
