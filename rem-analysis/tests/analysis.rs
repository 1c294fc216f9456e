//! What an analysis says is what a slow reckoning by hand says: groups, windows, numbers, and what is in none of them.
#![expect(
    clippy::unwrap_used,
    clippy::float_cmp,
    clippy::cast_precision_loss,
    reason = "what fails in a test should end it, and sums of small whole numbers are exact"
)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use rem_analysis::{Analysis, AnalysisErrorKind, Group, Row, Table};
use rem_core::wire::{Codec, RawEvent};
use rem_core::{Bus, Event, Pattern, Ring, Timestamp};

/// Events by topic, second and JSON data.
fn events<'a>(all: impl IntoIterator<Item = (&'a str, u64, &'a str)>) -> Vec<Arc<Event>> {
    let bus = Bus::builder().history(Ring::events(10_000)).build();
    for (topic, second, json) in all {
        let event = bus.event(RawEvent::new(Codec::Json, json.as_bytes()));
        let event = event.timestamp(Timestamp::from_nanos(second * 1_000_000_000));
        let event = if second % 2 == 0 { event.source("even") } else { event };
        event.metadata("tenant", second % 3).publish_to(topic).unwrap();
    }
    bus.query("**").unwrap().events()
}

/// The labels and the events of each row. A test ends soon enough to leak the few texts, and is shorter for it.
fn labels(table: &Table) -> Vec<(Vec<Option<&'static str>>, u64)> {
    let leaked = |label: &Option<Box<str>>| label.clone().map(|label| &*Box::leak(label));
    let row = |row: &Row| (row.group().iter().map(leaked).collect(), row.events());
    table.rows().iter().map(row).collect()
}

