//! [`MeshStats`]: what a mesh did, counted.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use rem_core::Timestamp;

/// Why a parcel was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// It has more bytes than may come.
    Oversized,
    /// It cannot be read as an event, or what it says of its home is malformed.
    Malformed,
    /// It does not say where it comes from, and such are not let in.
    NoHome,
    /// It comes from a node that is not among the peers.
    Stranger,
    /// It comes from another process that has this node's name.
    Twin,
    /// It says that it comes from this node, which did not publish it.
    Forged,
    /// More nodes have passed it on than may.
    TooManyHops,
    /// Its topic is not imported, is one of REM's own, or stays where it was published.
    NotImported,
    /// Its subject is of another topic than the event.
    WrongSubject,
    /// Its data cannot be read as the type that is asked for.
    WrongSchema,
    /// The bus did not take it.
    ByBus,
}

impl Refusal {
    const ALL: [Self; 11] = [
        Self::Oversized,
        Self::Malformed,
        Self::NoHome,
        Self::Stranger,
        Self::Twin,
        Self::Forged,
        Self::TooManyHops,
        Self::NotImported,
        Self::WrongSubject,
        Self::WrongSchema,
        Self::ByBus,
    ];

    fn place(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Oversized => "oversized",
            Self::Malformed => "malformed",
            Self::NoHome => "without a home",
            Self::Stranger => "from a stranger",
            Self::Twin => "from a twin",
            Self::Forged => "forged",
            Self::TooManyHops => "passed on too often",
            Self::NotImported => "not imported",
            Self::WrongSubject => "under a wrong subject",
            Self::WrongSchema => "of a wrong schema",
            Self::ByBus => "not taken by the bus",
        })
    }
}

/// What a mesh did since it joined: see [`Mesh::stats`](crate::Mesh::stats). While it works, one number may count what
/// another does not yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct MeshStats {
    /// Events that left: the transport took them or, of the outbox, the broker has acknowledged them.
    pub exported: u64,
    /// Events that were to leave and did not: they did not fit into the queue, or the mesh was left before their turn.
    pub lost: u64,
    /// Events that cannot leave: too large, not to be written, or of a bus too deep below the root.
    pub unsent: u64,
    /// Events that were published on the bus.
    pub imported: u64,
    /// Events that had come before.
    pub duplicates: u64,
    /// This node's own events that came back: those of this process, and from a stream also those of an earlier process of its name.
    pub echoes: u64,
    /// Events that nobody on the bus wanted.
    pub unwanted: u64,
    /// Parcels that had arrived and were let go, as far as they were counted.
    pub missed: u64,
    /// How often the transport let parcels go, counted or not.
    pub lagged: u64,
    /// How often the connection was lost.
    pub disconnected: u64,
    /// Subjects that are asked for now.
    pub subjects: u64,
    /// Events of the outbox that the broker has acknowledged.
    pub acknowledged: u64,
    /// Of these, those that it had already: they had been sent before, and their acknowledgement was lost.
    pub known: u64,
    /// Events that were sent again, for nobody knew whether they had arrived.
    pub resent: u64,
    /// Events that the outbox let go, for it was full.
    pub overflowed: u64,
    /// Events that the journal let go before they were sent, as many as there may be.
    pub outbox_lost: u64,
    /// Events that wait in the outbox now; at the start of a process as many as there may be.
    pub waiting: u64,
    /// How many bytes they are, estimated by the size of the last that were read.
    pub waiting_bytes: u64,
    /// When the oldest of them happened, as far as it was read.
    pub oldest_waiting: Option<Timestamp>,
    /// The number in the stream of the last that the broker acknowledged.
    pub last_acknowledged: Option<u64>,
    /// Parcels of streams that were given to the mesh, each time counted.
    pub delivered: u64,
    /// How many more the streams have for the mesh, as many as there may be, as of the last that each of its consumers was given.
    pub lag: u64,
    /// Of the delivered, those that had been given before.
    pub redelivered: u64,
    /// Those that failed, and are to come again.
    pub failed: u64,
    /// Those that will not come again, for they failed too often or are none: see [`Mesh::dead_letters`](crate::Mesh::dead_letters).
    pub dead_letters: u64,
    /// Parcels that streams let go before they were given, as many as there may be.
    pub truncated: u64,
    refused: [u64; Refusal::ALL.len()],
}

