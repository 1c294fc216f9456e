//! [`Lanes`]: which keys of a task are under way, what is parked behind them, and its dead letters. Plain data, changed under
//! the desk's lock.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use foldhash::fast::RandomState;

use super::Job;
use crate::clock::Timestamp;
use crate::event::EventId;
use crate::trace::Origin;

/// The keys that are under way, and the dead letters.
pub(super) struct Lanes {
    keys: HashMap<Box<str>, Lane, RandomState>,
    /// By their places: of one key in the order of its events.
    letters: BTreeMap<u64, Letter>,
    last: u64,
    /// How many letters there may be.
    capacity: usize,
    pub(super) parked: usize,
    /// How many letters have a key.
    keyed: usize,
}

/// One key. It is there as long as an event of it is handled, or is a dead letter.
#[derive(Default)]
struct Lane {
    /// An event of it is handled, or about to be.
    is_busy: bool,
    parked: VecDeque<Job>,
    letters: usize,
}

/// An event that a task has failed at, or that came behind one of the same key.
pub(super) struct Letter {
    pub(super) job: Job,
    pub(super) at: Timestamp,
    /// `None` for one that was never handled.
    pub(super) failed: Option<Failed>,
}

/// How an event has failed.
#[derive(Clone)]
pub(super) struct Failed {
    pub(super) error: Box<str>,
    pub(super) panicked: bool,
    pub(super) attempts: u32,
}

/// What is to be done with an event that was taken.
pub(super) enum Arrived {
    Run(Job),
    Parked,
    /// It is behind a dead letter, and another may have had to go for it; no span is kept open for it.
    Held(Option<Letter>, Origin),
}

/// What was moved when an event failed.
#[derive(Default)]
pub(super) struct Moved {
    /// What was told to the queue of those that were parked, and are now behind a dead letter.
    pub(super) tickets: Vec<Option<u64>>,
    /// The spans that are not kept open for them.
    pub(super) origins: Vec<Origin>,
    /// Dead letters that had to go.
    pub(super) dropped: Vec<Letter>,
}

/// A dead letter that cannot be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotTaken {
    Unknown,
    Behind,
}

