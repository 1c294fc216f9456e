//! [`Positions`]: what durable subscriptions have noted and is not stored yet.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::store::State;

/// Positions and notes by name, as they differ from what is stored.
#[derive(Debug, Default)]
pub(crate) struct Positions(BTreeMap<Box<str>, Change>);

/// What the next commit writes for a name.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Change {
    /// `None` forgets the name.
    position: Option<u64>,
    /// `None` leaves what is stored.
    note: Option<Note>,
}

/// The name of a note in the store, and what it is to be; `None` forgets it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Note {
    name: Box<str>,
    value: Option<Arc<[u8]>>,
}

impl Note {
    fn of(name: &str, value: Option<Vec<u8>>) -> Self {
        Self { name: note_name(name), value: value.map(Arc::from) }
    }
}

/// Apart from other notes of the store.
fn note_name(name: &str) -> Box<str> {
    format!("position {name}").into()
}

impl Positions {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Notes a position; `None` forgets it, and the note.
    pub(crate) fn set(&mut self, name: &str, position: Option<u64>) {
        let note = if position.is_none() { Some(Note::of(name, None)) } else { None };
        match self.0.get_mut(name) {
            Some(change) => {
                change.position = position;
                change.note = note.or_else(|| change.note.take());
            }
            None => drop(self.0.insert(name.into(), Change { position, note })),
        }
    }

    /// Notes a position and what is kept with it.
    pub(crate) fn set_with(&mut self, name: &str, position: u64, note: Vec<u8>) {
        let note = Some(Note::of(name, Some(note)));
        self.0.insert(name.into(), Change { position: Some(position), note });
    }

    /// The position of that name.
    pub(crate) fn get(&self, name: &str, stored: &State) -> Option<u64> {
        let stored = || stored.positions.get(name).copied();
        self.0.get(name).map_or_else(stored, |change| change.position)
    }

    /// What is kept with it.
    pub(crate) fn note(&self, name: &str, stored: &State) -> Option<Vec<u8>> {
        match self.0.get(name).and_then(|change| change.note.as_ref()) {
            Some(note) => note.value.as_ref().map(|value| value.to_vec()),
            None => stored.notes.get(&*note_name(name)).cloned(),
        }
    }

    /// All names that have a position.
    pub(crate) fn all(&self, stored: &State) -> Vec<(Box<str>, u64)> {
        let same = stored.positions.iter().filter(|(name, _)| !self.0.contains_key(name.as_str()));
        let same = same.map(|(name, position)| (name.as_str().into(), *position));
        let changed =
            self.0.iter().filter_map(|(name, change)| Some((name.clone(), change.position?)));
        same.chain(changed).collect()
    }

    /// What is to be written now.
    pub(crate) fn changed(&self) -> Changed {
        Changed(self.0.clone())
    }

    /// That was written. What was noted meanwhile is written with the next commit.
    pub(crate) fn stored(&mut self, written: &Changed) {
        self.0.retain(|name, change| written.0.get(name) != Some(change));
    }
}

/// What is written by one commit.
pub(crate) struct Changed(BTreeMap<Box<str>, Change>);

impl Changed {
    pub(crate) fn positions(&self) -> Vec<(&str, Option<u64>)> {
        self.0.iter().map(|(name, change)| (&**name, change.position)).collect()
    }

    pub(crate) fn notes(&self) -> Vec<(&str, Option<&[u8]>)> {
        let notes = self.0.values().filter_map(|change| change.note.as_ref());
        notes.map(|note| (&*note.name, note.value.as_deref())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_while_it_is_written_is_written_again() {
        let (mut positions, stored) = (Positions::default(), State::default());
        positions.set("a", Some(1));
        positions.set_with("b", 1, b"one".to_vec());
        let written = positions.changed();
        positions.set("a", Some(2));
        positions.stored(&written);
        assert_eq!(positions.changed().positions(), [("a", Some(2))]);
        assert_eq!(positions.get("a", &stored), Some(2));
        let written = positions.changed();
        positions.stored(&written);
        assert!(positions.is_empty());
    }

    #[test]
    fn a_position_alone_leaves_the_note_and_a_name_that_is_forgotten_has_none() {
        let (mut positions, mut stored) = (Positions::default(), State::default());
        stored.positions.insert("a".into(), 1);
        stored.notes.insert("position a".into(), b"old".to_vec());
        positions.set("a", Some(2));
        assert_eq!(positions.note("a", &stored), Some(b"old".to_vec()));
        positions.set_with("a", 3, b"new".to_vec());
        positions.set("a", Some(4));
        assert_eq!(positions.note("a", &stored), Some(b"new".to_vec()));
        assert_eq!(positions.changed().notes(), [("position a", Some(&b"new"[..]))]);
        assert_eq!(positions.all(&stored), [("a".into(), 4)]);
        positions.set("a", None);
        assert_eq!((positions.get("a", &stored), positions.note("a", &stored)), (None, None));
        assert_eq!(positions.changed().notes(), [("position a", None)]);
        assert_eq!(positions.all(&stored), []);
    }
}
