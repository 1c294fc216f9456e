//! [`Door`]: how much waits in the outbox, who may come in, and what became of what left.

use std::collections::{BTreeMap, VecDeque};
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use super::numbers::Numbers;
use super::{Outbox, WhenFull};
use crate::block::block_until;
use crate::watched::Watched;

/// How many that were not sent are remembered, for who waits for them; and how many ranges of those that the journal let go.
const REMEMBERED: usize = 1_024;

/// How much waits, counted where events are published and where they are acknowledged.
///
/// The protocol: who publishes counts his event in before it has its number, under the lock that says whether there is room. Then he
/// says the number, under which it waits from then on, or that it is not published after all. The pump says up to which number all is
/// settled, and which the journal let go of: these wait no more, and where the pump is the first to say so, the event is counted out by
/// who says its number. So no more are in at a time than there is room for, whoever publishes, each is counted out once, and who waits for
/// a number sees it settled, failed or lost. Checked by loom (`loom.rs`).
#[derive(Debug)]
pub(crate) struct Door {
    outbox: Outbox,
    room: Watched<Room>,
}

#[derive(Debug)]
pub(crate) struct Room {
    /// Let in, and not numbered yet.
    entering: u64,
    /// Numbered since this began, and neither settled nor lost.
    waiting: Numbers,
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
    /// What the journal let go of before it was sent, in the order of the numbers.
    lost: VecDeque<RangeInclusive<u64>>,
    /// Up to there failures are forgotten.
    forgotten: u64,
    is_connected: bool,
    is_over: bool,
}

