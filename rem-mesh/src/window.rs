//! [`Window`]: which events a bus has from other nodes, as far back as it is kept.
//!
//! `stored.rs` says of a bus with a journal what of them is on the disk.

mod stored;

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::time::Duration;

use foldhash::fast::{FixedState, RandomState};
use rem_core::{Durable, Event, EventId, Timestamp};
use uuid::Uuid;

use crate::home::{Home, Stamp};
use crate::outbox::intake::Slots;
use crate::sync::{Mutex, lock};

pub(crate) use stored::Noted;

/// The events that came from other nodes, of all meshes of one root bus: none comes twice, and none goes back to where it
/// came from.
///
/// An event is repeated within as many events and as much time as the window has. That it came from elsewhere is known as
/// long as it is among so many, whatever the time.
#[derive(Debug)]
pub(crate) struct Window {
    /// Which life of the process this is: the same for all meshes of the bus.
    pub(crate) boot: Uuid,
    /// Where events are counted into outboxes.
    pub(crate) slots: Slots,
    inside: Mutex<Inside>,
}

/// Each event is touched once when it comes and once when it goes, and those are side by side in memory; the table holds numbers alone,
/// for it is entered where a hash says, and so is seldom in the cache of the processor.
struct Inside {
    events: usize,
    time: Duration,
    meshes: u64,
    /// By the hash of who says so and of the id: the number of the last that came with it.
    known: HashMap<u64, u64, FixedState>,
    /// Nobody else can foresee it, so nobody can make many of one hash.
    hasher: RandomState,
    /// The oldest first; what was forgotten between others holds its place.
    order: VecDeque<Place>,
    /// The number of the first of these.
    first: u64,
    /// Who said so last, and from where: nearly always the next says so too, and shares the text.
    source: Option<Arc<str>>,
    home: Option<Home>,
    /// Which of them are being published into a journal: by which mesh, and its number here.
    underway: Vec<(u64, u64)>,
    /// When the last of those is on the disk that were published into a journal, and its number there. So are those before it then.
    stored: Option<(u64, Durable)>,
}

#[derive(Debug)]
struct Place {
    id: EventId,
    hash: u64,
    /// The number of the one before with that hash, which may be gone; its own if there is none.
    before: u64,
    source: Option<Arc<str>>,
    at: Timestamp,
    came: Came,
    is_forgotten: bool,
}

/// Where an event stands, and the later one with its hash, if there is one.
struct Found {
    place: usize,
    after: Option<usize>,
}

/// How an event came.
#[derive(Debug, Clone)]
pub(crate) struct Came {
    /// By which mesh of the bus.
    pub(crate) via: u64,
    pub(crate) stamp: Option<Stamp>,
}

impl Window {
    pub(crate) fn new() -> Self {
        let inside = Inside {
            events: 0,
            time: Duration::ZERO,
            meshes: 0,
            known: HashMap::default(),
            hasher: RandomState::default(),
            order: VecDeque::new(),
            first: 0,
            source: None,
            home: None,
            underway: Vec::new(),
            stored: None,
        };
        Self { boot: Uuid::new_v4(), slots: Slots::default(), inside: Mutex::new(inside) }
    }

    /// One mesh more, with its number. The window is as large as the largest that any of them wants.
    pub(crate) fn enter(&self, events: usize, time: Duration) -> u64 {
        let mut inside = lock(&self.inside);
        inside.events = inside.events.max(events);
        inside.time = inside.time.max(time);
        inside.meshes += 1;
        inside.meshes
    }

    /// Notes an event that has come; `false` if it came before.
    pub(crate) fn note(
        &self,
        (source, id): (Option<&str>, EventId),
        via: u64,
        stamp: Option<&Stamp>,
        now: Timestamp,
    ) -> bool {
        lock(&self.inside).note((source, id), via, stamp, now)
    }

    /// It did not get onto the bus after all.
    pub(crate) fn forget(&self, (source, id): (Option<&str>, EventId)) {
        lock(&self.inside).forget((source, id));
    }