impl Lanes {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            keys: HashMap::default(),
            letters: BTreeMap::new(),
            last: 0,
            capacity,
            parked: 0,
            keyed: 0,
        }
    }

    /// Whether a key has dead letters, so that each event has to be looked at.
    pub(super) fn has_letters_of_keys(&self) -> bool {
        self.keyed > 0
    }

    pub(super) fn letters(&self) -> impl Iterator<Item = &Letter> {
        self.letters.values()
    }

    /// An event with a key: it is handled, or goes behind those of its key.
    pub(super) fn arrive(&mut self, mut job: Job, now: impl FnOnce() -> Timestamp) -> Arrived {
        let Some(key) = job.key() else { return Arrived::Run(job) };
        let Some(lane) = self.keys.get_mut(key) else {
            self.keys.insert(key.into(), Lane { is_busy: true, ..Lane::default() });
            return Arrived::Run(job);
        };
        if lane.letters > 0 {
            let origin = job.take_origin();
            let dropped = self.put(Letter { job, at: now(), failed: None });
            return Arrived::Held(dropped, origin);
        }
        lane.parked.push_back(job);
        self.parked += 1;
        Arrived::Parked
    }

    /// An event of the key was handled, and is no letter: gives what is parked behind it.
    pub(super) fn next(&mut self, key: &str) -> Option<Job> {
        let lane = self.keys.get_mut(key)?;
        let next = lane.parked.pop_front();
        if next.is_some() {
            self.parked -= 1;
        } else {
            lane.is_busy = false;
            self.tidy(key);
        }
        next
    }

    /// An event has failed and is a dead letter from now on; what is parked behind it goes with it.
    pub(super) fn fail(&mut self, mut job: Job, failed: Failed, now: Timestamp) -> Moved {
        let mut moved = Moved::default();
        job.keep_lane(false);
        let mut parked = VecDeque::new();
        if let Some(key) = job.key() {
            let lane = self.keys.entry(key.into()).or_default();
            lane.is_busy = false;
            parked = std::mem::take(&mut lane.parked);
            self.parked -= parked.len();
        }
        moved.dropped.extend(self.put(Letter { job, at: now, failed: Some(failed) }));
        for mut job in parked {
            moved.tickets.push(job.ticket());
            moved.origins.push(job.take_origin());
            moved.dropped.extend(self.put(Letter { job, at: now, failed: None }));
        }
        moved
    }

    /// Puts a letter into its place, where the oldest may have to go for it.
    fn put(&mut self, mut letter: Letter) -> Option<Letter> {
        let place = letter.job.letter().unwrap_or_else(|| {
            self.last += 1;
            self.last
        });
        letter.job.set_letter(place);
        if let Some(key) = letter.job.key() {
            self.keys.entry(key.into()).or_default().letters += 1;
            self.keyed += 1;
        }
        self.letters.insert(place, letter);
        if self.letters.len() <= self.capacity {
            return None;
        }
        let (oldest, _) = self.letters.first_key_value()?;
        self.remove(*oldest)
    }

    /// Puts a letter back that was [taken](Self::take), for nobody would have handled it.
    pub(super) fn put_back(&mut self, letter: Letter) -> Option<Letter> {
        if let Some(lane) = letter.job.key().and_then(|key| self.keys.get_mut(key)) {
            lane.is_busy = false;
        }
        self.put(letter)
    }

    fn remove(&mut self, place: u64) -> Option<Letter> {
        let letter = self.letters.remove(&place)?;
        if let Some(key) = letter.job.key() {
            self.keyed -= 1;
            if let Some(lane) = self.keys.get_mut(key) {
                lane.letters -= 1;
            }
            self.tidy(key);
        }
        Some(letter)
    }

    /// Takes the lane away, if nothing of it is left.
    fn tidy(&mut self, key: &str) {
        let is_over = |lane: &Lane| !lane.is_busy && lane.letters == 0 && lane.parked.is_empty();
        if self.keys.get(key).is_some_and(is_over) {
            self.keys.remove(key);
        }
    }

    /// The first letter of a key.
    fn first_of(&self, key: &str) -> Option<u64> {
        let of_key = |(_, letter): &(&u64, &Letter)| letter.job.key() == Some(key);
        self.letters.iter().find(of_key).map(|(place, _)| *place)
    }

    fn place_of(&self, event: EventId) -> Option<u64> {
        let is_it = |(_, letter): &(&u64, &Letter)| letter.job.event.id() == event;
        self.letters.iter().find(is_it).map(|(place, _)| *place)
    }

    /// Takes a letter out to be handled; its lane is kept for it.
    pub(super) fn take(&mut self, event: EventId) -> Result<Letter, NotTaken> {
        let place = self.place_of(event).ok_or(NotTaken::Unknown)?;
        if let Some(key) = self.letters[&place].job.key().map(Box::<str>::from) {
            let is_busy = self.keys.get(&key).is_some_and(|lane| lane.is_busy);
            if is_busy || self.first_of(&key) != Some(place) {
                return Err(NotTaken::Behind);
            }
            self.keys.entry(key).or_default().is_busy = true;
        }
        let mut letter = self.remove(place).ok_or(NotTaken::Unknown)?;
        letter.job.keep_lane(true);
        Ok(letter)
    }

    /// Takes the first letter of a key out, if it was never handled and nothing of its key is.
    pub(super) fn take_held(&mut self, key: &str) -> Option<Letter> {
        let first = self.first_of(key)?;
        let held = self.letters.get(&first).filter(|letter| letter.failed.is_none())?;
        let event = held.job.event.id();
        self.take(event).ok()
    }

    /// Takes a letter out for good; and whether it was the first of its key.
    pub(super) fn discard(&mut self, event: EventId) -> Option<(Letter, bool)> {
        let place = self.place_of(event)?;
        let key = self.letters[&place].job.key();
        let was_first = key.is_some_and(|key| self.first_of(key) == Some(place));
        Some((self.remove(place)?, was_first))
    }

    /// The events whose letters may be sent again now: those without a key, and the first of each key.
    pub(super) fn heads(&self) -> Vec<EventId> {
        let mut seen = HashSet::<&str, RandomState>::default();
        let heads = self
            .letters
            .values()
            .filter(|letter| letter.job.key().is_none_or(|key| seen.insert(key)));
        heads.map(|letter| letter.job.event.id()).collect()
    }

    /// Takes out all that is parked.
    pub(super) fn clear_parked(&mut self) -> Vec<Job> {
        self.parked = 0;
        self.keys.values_mut().flat_map(|lane| std::mem::take(&mut lane.parked)).collect()
    }
}
