//! Files of JSON lines: whatever is exported is imported again, and a damaged file says where, keeps the rest, and goes on.

use std::io::{self, Read, Write};
use std::time::Duration;

use proptest::prelude::*;
use rem::cloudevents::{
    BadKind, Encoder, Export, ExportErrorKind, Import, ImportErrorKind, ImportReport,
};
use rem::prelude::*;
use rem::wire::{Codec, Mask, RawEvent};
use rem::{Draft, Middleware, Step, Stop, SystemEvent};

use super::round_trip::{order, raw, said};
use super::support::{Order, all, bus};

fn placed(id: u64) -> Order {
    Order::Placed { id: id.to_string(), cents: id, note: None }
}

/// A bus with so many orders, and what is exported of it.
fn shop(orders: u64) -> (Bus, String) {
    let bus = Bus::builder().history(Ring::events(1_000)).build();
    for id in 1..=orders {
        bus.publish(placed(id)).unwrap();
    }
    let text = exported(&bus.query("**").unwrap());
    (bus, text)
}

fn exported(query: &rem::Query) -> String {
    let mut file = Vec::new();
    Export::new().mask(Mask::off()).write(query.iter(), &mut file).unwrap();
    String::from_utf8(file).unwrap()
}

fn ids(bus: &Bus) -> Vec<String> {
    bus.query("**").unwrap().events().iter().map(|event| event.id().to_string()).collect()
}

#[test]
fn an_imported_bus_is_what_was_exported_but_for_its_numbers() {
    let (bus, text) = shop(40);
    let other = Bus::builder().history(Ring::events(1_000)).build();
    other.publish(Order::Opened).unwrap();
    let report = Import::new(text.as_bytes()).publish(&other).unwrap();
    assert_eq!((report.events(), report.lines(), report.sequences()), (40, 40, Some(1..=40)));
    assert_eq!(report.bytes(), text.len() as u64);
    assert_eq!(ids(&other)[1..], ids(&bus)[..]);
    // Read as the type, by who knows it, and numbered by the bus.
    let orders = other.query("**").unwrap().of::<Order>();
    assert_eq!((orders[40].data.clone(), orders[40].sequence()), (placed(40), Some(41)));
}

#[test]
fn a_query_says_what_is_exported_and_a_filter_what_is_imported() {
    let (bus, text) = shop(20);
    bus.publish(Order::Opened).unwrap();
    let some = exported(&bus.query("shop.order.placed").unwrap().after(5).before(9));
    assert_eq!(some, text.split_inclusive('\n').skip(5).take(3).collect::<String>());
    let to = Bus::new();
    let import = Import::new(text.as_bytes());
    let report = import.filter(|event| event.sequence() > Some(15)).publish(&to).unwrap();
    assert_eq!((report.events(), report.left_out(), report.sequences()), (5, 15, Some(16..=20)));
}

#[test]
fn progress_is_told_after_each_event_with_the_bytes() {
    let (bus, text) = shop(3);
    let (mut out, mut back, mut file) = (Vec::new(), Vec::new(), Vec::new());
    let events = bus.query("**").unwrap().events();
    let export = Export::new().progress(|progress| out.push((progress.events(), progress.bytes())));
    export.write(events, &mut file).unwrap();
    let import = Import::new(&file[..]);
    let import = import.progress(|progress| back.push((progress.events(), progress.bytes())));
    import.publish(&Bus::new()).unwrap();
    let mut ends = 0;
    let expected: Vec<_> = (1..)
        .zip(text.lines())
        .map(|(number, line)| {
            ends += line.len() as u64 + 1;
            (number, ends)
        })
        .collect();
    assert_eq!((&out, &back), (&expected, &expected));
}

