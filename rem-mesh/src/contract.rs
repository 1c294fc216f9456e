//! What every transport must keep, as a suite: [`check`] holds a transport to each sentence of [`Transport`], and of
//! [`Streams`](crate::Streams) if it has any.
//!
//! A transport's tests make a [`Venue`], where its broker is, and ask `check`. What a transport does not offer (groups, no echo, streams)
//! is not asked of it, and the [`Report`] says so; whatever else does not hold is a [`Breach`] that names the clause.
//!
//! ```
//! use std::sync::Arc;
//!
//! use rem_mesh::Transport;
//! use rem_mesh::contract::{Venue, check};
//! use rem_mesh::memory::MemoryBroker;
//!
//! struct Memory(MemoryBroker);
//!
//! impl Venue for Memory {
//!     fn transport(&self, name: &str) -> Arc<dyn Transport> {
//!         Arc::new(self.0.transport(name))
//!     }
//! }
//!
//! let report = check(&Memory(MemoryBroker::new()))?;
//! assert_eq!(report.not_asked(), ["loss is told", "comes back"]); // this venue offers no way to try them
//! # Ok::<(), rem_mesh::contract::Breach>(())
//! ```

mod clauses;
mod consumers;
mod place;
mod side;
mod stores;

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::transport::Transport;

/// Where a transport is held to the contract: one broker, and what can be done to connections.
pub trait Venue {
    /// A transport of that name on the one broker, not connected.
    fn transport(&self, name: &str) -> Arc<dyn Transport>;

    /// Cuts the connection of the transports of that name, until they are mended; `false` if that cannot be done here.
    fn cut(&self, name: &str) -> bool {
        let _ = name;
        false
    }

    /// Lets them connect again.
    fn mend(&self, name: &str) {
        let _ = name;
    }

    /// How many parcels are certainly more than wait for a reader who does not read; `None` if that is not to be tried.
    fn too_many(&self) -> Option<usize> {
        None
    }

    /// How long something that must come may take.
    fn patience(&self) -> Duration {
        Duration::from_secs(10)
    }
}

/// Holds a transport to each clause.
///
/// # Errors
/// At the first clause that does not hold.
///
/// # Cost
/// Some thousand small parcels, one as large as may be, and some seconds where it is tried that what is not answered comes again; on a
/// transport that breaks it, the venue's patience.
pub fn check(venue: &dyn Venue) -> Result<Report, Breach> {
    check_those(venue, |_| true)
}

/// Holds a transport to the clauses of these names alone: for who mends one.
///
/// # Errors
/// As for [`check`].
pub fn check_those(venue: &dyn Venue, wanted: impl Fn(&str) -> bool) -> Result<Report, Breach> {
    let mut report = Report { held: Vec::new(), not_asked: Vec::new() };
    for (name, clause) in clauses::ALL.iter().filter(|(name, _)| wanted(name)) {
        match clause(venue) {
            Ok(true) => report.held.push(name),
            Ok(false) => report.not_asked.push(name),
            Err(said) => return Err(Breach { clause: name, said: said.into() }),
        }
    }
    Ok(report)
}

/// What a transport was held to, and kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    held: Vec<&'static str>,
    not_asked: Vec<&'static str>,
}

impl Report {
    /// The clauses that hold.
    pub fn held(&self) -> &[&'static str] {
        &self.held
    }

    /// Those that were not asked of it, for it or the venue does not offer what they are about.
    pub fn not_asked(&self) -> &[&'static str] {
        &self.not_asked
    }
}

/// A clause that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    clause: &'static str,
    said: Box<str>,
}

impl Breach {
    /// Which.
    pub fn clause(&self) -> &'static str {
        self.clause
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the transport breaks the clause `{}`: {}", self.clause, self.said)
    }
}

impl Error for Breach {}
