//! Queues under loom: publishers, a reader, and who wakes whom.

use std::sync::Arc;
use std::time::Duration;

use super::channel::Taken;
use super::wait::{Deadline, Waited};
use super::{Channel, Key, Overflow, Seat, Sent, Waits};
use crate::loom::{event, model, spawn};
use crate::sync::{park, thread_waker};

const LONG: Duration = Duration::from_secs(3_600);

/// What a reader got: numbers, and ranges of losses.
#[derive(Debug, Default)]
struct Got {
    events: Vec<u64>,
    lost: Vec<(u64, u64, u64)>,
}

impl Got {
    /// Everything is delivered or lost, and no range encloses what was delivered.
    fn check(&self, sent: u64) {
        let missed: u64 = self.lost.iter().map(|(missed, ..)| missed).sum();
        assert_eq!(self.events.len() as u64 + missed, sent, "{self:?}");
        for (_, from, to) in &self.lost {
            assert!(self.events.iter().all(|event| event < from || event > to), "{self:?}");
        }
    }
}

/// Reads until the end, asleep while nothing is there.
fn read(channel: &Channel) -> Got {
    let mut got = Got::default();
    loop {
        match channel.take_or_wait(&mut Some(thread_waker())) {
            Taken::Event(event) => got.events.extend(event.sequence()),
            Taken::Lagged(lagged) => got.lost.push((lagged.missed(), lagged.from(), lagged.to())),
            Taken::Empty => park(None),
            Taken::Ended => return got,
        }
    }
}

/// Two publishers and a reader, with no room for both.
fn with_losses(overflow: &Overflow) {
    let channel = Arc::new(Channel::new(1, overflow.clone()));
    // The second is slow: what it has numbered may come when what came before and after is lost.
    let publishers = [vec![1, 2, 4], vec![3]].map(|sequences| {
        let channel = Arc::clone(&channel);
        spawn(move || {
            for sequence in sequences {
                channel.send(event(sequence), false);
            }
        })
    });
    let other = Arc::clone(&channel);
    let reader = spawn(move || read(&other));
    for publisher in publishers {
        publisher.join().unwrap();
    }
    channel.finish();
    reader.join().unwrap().check(4);
}

#[test]
fn dropping_the_oldest_accounts_for_all() {
    model(|| with_losses(&Overflow::DropOldest));
}

#[test]
fn dropping_the_newest_accounts_for_all() {
    model(|| with_losses(&Overflow::DropNewest));
}

/// Two keys in a queue with room for both: nothing is lost, and the last of each key is read.
#[test]
fn conflating_accounts_for_all() {
    model(|| {
        let key = Key::of(|event| (event.sequence().unwrap_or_default() % 2).to_string().into());
        let channel = Arc::new(Channel::new(2, Overflow::Conflate(key)));
        let publishers = [vec![1, 2], vec![3]].map(|sequences| {
            let channel = Arc::clone(&channel);
            spawn(move || {
                for sequence in sequences {
                    assert_eq!(channel.send(event(sequence), false), Sent::Queued);
                }
            })
        });
        let other = Arc::clone(&channel);
        let reader = spawn(move || read(&other));
        for publisher in publishers {
            publisher.join().unwrap();
        }
        channel.finish();
        let got = reader.join().unwrap();
        let stats = channel.stats();
        assert_eq!((stats.dropped, got.lost.len()), (0, 0));
        assert_eq!(got.events.len() as u64 + stats.replaced, 3, "{got:?}");
        assert!(got.events.contains(&2) && got.events.contains(&3), "{got:?}");
    });
}

