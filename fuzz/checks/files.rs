//! What must hold of an import for any bytes: run by the fuzz target, and on what it found by a test.

use rem::Bus;
use rem::cloudevents::{CloudEvent, Export, Import, ImportReport};
use rem::wire::{Mask, RawEvent};

/// How many bad records are kept with their places.
const PLACES: usize = 100;

/// The first byte is how many bytes a line has at most, in units of 16; the rest is a file. It is read to its end, every line
/// is an event, a bad record or empty, a bad record lies in the file, and where one ends an import is where the next is
/// passed over. What was read is written and read once more, and is the same.
/// Says whether there was an event or a bad record.
pub(crate) fn import_lines(data: &[u8]) -> bool {
    let Some((limit, file)) = data.split_first() else { return false };
    let limit = usize::from(*limit) * 16;
    let (events, report) = taken(file, limit);
    holds(file, &report);
    assert_eq!(events.len() as u64, report.events());
    stops_where_it_skips(file, limit, &report);
    published(file, limit, &report);
    written_again(&events);
    report.events() + report.skipped() > 0
}

/// One by one, past what is bad.
fn taken(file: &[u8], limit: usize) -> (Vec<CloudEvent>, ImportReport) {
    let mut import = Import::new(file).limit(limit).skip_bad(PLACES);
    let events = import.by_ref().map(|read| read.expect("what is bad is passed over")).collect();
    (events, import.report().clone())
}

fn holds(file: &[u8], report: &ImportReport) {
    assert_eq!(report.bytes(), file.len() as u64);
    assert_eq!(report.lines(), file.split_inclusive(|byte| *byte == b'\n').count() as u64);
    assert!(report.events() + report.skipped() <= report.lines());
    assert_eq!(report.bad().len() as u64, report.skipped().min(PLACES as u64));
    assert!(report.bad().is_sorted_by_key(rem::cloudevents::BadRecord::line));
    for bad in report.bad() {
        let before = file
            .split_inclusive(|byte| *byte == b'\n')
            .take(usize::try_from(bad.line()).unwrap_or(usize::MAX));
        let end: usize = before.map(<[u8]>::len).sum();
        assert!(bad.offset() <= end as u64 && bad.column() > 0, "{bad} in a file up to {end}");
    }
}

/// The first bad record ends an import that passes over none, and from behind it the rest is read.
fn stops_where_it_skips(file: &[u8], limit: usize, report: &ImportReport) {
    let (mut from, mut events) = (1, 0);
    for bad in report.bad() {
        let mut import = Import::new(file).limit(limit).from_line(from);
        let error = import.by_ref().find_map(Result::err).expect("there is a bad record");
        assert_eq!(
            (error.line(), error.column(), error.offset()),
            (bad.line(), bad.column(), bad.offset())
        );
        assert!(import.next().is_none(), "an error ends it");
        events += error.report().events();
        from = bad.line() + 1;
    }
    if report.bad().len() as u64 == report.skipped() {
        let rest = Import::new(file)
            .limit(limit)
            .from_line(from)
            .map(|read| read.expect("no more is bad"));
        assert_eq!(events + rest.count() as u64, report.events());
    }
}

/// A bus takes every event that is read.
fn published(file: &[u8], limit: usize, report: &ImportReport) {
    let import = Import::new(file).limit(limit).skip_bad(PLACES);
    let published = import.publish(&Bus::new()).expect("what is bad is passed over");
    assert_eq!(&published, report);
}

fn written_again(events: &[CloudEvent]) {
    let raw = events.iter().map(|read| {
        let event = read.clone().into_event::<RawEvent>().expect("any data is raw data");
        std::sync::Arc::new(event) as std::sync::Arc<rem::Event>
    });
    let mut file = Vec::new();
    let report = Export::new()
        .mask(Mask::off())
        .write(raw, &mut file)
        .expect("what was read can be written");
    assert_eq!((report.events(), report.bytes()), (events.len() as u64, file.len() as u64));
    let read = Import::new(&file[..])
        .limit(file.len())
        .map(|read| read.expect("what was written can be read"));
    let read: Vec<CloudEvent> = read.collect();
    assert_eq!(read.len(), events.len());
    for (read, event) in read.iter().zip(events) {
        assert_eq!(head(read), head(event));
        // One without a time has that of its import.
        assert!(event.timestamp().is_none_or(|time| read.timestamp() == Some(time)), "{event:?}");
    }
}

fn head(event: &CloudEvent) -> impl PartialEq + std::fmt::Debug {
    (
        (event.id(), event.topic().clone(), event.scope(), event.sequence()),
        (event.source().map(str::to_owned), event.causation()),
    )
}
