//! The past of a journal, asked: by index and without, in memory and on the disk, with what was let go.

use std::time::Duration;

use rem_core::wire::{Codec, RawEvent};
use rem_core::{Bus, Event, EventStream, Overflow, Payload, Start, Timestamp, TryRecvError};
use rem_journal::{Durability, Journal, Keep, Retention};

use super::{LONG, all, bus, folder, publish};

/// What a stream gives of the past, losses as their numbers.
fn read(bus: &Bus, pattern: &str) -> (Vec<u64>, Vec<(u64, u64, u64)>) {
    let subscription = bus.subscription(pattern).from(Start::Sequence(1));
    let mut stream: EventStream = subscription.queue(8, Overflow::Reject).stream().unwrap();
    let (mut seen, mut lost) = (Vec::new(), Vec::new());
    loop {
        match stream.try_recv() {
            Ok(event) => seen.push(event.sequence().unwrap()),
            Err(TryRecvError::Lagged(lagged)) => {
                lost.push((lagged.from(), lagged.to(), lagged.missed()));
            }
            Err(TryRecvError::Empty) => return (seen, lost),
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_question_has_the_same_answer_with_an_index_and_without() {
    let (_folder, path) = folder();
    let first = bus(Journal::builder().backlog(64, 1 << 20), &path);
    for number in 0..1_000 {
        publish(&first, &format!("sensor-{}.reading", number % 100), &number.to_string());
    }
    drop(first);
    let again = bus(Journal::builder().backlog(64, 1 << 20), &path);
    for number in 1_000..1_100 {
        publish(&again, &format!("sensor-{}.reading", number % 100), &number.to_string());
    }
    // The whole past, read and compared here.
    let all: Vec<_> = again.query("**").unwrap().iter::<dyn Payload>().collect();
    assert_eq!(all.len(), 1_100);
    let numbers = |events: &[std::sync::Arc<Event>]| {
        events.iter().map(|event| event.sequence().unwrap()).collect::<Vec<_>>()
    };
    for pattern in [
        "sensor-7.reading",
        "sensor-7*.**",
        "sensor-7",
        "=sensor-7",
        "nowhere",
        "**",
        "{s}.reading,!sensor-1*.**",
    ] {
        let parsed: rem_core::Pattern = pattern.parse().unwrap();
        let expected: Vec<_> =
            all.iter().filter(|event| parsed.matches(event.topic())).cloned().collect();
        let expected = numbers(&expected);
        let query = again.query(pattern).unwrap();
        assert_eq!(numbers(&query.events()), expected, "{pattern}");
        let last: Vec<_> = expected.iter().rev().take(7).rev().copied().collect();
        assert_eq!(numbers(&query.clone().last(7).events()), last, "{pattern}");
        let first: Vec<_> = expected.iter().take(7).copied().collect();
        assert_eq!(numbers(&query.clone().first(7).events()), first, "{pattern}");
        let between: Vec<_> =
            expected.iter().filter(|number| (300..900).contains(*number)).copied().collect();
        assert_eq!(numbers(&query.after(299).before(900).events()), between, "{pattern}");
    }
    for at in [0, 500, 999, 1_099] {
        let event = &all[at];
        let found = again.query("**").unwrap().id(event.id()).events();
        assert_eq!(numbers(&found), [event.sequence().unwrap()]);
        let (from, to) = (all[at.saturating_sub(3)].timestamp(), event.timestamp());
        let expected: Vec<_> =
            all.iter().filter(|event| (from..=to).contains(&event.timestamp())).cloned().collect();
        let found = again.query("**").unwrap().since(from).until(to).events();
        assert_eq!(numbers(&found), numbers(&expected));
    }
}

#[test]
fn what_a_rule_let_go_is_a_loss_to_those_alone_who_select_it() {
    let (_folder, path) = folder();
    let retention = Retention::new().of("chatty.**", Keep::events(10)).unwrap();
    let options = || Journal::builder().backlog(8, 1 << 20).retention(retention.clone());
    let first = bus(options(), &path);
    for number in 0..50 {
        publish(&first, "chatty.a", &number.to_string()).durable().wait(LONG).unwrap();
        publish(&first, "rare", &number.to_string()).durable().wait(LONG).unwrap();
    }
    drop(first);
    // Closed and opened, so that all of it is on the disk.
    let again = bus(options(), &path);
    let (seen, lost) = read(&again, "rare");
    assert_eq!(seen, (1..=50).map(|number| 2 * number).collect::<Vec<_>>());
    assert_eq!(lost, []);
    let (seen, lost) = read(&again, "chatty.**");
    assert!((10..=14).contains(&seen.len()), "{}", seen.len());
    let gone: u64 = lost.iter().map(|(.., missed)| missed).sum();
    assert_eq!(gone + seen.len() as u64, 50, "{lost:?}");
    assert!(lost.iter().all(|(from, to, missed)| to - from + 1 == *missed));
    assert!(
        lost.iter().all(|(from, to, _)| !seen.iter().any(|number| (from..=to).contains(&number)))
    );
}

#[test]
fn the_numbers_that_a_crash_left_unused_are_no_loss_and_nothing_waits_for_them() {
    let (folder, path) = folder();
    let open = bus(Journal::builder(), &path);
    let copy = folder.path().join("copy.rem");
    std::fs::copy(&path, &copy).unwrap();
    drop(open);
    // Nothing was committed, and thousands of numbers may have been given out.
    let crashed = bus(Journal::builder(), &copy);
    assert_eq!(read(&crashed, "**"), (vec![], vec![]));
    let number = publish(&crashed, "a", "1").sequence().unwrap();
    assert!(number > 16_384);
    assert_eq!(read(&crashed, "**"), (vec![number], vec![]));
    publish(&crashed, "a", "2").durable().wait(LONG).unwrap();
    std::fs::copy(&copy, folder.path().join("again.rem")).unwrap();
    let again = bus(Journal::builder(), &folder.path().join("again.rem"));
    assert_eq!(read(&again, "**"), (vec![number, number + 1], vec![]));
}

#[test]
fn a_time_that_has_not_come_makes_nothing_old() {
    let (_folder, path) = folder();
    let hour = Duration::from_secs(3_600);
    let keep = Retention::new().all(Keep::age(hour));
    let options = || Journal::builder().durability(Durability::EveryEvent).retention(keep.clone());
    let now = Timestamp::from(std::time::SystemTime::now());
    let at = |nanos: u64| Timestamp::from_nanos(nanos);
    let nanos = |hours: u64| hours * u64::try_from(hour.as_nanos()).unwrap();
    let times = [now.as_nanos() - nanos(2), now.as_nanos(), u64::MAX, now.as_nanos()];
    let bus = bus(options(), &path);
    for time in times {
        let data = RawEvent::new(Codec::Json, *b"1");
        bus.event(data).timestamp(at(time)).publish_to("a").unwrap();
    }
    drop(bus);
    // What is in the file alone.
    let bus = self::bus(options(), &path);
    publish(&bus, "a", "2");
    drop(bus);
    let numbers: Vec<_> = all(&self::bus(options(), &path)).iter().map(|event| event.0).collect();
    assert_eq!(numbers.len(), 4, "{numbers:?}: that of two hours ago alone is gone");
    assert!(!numbers.contains(&1));
}