    /// How it came, if it did.
    pub(crate) fn came(&self, event: &Event) -> Option<Came> {
        let inside = lock(&self.inside);
        if inside.order.is_empty() {
            return None; // a bus that imports nothing
        }
        let (source, id) = (event.source(), event.id());
        let found = inside.find(inside.hash(source, id), source, id)?;
        Some(inside.order[found.place].came.clone())
    }

    #[cfg(test)]
    fn kept(&self) -> (usize, usize) {
        let inside = lock(&self.inside);
        let known = inside.order.iter().filter(|place| !place.is_forgotten).count();
        (known, inside.order.len())
    }
}

impl Inside {
    fn hash(&self, source: Option<&str>, id: EventId) -> u64 {
        self.hasher.hash_one((id, source))
    }

    fn note(
        &mut self,
        (source, id): (Option<&str>, EventId),
        via: u64,
        stamp: Option<&Stamp>,
        now: Timestamp,
    ) -> bool {
        let hash = self.hash(source, id);
        if let Some(found) = self.find(hash, source, id) {
            if now.since(self.order[found.place].at) <= self.time {
                return false;
            }
            self.unlink(hash, found);
        }
        let came = Came { via, stamp: stamp.map(|stamp| self.shared_home(stamp)) };
        self.place(hash, (source, id), came, now);
        true
    }

    fn place(
        &mut self,
        hash: u64,
        (source, id): (Option<&str>, EventId),
        came: Came,
        at: Timestamp,
    ) {
        let number = self.first + self.order.len() as u64;
        let before = self.known.insert(hash, number).unwrap_or(number);
        let source = source.map(|source| self.shared(source));
        self.order.push_back(Place { id, hash, before, source, at, came, is_forgotten: false });
        self.let_go();
    }

    /// Nearly always the last, which leaves nothing behind: who sends what is refused over and over neither fills the window nor
    /// makes the way to the others longer.
    fn forget(&mut self, (source, id): (Option<&str>, EventId)) {
        let hash = self.hash(source, id);
        if let Some(found) = self.find(hash, source, id) {
            self.unlink(hash, found);
            while self.order.back().is_some_and(|last| last.is_forgotten) {
                self.order.pop_back();
            }
        }
    }

    /// Takes a place out of the row of those with its hash.
    fn unlink(&mut self, hash: u64, Found { place, after }: Found) {
        let number = self.first + place as u64;
        let gone = &mut self.order[place];
        gone.is_forgotten = true;
        let before = (gone.before != number).then_some(gone.before);
        if let Some(after) = after {
            self.order[after].before = before.unwrap_or(self.first + after as u64);
        } else if let Some(before) = before.filter(|before| *before >= self.first) {
            self.known.insert(hash, before);
        } else {
            self.known.remove(&hash);
        }
    }

    /// As many places as events are kept, so that what was forgotten or came again holds none for long.
    fn let_go(&mut self) {
        while self.order.len() > self.events {
            let Some(place) = self.order.pop_front() else { return };
            let number = self.first;
            self.first += 1;
            if self.known.get(&place.hash) == Some(&number) {
                self.known.remove(&place.hash);
            }
        }
    }

    /// Where it stands.
    fn find(&self, hash: u64, source: Option<&str>, id: EventId) -> Option<Found> {
        let (mut number, mut after) = (*self.known.get(&hash)?, None);
        loop {
            let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
            let place = self.order.get(at)?;
            if place.id == id && place.source.as_deref() == source {
                return Some(Found { place: at, after });
            }
            if place.before == number {
                return None;
            }
            (number, after) = (place.before, Some(at));
        }
    }

    fn shared(&mut self, source: &str) -> Arc<str> {
        match &self.source {
            Some(last) if **last == *source => Arc::clone(last),
            _ => Arc::clone(self.source.insert(source.into())),
        }
    }