/// What is wrong, in which line, column and byte; and everything around it is imported.
#[test]
fn a_damaged_file_stops_at_the_bad_record_and_keeps_the_rest() {
    let (_, text) = shop(9);
    let lines: Vec<&str> = text.lines().collect();
    let whole = lines[4];
    let time = whole.find(r#""time":"#).unwrap() + r#""time":"#.len();
    let wrong_time = whole.replace('T', "_");
    let cut = &whole[..whole.len() - 9];
    let cases = [
        (cut.to_owned(), cut.len(), "EOF"),
        (wrong_time, time + 1, "time"),
        (whole.replace("shop.order.placed", "shop..placed"), 0, "type"),
        ("nonsense".to_owned(), 2, "expected"),
        ("[1,2]".to_owned(), 1, "an object"),
    ];
    for (bad, column, said) in cases {
        let mut damaged = lines.clone();
        damaged[4] = &bad;
        let damaged = damaged.join("\n");
        let to = Bus::builder().history(Ring::events(100)).build();
        let error = Import::new(damaged.as_bytes()).publish(&to).unwrap_err();
        let begins = lines[..4].iter().map(|line| line.len() as u64 + 1).sum::<u64>();
        assert_eq!(error.kind(), ImportErrorKind::Bad(BadKind::Record), "{error}");
        assert_eq!((error.line(), error.report().events()), (5, 4), "{error}");
        assert_eq!(error.offset(), begins + error.column() as u64 - 1, "{error}");
        assert!(column == 0 || error.column() == column, "column {column}: {error}");
        let text = error.to_string();
        assert!(text.contains(said) && text.contains("4 events before it are imported"), "{text}");
        assert!(text.contains("`Import::from_line(6)`"), "{text}");

        let rest = Import::new(damaged.as_bytes()).from_line(6).publish(&to).unwrap();
        assert_eq!((rest.events(), rest.sequences()), (4, Some(6..=9)));
        // In one go, with the place of what was passed over.
        let skipped = Import::new(damaged.as_bytes()).skip_bad(1).publish(&Bus::new()).unwrap();
        assert_eq!((skipped.events(), skipped.skipped(), skipped.bad().len()), (8, 1, 1));
        assert_eq!((skipped.bad()[0].line(), skipped.bad()[0].offset()), (5, error.offset()));
    }
}

#[test]
fn columns_count_letters_and_offsets_bytes() {
    let text = "\u{feff}\n\r\n  {\"specversion\":\"1.0\",\"x\":\"äöü\",\"id\":1}\n";
    let error = Import::new(text.as_bytes()).next().unwrap().unwrap_err();
    let byte = text.find("1}").unwrap() as u64;
    assert_eq!((error.line(), error.column(), error.offset()), (3, 39, byte), "{error}");
}

#[test]
fn of_bad_records_a_bounded_number_is_kept() {
    let text = "x\n".repeat(10_000);
    let report = Import::new(text.as_bytes()).skip_bad(3).publish(&Bus::new()).unwrap();
    assert_eq!((report.events(), report.skipped(), report.bad().len()), (0, 10_000, 3));
    assert_eq!(report.bad()[2].line(), 3);
}

#[test]
fn a_line_that_is_too_long_is_passed_over_without_being_held() {
    let (_, text) = shop(2);
    let lines: Vec<&str> = text.lines().collect();
    // A hundred megabytes without an end, made as they are read.
    let endless = io::repeat(b' ').take(100 << 20);
    let text = |tail: &'static [u8]| {
        lines[0].as_bytes().chain(&b"\n"[..]).chain(endless).chain(tail).chain(lines[1].as_bytes())
    };
    let error = Import::new(text(b"\n")).publish(&Bus::new()).unwrap_err();
    assert_eq!(error.kind(), ImportErrorKind::Bad(BadKind::TooLong));
    assert_eq!((error.line(), error.report().events()), (2, 1));
    assert!(error.to_string().contains("104857601 bytes and the limit is 1048576"), "{error}");
    let endless = io::repeat(b' ').take(100 << 20);
    let text = lines[0].as_bytes().chain(&b"\n"[..]).chain(endless).chain(&b"\n"[..]);
    let text = text.chain(lines[1].as_bytes());
    let report = Import::new(text).skip_bad(1).publish(&Bus::new()).unwrap();
    assert_eq!(
        (report.events(), report.skipped(), report.bad()[0].kind()),
        (2, 1, BadKind::TooLong)
    );
    let short = Import::new(lines[0].as_bytes()).limit(20).publish(&Bus::new()).unwrap_err();
    assert_eq!(short.kind(), ImportErrorKind::Bad(BadKind::TooLong));
    let fits = Import::new(lines[0].as_bytes()).limit(lines[0].len());
    assert_eq!(fits.publish(&Bus::new()).unwrap().events(), 1);
}

