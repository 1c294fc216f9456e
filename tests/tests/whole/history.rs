//! The history: what it keeps, and how it is asked.

use std::time::Duration;

use rem::QueryError;
use rem::prelude::*;
use rem::testing::TestBus;

use crate::events::{Order, Tick, paid};

fn numbers(events: &[std::sync::Arc<Event>]) -> Vec<u64> {
    events.iter().filter_map(|event| event.sequence()).collect()
}

#[test]
fn the_newest_are_kept_oldest_first() {
    let bus = Bus::builder().history(Ring::events(5)).build();
    let all = bus.query("**").unwrap();
    assert!(all.events().is_empty());
    for at in 1..=3 {
        assert_eq!(
            bus.publish(Tick(at)).unwrap().sequence(),
            Some(u64::from(at)),
            "kept though nobody listens"
        );
    }
    assert_eq!(numbers(&all.events()), [1, 2, 3]);
    for at in 4..=12 {
        bus.publish(Tick(at)).unwrap();
    }
    assert_eq!(numbers(&all.events()), [8, 9, 10, 11, 12]);
}

#[test]
fn asked_by_everything() {
    let test = TestBus::with(Bus::builder().history(Ring::events(1_000)));
    let bus = &test.bus;
    let start = test.clock.now();
    let mut story = None;
    for at in 1..=600_u32 {
        test.clock.advance(Duration::from_secs(1));
        let event =
            bus.event(paid(&at.to_string())).source(if at % 2 == 0 { "even" } else { "odd" });
        let event = match story {
            Some(first) if at % 100 == 0 => event.correlation(first),
            _ => event,
        };
        let receipt = event.publish().unwrap();
        story = story.or(receipt.id());
    }
    let ask = |pattern: &str| bus.query(pattern).unwrap();
    assert_eq!(ask("order.*.paid").events().len(), 600);
    assert_eq!(numbers(&ask("order.*00.paid").events()), [100, 200, 300, 400, 500, 600]);
    assert_eq!(numbers(&ask("**").first(3).events()), [1, 2, 3]);
    assert_eq!(numbers(&ask("**").last(3).events()), [598, 599, 600]);
    assert_eq!(numbers(&ask("order.*00.paid").last(2).events()), [500, 600]);
    assert_eq!(numbers(&ask("order.1.paid").last(2).events()), [1]);
    assert_eq!(numbers(&ask("**").after(597).events()), [598, 599, 600]);
    assert_eq!(numbers(&ask("**").after(10).before(13).events()), [11, 12]);
    assert_eq!(numbers(&ask("**").after(10).before(11).events()), [0; 0]);
    let at = |seconds| start + Duration::from_secs(seconds);
    assert_eq!(numbers(&ask("**").since(at(598)).events()), [598, 599, 600]);
    assert_eq!(numbers(&ask("**").since(at(5)).until(at(6)).events()), [5, 6]);
    assert_eq!(numbers(&ask("**").source("odd").last(2).events()), [597, 599]);
    assert_eq!(numbers(&ask("**").source("").events()), [0; 0]);
    assert_eq!(
        numbers(&ask("**").correlation(story.unwrap()).events()),
        [1, 100, 200, 300, 400, 500, 600]
    );
    assert_eq!(ask("**").of::<Order>().len(), 600);
    assert_eq!(ask("**").of::<Tick>().len(), 0);
    assert_eq!(numbers(&ask("**").last(0).events()), [0; 0]);
    assert_eq!(ask("**").last(usize::MAX).events().len(), 600);
}

#[test]
fn an_answer_is_taken_from_either_end() {
    let bus = Bus::builder().history(Ring::events(1_000)).build();
    for at in 1..=600 {
        let _ = if at % 2 == 0 { bus.publish(Tick(at)) } else { bus.publish_to("odd", Tick(at)) };
    }
    let ask = |pattern: &str| bus.query(pattern).unwrap();
    let all: Vec<u64> = (1..=600).collect();
    let even: Vec<u64> = all.iter().copied().filter(|at| at % 2 == 0).collect();
    for (query, expected) in [
        (ask("**"), &all[..]),
        (ask("tick"), &even),
        (ask("tick").first(290), &even[..290]),
        (ask("tick").last(290), &even[10..]),
        (ask("**").last(0), &[]),
        (ask("**").first(usize::MAX), &all),
        (ask("**").after(10).before(20), &all[10..19]),
        (ask("**").last_per_topic(), &[599, 600]),
        (ask("**").id(ask("**").events()[41].id()), &[42]),
        (ask("none"), &[]),
    ] {
        let number = |event: std::sync::Arc<Event<Tick>>| event.sequence().unwrap();
        let iter = || query.iter::<Tick>().map(number);
        let backwards: Vec<_> = expected.iter().rev().copied().collect();
        assert!(iter().eq(expected.iter().copied()), "{query:?}");
        assert!(iter().rev().eq(backwards.iter().copied()), "{query:?}");
        assert!(numbers(&query.events()) == expected && query.count() == expected.len());
        // From both ends in turn, all the same; and the end stays one.
        let (mut both, mut seen) = (iter(), Vec::new());
        while let Some(event) = if seen.len() % 3 == 0 { both.next_back() } else { both.next() } {
            seen.push(event);
        }
        assert_eq!((both.next(), both.next_back()), (None, None));
        seen.sort_unstable();
        assert_eq!(seen, expected, "{query:?}");
    }
    // It reads what there was when it was asked.
    let mut before = ask("**").iter::<Tick>();
    bus.publish(Tick(601)).unwrap();
    assert_eq!(before.next_back().unwrap().sequence(), Some(600));
    assert!(before.size_hint().1.unwrap() <= 599);
}

#[test]
fn questions_that_cannot_be_asked() {
    let bus = Bus::new();
    assert!(matches!(bus.query("**"), Err(QueryError::NoHistory)));
    assert!(bus.query("**").unwrap_err().to_string().contains("history(Ring::events("));
    assert!(matches!(bus.query("a..b"), Err(QueryError::Pattern(_))));
}

#[test]
fn a_ring_of_nothing_keeps_one() {
    let bus = Bus::builder().history(Ring::events(0)).build();
    let _ = [bus.publish(Tick(1)), bus.publish(Tick(2))];
    assert_eq!(bus.query("**").unwrap().of::<Tick>()[0].data, Tick(2));
}

#[test]
fn system_events_are_not_kept() {
    let bus = Bus::builder().history(Ring::events(10)).build();
    let _told =
        bus.subscribe("$rem.**", |event: &Event| assert_eq!(event.sequence(), None)).unwrap();
    let _fails = bus.on(|_: &Event<Tick>| panic!("no"));
    bus.publish(Tick(1)).unwrap();
    assert_eq!(bus.query("**").unwrap().events().len(), 1);
    assert_eq!(bus.query("$rem.**").unwrap().events().len(), 0);
}