/// Two publishers that are refused where there is no room: what has a seat is read, and nothing else.
#[test]
fn what_was_not_refused_is_read() {
    model(|| {
        let channel = Arc::new(Channel::new(1, Overflow::Reject));
        let publishers = [vec![1, 2], vec![3]].map(|sequences| {
            let channel = Arc::clone(&channel);
            spawn(move || {
                let seated = |sequence: &u64| {
                    let has_seat = channel.seat() == Seat::Taken;
                    assert!(!has_seat || channel.send(event(*sequence), true) == Sent::Queued);
                    has_seat
                };
                sequences.into_iter().filter(seated).collect::<Vec<_>>()
            })
        });
        let other = Arc::clone(&channel);
        let reader = spawn(move || read(&other));
        let sent = publishers.map(|publisher| publisher.join().unwrap()).concat();
        channel.finish();
        let mut got = reader.join().unwrap();
        got.events.sort_unstable();
        assert_eq!((got.events, got.lost), (sent, vec![]));
    });
}

/// A publisher with more events than room, which waits; and a reader that sleeps: neither is forgotten.
#[test]
fn who_waits_for_room_and_who_waits_for_events_wake_each_other() {
    model(|| {
        let channel = Arc::new(Channel::new(1, Overflow::Block(LONG)));
        let other = Arc::clone(&channel);
        let publisher = spawn(move || {
            let waits = Waits::default();
            for sequence in 1..=3 {
                let mut deadline = Deadline::default();
                while other.seat() != Seat::Taken {
                    assert_eq!(waits.for_room(&other, LONG, &mut deadline, None), Waited::Again);
                }
                assert_eq!(other.send(event(sequence), true), Sent::Queued);
            }
            other.finish();
        });
        let got = read(&channel);
        assert_eq!((got.events, got.lost), (vec![1, 2, 3], vec![]));
        publisher.join().unwrap();
    });
}

/// Two publishers for one seat: one has it, and the other when it is given back.
#[test]
fn a_seat_that_is_given_back_is_taken() {
    model(|| {
        let channel = Arc::new(Channel::new(1, Overflow::Block(LONG)));
        let waits = Arc::new(Waits::default());
        let publishers = [1, 2].map(|_| {
            let (channel, waits) = (Arc::clone(&channel), Arc::clone(&waits));
            spawn(move || {
                let mut deadline = Deadline::default();
                while channel.seat() != Seat::Taken {
                    assert_eq!(waits.for_room(&channel, LONG, &mut deadline, None), Waited::Again);
                }
                channel.release();
            })
        });
        for publisher in publishers {
            publisher.join().unwrap();
        }
        assert_eq!(channel.seat(), Seat::Taken);
    });
}

/// A reader that goes beside a publisher that waits for room.
#[test]
fn nobody_waits_for_a_reader_that_is_gone() {
    model(|| {
        let channel = Arc::new(Channel::new(1, Overflow::Block(LONG)));
        assert_eq!(channel.send(event(1), false), Sent::Queued);
        let other = Arc::clone(&channel);
        let publisher = spawn(move || {
            let (waits, mut deadline) = (Waits::default(), Deadline::default());
            while other.seat() == Seat::Full {
                assert_eq!(waits.for_room(&other, LONG, &mut deadline, None), Waited::Again);
            }
            other.seat()
        });
        channel.abandon();
        assert_eq!(publisher.join().unwrap(), Seat::Ended);
    });
}

/// Two readers bound to their threads, each publishing into the other's full queue: whoever comes second is told.
#[test]
fn a_circle_is_seen_by_whoever_closes_it() {
    model(|| {
        let channels = [1, 2].map(|sequence| {
            let channel = Arc::new(Channel::new(1, Overflow::Block(LONG)));
            assert_eq!(channel.send(event(sequence), false), Sent::Queued);
            channel
        });
        let waits = Arc::new(Waits::default());
        let threads = [(0, 1), (1, 0)].map(|(own, other)| {
            let (own, other) = (Arc::clone(&channels[own]), Arc::clone(&channels[other]));
            let waits = Arc::clone(&waits);
            spawn(move || {
                own.bind(Some(crate::sync::current_thread()));
                let waited = waits.for_room(&other, LONG, &mut Deadline::default(), None);
                assert!(matches!(own.take(), Taken::Event(_)));
                own.bind(None);
                waited
            })
        });
        let waited = threads.map(|thread| thread.join().unwrap());
        assert!(waited.iter().filter(|waited| **waited == Waited::Deadlock).count() <= 1);
    });
}
