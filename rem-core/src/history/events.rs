//! [`Events`]: the answer to a query, read from the history as it is asked for.

use std::fmt;
use std::iter::FusedIterator;
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;
use std::vec;

use super::query::Limit;
use super::reader::{numbers, read_each};
use super::{Direction, PAGE, Query};
use crate::deliver::each_quietly;
use crate::event::{Event, Payload, Shape};

/// The events that a query asks for, as `T`, read from the history page by page as they are taken: see
/// [`Query::iter`]. Oldest first from the front, newest first from the back.
///
/// It holds two pages of 256 events at most, however many there are; of [`first`](Query::first) taken from the back, of
/// [`last`](Query::last) taken from the front and of [`last_per_topic`](Query::last_per_topic) all that it will give. What
/// the history lets go before it is read is left out.
#[must_use = "nothing is read before it is iterated"]
pub struct Events<T: ?Sized = dyn Payload> {
    query: Query,
    /// What no page has been read of.
    left: Range<u64>,
    front: vec::IntoIter<Arc<Event>>,
    back: vec::IntoIter<Arc<Event>>,
    seen: PhantomData<fn() -> Arc<Event<T>>>,
}

impl<T: Shape + ?Sized> Events<T> {
    pub(super) fn new(query: Query) -> Self {
        let left =
            query.range().map_or(0..0, |range| *range.start()..range.end().saturating_add(1));
        let nothing = || Vec::new().into_iter();
        Self { query, left, front: nothing(), back: nothing(), seen: PhantomData }
    }

    /// The next event that is asked for, whatever the limit.
    fn pull(&mut self, direction: Direction) -> Option<Arc<Event<T>>> {
        loop {
            let event = match direction {
                Direction::Forwards => self.front.next(),
                Direction::Backwards => self.back.next_back(),
            };
            let event = match event {
                Some(event) => event,
                None if !self.left.is_empty() => {
                    self.fill(direction);
                    continue;
                }
                // What is left is in the page of the other end.
                None => match direction {
                    Direction::Forwards => self.back.next(),
                    Direction::Backwards => self.front.next_back(),
                }?,
            };
            if let Some(event) = self.query.pass(event) {
                return Some(event);
            }
        }
    }

    /// Reads the next page from that end.
    fn fill(&mut self, direction: Direction) {
        let (mut page, history) = (Vec::new(), &*self.query.history);
        let range = self.left.start..=self.left.end - 1;
        let read = if let Some((numbers, whole)) =
            numbers(history, &self.query.ask, &range, direction)
        {
            read_each(history, &numbers, &mut page);
            match direction {
                _ if whole => self.left.clone(),
                Direction::Forwards => self.left.start..numbers.last().map_or(0, |last| last + 1),
                Direction::Backwards => numbers.first().copied().unwrap_or(0)..self.left.end,
            }
        } else {
            let read = match direction {
                Direction::Forwards => {
                    self.left.start..self.left.start.saturating_add(PAGE).min(self.left.end)
                }
                Direction::Backwards => {
                    self.left.end.saturating_sub(PAGE).max(self.left.start)..self.left.end
                }
            };
            history.read(read.start..=read.end - 1, &mut page);
            read
        };
        match direction {
            Direction::Forwards => {
                self.left.start = read.end.max(self.left.start + 1);
                self.front = page.into_iter();
            }
            Direction::Backwards => {
                self.left.end = read.start.min(self.left.end - 1);
                self.back = page.into_iter();
            }
        }
    }

    /// Finds what a limit leaves when it is taken from the other end than it counts from: all of it is held.
    fn settle(&mut self, direction: Direction) {
        let limit = match (self.query.limit, direction) {
            (Limit::First(count), Direction::Backwards) => Some((count, Direction::Forwards)),
            (Limit::Last(count), Direction::Forwards) => Some((count, Direction::Backwards)),
            (Limit::LastPerTopic, _) => None,
            _ => return,
        };
        let found = match limit {
            None => self.query.last_of_each::<T>().into_iter().map(T::erase).collect(),
            Some((count, from)) => {
                let mut found = Vec::new();
                while found.len() < count
                    && let Some(event) = self.pull(from)
                {
                    found.push(T::erase(event));
                }
                if from == Direction::Backwards {
                    found.reverse();
                }
                found
            }
        };
        self.left = 0..0;
        each_quietly(self.back.by_ref());
        each_quietly(std::mem::replace(&mut self.front, found.into_iter()));
        self.query.limit = Limit::Found;
    }

    /// Takes one from that end, as the limit has it.
    fn take(&mut self, direction: Direction) -> Option<Arc<Event<T>>> {
        self.settle(direction);
        match &mut self.query.limit {
            Limit::First(0) | Limit::Last(0) => return None,
            Limit::First(count) | Limit::Last(count) => *count -= 1,
            Limit::Found => {
                // Chosen already: seen as `T` once more, which is looked up.
                let event = match direction {
                    Direction::Forwards => self.front.next(),
                    Direction::Backwards => self.front.next_back(),
                };
                return event.and_then(T::own);
            }
            Limit::None | Limit::LastPerTopic => {}
        }
        self.pull(direction)
    }
}

impl<T: Shape + ?Sized> Iterator for Events<T> {
    type Item = Arc<Event<T>>;

    fn next(&mut self) -> Option<Arc<Event<T>>> {
        self.take(Direction::Forwards)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from(self.left.end.saturating_sub(self.left.start));
        let most = left.ok().and_then(|left| left.checked_add(self.front.len() + self.back.len()));
        match self.query.limit {
            Limit::First(count) | Limit::Last(count) => {
                (0, Some(most.map_or(count, |most| most.min(count))))
            }
            Limit::None | Limit::LastPerTopic | Limit::Found => (0, most),
        }
    }
}

impl<T: Shape + ?Sized> DoubleEndedIterator for Events<T> {
    fn next_back(&mut self) -> Option<Arc<Event<T>>> {
        self.take(Direction::Backwards)
    }
}

impl<T: Shape + ?Sized> FusedIterator for Events<T> {}

impl<T: ?Sized> fmt::Debug for Events<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events")
            .field("query", &self.query)
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

/// The history may have let go of what was read, and its data is the users' to drop.
impl<T: ?Sized> Drop for Events<T> {
    fn drop(&mut self) {
        each_quietly(self.front.by_ref());
        each_quietly(self.back.by_ref());
    }
}