/// Gives some and then fails.
struct Broken<'a>(&'a [u8]);

impl Read for Broken<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(io::Error::other("the disk is gone")),
            read => Ok(read),
        }
    }
}

impl Write for Broken<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (taken, rest) = self.0.split_at(self.0.len().min(bytes.len()));
        self.0 = rest;
        if taken.is_empty() { Err(io::Error::other("the disk is full")) } else { Ok(taken.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_or_writer_that_fails_says_what_was_done_before() {
    let (bus, text) = shop(5);
    let end = text.match_indices('\n').nth(2).unwrap().0 + 10;
    let error = Import::new(Broken(&text.as_bytes()[..end])).publish(&Bus::new()).unwrap_err();
    assert_eq!((error.kind(), error.line()), (ImportErrorKind::Io, 4));
    assert_eq!(error.report().events(), 3);
    let said = error.to_string();
    assert!(said.contains("the disk is gone") && said.contains("`Import::from_line(4)`"), "{said}");

    let room = vec![0; end];
    let events = bus.query("**").unwrap().events();
    let error = Export::new().write(events, Broken(&room)).unwrap_err();
    assert_eq!((error.kind(), error.report().events()), (ExportErrorKind::Io, 3));
    assert_eq!(error.report().sequences(), Some(1..=3));
    assert!(error.to_string().contains("the disk is full; 3 events before it"), "{error}");
}

struct NotToday;

impl Middleware for NotToday {
    fn before(&self, _draft: &mut Draft) -> Result<Step, Stop> {
        Err(Stop::failed("not today"))
    }
}

#[test]
fn what_the_bus_refuses_is_told_with_its_line() {
    let (_, text) = shop(4);
    let bus = Bus::new();
    bus.middleware("**", NotToday).unwrap();
    let error = Import::new(text.as_bytes()).publish(&bus).unwrap_err();
    assert_eq!(error.kind(), ImportErrorKind::Bad(BadKind::Refused));
    assert_eq!((error.line(), error.report().events()), (1, 0));
    let report = Import::new(text.as_bytes()).skip_bad(9).publish(&bus).unwrap();
    assert_eq!((report.events(), report.skipped(), report.bad().len()), (0, 4, 4));
    // A closed bus takes none of the rest, so it is not tried.
    let closed = Bus::new();
    closed.close(Duration::ZERO);
    let error = Import::new(text.as_bytes()).skip_bad(9).publish(&closed).unwrap_err();
    assert_eq!((error.line(), error.report().lines()), (1, 1));
    assert!(error.to_string().contains("`Import::from_line(1)`"), "{error}");
}

#[test]
fn local_events_are_left_out_and_counted() {
    #[derive(EventType, Debug)]
    #[event(local, namespace = "here")]
    struct Here;
    let bus = Bus::builder().history(Ring::events(100)).build();
    bus.publish(Here).unwrap();
    bus.publish(Order::Opened).unwrap();
    let mut file = Vec::new();
    let report = Export::new().write(bus.query("**").unwrap().events(), &mut file).unwrap();
    assert_eq!((report.events(), report.left_out(), report.sequences()), (1, 1, Some(2..=2)));
    assert_eq!(file.iter().position(|byte| *byte == b'\n'), Some(file.len() - 1), "one line");
    const { assert!(SystemEvent::SCHEMA.local, "no system event leaves either") };
}

fn in_file<T: EventType>(event: std::sync::Arc<Event<T>>, codec: Codec) -> Vec<u8> {
    let mut file = Vec::new();
    let export = Export::new().mask(Mask::off()).encoder(Encoder::new().codec(codec));
    export.write([event as std::sync::Arc<Event>], &mut file).unwrap();
    assert_eq!(file.iter().position(|byte| *byte == b'\n'), Some(file.len() - 1), "one line");
    file
}

/// As it is in a line: ends of lines between the tokens of raw JSON are spaces.
fn on_one_line(raw: &RawEvent) -> RawEvent {
    let line =
        raw.bytes().iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte });
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(raw.bytes()).is_ok();
    let bytes: Vec<u8> =
        if is_json && raw.codec() == Codec::Json { line.collect() } else { raw.bytes().into() };
    RawEvent::new(raw.codec(), bytes).version(raw.written_as())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_an_event_is_comes_back_from_a_file(said in said(), data in order(), raw in raw()) {
        let typed = said.event(None, data);
        for codec in Codec::ALL.iter().copied() {
            let file = in_file(typed.clone(), codec);
            let mut import = Import::new(&file[..]);
            let read = import.next().unwrap().unwrap().into_event::<Order>().unwrap();
            prop_assert!(import.next().is_none());
            let (data, head) = all(&read);
            let (expected, expected_head) = all(&typed);
            prop_assert_eq!(head, expected_head);
            match (data, expected) {
                (Order::Unknown(data), Order::Unknown(raw)) => prop_assert_eq!(data, on_one_line(&raw).under("not.known")),
                (data, expected) => prop_assert_eq!(data, expected),
            }
        }
        let event = said.event(Some("foreign.topic"), raw);
        let file = in_file(event.clone(), Codec::Json);
        let read = Import::new(&file[..]).next().unwrap().unwrap().into_event::<RawEvent>().unwrap();
        prop_assert_eq!(all(&read).1, all(&event).1);
        prop_assert_eq!(read.data, on_one_line(&event.data));
    }

    /// Published again, all of it but the number is kept.
    #[test]
    fn whatever_an_event_is_comes_back_on_a_bus(said in said(), data in order()) {
        let typed = said.event(None, data);
        let file = in_file(typed.clone(), Codec::Json);
        let to = bus();
        to.publish(Order::Opened).unwrap();
        let report: ImportReport = Import::new(&file[..]).publish(&to).unwrap();
        prop_assert_eq!((report.events(), report.sequences()), (1, Some(1..=1)));
        let read = to.query("**").unwrap().events().pop().unwrap();
        prop_assert_eq!(read.sequence(), Some(2));
        prop_assert_eq!(
            (read.id(), read.topic(), read.scope(), read.timestamp(), read.causation(), read.correlation()),
            (typed.id(), typed.topic(), typed.scope(), typed.timestamp(), typed.causation(), typed.correlation())
        );
        prop_assert_eq!(read.source(), typed.source());
        for (name, value) in typed.metadata().iter() {
            prop_assert_eq!(read.metadata().get(name), Some(value), "{}", name);
        }
    }

    /// Whatever the bytes: no panic, every line is an event or a bad record, and places lie in the text.
    #[test]
    fn any_bytes_are_read_to_their_end(
        bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'\n'), Just(b'{'), Just(b'"')], 0..200),
        at in any::<prop::sample::Index>(),
        limit in 0_usize..80,
    ) {
        let mut text = shop(3).1.into_bytes();
        let at = at.index(text.len());
        text.splice(at..at, bytes);
        for limit in [limit, 1 << 20] {
            let report = Import::new(&text[..]).limit(limit).skip_bad(1_000).publish(&Bus::new()).unwrap();
            prop_assert_eq!(report.bytes(), text.len() as u64);
            let kept = report.bad().len() as u64;
            prop_assert_eq!(report.skipped(), kept);
            prop_assert!(report.events() + kept <= report.lines());
            for bad in report.bad() {
                prop_assert!(bad.offset() <= text.len() as u64 && bad.line() <= report.lines());
            }
        }
    }
}
