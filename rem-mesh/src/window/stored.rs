//! [`Noted`]: what comes to a bus with a journal, of which it is known when it is on the disk.

use rem_core::{Durable, EventId, Timestamp};

use super::Window;
use crate::home::Stamp;
use crate::sync::lock;

/// Whether an event has come before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Noted {
    New,
    Before,
    /// Another mesh of the bus is about to publish it.
    Underway,
}

impl Window {
    /// Notes one that is to be published into a journal, which lasts until it is [done](Self::done): a mesh publishes one at a time.
    pub(crate) fn begin(
        &self,
        (source, id): (Option<&str>, EventId),
        via: u64,
        stamp: Option<&Stamp>,
        now: Timestamp,
    ) -> Noted {
        let mut inside = lock(&self.inside);
        if inside.note((source, id), via, stamp, now) {
            let behind = inside.first + inside.order.len() as u64;
            inside.underway.push((via, behind));
            return Noted::New;
        }
        let found = inside.find(inside.hash(source, id), source, id);
        let behind = found.map(|found| inside.first + found.place as u64 + 1);
        let is_underway = inside.underway.iter().any(|(_, number)| Some(*number) == behind);
        if is_underway { Noted::Underway } else { Noted::Before }
    }

    /// It is published; if a journal has it, under that number and on the disk when that is ready. Or it is not.
    pub(crate) fn done(&self, via: u64, stored: Option<(u64, Durable)>) {
        let before = {
            let mut inside = lock(&self.inside);
            inside.underway.retain(|(by, _)| *by != via);
            let last = inside.stored.as_ref().map_or(0, |(number, _)| *number);
            match stored {
                Some(new) if new.0 > last => inside.stored.replace(new),
                older => older, // of another mesh, which was slower
            }
        };
        drop(before); // a history's own: under no lock
    }

    /// Ready when all that is done is on the disk; `None` if nothing was since the process began.
    pub(crate) fn stored(&self) -> Option<Durable> {
        lock(&self.inside).stored.as_ref().map(|(_, stored)| stored.clone())
    }

    /// Whether it has come, as far back as is known.
    pub(crate) fn has(&self, (source, id): (Option<&str>, EventId)) -> bool {
        let inside = lock(&self.inside);
        inside.find(inside.hash(source, id), source, id).is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::window::tests::{at, key};

    /// Of the bus's meshes one publishes an event while another is given it too.
    #[test]
    fn what_is_being_published_is_told_apart_from_what_is() {
        let window = Window::new();
        window.enter(2, Duration::from_secs(60));
        assert_eq!(window.begin(key("a", 1), 1, None, at(0)), Noted::New);
        assert_eq!(window.begin(key("a", 1), 2, None, at(0)), Noted::Underway);
        assert_eq!(window.begin(key("a", 2), 2, None, at(0)), Noted::New);
        window.done(2, None);
        assert_eq!(window.begin(key("a", 2), 1, None, at(0)), Noted::Before);
        assert_eq!(window.begin(key("a", 1), 2, None, at(0)), Noted::Underway);
        window.done(1, None);
        assert_eq!(window.begin(key("a", 1), 2, None, at(0)), Noted::Before);
        // One that is refused is nobody's.
        assert_eq!(window.begin(key("a", 3), 1, None, at(0)), Noted::New);
        window.forget(key("a", 3));
        assert_eq!(window.begin(key("a", 3), 2, None, at(0)), Noted::New);
        window.done(1, None);
        assert_eq!(window.begin(key("a", 3), 1, None, at(0)), Noted::Underway);
    }
}