fn some() -> Vec<Arc<Event>> {
    events([
        ("shop.eu.paid", 0, r#"{"price":{"amount":3},"ok":true}"#),
        ("shop.eu.paid", 61, r#"{"price":{"amount":5}}"#),
        ("shop.us.paid", 2, r#"{"price":{"amount":10}}"#),
        ("shop.us.sent", 3, r#"{"price":"dear"}"#),
        ("stock", 4, r#"{"price":{"amount":null}}"#),
        ("stock", 5, r#"{"price":{"amount":"7"}}"#),
        ("stock", 6, "nonsense"),
        ("stock", 7, ""),
    ])
}

#[test]
fn numbers_by_group_and_what_is_none_is_counted() {
    let table = Analysis::of("price.amount").by(Group::Segment(1)).run(some()).unwrap();
    assert_eq!(labels(&table), [(vec![None], 4), (vec![Some("eu")], 2), (vec![Some("us")], 2)]);
    let eu = &table.rows()[1];
    assert_eq!(
        (eu.numbers(), eu.sum(), eu.mean(), eu.min(), eu.max()),
        (2, 8.0, Some(4.0), Some(3.0), Some(5.0))
    );
    assert_eq!(eu.rate(), Some(2.0 / 61.0));
    let stock = &table.rows()[0];
    assert_eq!((stock.numbers(), stock.sum(), stock.mean(), stock.min()), (0, 0.0, None, None));
    let counts = (table.events(), table.absent(), table.not_numbers(), table.unreadable());
    // `"dear"` has nothing within it, and `""` is no data.
    assert_eq!(counts, (8, 3, 1, 1));
    let one = Analysis::of("price.amount").run(some()).unwrap();
    assert_eq!((one.rows().len(), one.rows()[0].sum()), (1, 18.0));
    assert_eq!(Analysis::events().run([]).unwrap().rows().len(), 0);
}

#[test]
fn events_are_told_apart_by_whatever_is_said() {
    let count = |group| {
        let table = Analysis::events().by(group).run(some()).unwrap();
        labels(&table).into_iter().map(|(label, count)| (label[0], count)).collect::<Vec<_>>()
    };
    assert_eq!(count(Group::Topic)[0], (Some("shop.eu.paid"), 2));
    assert_eq!(count(Group::Source), [(None, 4), (Some("even"), 4)]);
    assert_eq!(count(Group::metadata("tenant")), [(Some("0"), 3), (Some("1"), 3), (Some("2"), 2)]);
    assert_eq!(count(Group::field("ok")), [(None, 7), (Some("true"), 1)]);
    assert_eq!(count(Group::Key), [(None, 8)]);
    let pattern = Pattern::parse("shop.{region}.paid").unwrap();
    assert_eq!(
        count(Group::capture(pattern.clone(), "region")),
        [(None, 5), (Some("eu"), 2), (Some("us"), 1)]
    );
    let regex = Pattern::regex(r"shop\.(?<region>\w+)\.paid").unwrap();
    assert_eq!(
        count(Group::capture(regex, "region")),
        [(None, 5), (Some("eu"), 2), (Some("us"), 1)]
    );
    let depth = Group::with("depth", |event: &Event| Some(event.topic().depth().to_string()));
    assert_eq!(count(depth), [(Some("1"), 4), (Some("3"), 4)]);
    let both = Analysis::events().by(Group::Segment(0)).by(Group::Segment(2)).run(some()).unwrap();
    let expected = [
        (vec![Some("shop"), Some("paid")], 3),
        (vec![Some("shop"), Some("sent")], 1),
        (vec![Some("stock"), None], 4),
    ];
    assert_eq!(labels(&both), expected);
    let error = Analysis::events().by(Group::capture(pattern, "land")).run([]).unwrap_err();
    assert_eq!(error.kind(), AnalysisErrorKind::Capture);
    assert!(error.to_string().contains("captures nothing under `land`"), "{error}");
}

#[test]
fn a_late_event_is_in_its_own_window_and_empty_ones_are_shown_if_asked() {
    let minute = Duration::from_secs(60);
    let events = events([("a", 0, ""), ("a", 185, ""), ("b", 59, ""), ("b", 60, ""), ("a", 1, "")]);
    let starts = |table: &Table| {
        let row =
            |row: &Row| (row.window().unwrap().start().as_nanos() / 1_000_000_000, row.events());
        table.rows().iter().map(row).collect::<Vec<_>>()
    };
    let table = Analysis::events().every(minute).run(events.clone()).unwrap();
    assert_eq!(starts(&table), [(0, 3), (60, 1), (180, 1)]);
    assert_eq!(table.rows()[0].rate(), Some(0.05));
    let table = Analysis::events().every(minute).with_empty().run(events.clone()).unwrap();
    assert_eq!(starts(&table), [(0, 3), (60, 1), (120, 0), (180, 1)]);
    assert_eq!(table.rows()[2].rate(), Some(0.0));
    let table =
        Analysis::events().by(Group::Topic).every(minute).with_empty().run(events.clone()).unwrap();
    assert_eq!(
        starts(&table),
        [(0, 2), (0, 1), (60, 0), (60, 1), (120, 0), (120, 0), (180, 1), (180, 0)]
    );
    // Overlapping, an event is in each that holds it.
    let table = Analysis::events().every(minute).over(2 * minute).run(events.clone()).unwrap();
    assert_eq!(starts(&table), [(0, 4), (60, 1), (120, 1), (180, 1)]);
    let far = [events, self::events([("a", 4_000_000_000, "")])].concat();
    let error = Analysis::events().every(minute).with_empty().run(far).unwrap_err();
    assert_eq!(error.kind(), AnalysisErrorKind::Rows);
}

#[test]
fn groups_and_rows_are_bounded_and_the_rest_is_told() {
    let topics: Vec<String> = (0..50).map(|number| format!("t.n{number:02}")).collect();
    let all = events(topics.iter().map(|topic| (topic.as_str(), 1, r#"{"n":2}"#)));
    let error = Analysis::of("n").by(Group::Topic).groups(49).run(all.clone()).unwrap_err();
    assert_eq!(error.kind(), AnalysisErrorKind::Groups);
    let said = error.to_string();
    assert!(said.contains("`t.n49`") && said.contains("`Analysis::others`"), "{said}");
    let table = Analysis::of("n").by(Group::Topic).groups(10).others().run(all.clone()).unwrap();
    let last = table.rows().last().unwrap();
    assert_eq!(
        (table.rows().len(), last.is_others(), last.events(), last.sum()),
        (11, true, 40, 80.0)
    );
    assert_eq!(table.in_others(), 40);
    assert!(table.to_string().ends_with("50 events, 40 among the others"), "{table}");
    let error = Analysis::of("n").by(Group::Topic).rows(49).run(all.clone()).unwrap_err();
    assert_eq!(error.kind(), AnalysisErrorKind::Rows);
    assert!(error.to_string().contains("50 rows, and at most 49 are made"), "{error}");
    // Many digits take much memory.
    let asked = |digits| {
        Analysis::of("n").by(Group::Topic).percentiles([50.0]).digits(digits).run(all.clone())
    };
    assert_eq!(asked(4).unwrap().rows().len(), 50);
    let error = asked(5).unwrap_err();
    assert!(error.to_string().contains("11 rows, and at most 10 are made"), "{error}");
}

#[test]
fn what_percentiles_cannot_hold_is_told_with_its_event() {
    let half = events([("a.b", 1, r#"{"n":2}"#), ("a.b", 2, r#"{"n":2.5}"#)]);
    let error = Analysis::of("n").percentiles([50.0]).run(half.clone()).unwrap_err();
    assert_eq!(error.kind(), AnalysisErrorKind::Number);
    let said = error.to_string();
    assert!(said.contains("the event `a.b`, number 2: 2.5 is not whole"), "{said}");
    let table = Analysis::of("n").percentiles([50.0, 100.0]).resolution(0.1).run(half).unwrap();
    let row = &table.rows()[0];
    assert_eq!(
        (row.percentile(50.0), row.percentile(100.0), row.percentile(1.0)),
        (Some(2.0), Some(2.5), None)
    );
    let error = Analysis::events().percentiles([50.0]).run([]).unwrap_err();
    assert_eq!(error.kind(), AnalysisErrorKind::Percentile);
    for (path, kind) in [("", AnalysisErrorKind::Field), ("a..b", AnalysisErrorKind::Field)] {
        assert_eq!(Analysis::of(path).run([]).unwrap_err().kind(), kind);
    }
}

#[test]
fn a_table_is_text_csv_and_json() {
    let events = events([
        ("a", 0, r#"{"n":-1,"by":"\"x,y\""}"#),
        ("a", 1, r#"{"n":4,"by":"b"}"#),
        ("a", 61, r#"{"n":7,"by":"b"}"#),
        ("a", 61, "{}"),
    ]);
    let asked = Analysis::of("n").by(Group::field("by")).every(Duration::from_secs(60));
    let table = asked.percentiles([50.0]).run(events).unwrap();
    let text = "\
start                 end                   by     events   rate  numbers  sum  mean  min  max  p50
1970-01-01T00:00:00Z  1970-01-01T00:01:00Z  \"x,y\"       1  0.017        1   -1    -1   -1   -1   -1
1970-01-01T00:00:00Z  1970-01-01T00:01:00Z  b           1  0.017        1    4     4    4    4    4
1970-01-01T00:01:00Z  1970-01-01T00:02:00Z  –           1  0.017        0    0     –    –    –    –
1970-01-01T00:01:00Z  1970-01-01T00:02:00Z  b           1  0.017        1    7     7    7    7    7
4 events, 1 without the number";
    assert_eq!(table.to_string(), text, "\n{table}");
    let csv = table.csv().to_string();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], "start,end,by,events,rate,numbers,sum,mean,min,max,p50");
    assert!(
        lines[1].contains(r#","""x,y""",1,"#) && lines[1].ends_with(",1,-1,-1,-1,-1,-1"),
        "{csv}"
    );
    assert!(lines[3].ends_with(",,1,0.016666666666666666,0,0,,,,"), "{csv}");
    let json = serde_json::to_value(&table).unwrap();
    assert_eq!(json[1]["group"]["by"], "b");
    assert_eq!((&json[1]["p50"], &json[2]["mean"]), (&4.0.into(), &serde_json::Value::Null));
    assert_eq!(json[3]["start"], "1970-01-01T00:01:00Z");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// In any order, with overlapping windows, against a reckoning that looks at every event for every window.
    #[test]
    fn it_is_what_a_slow_reckoning_says(
        all in proptest::collection::vec((0_usize..4, 0_u64..100, -50_i64..50), 0..60),
        step in 1_u64..20,
        overlap in 0_u64..30,
    ) {
        let length = step + overlap;
        let json: Vec<String> = all.iter().map(|(.., number)| format!(r#"{{"a":[],"n":{number}}}"#)).collect();
        let topics = ["a", "b", "c", "d"];
        let found = events(all.iter().zip(&json).map(|((topic, second, _), json)| (topics[*topic], *second, json.as_str())));
        let seconds = Duration::from_secs;
        let table = Analysis::of("n").by(Group::Topic).every(seconds(step)).over(seconds(length));
        let table = table.percentiles([0.0, 100.0]).run(found).unwrap();
        let mut expected = BTreeMap::<(u64, &str), Vec<i64>>::new();
        for start in (0..100).step_by(usize::try_from(step).unwrap()) {
            for (topic, second, number) in &all {
                if (start..start + length).contains(second) {
                    expected.entry((start, topics[*topic])).or_default().push(*number);
                }
            }
        }
        let rows = table.rows().iter().map(|row| {
            let start = row.window().unwrap().start().as_nanos() / 1_000_000_000;
            ((start, row.group()[0].as_deref().unwrap()), row)
        });
        let rows: Vec<_> = rows.collect();
        prop_assert!(rows.iter().map(|(at, _)| at).eq(expected.keys()));
        for ((_, row), numbers) in rows.iter().zip(expected.values()) {
            let least = numbers.iter().min().map(|least| *least as f64);
            let most = numbers.iter().max().map(|most| *most as f64);
            prop_assert_eq!(row.numbers(), numbers.len() as u64);
            prop_assert_eq!(row.sum(), numbers.iter().sum::<i64>() as f64);
            prop_assert_eq!((row.min(), row.max()), (least, most));
            prop_assert_eq!((row.percentile(0.0), row.percentile(100.0)), (least, most));
        }
    }
}
