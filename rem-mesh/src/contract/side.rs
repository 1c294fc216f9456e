//! [`Side`]: a transport in the hands of a clause, each step within the venue's patience.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Venue;
use crate::block::block_until;
use crate::transport::{
    Capabilities, FilterId, Incoming, Parcel, Subject, SubjectFilter, Transport, TransportError,
};

pub(super) type Held<T> = Result<T, String>;

pub(super) struct Side {
    pub(super) transport: Arc<dyn Transport>,
    pub(super) can: Capabilities,
    patience: Duration,
}

impl Side {
    /// Connected.
    pub(super) fn connected(venue: &dyn Venue, name: &str) -> Held<Self> {
        Self::that_takes(venue, name, usize::MAX)
    }

    /// The same; it takes parcels of so many bytes.
    pub(super) fn that_takes(venue: &dyn Venue, name: &str, at_most: usize) -> Held<Self> {
        let (transport, patience) = (venue.transport(name), venue.patience());
        transport.at_most(at_most);
        let can = within(patience, "to connect", transport.connect())?
            .map_err(|error| format!("it does not connect: {error}"))?;
        Ok(Self { transport, can, patience })
    }

    pub(super) fn wait<T>(&self, what: &str, doing: impl Future<Output = T>) -> Held<T> {
        within(self.patience, what, doing)
    }

    /// Subscribed, and flushed.
    pub(super) fn ask(&self, filter: &str) -> Held<FilterId> {
        self.ask_in(filter, None)
    }

    pub(super) fn ask_in(&self, filter: &str, group: Option<&str>) -> Held<FilterId> {
        let parsed = SubjectFilter::parse(filter).map_err(|error| error.to_string())?;
        let id = self
            .wait("to subscribe", self.transport.subscribe(parsed, group))?
            .map_err(|error| format!("subscribing to `{filter}` failed: {error}"))?;
        self.flush()?;
        Ok(id)
    }

    pub(super) fn flush(&self) -> Held<()> {
        self.wait("to flush", self.transport.flush())?
            .map_err(|error| format!("flushing failed: {error}"))
    }

    pub(super) fn publish(&self, subject: &str, body: impl Into<Vec<u8>>) -> Held<()> {
        self.give(parcel(subject, body)?)?
            .map_err(|error| format!("publishing to `{subject}` failed: {error}"))
    }

    pub(super) fn give(&self, parcel: Parcel) -> Held<Result<(), TransportError>> {
        self.wait("to publish", self.transport.publish(parcel))
    }

    /// What comes next.
    pub(super) fn next(&self, what: &str) -> Held<Incoming> {
        self.wait(what, poll_fn(|cx| self.transport.poll_incoming(cx)))
    }

    /// What comes up to the parcel to that subject, without it.
    pub(super) fn up_to(&self, marker: &str) -> Held<Vec<Incoming>> {
        let mut found = Vec::new();
        loop {
            let what = format!("for the parcel to `{marker}`");
            match self.next(&what)? {
                Incoming::Parcel(parcel, _) if parcel.subject().as_str() == marker => {
                    return Ok(found);
                }
                Incoming::Closed => return Err("it is closed, and nobody closed it".into()),
                came => found.push(came),
            }
        }
    }
}

pub(super) fn parcel(subject: &str, body: impl Into<Vec<u8>>) -> Held<Parcel> {
    let subject = Subject::parse(subject).map_err(|error| error.to_string())?;
    Ok(Parcel::new(subject).with_body(body.into()))
}

fn within<T>(patience: Duration, what: &str, doing: impl Future<Output = T>) -> Held<T> {
    let until = Instant::now().checked_add(patience);
    block_until(doing, until).ok_or_else(|| format!("waiting {what} took longer than {patience:?}"))
}
