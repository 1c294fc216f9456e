//! [`Local`]: a journal, opened to be read.

use std::path::Path;
use std::sync::Arc;

use rem_core::{Bus, Event, Payload, Query};
use rem_journal::Archive;

use crate::failure::Failure;
use crate::wanted::{Wanted, has};

/// A journal, opened to be read.
pub(crate) struct Local {
    pub(crate) bus: Bus,
}

impl Local {
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let archive = open(path)?;
        Ok(Self { bus: Bus::builder().history(archive).build() })
    }

    pub(crate) fn query(&self, wanted: &Wanted) -> Result<Query, Failure> {
        let query = self.bus.query(wanted.pattern.as_str());
        let mut query = query.map_err(|error| Failure::usage(error.to_string()))?;
        if let Some(after) = wanted.after {
            query = query.after(after);
        }
        if let Some(before) = wanted.before {
            query = query.before(before);
        }
        if let Some(since) = wanted.since {
            query = query.since(since);
        }
        if let Some(until) = wanted.until {
            query = query.until(until);
        }
        if let Some(source) = &wanted.source {
            query = query.source(source);
        }
        if let Some(story) = wanted.story {
            query = query.correlation(story);
        }
        Ok(query)
    }

    /// The events, oldest first, read as they are taken.
    pub(crate) fn events(
        &self,
        wanted: &Wanted,
    ) -> Result<Box<dyn Iterator<Item = Arc<Event>>>, Failure> {
        let query = self.query(wanted)?;
        let search = wanted.search.as_ref().map(|search| search.to_lowercase());
        let passes =
            move |event: &Arc<Event>| search.as_ref().is_none_or(|search| has(event, search));
        let count = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        if let Some(last) = wanted.last {
            let mut newest: Vec<_> =
                query.iter::<dyn Payload>().rev().filter(passes).take(count(last)).collect();
            newest.reverse();
            return Ok(Box::new(newest.into_iter()));
        }
        let first = wanted.first.map_or(usize::MAX, count);
        Ok(Box::new(query.iter::<dyn Payload>().filter(passes).take(first)))
    }
}

/// # Errors
/// If there is no such journal, or it cannot be opened.
pub(crate) fn open(path: &Path) -> Result<Archive, Failure> {
    Archive::open(path).map_err(|error| Failure::source(error.to_string()))
}
