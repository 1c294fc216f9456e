//! [`Hand`]: what the pump has read and the broker has not acknowledged, in the order of the journal.

use std::collections::VecDeque;
use std::task::{Context, Poll};
use std::time::Instant;

use rem_core::Timestamp;

use crate::transport::{Parcel, Stored, Storing, TransportError};

/// In the order in which it was read: first what is sent, then what is not. The broker acknowledges in that order, mostly; only the
/// first is asked, so that an acknowledgement costs the same however many wait.
#[derive(Default)]
pub(super) struct Hand {
    entries: VecDeque<Entry>,
    /// So many of them are sent, or will never be.
    sent: usize,
}

pub(super) struct Entry {
    pub(super) number: u64,
    pub(super) time: Timestamp,
    /// Or why it cannot be sent.
    pub(super) letter: Result<Letter, Box<str>>,
    storing: Option<(Storing, Instant)>,
}

/// What is sent, and under which key.
#[derive(Clone)]
pub(super) struct Letter {
    pub(super) parcel: Parcel,
    pub(super) key: Box<str>,
}

/// What became of the first.
pub(super) enum First {
    Stored(Entry, Stored),
    Unsent(Entry, Box<str>),
    Failed(TransportError),
}

impl Entry {
    pub(super) fn new(number: u64, time: Timestamp, letter: Result<Letter, Box<str>>) -> Self {
        Self { number, time, letter, storing: None }
    }
}

impl Hand {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn push(&mut self, entry: Entry) {
        self.entries.push_back(entry);
    }

    /// The oldest.
    pub(super) fn first(&self) -> Option<&Entry> {
        self.entries.front()
    }

    /// What is to be sent next.
    pub(super) fn next(&mut self) -> Option<Letter> {
        while let Some(entry) = self.entries.get(self.sent) {
            match &entry.letter {
                Ok(letter) => return Some(letter.clone()),
                Err(_) => self.sent += 1,
            }
        }
        None
    }

    /// That was taken.
    pub(super) fn taken(&mut self, storing: Storing) {
        if let Some(entry) = self.entries.get_mut(self.sent) {
            entry.storing = Some((storing, Instant::now()));
            self.sent += 1;
        }
    }

    /// That cannot be sent.
    pub(super) fn unsent(&mut self, reason: Box<str>) {
        if let Some(entry) = self.entries.get_mut(self.sent) {
            entry.letter = Err(reason);
        }
    }

    /// The first, when it is known what became of it.
    pub(super) fn poll_first(&mut self, cx: &mut Context<'_>) -> Poll<First> {
        let Some(entry) = self.entries.front_mut() else { return Poll::Pending };
        let done = match (&mut entry.letter, &mut entry.storing) {
            (Err(reason), _) => Err(reason.clone()),
            (Ok(_), None) => return Poll::Pending,
            (Ok(_), Some((storing, _))) => match storing.as_mut().poll(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(error)) => return Poll::Ready(First::Failed(error)),
                Poll::Ready(Ok(stored)) => Ok(stored),
            },
        };
        self.sent = self.sent.saturating_sub(1);
        match (self.entries.pop_front(), done) {
            (Some(entry), Ok(stored)) => Poll::Ready(First::Stored(entry, stored)),
            (Some(entry), Err(reason)) => Poll::Ready(First::Unsent(entry, reason)),
            (None, _) => Poll::Pending,
        }
    }

    /// Since when the first waits for its acknowledgement.
    pub(super) fn waits_since(&self) -> Option<Instant> {
        let (_, since) = self.entries.front()?.storing.as_ref()?;
        Some(*since)
    }

    /// All that is not acknowledged is to be sent again, from the first on; how many that are.
    pub(super) fn rewind(&mut self) -> u64 {
        let sent = self.entries.iter_mut().filter_map(|entry| entry.storing.take()).count();
        self.sent = 0;
        sent as u64
    }

    /// Lets the oldest go, if it is not sent.
    pub(super) fn drop_oldest(&mut self) -> Option<Entry> {
        self.entries.front().filter(|entry| entry.storing.is_none())?;
        self.sent = self.sent.saturating_sub(1);
        self.entries.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::task::Waker;

    use super::*;
    use crate::transport::{Subject, TransportErrorKind};

    fn entry(number: u64) -> Entry {
        let parcel = Parcel::new(Subject::parse("a").unwrap()).with_body(number.to_string());
        let letter = Letter { parcel, key: number.to_string().into() };
        Entry::new(number, Timestamp::from_nanos(number), Ok(letter))
    }

    fn stored(sequence: u64) -> Storing {
        Box::pin(ready(Ok(Stored { sequence, duplicate: false })))
    }

    fn first(hand: &mut Hand) -> Poll<First> {
        hand.poll_first(&mut Context::from_waker(Waker::noop()))
    }

    /// The keys of what is sent, until nothing more is to be.
    fn send(hand: &mut Hand, mut storing: impl FnMut() -> Storing) -> Vec<String> {
        let mut keys = Vec::new();
        while let Some(letter) = hand.next() {
            keys.push(letter.key.to_string());
            hand.taken(storing());
        }
        keys
    }

    #[test]
    fn what_failed_is_sent_again_with_all_behind_it_in_their_order() {
        let mut hand = Hand::default();
        (1..=5).for_each(|number| hand.push(entry(number)));
        let mut sent = 0;
        let fails_at_three = || -> Storing {
            sent += 1;
            match sent {
                3 => {
                    let lost = TransportErrorKind::Disconnected;
                    Box::pin(ready(Err(TransportError::new(lost, "lost"))))
                }
                _ => stored(sent),
            }
        };
        assert_eq!(send(&mut hand, fails_at_three), ["1", "2", "3", "4", "5"]);
        for number in 1..=2 {
            let Poll::Ready(First::Stored(entry, _)) = first(&mut hand) else { panic!("{number}") };
            assert_eq!(entry.number, number);
        }
        assert!(matches!(first(&mut hand), Poll::Ready(First::Failed(_))));
        assert_eq!(hand.rewind(), 3, "three were sent, and are sent again");
        assert_eq!(send(&mut hand, || stored(9)), ["3", "4", "5"]);
    }

    #[test]
    fn what_cannot_be_sent_holds_up_nothing_and_keeps_its_place() {
        let mut hand = Hand::default();
        hand.push(entry(1));
        hand.push(Entry::new(2, Timestamp::from_nanos(2), Err("too large".into())));
        hand.push(entry(3));
        assert_eq!(send(&mut hand, || stored(1)), ["1", "3"]);
        assert!(
            matches!(first(&mut hand), Poll::Ready(First::Stored(entry, _)) if entry.number == 1)
        );
        assert!(
            matches!(first(&mut hand), Poll::Ready(First::Unsent(entry, _)) if entry.number == 2)
        );
        assert!(
            matches!(first(&mut hand), Poll::Ready(First::Stored(entry, _)) if entry.number == 3)
        );
        assert!(first(&mut hand).is_pending() && hand.len() == 0);
    }

    #[test]
    fn what_is_sent_is_not_let_go() {
        let mut hand = Hand::default();
        (1..=3).for_each(|number| hand.push(entry(number)));
        assert_eq!(hand.drop_oldest().map(|entry| entry.number), Some(1));
        assert_eq!(send(&mut hand, || Box::pin(pending())), ["2", "3"]);
        assert!(hand.drop_oldest().is_none() && hand.waits_since().is_some());
        hand.rewind();
        assert_eq!(hand.drop_oldest().map(|entry| entry.number), Some(2));
    }
}