/// Why an event is not sent that the journal has no more.
const LOST: &str = "the journal let go of it before it was sent: have it keep more";

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
            entering: 0,
            waiting: Numbers::default(),
            before,
            mean: 0,
            settled,
            highest: settled + before,
            failed: BTreeMap::new(),
            lost: VecDeque::new(),
            forgotten: settled,
            is_connected: false,
            is_over: false,
        };
        Self { outbox, room: Watched::new(room) }
    }

    /// One more comes in, if it may; whether it is counted, and so is to have [`entered`](Self::entered).
    pub(crate) fn enter(&self, needs_broker: bool) -> Result<bool, Closed> {
        let outbox = self.outbox;
        let try_it = |room: &mut Room| room.enter(outbox, needs_broker);
        let refused = match self.room.change_quietly(try_it) {
            Ok(counts) => return Ok(counts),
            Err(refused) => refused,
        };
        match (outbox.when_full, &refused) {
            (WhenFull::Wait(limit), Closed::Full { .. }) => self.wait(needs_broker, limit),
            _ => Err(refused),
        }
    }

    fn wait(&self, needs_broker: bool, limit: Duration) -> Result<bool, Closed> {
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
        let waits = self.room.change_quietly(|room| room.entered(number));
        if !waits {
            self.room.change(|_| ()); // for there is room
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

    /// All up to that number is settled. Those that were not sent, with why.
    pub(crate) fn settle(&self, position: u64, failed: Vec<(u64, Box<str>)>) {
        self.room.change(|room| {
            room.settled = room.settled.max(position);
            room.waiting.remove(0..=room.settled);
            room.failed.extend(failed);
            while room.failed.len() > REMEMBERED {
                let Some((number, _)) = room.failed.pop_first() else { break };
                room.forgotten = room.forgotten.max(number);
            }
        });
    }

    /// The journal let go of these before they were sent.
    pub(crate) fn lost(&self, numbers: RangeInclusive<u64>) {
        self.room.change(|room| room.lose(numbers));
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
        self.waiting.count().saturating_add(self.entering).saturating_add(self.before)
    }

    /// How many are more than may be.
    fn beyond(&self, outbox: Outbox) -> u64 {
        let by_bytes = outbox.bytes.checked_div(self.mean).unwrap_or(u64::MAX).max(1);
        self.in_all().saturating_sub(outbox.events.min(by_bytes))
    }

    fn enter(&mut self, outbox: Outbox, needs_broker: bool) -> Result<bool, Closed> {
        // The mesh is over, and whoever holds its handle still holds nothing up: the journal keeps it for the next.
        if self.is_over {
            return Ok(false);
        }
        if needs_broker && !self.is_connected {
            return Err(Closed::NotConnected);
        }
        self.entering += 1;
        if outbox.when_full != WhenFull::DropOldest && self.beyond(outbox) > 0 {
            self.entering -= 1;
            let events = self.in_all();
            return Err(Closed::Full { events, bytes: events.saturating_mul(self.mean) });
        }
        Ok(true)
    }

    /// Whether it waits from now on.
    fn entered(&mut self, number: Option<u64>) -> bool {
        self.entering = self.entering.saturating_sub(1);
        let Some(number) = number else { return false };
        self.highest = self.highest.max(number);
        let waits = number > self.settled && !self.is_lost(number);
        if waits {
            self.waiting.insert(number);
        }
        waits
    }

    fn lose(&mut self, numbers: RangeInclusive<u64>) {
        self.waiting.remove(numbers.clone());
        match self.lost.back_mut() {
            Some(last) if last.end().saturating_add(1) == *numbers.start() => {
                *last = *last.start()..=*numbers.end();
            }
            _ => self.lost.push_back(numbers),
        }
        if self.lost.len() > REMEMBERED
            && let Some(oldest) = self.lost.pop_front()
        {
            self.forgotten = self.forgotten.max(*oldest.end());
        }
    }

    fn is_lost(&self, number: u64) -> bool {
        let at = self.lost.partition_point(|lost| *lost.end() < number);
        self.lost.get(at).is_some_and(|lost| lost.contains(&number))
    }

    fn fate(&self, number: u64) -> Option<Fate> {
        if self.is_lost(number) {
            return Some(Fate::Unsent(LOST.into()));
        }
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

#[cfg(all(test, not(rem_loom)))]
mod tests {
    use super::*;
    use crate::block::block_on;

    fn enter(door: &Door, numbers: RangeInclusive<u64>) {
        for number in numbers {
            assert_eq!(door.enter(false), Ok(true));
            door.entered(Some(number));
        }
    }

    #[test]
    fn as_many_wait_as_are_there_whatever_else_has_the_numbers_that_are_lost() {
        let door = Door::new(Outbox::new().events(10), 4, 0);
        enter(&door, 5..=7);
        enter(&door, 20..=21);
        enter(&door, 30..=34);
        assert_eq!(door.enter(false), Err(Closed::Full { events: 10, bytes: 0 }));
        door.lost(6..=32);
        assert_eq!(door.depth().0, 3);
        enter(&door, 35..=41);
        assert_eq!(door.enter(false), Err(Closed::Full { events: 10, bytes: 0 }));
        door.settle(34, Vec::new());
        assert_eq!(door.depth().0, 7);
        let fates = [5, 6, 32, 34].map(|number| block_on(door.fate(number)));
        let lost = Fate::Unsent(LOST.into());
        assert_eq!(fates, [Fate::Acknowledged, lost.clone(), lost, Fate::Acknowledged]);
    }

    #[test]
    fn what_was_lost_long_ago_is_forgotten_and_is_not_said_to_be_acknowledged() {
        let door = Door::new(Outbox::new(), 0, 0);
        let most = 2 * REMEMBERED as u64;
        for number in 1..=most {
            door.lost(2 * number..=2 * number);
        }
        door.settle(2 * most, Vec::new());
        assert_eq!(block_on(door.fate(2)), Fate::Forgotten);
        assert_eq!(block_on(door.fate(2 * most)), Fate::Unsent(LOST.into()));
        assert_eq!(door.room.look(|room| room.lost.len()), REMEMBERED);
    }
}
