//! Fixtures: what was recorded, written, read and published again; and what is said of a line that is none.

use proptest::prelude::*;
use rem::testing::{Fixture, FixtureErrorKind, Recorder, TestBus, Types};
use rem::{Payload, SystemEvent};

use super::support::{Order, StockLow, placed, stock_low};

fn types() -> Types {
    Types::new().of::<StockLow>().of::<Order>()
}

/// What was recorded of a small run.
fn recorded() -> String {
    let test = TestBus::new();
    let recorder = Recorder::new(&test.bus);
    test.bus.event(placed(1)).source("/web").metadata("tenant", "a\nb").publish().unwrap();
    test.bus.publish(stock_low()).unwrap();
    test.bus.child("eu").unwrap().publish(Order::Paid { id: 1 }).unwrap();
    recorder.to_jsonl().unwrap()
}

#[test]
fn a_file_of_one_byte_too_many_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_len(Fixture::LIMIT as u64 + 1).unwrap();
    let error = Fixture::read(file.path()).unwrap_err();
    assert!(matches!(error.kind(), FixtureErrorKind::TooLarge), "{error}");
}

#[test]
fn what_is_published_from_a_fixture_is_what_was_recorded() {
    let lines = recorded();
    assert_eq!(lines.lines().count(), 3);
    let fixture = Fixture::parse(&lines).unwrap();
    // Raw, and as the types that have the topics.
    for typed in [false, true] {
        let test = TestBus::new();
        let recorder = Recorder::new(&test.bus);
        let orders = Recorder::<Order>::of(&test.bus, "**").unwrap();
        let receipts = if typed {
            fixture.publish_as(&test.bus, &types()).unwrap()
        } else {
            fixture.publish(&test.bus).unwrap()
        };
        assert_eq!(receipts.len(), 3);
        assert_eq!(recorder.to_jsonl().unwrap(), lines, "typed: {typed}");
        orders.expect().equal(placed(1)).equal(Order::Paid { id: 1 }).exactly();
        let events = recorder.events();
        assert_eq!((events[0].source(), events[2].scoped_topic()), (Some("/web"), "order.paid"));
    }
}

#[test]
fn a_file_is_named_in_its_errors() {
    let path = std::env::temp_dir().join(format!("rem-fixture-{}.jsonl", std::process::id()));
    std::fs::write(&path, format!("\n{}\nnonsense\n", recorded().lines().next().unwrap())).unwrap();
    let error = Fixture::read(&path).unwrap_err();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(
        (error.kind(), error.line(), error.column()),
        (FixtureErrorKind::Line, Some(3), Some(2))
    );
    assert!(
        error.to_string().contains("rem-fixture-")
            && error.to_string().contains("line 3, column 2"),
        "{error}"
    );
    let error = Fixture::read(&path).unwrap_err();
    assert_eq!((error.kind(), error.line()), (FixtureErrorKind::File, None));
}