impl MeshStats {
    /// How many parcels were refused for that reason.
    pub fn refused(&self, why: Refusal) -> u64 {
        self.refused[why.place()]
    }

    /// How many were refused for any.
    pub fn refused_in_all(&self) -> u64 {
        self.refused.iter().sum()
    }
}

impl fmt::Display for MeshStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "exported {}, imported {}, {} subjects",
            self.exported, self.imported, self.subjects
        )?;
        let counts = [
            ("lost", self.lost),
            ("unsent", self.unsent),
            ("duplicates", self.duplicates),
            ("echoes", self.echoes),
            ("unwanted", self.unwanted),
            ("missed", self.missed),
            ("lagged", self.lagged),
            ("disconnected", self.disconnected),
            ("acknowledged", self.acknowledged),
            ("known", self.known),
            ("resent", self.resent),
            ("overflowed", self.overflowed),
            ("lost by the journal", self.outbox_lost),
            ("waiting", self.waiting),
            ("delivered", self.delivered),
            ("lag", self.lag),
            ("redelivered", self.redelivered),
            ("failed", self.failed),
            ("dead letters", self.dead_letters),
            ("truncated", self.truncated),
        ];
        for (name, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            write!(f, ", {name} {count}")?;
        }
        for why in Refusal::ALL {
            if self.refused(why) > 0 {
                write!(f, ", {why} {}", self.refused(why))?;
            }
        }
        Ok(())
    }
}

/// The numbers as they grow.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) exported: Counter,
    pub(crate) lost: Counter,
    pub(crate) unsent: Counter,
    pub(crate) imported: Counter,
    pub(crate) duplicates: Counter,
    pub(crate) echoes: Counter,
    pub(crate) unwanted: Counter,
    pub(crate) missed: Counter,
    pub(crate) lagged: Counter,
    pub(crate) disconnected: Counter,
    pub(crate) acknowledged: Counter,
    pub(crate) known: Counter,
    pub(crate) resent: Counter,
    pub(crate) overflowed: Counter,
    pub(crate) outbox_lost: Counter,
    pub(crate) delivered: Counter,
    pub(crate) lag: Counter,
    pub(crate) redelivered: Counter,
    pub(crate) failed: Counter,
    pub(crate) dead_letters: Counter,
    pub(crate) truncated: Counter,
    refused: [Counter; Refusal::ALL.len()],
}

#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn one(&self) {
        self.add(1);
    }

    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    /// Where it is no count, but what there is now: one thread says so.
    pub(crate) fn is_now(&self, count: u64) {
        self.0.store(count, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counters {
    pub(crate) fn refuse(&self, why: Refusal) {
        self.refused[why.place()].one();
    }

    pub(crate) fn stats(&self, subjects: usize) -> MeshStats {
        let mut refused = [0; Refusal::ALL.len()];
        for (sum, counter) in refused.iter_mut().zip(&self.refused) {
            *sum = counter.get();
        }
        MeshStats {
            exported: self.exported.get(),
            lost: self.lost.get(),
            unsent: self.unsent.get(),
            imported: self.imported.get(),
            duplicates: self.duplicates.get(),
            echoes: self.echoes.get(),
            unwanted: self.unwanted.get(),
            missed: self.missed.get(),
            lagged: self.lagged.get(),
            disconnected: self.disconnected.get(),
            subjects: subjects as u64,
            acknowledged: self.acknowledged.get(),
            known: self.known.get(),
            resent: self.resent.get(),
            overflowed: self.overflowed.get(),
            outbox_lost: self.outbox_lost.get(),
            delivered: self.delivered.get(),
            lag: self.lag.get(),
            redelivered: self.redelivered.get(),
            failed: self.failed.get(),
            dead_letters: self.dead_letters.get(),
            truncated: self.truncated.get(),
            waiting: 0,
            waiting_bytes: 0,
            oldest_waiting: None,
            last_acknowledged: None,
            refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_its_own_count() {
        let counters = Counters::default();
        for (at, why) in Refusal::ALL.into_iter().enumerate() {
            (0..=at).for_each(|_| counters.refuse(why));
        }
        let stats = counters.stats(3);
        for (at, why) in Refusal::ALL.into_iter().enumerate() {
            assert_eq!(stats.refused(why), at as u64 + 1, "{why}");
            assert!(stats.to_string().contains(&why.to_string()));
        }
        assert_eq!((stats.refused_in_all(), stats.subjects), (66, 3));
    }
}
