//! The account of a queue: whatever comes in whatever order, each event is delivered, replaced, or within one range of losses
//! that encloses no other.

use std::sync::{Arc, Weak};
use std::time::Duration;

use proptest::prelude::*;

use super::super::{Key, Overflow};
use super::{Channel, Seat, Sent, Taken};
use crate::clock::Timestamp;
use crate::event::{Event, EventId, Ids, Making, place};
use crate::sync::Watch;
use crate::system::SystemEvent;

const KEYS: u64 = 4;
const TAKEN: Seat = Seat::Taken;

fn event(sequence: u64) -> Arc<Event> {
    let topic = rem_patterns::Topic::from_static("tick");
    let timestamp = Timestamp::from_nanos(0);
    let id = Ids::fixed().next(timestamp);
    let data = SystemEvent::MiddlewareFailed {
        name: "".into(),
        place: "".into(),
        event: EventId::NIL,
        topic: topic.clone(),
        error: "".into(),
    };
    let mut event = place(Making { id, topic: &topic, timestamp, scope: 0, source: None }, data);
    event.head().set_sequence(sequence);
    event.share()
}

/// What is done to a queue.
#[derive(Debug, Clone)]
enum Step {
    /// The next event comes.
    Send,
    Take,
    /// Somebody begins to wait until it is drained.
    Drain,
}

/// What was seen of a queue.
#[derive(Default)]
struct Seen {
    delivered: Vec<u64>,
    /// Range, how many, and how many were delivered before it was told.
    lost: Vec<(u64, u64, u64, usize)>,
    /// Every event that came, with its number, alive as long as the queue has it.
    came: Vec<(u64, Weak<Event>)>,
    /// Who waits, for the first so many of them.
    drains: Vec<(Watch, usize)>,
}

impl Seen {
    /// Whether there was something. `in_order`: an event is the oldest of those that are there.
    fn take(&mut self, channel: &Channel, in_order: bool) -> bool {
        let there = self.came.iter().filter(|(_, event)| event.strong_count() > 0);
        let oldest = there.map(|(number, _)| *number).min();
        match channel.take() {
            Taken::Event(event) => {
                assert!(!in_order || event.sequence() == oldest, "{event} before {oldest:?}");
                self.delivered.extend(event.sequence());
            }
            Taken::Lagged(lagged) => {
                let before = self.delivered.len();
                self.lost.push((lagged.from(), lagged.to(), lagged.missed(), before));
            }
            Taken::Empty | Taken::Ended => return false,
        }
        true
    }

    fn has_each_key_once(&self) -> bool {
        let there = self.came.iter().filter(|(_, event)| event.strong_count() > 0);
        let mut keys: Vec<_> = there.map(|(number, _)| number % KEYS).collect();
        let all = keys.len();
        keys.sort_unstable();
        keys.dedup();
        keys.len() == all
    }

    fn check_drains(&self) {
        for (watch, came) in &self.drains {
            let left = self.came[..*came].iter().any(|(_, event)| event.strong_count() > 0);
            assert_eq!(watch.is_gone(), !left, "told when what was there is gone, and not before");
        }
    }

    fn check(&self, channel: &Channel, in_order: bool) {
        let stats = channel.stats();
        let missed: u64 = self.lost.iter().map(|(_, _, missed, _)| missed).sum();
        assert_eq!((stats.delivered, stats.dropped), (self.delivered.len() as u64, missed));
        let all = self.delivered.len() as u64 + missed + stats.replaced;
        assert_eq!(all, self.came.len() as u64, "each is counted once");
        for &(from, to, missed, before) in &self.lost {
            assert!(missed <= to - from + 1, "a range of {from} to {to} has no {missed} numbers");
            let enclosed = self.delivered.iter().find(|number| (from..=to).contains(number));
            assert_eq!(enclosed, None, "within the losses {from} to {to}");
            if in_order {
                let mut later = self.delivered[before..].iter();
                assert!(later.all(|number| *number > to), "told before all that is newer");
            }
        }
    }
}

fn run(overflow: &Overflow, capacity: usize, late: &[u64], steps: &[Step]) {
    let channel = Channel::new(capacity, overflow.clone());
    // In the order of their numbers, but for those that come so many later.
    let mut numbers: Vec<_> =
        (1..).zip(late).map(|(number, late)| (number + late, number)).collect();
    numbers.sort_unstable();
    let mut numbers = numbers.into_iter().map(|(_, number)| number);
    let mut seen = Seen::default();
    let in_order = !matches!(overflow, Overflow::Conflate(_));
    for step in steps {
        match step {
            Step::Send => {
                let Some(number) = numbers.next() else { continue };
                let event = event(number);
                seen.came.push((number, Arc::downgrade(&event)));
                assert_ne!(channel.send(event, false), Sent::Ended);
            }
            Step::Take => _ = seen.take(&channel, in_order),
            Step::Drain => {
                let came = seen.came.len();
                seen.drains.extend(channel.drain().map(|watch| (watch, came)));
            }
        }
        assert!(channel.len() <= capacity);
        assert!(in_order || seen.has_each_key_once());
        seen.check_drains();
    }
    channel.finish();
    while seen.take(&channel, in_order) {
        seen.check_drains();
    }
    seen.check(&channel, in_order);
}

fn overflows() -> impl Strategy<Value = Overflow> {
    let key = Key::of(|event| (event.sequence().unwrap_or_default() % KEYS).to_string().into());
    prop_oneof![
        Just(Overflow::DropOldest),
        Just(Overflow::DropNewest),
        Just(Overflow::Conflate(key))
    ]
}

/// A publisher found its route before the reader came, and so has no seat: its event is taken in all the same, and so is
/// that of one who has.
#[test]
fn where_events_have_seats_none_is_lost() {
    for overflow in [Overflow::Block(Duration::ZERO), Overflow::Reject] {
        let channel = Channel::new(2, overflow);
        assert_eq!((channel.seat(), channel.seat(), channel.seat()), (TAKEN, TAKEN, Seat::Full));
        assert_eq!(channel.send(event(1), false), Sent::Queued);
        assert_eq!(channel.send(event(2), true), Sent::Queued);
        assert_eq!(channel.send(event(3), true), Sent::Queued);
        assert_eq!((channel.len(), channel.seat()), (3, Seat::Full));
        let mut seen = Seen::default();
        while seen.take(&channel, false) {}
        assert_eq!((seen.delivered, channel.seat()), (vec![1, 2, 3], TAKEN));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_event_is_delivered_or_replaced_or_lost_and_said_to_be(
        overflow in overflows(),
        capacity in 1..5_usize,
        late in proptest::collection::vec(prop_oneof![3 => Just(0), 1 => 1..4_u64], 0..24),
        steps in proptest::collection::vec(
            prop_oneof![4 => Just(Step::Send), 2 => Just(Step::Take), 1 => Just(Step::Drain)],
            0..60,
        ),
    ) {
        run(&overflow, capacity, &late, &steps);
    }
}