#[test]
fn a_fault_has_its_line_its_column_and_how_to_mend_it() {
    let cases = [
        (r#"{"specversion":"1.0","id":"1","source":"/a","type":"a b"}"#, 52, "type"),
        (r#"{"specversion":"1.0","id":"1","source":"/ä","type":"a","time":"soon"}"#, 63, "time"),
        (r#"{"specversion":"0.3","id":"1","source":"/a","type":"a"}"#, 16, "specversion"),
        (r#"{"specversion":"1.0","id":"1","source":"/a"}"#, 1, "type"),
        (r#"{"specversion":"1.0","id":"1","id":"2","source":"/a","type":"a"}"#, 36, "id"),
        (r#"{"specversion":"1.0","#, 21, "EOF"),
        ("[]", 1, "object"),
    ];
    for (line, column, words) in cases {
        let error = Fixture::parse(format!("\n \r\n{line}\n")).unwrap_err();
        assert_eq!((error.kind(), error.line()), (FixtureErrorKind::Line, Some(3)), "{error}");
        assert_eq!(error.column(), Some(column), "{line}: {error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    let error = Fixture::parse(b"{\"a\":\"\xff\"}").unwrap_err();
    assert_eq!((error.line(), error.column()), (Some(1), Some(7)), "{error}");
}

#[test]
fn data_that_is_none_of_its_type_is_told_before_anything_is_published() {
    let test = TestBus::new();
    let recorder = Recorder::new(&test.bus);
    let line = |topic: &str, data: &str| {
        format!(r#"{{"specversion":"1.0","id":"1","source":"/a","type":"{topic}","data":{data}}}"#)
    };
    let good = line("order.paid", r#"{"id":1}"#);
    for (bad, words) in [
        (line("order.paid", r#"{"id":"x"}"#), "id"),
        (line("order.lost", "{}"), "no type has the topic `order.lost`"),
    ] {
        let fixture = Fixture::parse(format!("{good}\n{bad}")).unwrap();
        let error = fixture.publish_as(&test.bus, &types()).unwrap_err();
        assert_eq!((error.kind(), error.line()), (FixtureErrorKind::Event, Some(2)));
        assert_eq!(error.column(), bad.find("\"data\":").map(|at| at + 8), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    recorder.assert_nothing_more();
    test.bus.close(std::time::Duration::ZERO);
    let error = Fixture::parse(&good).unwrap().publish(&test.bus).unwrap_err();
    assert_eq!((error.kind(), error.line()), (FixtureErrorKind::Event, Some(1)), "{error}");
}

#[test]
fn what_cannot_be_written_is_told_by_its_place() {
    let test = TestBus::new();
    let recorder = Recorder::<dyn Payload>::of(&test.bus, "$rem.**").unwrap();
    let lost = Recorder::<dyn Payload>::at_most(&test.bus, "**", 1).unwrap();
    let _sub = test.bus.subscribe("order.paid", |_: &rem::Event<StockLow>| ()).unwrap();
    test.bus.publish(Order::Paid { id: 1 }).unwrap();
    test.bus.publish(Order::Paid { id: 2 }).unwrap();
    recorder.expect().of::<SystemEvent>().among_others();
    let error = recorder.to_jsonl().unwrap_err();
    assert_eq!((error.kind(), error.line()), (FixtureErrorKind::Event, Some(1)));
    assert!(error.to_string().contains("never leaves the process"), "{error}");
    assert_eq!(lost.to_jsonl().unwrap_err().kind(), FixtureErrorKind::Lost);
}

/// A text near one that is well, or none at all.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let near = (any::<prop::sample::Index>(), prop::collection::vec(any::<u8>(), 0..4)).prop_map(
        |(at, with)| {
            let mut text = recorded().into_bytes();
            let at = at.index(text.len());
            let end = text.len().min(at + with.len());
            text.splice(at..end, with);
            text
        },
    );
    prop_oneof![
        near,
        prop::collection::vec(any::<u8>(), 0..200),
        "[{}\\[\\]\",:a-e0-9\\n ]{0,80}".prop_map(String::into_bytes)
    ]
}

proptest! {
    #[test]
    fn no_text_panics_and_each_fault_has_a_place(text in hostile()) {
        match Fixture::parse(&text) {
            Ok(fixture) => {
                let test = TestBus::new();
                let _all = Recorder::<Order>::of(&test.bus, "**").unwrap();
                let _ = fixture.publish_as(&test.bus, &types());
                let _ = fixture.publish(&test.bus);
            }
            Err(error) => {
                let (line, column) = (error.line().unwrap(), error.column().unwrap());
                let lines: Vec<_> = text.split(|byte| *byte == b'\n').collect();
                prop_assert!((1..=lines.len()).contains(&line), "{error}");
                prop_assert!((1..=lines[line - 1].len() + 1).contains(&column), "{error}");
            }
        }
    }
}
