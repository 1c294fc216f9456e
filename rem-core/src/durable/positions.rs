//! [`Bus::positions`] and [`Bus::forget`]: the names of durable subscriptions, in use or not.

use std::error::Error;
use std::fmt;
use std::panic::Location;

use super::name::{seen, unseen};
use super::{DurableNameError, Progress};
use crate::bus::Bus;
use crate::history::DurableHistory;
use crate::subscription::{Entry, SubscriptionId};

/// The position that a name keeps in the history: see [`Bus::positions`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PositionReport {
    /// The name, below the bus that was asked: `invoices`, or `eu/invoices` of its child `eu`.
    pub name: Box<str>,
    /// Up to which number all is handled that it selects.
    pub position: u64,
    /// How many numbers are committed beyond it that may be events'. So many events at most are left; what it does not select
    /// counts too until it is passed by. Numbers that a crash left unused are no events'.
    pub lag: u64,
    /// How many events its task has in hand: taken, from the oldest on that is not handled.
    pub in_hand: usize,
    /// Who uses it now, and where that was made.
    pub used_by: Option<(SubscriptionId, &'static Location<'static>)>,
}

impl PositionReport {
    pub(crate) fn of(entry: &Entry, progress: &Progress) -> Self {
        Self {
            name: progress.name.clone(),
            position: progress.position(),
            lag: progress.lag(),
            in_hand: progress.in_hand(),
            used_by: Some((entry.id, entry.place)),
        }
    }
}

impl fmt::Display for PositionReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, position, lag, in_hand, used_by } = self;
        write!(f, "`{name}` at {position}, {lag} behind")?;
        if *in_hand > 0 {
            write!(f, ", {in_hand} in hand")?;
        }
        match used_by {
            Some((id, place)) => write!(f, ", {id} ({place})"),
            None => f.write_str(", not in use"),
        }
    }
}

impl Bus {
    /// The positions that durable subscriptions of this bus and those below it keep in the history, by name, also of those
    /// that are not there now. A name that nobody uses any more stays, and falls behind, until it is
    /// [forgotten](Self::forget). Empty on a bus whose history does not outlive the process.
    ///
    /// ```
    /// # let bus = rem_core::Bus::new();
    /// for position in bus.positions() {
    ///     println!("{position}");
    /// }
    /// ```
    pub fn positions(&self) -> Vec<PositionReport> {
        let core = &self.state().core;
        let Some(history) = &core.durable else { return Vec::new() };
        let mut all: Vec<_> = history
            .positions()
            .into_iter()
            .filter_map(|(name, stored)| {
                let seen = seen(self.prefix(), &name)?.into();
                let used = core.names.user(&name).and_then(|(_, entry)| entry);
                let used = used.as_ref().and_then(|entry| Some((entry, entry.progress()?)));
                let report = match used {
                    Some((entry, progress)) => PositionReport::of(entry, progress),
                    None => unused(&**history, stored),
                };
                Some(PositionReport { name: seen, ..report })
            })
            .collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// Forgets the position of a name that is not in use, and the note that was kept with it; whether there was one. The name
    /// is as [`positions`](Self::positions) has it. A subscription of that name begins anew.
    ///
    /// It is stored with the next commit: after a crash before that the position is there again.
    ///
    /// # Errors
    /// While a subscription has the name, on a bus whose history does not outlive the process, and for what is no name.
    #[track_caller]
    pub fn forget(&self, name: &str) -> Result<bool, ForgetError> {
        let core = &self.state().core;
        let name = unseen(self.prefix(), name).map_err(|error| ForgetError(Kind::Name(error)))?;
        let history = core.durable.as_ref().ok_or(ForgetError(Kind::NoDurableHistory))?;
        // As long as this has it nobody goes on behind it.
        let claim = core.names.claim(name, Location::caller());
        let claim = claim.map_err(|used| ForgetError(Kind::InUse(used.name, used.place)))?;
        let was_there = history.position(claim.name()).is_some();
        if was_there {
            history.set_position(claim.name(), None);
        }
        Ok(was_there)
    }
}

fn unused(history: &dyn DurableHistory, position: u64) -> PositionReport {
    let lag = history.behind(position);
    PositionReport { name: Box::default(), position, lag, in_hand: 0, used_by: None }
}

/// A name that was not forgotten, and why: see [`Bus::forget`].
#[derive(Debug)]
pub struct ForgetError(Kind);

#[derive(Debug)]
enum Kind {
    InUse(Box<str>, &'static Location<'static>),
    NoDurableHistory,
    Name(DurableNameError),
}

impl fmt::Display for ForgetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::InUse(name, place) => write!(
                f,
                "the position of `{name}` is in use by the subscription made at {place}; end that first, and wait for it by \
                 `unsubscribe`"
            ),
            Kind::NoDurableHistory => f.write_str(
                "there are no positions without a history that outlives the process; build the bus with \
                 `Bus::builder().history(Journal::open(path)?)`",
            ),
            Kind::Name(error) => error.fmt(f),
        }
    }
}

impl Error for ForgetError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Kind::Name(error) => Some(error),
            Kind::InUse(..) | Kind::NoDurableHistory => None,
        }
    }
}