    fn shared_home(&mut self, stamp: &Stamp) -> Stamp {
        let home = match &self.home {
            Some(last) if *last == stamp.home => last,
            _ => self.home.insert(stamp.home.clone()),
        };
        Stamp { home: home.clone(), ..*stamp }
    }
}

impl fmt::Debug for Inside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Window")
            .field("events", &self.events)
            .field("time", &self.time)
            .field("known", &self.known.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn key(source: &str, id: u128) -> (Option<&str>, EventId) {
        (Some(source), Uuid::from_u128(id).into())
    }

    pub(super) fn at(seconds: u64) -> Timestamp {
        Timestamp::from_nanos(seconds * 1_000_000_000)
    }

    #[test]
    fn an_event_is_repeated_within_so_many_and_so_much_time() {
        let window = Window::new();
        window.enter(3, Duration::from_secs(60));
        assert!(window.note(key("a", 1), 1, None, at(0)));
        assert!(!window.note(key("a", 1), 1, None, at(60)));
        assert!(window.note(key("b", 1), 1, None, at(60)), "another source says it");
        assert!(window.note(key("a", 1), 1, None, at(61)), "its time is over");
        assert!(!window.note(key("a", 1), 1, None, at(120)));
        for id in 2..=4 {
            assert!(window.note(key("a", id), 1, None, at(62)));
        }
        assert!(window.note(key("a", 1), 1, None, at(62)), "three others came since");
        assert_eq!(window.kept(), (3, 3));
    }

    #[test]
    fn however_many_come_so_many_are_kept() {
        let window = Window::new();
        window.enter(10, Duration::ZERO);
        for id in 0..1_000_u32 {
            window.note(key("a", u128::from(id % 20)), 1, None, at(u64::from(id)));
            if id % 3 == 0 {
                window.forget(key("a", u128::from(id % 20)));
            }
        }
        assert_eq!(window.kept(), (9, 9), "the last was forgotten, and those before made room");
    }

    #[test]
    fn what_is_refused_over_and_over_leaves_nothing_behind() {
        let window = Window::new();
        window.enter(10, Duration::from_secs(60));
        for id in 0..10 {
            assert!(window.note(key("a", id), 1, None, at(0)));
        }
        for _ in 0..3 {
            assert!(window.note(key("evil", 0), 1, None, at(1)));
            window.forget(key("evil", 0));
        }
        assert_eq!(window.kept(), (9, 9), "the place that it took, and no other");
        for id in 1..10 {
            assert!(!window.note(key("a", id), 1, None, at(1)), "{id} is known still");
        }
        // Between others it holds a place, and is not found.
        assert!(window.note(key("evil", 0), 1, None, at(1)));
        assert!(window.note(key("a", 10), 1, None, at(1)));
        window.forget(key("evil", 0));
        assert!(window.note(key("evil", 0), 1, None, at(1)), "it was forgotten");
        assert!(!window.note(key("evil", 0), 1, None, at(1)));
    }

    /// All with one hash, as only chance could make them.
    #[test]
    fn those_of_one_hash_are_told_apart_whichever_is_forgotten() {
        for gone in 0..4 {
            let window = Window::new();
            window.enter(4, Duration::from_secs(60));
            let mut inside = lock(&window.inside);
            let came = Came { via: 1, stamp: None };
            for id in 0..4 {
                inside.place(7, key("a", id), came.clone(), at(0));
            }
            let (source, id) = key("a", gone);
            let found = inside.find(7, source, id).expect("it is there");
            inside.unlink(7, found);
            for id in 0..4 {
                let (source, event) = key("a", id);
                assert_eq!(inside.find(7, source, event).is_some(), id != gone, "{id}");
            }
            for id in 4..12 {
                inside.place(7, key("a", id), came.clone(), at(0));
            }
            let (source, id) = key("a", 8);
            assert!(inside.find(7, source, id).is_some());
            assert_eq!((inside.order.len(), inside.known.len()), (4, 1));
        }
    }
}
