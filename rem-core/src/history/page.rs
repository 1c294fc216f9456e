//! [`Page`]: some events out of a history, not made before they are taken.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::Restored;
use crate::deliver::each_quietly;
use crate::event::{Event, Head, Wanted};
use crate::wire::{Body, Codec, RawEvent};

/// Data above this length is not copied into a page, so that one holds a megabyte at most beside what is large.
const LARGE: usize = 4 << 10;

/// Events that are read from a [`History`](super::History) at once, in their order.
///
/// What comes back from where it is stored becomes an event when it is taken: of the type that its reader wants, with no
/// event of bytes before it, where that is known.
#[derive(Default)]
pub struct Page {
    items: VecDeque<Item>,
    /// The data of what is stored.
    bytes: Vec<u8>,
}

enum Item {
    Event(Arc<Event>),
    Stored { head: Head, codec: Codec, version: Option<u32>, limit: usize, at: Range<usize> },
}

/// An event of a page.
pub(crate) enum Found<'p> {
    Event(Arc<Event>),
    Stored(Stored<'p>),
}

/// An event that is not made yet.
pub(crate) struct Stored<'p> {
    pub(crate) head: Head,
    body: Body<'p>,
}

impl Page {
    /// A page with nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an event that is in memory.
    pub fn push(&mut self, event: Arc<Event>) {
        self.items.push_back(Item::Event(event));
    }

    /// Adds an event that comes back from where it is stored, with a copy of its data.
    pub fn restore(&mut self, event: Restored<'_>) {
        let body = event.data;
        if body.bytes().len() > LARGE {
            return self.push(event.event());
        }
        let from = self.bytes.len();
        self.bytes.extend_from_slice(body.bytes());
        self.items.push_back(Item::Stored {
            head: event.head(),
            codec: body.codec(),
            version: body.written_as(),
            limit: body.most(),
            at: from..self.bytes.len(),
        });
    }

    /// How many events are in it.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The number of the next event, if it has one.
    pub(super) fn next_number(&self) -> Option<u64> {
        match self.items.front()? {
            Item::Event(event) => event.sequence(),
            Item::Stored { head, .. } => head.sequence(),
        }
    }

    /// Takes the next event.
    pub(super) fn take(&mut self) -> Option<Found<'_>> {
        Some(match self.items.pop_front()? {
            Item::Event(event) => Found::Event(event),
            Item::Stored { head, codec, version, limit, at } => {
                let bytes = self.bytes.get(at).unwrap_or_default();
                let body = Body::new(codec, bytes).version(version).limit(limit).of_event();
                Found::Stored(Stored { head, body })
            }
        })
    }

    /// Has nothing in it, and the room that it had.
    pub(super) fn clear(&mut self) {
        each_quietly(self.items.drain(..));
        self.bytes.clear();
    }
}

impl Extend<Arc<Event>> for Page {
    fn extend<I: IntoIterator<Item = Arc<Event>>>(&mut self, events: I) {
        self.items.extend(events.into_iter().map(Item::Event));
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("len", &self.len())
            .field("next", &self.next_number())
            .finish_non_exhaustive()
    }
}

/// The events in memory may be in no history any more, and their data is the users' to drop.
impl Drop for Page {
    fn drop(&mut self) {
        self.clear();
    }
}

impl Found<'_> {
    /// The event, its data as it is kept.
    pub(crate) fn event(self) -> Arc<Event> {
        match self {
            Self::Event(event) => event,
            Self::Stored(stored) => stored.event(),
        }
    }

    /// The same, made one of the type that is wanted at once, if it is stored and can be read as that.
    pub(crate) fn event_as(self, wanted: Option<&Wanted>) -> Arc<Event> {
        match (self, wanted) {
            (Self::Stored(stored), Some(wanted)) => (wanted.restore)(stored.head, &stored.body),
            (found, _) => found.event(),
        }
    }

    /// What it has beside its data.
    pub(crate) fn head(&self) -> &Head {
        match self {
            Self::Event(event) => &event.head,
            Self::Stored(stored) => &stored.head,
        }
    }
}

impl Stored<'_> {
    fn event(self) -> Arc<Event> {
        let data = RawEvent::kept(&self.body);
        Arc::new(Event { head: self.head, data })
    }
}

#[cfg(all(test, not(rem_loom)))]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::event::Shape;

    #[expect(clippy::unwrap_used, reason = "of a test")]
    fn restored(sequence: u64, data: &[u8]) -> Restored<'_> {
        Restored {
            sequence,
            id: "00000000-0000-7000-8000-000000000001".parse().unwrap(),
            topic: "a.b".parse().unwrap(),
            scope: 1,
            timestamp: Timestamp::from_nanos(7),
            source: Some("shop".into()),
            metadata: None,
            causation: None,
            correlation: None,
            data: Body::new(Codec::Json, data).version(3).limit(9),
        }
    }

    #[test]
    fn what_goes_in_comes_out_in_its_order_as_it_was() {
        let (large, small) = (vec![b'1'; LARGE + 1], vec![b'2'; LARGE]);
        let data: [&[u8]; 5] = [b"{}", &large, b"", &small, b"3"];
        let mut page = Page::new();
        for round in 1..=2 {
            for (at, data) in (1..).zip(data) {
                page.restore(restored(at, data));
                page.push(restored(at + 10, data).event());
            }
            assert_eq!((page.len(), page.is_empty()), (10, false), "round {round}");
            assert_eq!(page.bytes.len(), LARGE + 3, "what is large is not copied");
            for (at, data) in (1..).zip(data) {
                for number in [at, at + 10] {
                    assert_eq!(page.next_number(), Some(number));
                    let event = page.take().unwrap().event();
                    let raw = event.data.downcast_ref::<RawEvent>().unwrap();
                    assert_eq!((raw.bytes(), raw.written_as()), (data, Some(3)));
                    assert_eq!(raw.body().most(), 9);
                    assert_eq!((event.sequence(), event.scope()), (Some(number), 1));
                    assert_eq!(event.source(), Some("shop"));
                }
            }
            assert!(page.take().is_none());
            page.clear();
        }
    }

    #[test]
    fn data_that_is_asked_for_as_bytes_stays_bytes() {
        let mut page = Page::new();
        page.restore(restored(1, b"{}"));
        let event = page.take().unwrap().event_as(RawEvent::wanted().as_ref());
        assert_eq!(event.data.downcast_ref::<RawEvent>().unwrap().written_as(), Some(3));
    }
}
