//! [`Door`]: how much waits in the outbox, who may come in, and what became of what left.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::{Outbox, WhenFull};
use crate::block::block_until;
use crate::watched::Watched;

/// How many that were not sent are remembered, for who waits for them.
const REMEMBERED: usize = 1_024;

/// How much waits, counted where events are published and where they are acknowledged.
///
/// The protocol: who publishes counts his event in before it has its number, under the lock that says whether there is room,
/// and out again if it is not published after all; the pump counts out what is acknowledged, and moves `settled` in the same step.
/// So no more are in at a time than there is room for, whoever publishes; and who waits for a number sees it settled, or failed.
/// Checked by loom (`loom.rs`).
#[derive(Debug)]
pub(crate) struct Door {
    outbox: Outbox,
    room: Watched<Room>,
}

#[derive(Debug)]
pub(crate) struct Room {
    /// Published since this began, and not acknowledged.
    waiting: u64,
    /// Of those before, as many as there may be.
    before: u64,
    /// Bytes of one, as those have that were read last.
    mean: u64,
    /// Up to which number the broker has acknowledged all, or it never will.
    settled: u64,
    /// The highest number that came in.
    highest: u64,
    /// Not sent, and why.
    failed: BTreeMap<u64, Box<str>>,
    /// Up to there failures are forgotten.
    forgotten: u64,
    is_connected: bool,
    is_over: bool,
}

/// Why an event does not come in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Closed {
    Full { events: u64, bytes: u64 },
    NotConnected,
}

/// What became of a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    Acknowledged,
    Unsent(Box<str>),
    /// It is too long ago.
    Forgotten,
    /// The mesh is over, and it waits in the journal.
    Waits,
}

impl Door {
    /// Behind that position, with so many numbers beyond it.
    pub(crate) fn new(outbox: Outbox, settled: u64, before: u64) -> Self {
        let room = Room {
            waiting: 0,
            before,
            mean: 0,
            settled,
            highest: settled + before,
            failed: BTreeMap::new(),
            forgotten: settled,
            is_connected: false,
            is_over: false,
        };
        Self { outbox, room: Watched::new(room) }
    }

    /// One more comes in, if it may.
    pub(crate) fn enter(&self, needs_broker: bool) -> Result<(), Closed> {
        let outbox = self.outbox;
        let try_it = |room: &mut Room| room.enter(outbox, needs_broker);
        let refused = match self.room.change_quietly(try_it) {
            Ok(()) => return Ok(()),
            Err(refused) => refused,
        };
        match (outbox.when_full, &refused) {
            (WhenFull::Wait(limit), Closed::Full { .. }) => self.wait(needs_broker, limit),
            _ => Err(refused),
        }
    }

    fn wait(&self, needs_broker: bool, limit: Duration) -> Result<(), Closed> {
        let (outbox, until) = (self.outbox, Instant::now().checked_add(limit));
        let enters = self.room.until(|room| match room.enter(outbox, needs_broker) {
            Err(Closed::Full { .. }) => None,
            entered => Some(entered),
        });
        block_until(enters, until)
            .unwrap_or_else(|| self.room.change_quietly(|room| room.enter(outbox, needs_broker)))
    }

    /// It was published, under that number; or was not, and is not to be sent.
    pub(crate) fn entered(&self, number: Option<u64>) {
        match number {
            Some(number) => {
                self.room.change_quietly(|room| room.highest = room.highest.max(number));
            }
            None => self.room.change(|room| room.waiting = room.waiting.saturating_sub(1)),
        }
    }

    /// Of those that were there before, so many numbers are left.
    pub(crate) fn before(&self, left: u64) {
        let look = |room: &Room| room.before;
        if self.room.look(look) != left {
            self.room.change(|room| room.before = left);
        }
    }

    /// A parcel was read of so many bytes.
    pub(crate) fn read(&self, bytes: usize) {
        let bytes = bytes as u64;
        self.room.change_quietly(|room| {
            room.mean =
                if room.mean == 0 { bytes } else { room.mean - room.mean / 64 + bytes / 64 };
        });
    }

    /// All up to that number is settled; of those that came in since this began, so many. Those that were not sent, with why.
    pub(crate) fn settle(&self, position: u64, new: u64, failed: Vec<(u64, Box<str>)>) {
        self.room.change(|room| {
            room.settled = room.settled.max(position);
            room.waiting = room.waiting.saturating_sub(new);
            room.failed.extend(failed);
            while room.failed.len() > REMEMBERED {
                let Some((number, _)) = room.failed.pop_first() else { break };
                room.forgotten = room.forgotten.max(number);
            }
        });
    }

    /// Beyond the limit, how many are to go.
    pub(crate) fn overflow(&self) -> u64 {
        if self.outbox.when_full != WhenFull::DropOldest {
            return 0;
        }
        let outbox = self.outbox;
        self.room.look(|room| room.beyond(outbox))
    }

    pub(crate) fn connected(&self, is_connected: bool) {
        self.room.change(|room| room.is_connected = is_connected);
    }

    pub(crate) fn end(&self) {
        self.room.change(|room| room.is_over = true);
    }

    /// How many wait, and how many bytes they are, estimated.
    pub(crate) fn depth(&self) -> (u64, u64) {
        self.room.look(|room| (room.in_all(), room.in_all().saturating_mul(room.mean)))
    }

    /// The highest number that there is to send.
    pub(crate) fn highest(&self) -> u64 {
        self.room.look(|room| room.highest)
    }

    pub(crate) fn settled(&self) -> u64 {
        self.room.look(|room| room.settled)
    }

    /// What becomes of a number that came in.
    pub(crate) async fn fate(&self, number: u64) -> Fate {
        self.room.until(|room| room.fate(number)).await
    }
}

impl Room {
    fn in_all(&self) -> u64 {
        self.waiting.saturating_add(self.before)
    }

    /// How many are more than may be.
    fn beyond(&self, outbox: Outbox) -> u64 {
        let by_bytes = outbox.bytes.checked_div(self.mean).unwrap_or(u64::MAX).max(1);
        self.in_all().saturating_sub(outbox.events.min(by_bytes))
    }

    fn enter(&mut self, outbox: Outbox, needs_broker: bool) -> Result<(), Closed> {
        // The mesh is over, and whoever holds its handle still holds nothing up: the journal keeps it for the next.
        if self.is_over {
            return Ok(());
        }
        if needs_broker && !self.is_connected {
            return Err(Closed::NotConnected);
        }
        self.waiting += 1;
        if outbox.when_full != WhenFull::DropOldest && self.beyond(outbox) > 0 {
            self.waiting -= 1;
            let events = self.in_all();
            return Err(Closed::Full { events, bytes: events.saturating_mul(self.mean) });
        }
        Ok(())
    }

    fn fate(&self, number: u64) -> Option<Fate> {
        if number > self.settled {
            return self.is_over.then_some(Fate::Waits);
        }
        match self.failed.get(&number) {
            Some(reason) => Some(Fate::Unsent(reason.clone())),
            None if number <= self.forgotten => Some(Fate::Forgotten),
            None => Some(Fate::Acknowledged),
        }
    }
}
