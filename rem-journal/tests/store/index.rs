//! Events are found by id, by topic and by time.

use std::ops::ControlFlow;

use proptest::prelude::*;
use rem_journal::store::{Direction, Moment, Store, Topic};

use crate::support::*;

fn topics(store: &dyn Store, prefix: &str) -> Vec<Topic> {
    let mut topics = Vec::new();
    store.topics(prefix, &mut |topic| {
        topics.push(topic.clone());
        ControlFlow::Continue(())
    });
    topics
}

#[test]
fn an_event_is_found_by_its_id() {
    let store = memory();
    append(&store, &events(1..=300)).unwrap();
    for sequence in [1, 2, 150, 300] {
        assert_eq!(store.find(&id(sequence)).unwrap(), Some(sequence));
    }
    assert_eq!(store.find(&id(301)).unwrap(), None);
    // One that comes twice is found where it came last.
    let again = Event { sequence: 301, ..Event::new(7) };
    append(&store, &[again]).unwrap();
    assert_eq!(store.find(&id(7)).unwrap(), Some(301));
    assert_sound(&store);
}

#[test]
fn topics_are_listed_by_prefix_with_what_is_kept_of_them() {
    let store = memory();
    let other: Vec<Event> =
        (1_001..=1_700).map(|at| Event::new(at).topic(&format!("order.{at}"))).collect();
    append(&store, &events(1..=100)).unwrap();
    append(&store, &other).unwrap();
    assert_eq!(topics(&store, "").len(), 710);
    assert_eq!(topics(&store, "order.").len(), 700);
    assert_eq!(topics(&store, "nothing"), []);
    let [topic] = &*topics(&store, "sensor.3") else { panic!("one topic") };
    let bytes: usize = (0..10).map(|ten| Event::new(ten * 10 + 3).bytes().len()).sum();
    assert_eq!((&*topic.name, topic.events), ("sensor.3.read", 10));
    assert_eq!((topic.bytes, topic.first, topic.last), (bytes as u64, 3, 93));
    let mut asked = 0;
    store.topics("", &mut |_| {
        asked += 1;
        if asked == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(asked, 3);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn by_topics_is_what_a_scan_with_a_filter_gives(
        of in proptest::collection::vec(0_u8..6, 1..120),
        wanted in proptest::collection::hash_set(0_u8..6, 0..6),
        range in (0_u64..130, 0_u64..130), limit in 1_usize..20, backwards: bool, split in 0_usize..120,
        // Numbers of one era, and of many.
        stride in prop_oneof![Just(1_u64), Just(9_000), Just(200_000)],
    ) {
        let store = memory();
        let name = |topic: u8| format!("topic.{topic}");
        let all: Vec<Event> =
            of.iter().zip(1..).map(|(&topic, at)| Event::new(at * stride).topic(&name(topic))).collect();
        let range = (range.0 * stride, range.1 * stride);
        let split = split.min(all.len());
        append(&store, &all[..split]).unwrap();
        append(&store, &all[split..]).unwrap();
        let names: Vec<String> = wanted.into_iter().map(name).collect();
        let chosen: Vec<Topic> =
            topics(&store, "").into_iter().filter(|topic| names.contains(&topic.name.to_string())).collect();
        let direction = if backwards { Direction::Backwards } else { Direction::Forwards };
        let (mut found, mut left) = (Vec::new(), Some(range.0..=range.1));
        while let Some(range) = left {
            let before = found.len();
            left = store.by_topics(&chosen, range, direction, limit, &mut found).unwrap();
            prop_assert!(found.len() - before <= limit);
        }
        let mut expected: Vec<u64> = all
            .iter()
            .filter(|event| names.contains(&event.topic) && (range.0..=range.1).contains(&event.sequence))
            .map(|event| event.sequence)
            .collect();
        if backwards {
            expected.reverse();
        }
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn by_time_is_in_the_order_of_time_however_events_came(
        times in proptest::collection::vec(0_u64..50, 1..120), range in (0_u64..55, 0_u64..55),
        limit in 1_usize..20, backwards: bool,
    ) {
        let store = memory();
        let all: Vec<Event> = times.iter().zip(1..).map(|(&time, at)| Event::new(at).at(time)).collect();
        append(&store, &all).unwrap();
        let direction = if backwards { Direction::Backwards } else { Direction::Forwards };
        let from = Moment { timestamp: range.0, sequence: 0 };
        let to = Moment { timestamp: range.1, sequence: u64::MAX };
        let (mut found, mut left) = (Vec::new(), Some(from..=to));
        while let Some(range) = left {
            left = store.by_time(range, direction, limit, &mut found).unwrap();
        }
        let mut expected: Vec<Moment> = all
            .iter()
            .map(|event| Moment { timestamp: event.timestamp, sequence: event.sequence })
            .filter(|moment| (from..=to).contains(moment))
            .collect();
        expected.sort();
        if backwards {
            expected.reverse();
        }
        prop_assert_eq!(found, expected);
    }
}
