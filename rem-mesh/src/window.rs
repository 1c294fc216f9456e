//! [`Window`]: which events a bus has from other nodes, as far back as it is kept.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rem_core::{Event, EventId, Timestamp};
use uuid::Uuid;

use crate::home::Stamp;
use crate::outbox::intake::Slots;
use crate::sync::{Mutex, lock};

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

struct Inside {
    events: usize,
    time: Duration,
    meshes: u64,
    known: HashMap<EventId, Those>,
    /// Who said so last: nearly always the next says so too, and shares the text.
    source: Option<Arc<str>>,
    /// The oldest first; what has come again since stands for nothing.
    order: VecDeque<(EventId, u64)>,
    last: u64,
}

/// Events of one id: one, and several that differ in who says so are rare.
#[derive(Debug)]
struct Those {
    one: Came,
    more: Vec<Came>,
}

impl Those {
    fn iter(&self) -> impl Iterator<Item = &Came> {
        std::iter::once(&self.one).chain(&self.more)
    }

    /// Without those; `None` if none is left.
    fn without(mut self, which: impl Fn(&Came) -> bool) -> Option<Self> {
        self.more.retain(|came| !which(came));
        if which(&self.one) {
            self.one = self.more.pop()?;
        }
        Some(self)
    }
}

/// How an event came.
#[derive(Debug, Clone)]
pub(crate) struct Came {
    source: Option<Arc<str>>,
    /// By which mesh of the bus.
    pub(crate) via: u64,
    pub(crate) stamp: Option<Stamp>,
    at: Timestamp,
    number: u64,
}

impl Window {
    pub(crate) fn new() -> Self {
        let inside = Inside {
            events: 0,
            time: Duration::ZERO,
            meshes: 0,
            known: HashMap::new(),
            source: None,
            order: VecDeque::new(),
            last: 0,
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
        let mut inside = lock(&self.inside);
        let before = inside.find(id, source).map(|came| came.at);
        if before.is_some_and(|at| now.since(at) <= inside.time) {
            return false;
        }
        if before.is_some() {
            inside.remove(id, |came| came.source.as_deref() == source);
        }
        let source = source.map(|source| inside.shared(source));
        inside.last += 1;
        let number = inside.last;
        let came = Came { source, via, stamp: stamp.cloned(), at: now, number };
        match inside.known.entry(id) {
            Entry::Vacant(none) => drop(none.insert(Those { one: came, more: Vec::new() })),
            Entry::Occupied(mut those) => those.get_mut().more.push(came),
        }
        inside.order.push_back((id, number));
        inside.let_go();
        true
    }

    /// It did not get onto the bus after all.
    pub(crate) fn forget(&self, (source, id): (Option<&str>, EventId)) {
        lock(&self.inside).remove(id, |came| came.source.as_deref() == source);
    }

    /// How it came, if it did.
    pub(crate) fn came(&self, event: &Event) -> Option<Came> {
        lock(&self.inside).find(event.id(), event.source()).cloned()
    }

    #[cfg(test)]
    fn kept(&self) -> (usize, usize) {
        let inside = lock(&self.inside);
        (inside.known.values().map(|those| those.iter().count()).sum(), inside.order.len())
    }
}

impl Inside {
    /// As many places as events are kept, so that what was forgotten or came again holds none for long.
    fn let_go(&mut self) {
        while self.order.len() > self.events {
            let Some((id, number)) = self.order.pop_front() else { return };
            self.remove(id, |came| came.number == number);
        }
    }

    fn find(&self, id: EventId, source: Option<&str>) -> Option<&Came> {
        self.known.get(&id)?.iter().find(|came| came.source.as_deref() == source)
    }

    fn remove(&mut self, id: EventId, which: impl Fn(&Came) -> bool) {
        if let Some(left) = self.known.remove(&id).and_then(|those| those.without(which)) {
            self.known.insert(id, left);
        }
    }

    fn shared(&mut self, source: &str) -> Arc<str> {
        match &self.source {
            Some(last) if **last == *source => Arc::clone(last),
            _ => Arc::clone(self.source.insert(source.into())),
        }
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

    fn key(source: &str, id: u128) -> (Option<&str>, EventId) {
        (Some(source), Uuid::from_u128(id).into())
    }

    fn at(seconds: u64) -> Timestamp {
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
        let (known, order) = window.kept();
        assert!(known <= 10 && order == 10, "{known} {order}");
    }
}
