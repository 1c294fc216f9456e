//! The program `flights`: what comes out of the bus is what a plain loop counts in the file.
#![expect(clippy::unwrap_used, reason = "helpers of tests, where a panic is the failure")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use rem::prelude::*;
use rem_examples::flights::{
    self, Airspace, COLUMNS, Code, Fate, FlightEvent, MAX_LINE, Rows, Run, Settings, YEAR,
};

/// The first days of January: enough for what need not be the year.
const SOME: u64 = 20_000;

fn settings(path: impl Into<PathBuf>) -> Settings {
    Settings { path: path.into(), history: 20_000, limit: None, pace: None }
}

fn run(path: impl Into<PathBuf>) -> Run {
    let run = flights::run(&settings(path), |_| {}).unwrap();
    assert!(run.tally.is_complete(), "{:?}", run.tally);
    assert_eq!(run.tally.failed, 0);
    assert_eq!(run.desks.failures(), Vec::<String>::new());
    run
}

/// The first lines of the year, the header among them, by no code of the program's.
fn first(lines: u64) -> String {
    let gz = MultiGzDecoder::new(fs::File::open(YEAR).unwrap());
    let mut reader = BufReader::new(gz);
    let mut text = String::new();
    for _ in 0..lines {
        if reader.read_line(&mut text).unwrap() == 0 {
            break;
        }
    }
    text
}

/// A file in a folder of its own, which goes with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let folder =
            std::env::temp_dir().join(format!("rem-flights-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), bytes).unwrap();
        Self(folder.join(name))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.0.parent().unwrap());
    }
}

fn gzipped(text: &[u8]) -> Vec<u8> {
    let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
    gz.write_all(text).unwrap();
    gz.finish().unwrap()
}

/// Minutes since the beginning of 2013, UTC.
fn minute(time: &str) -> i64 {
    const DAYS: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let number = |range: std::ops::Range<usize>| time[range].parse::<i64>().unwrap();
    let month = usize::try_from(number(5..7) - 1).unwrap();
    let days = (number(0..4) - 2013) * 365 + DAYS[month] + number(8..10) - 1;
    (days * 24 + number(11..13)) * 60 + number(14..16)
}

/// The hour in New York in 2013, when clocks were put forward at 2013-03-10 07:00 UTC and back at 2013-11-03 06:00 UTC.
fn hour(minute_of_year: i64) -> usize {
    let summer = minute("2013-03-10T07:00:00Z")..minute("2013-11-03T06:00:00Z");
    let offset = if summer.contains(&minute_of_year) { 4 } else { 5 } * 60;
    usize::try_from((minute_of_year - offset).rem_euclid(24 * 60) / 60).unwrap()
}

/// Departed, arrived, cancelled; sum and number of the delays departing and arriving.
type Carrier = ([u64; 3], [(i64, u64); 2]);

/// What the file says, counted by hand.
#[derive(Default)]
struct Counted<'a> {
    rows: u64,
    carriers: BTreeMap<&'a str, Carrier>,
    /// By carrier and hour: sum and number of the delays departing.
    delays: BTreeMap<&'a str, [(i64, u64); 24]>,
    airports: BTreeMap<&'a str, [u64; 3]>,
    cancelled_by_day: BTreeMap<&'a str, u64>,
    cancelled_at_ewr: Vec<&'a str>,
}

fn count(text: &str) -> Counted<'_> {
    let mut counted = Counted::default();
    for line in text.lines().skip(1) {
        counted.rows += 1;
        let fields: Vec<_> = line.split(',').collect();
        let topic: Vec<_> = fields[1].split('.').collect();
        let (carrier, airport) = (topic[1], topic[2]);
        let kind =
            ["departed", "arrived", "cancelled"].iter().position(|kind| topic[3] == *kind).unwrap();
        counted.airports.entry(airport).or_default()[kind] += 1;
        let (counts, sums) = counted.carriers.entry(carrier).or_default();
        counts[kind] += 1;
        if kind == 2 {
            *counted.cancelled_by_day.entry(&fields[0][..10]).or_default() += 1;
            if airport == "ewr" {
                counted.cancelled_at_ewr.push(line);
            }
        } else if !fields[5].is_empty() {
            let delay: i64 = fields[5].parse().unwrap();
            sums[kind].0 += delay;
            sums[kind].1 += 1;
            if kind == 0 {
                let by_hour = &mut counted.delays.entry(carrier).or_default()
                    [hour(minute(fields[0]) - delay)];
                by_hour.0 += delay;
                by_hour.1 += 1;
            }
        }
    }
    counted
}

/// A cancellation as its row in the file.
fn as_row(event: &Event<FlightEvent>) -> String {
    let FlightEvent::Cancelled { airport, to, flight, tail } = &event.data else {
        panic!("{event} is no cancellation");
    };
    assert_eq!(event.topic().segments().nth(2), Some(airport.as_str()));
    let tail = tail.map(|tail| tail.to_string()).unwrap_or_default();
    format!("{},{},{flight},{tail},{},", event.timestamp(), event.topic(), to.upper())
}

fn compare(run: &Run, counted: &Counted<'_>) {
    assert_eq!((run.tally.rows, run.tally.published), (counted.rows, counted.rows));
    assert_eq!((run.tally.dropped, run.tally.rejected), (0, 0));

    let carriers = run.desks.carriers();
    assert_eq!(carriers.len(), counted.carriers.len());
    for (code, totals) in &carriers {
        let found = (
            [totals.departed, totals.arrived, totals.cancelled],
            [totals.departure, totals.arrival].map(|mean| (mean.sum, mean.count)),
        );
        assert_eq!(found, counted.carriers[code.as_str()], "{code}");
    }

    let delays = run.desks.delays();
    assert_eq!(delays.len(), counted.delays.len());
    for (code, by_hour) in &delays {
        let found = by_hour.map(|mean| (mean.sum, mean.count));
        assert_eq!(found, counted.delays[code.as_str()], "{code}");
    }

    for (airport, movements) in run.desks.airports() {
        let found = [movements.departed, movements.arrived, movements.cancelled];
        assert_eq!(found, counted.airports[airport], "{airport}");
    }
    let (day, cancelled) = run.desks.worst_day().unwrap();
    assert_eq!(counted.cancelled_by_day[day.as_str()], cancelled);
    assert_eq!(counted.cancelled_by_day.values().max(), Some(&cancelled));

    let last = &counted.cancelled_at_ewr[counted.cancelled_at_ewr.len() - 20..];
    let told: Vec<_> = run.cancelled_at_ewr.iter().map(|event| as_row(event)).collect();
    assert_eq!(told, last);
}

#[test]
fn the_year_adds_up() {
    let text = first(u64::MAX);
    let counted = count(&text);
    // What the file's description says.
    let sum = |kind: usize| counted.carriers.values().map(|(counts, _)| counts[kind]).sum::<u64>();
    assert_eq!([sum(0), sum(1), sum(2)], [328_521, 328_063, 8_255]);
    let run = run(YEAR);
    compare(&run, &counted);
    // Every event is at one desk by type, every departure at that for delays, every cancellation at that for days,
    // and what happens at one of the three airports at its desk.
    let at_airports: u64 = ["ewr", "jfk", "lga"].iter().flat_map(|at| counted.airports[at]).sum();
    assert_eq!(run.tally.delivered, counted.rows + sum(0) + sum(2) + at_airports);
}

#[test]
fn plain_text_gives_the_same_as_gzip() {
    let text = first(SOME + 1);
    let some = text.trim_end(); // the last line's end may be missing
    let plain = Scratch::new("some.csv", some.as_bytes());
    // Which of the two it is, its bytes say and not its name; and two gzips in a row are one text.
    let (first, second) = some.split_at(some.len() / 2);
    let two =
        Scratch::new("some.txt", &[gzipped(first.as_bytes()), gzipped(second.as_bytes())].concat());
    let counted = count(some);
    compare(&run(&plain.0), &counted);
    compare(&run(&two.0), &counted);
}

#[test]
fn every_row_is_one_event_delivered_once() {
    let mut airspace = Airspace::new(100).unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let typed = Arc::new(Mutex::new(Vec::new()));
    let (all, own) = (Arc::clone(&seen), Arc::clone(&typed));
    let _all = airspace.bus().subscribe("**", move |event: &Event| {
        let line = (event.timestamp().to_string(), event.topic().to_string());
        all.lock().unwrap().push((event.sequence().unwrap(), event.id(), line));
    });
    let _own = airspace.bus().on(move |event: &Event<FlightEvent>| {
        own.lock().unwrap().push(event.sequence().unwrap());
    });
    let mut rows = Rows::open(YEAR).unwrap();
    for expected in 1..=SOME {
        let row = rows.next().unwrap().unwrap().unwrap();
        let Fate::Published(receipt) = airspace.publish(row) else { panic!("row {expected}") };
        assert_eq!((receipt.sequence(), receipt.delivered()), (Some(expected), 2));
    }
    let seen = seen.lock().unwrap();
    let sequences: Vec<_> = seen.iter().map(|(sequence, ..)| *sequence).collect();
    assert!(sequences.iter().copied().eq(1..=SOME), "every event once, in the order of the file");
    assert_eq!(*typed.lock().unwrap(), sequences);
    assert!(seen.windows(2).all(|pair| pair[0].1 < pair[1].1), "every event with an id of its own");
    let text = first(SOME + 1);
    assert_eq!(text.lines().count() - 1, seen.len());
    for (line, (_, _, (time, topic))) in text.lines().skip(1).zip(&*seen) {
        assert!(line.starts_with(&format!("{time},{topic},")), "`{line}` became {time} {topic}");
    }
    // A carrier's bus is a capability: it sees its own and nothing else.
    for (carrier, bus) in airspace.carriers() {
        let topics = bus.query("**").unwrap().events();
        assert!(topics.iter().all(|event| event.topic().starts_with(bus.prefix().unwrap())));
        assert_eq!(bus.prefix().unwrap().as_str(), format!("flight.{carrier}"));
    }
}

/// Each line, and what is to be said of it; `None` for one that is well.
const MALFORMED: &[(&str, Option<&str>)] = &[
    ("2013-01-01T10:17:00Z,flight.ua.ewr.departed,1545,N14228,IAH,2", None),
    ("2013-01-01T10:18:00Z,flight.ua.ewr.departed,1545", Some("rejected: 3 columns instead of 6")),
    ("2013-01-01T10:18:00Z,flight.ua.ewr.departed,x,N14228,IAH,2", Some("rejected: flight `x`")),
    ("soon,flight.ua.ewr.departed,1545,N14228,IAH,2", Some("rejected: time `soon`")),
    ("2013-01-01T10:19:00Z,flight.ua.ewr.departed,0,N14228,IAH,2", Some("the number 0")),
    ("2013-01-01T10:19:00Z,flight.ua.ewr.departed,5,N14228,EWR,2", Some("from EWR to itself")),
    ("2013-01-01T10:19:00Z,flight.aa.ewr.arrived,5,N14228,LAX,999999", Some("a delay of 999999")),
    // What a topic may not have is escaped, so it gets as far as the middleware.
    ("2013-01-01T10:19:00Z,flight.aa.*.departed,5,N14228,LAX,1", Some("`*` is no airport")),
    ("2013-01-01T10:19:00Z,flight.$rem.ewr.departed,5,N14228,LAX,1", Some("rejected: type")),
    (
        "2013-01-01T10:19:00Z,\"flight.aa.ewr.departed,5,N14228,LAX,1",
        Some("rejected: type `\"flight"),
    ),
    ("2013-01-01T10:20:00Z,flight.dl.jfk.cancelled,7,,ATL,", None),
];

#[test]
fn malformed_rows_are_counted_and_named() {
    let lines: Vec<_> = MALFORMED.iter().map(|(line, _)| *line).collect();
    let mut text = format!("{}\n{}\n", COLUMNS.join(","), lines.join("\n")).into_bytes();
    text.extend(b"\n\xff\xfe\x00garbage\n"); // an empty line, which is no row, and one of no text
    let file = Scratch::new("malformed.csv", &text);
    let run = run(&file.0);
    let tally = &run.tally;
    assert_eq!((tally.rows, tally.published, tally.dropped, tally.rejected), (12, 2, 4, 6));
    let wrong =
        MALFORMED.iter().enumerate().filter_map(|(at, (_, said))| Some((at as u64 + 2, (*said)?)));
    let expected: Vec<_> = wrong.chain([(14, "rejected: 1 columns instead of 6")]).collect();
    assert_eq!(tally.notes.len(), expected.len(), "{:?}", tally.notes);
    for (note, (line, said)) in tally.notes.iter().zip(expected) {
        assert_eq!(note.line, line, "{note}");
        assert!(note.text.contains(said), "{note}");
        let by_middleware = note.text.starts_with("dropped by `well-formed`: ");
        assert!(by_middleware || note.text.starts_with("rejected: "), "{note}");
    }
    // None of them reached a desk.
    let carriers = run.desks.carriers();
    let codes: Vec<_> = carriers.keys().map(Code::as_str).collect();
    assert_eq!(codes, ["dl", "ua"]);
    assert!(
        flights::summary(&run)
            .contains("12 rows read = 2 published + 4 dropped by middleware + 6 rejected")
    );
}

#[test]
fn notes_are_bounded_and_say_what_is_left_out() {
    let text = format!("{}\n{}", COLUMNS.join(","), "nonsense\n".repeat(1_000));
    let file = Scratch::new("nonsense.csv", text.as_bytes());
    let run = run(&file.0);
    assert_eq!((run.tally.rejected, run.tally.notes.len()), (1_000, 20));
    assert!(flights::summary(&run).contains("… and 980 more"), "{}", flights::summary(&run));
}

#[test]
fn a_file_damaged_in_the_middle_gives_what_was_read() {
    let whole = gzipped(first(SOME + 1).as_bytes());
    let half = whole.len() / 2;
    let truncated = whole[..half].to_vec();
    let mut corrupt = whole.clone();
    corrupt[half..half + 64].fill(0xaa);
    // Only its checksum, at the end, is wrong: all rows were read before that is known.
    let mut altered = whole.clone();
    altered[whole.len() - 8] ^= 1;
    let cases = [
        ("truncated.csv.gz", truncated, 5_000..15_000),
        ("corrupt.csv.gz", corrupt, 5_000..15_000),
        ("altered.csv.gz", altered, SOME..SOME + 1),
    ];
    for (name, bytes, published) in cases {
        let file = Scratch::new(name, &bytes);
        let run = run(&file.0);
        let damage = run.damage.as_ref().expect(name);
        let after = damage.damaged_after().expect(name);
        // The header is line 1. Behind the damage there may be nonsense, and empty lines within.
        assert!(run.tally.rows < after, "{name}: {after} {:?}", run.tally);
        assert!(published.contains(&run.tally.published), "{name}: {:?}", run.tally);
        let said = damage.to_string();
        assert!(
            said.contains(name) && said.contains(&format!("damaged behind line {after}")),
            "{said}"
        );
        assert!(flights::summary(&run).contains(&said));
        // What was read up to there counts, and counts right.
        let counted: u64 =
            run.desks.carriers().values().map(|it| it.departed + it.arrived + it.cancelled).sum();
        assert_eq!(counted, run.tally.published);
    }
}

fn refused(path: &Path) -> String {
    flights::run(&settings(path), |_| {}).unwrap_err().to_string()
}

#[test]
fn a_file_of_another_form_is_refused() {
    let missing = refused(Path::new("no-such-file.csv.gz"));
    assert!(
        missing.contains("no-such-file.csv.gz") && missing.contains("that exists"),
        "{missing}"
    );
    for text in ["", "a,b,c\n1,2,3\n", "time,type,flight,tailnum,other\n"] {
        let file = Scratch::new("other.csv", text.as_bytes());
        let error = refused(&file.0);
        assert!(error.contains("should be `time,type,flight,tailnum,other,delay`"), "{error}");
    }
    // A gzip that stops before its first line.
    let file = Scratch::new("stub.csv.gz", &gzipped(b"time")[..12]);
    assert!(refused(&file.0).contains("damaged behind line 0"), "{}", refused(&file.0));
}

#[test]
fn a_line_without_end_is_one_row_rejected() {
    // 16 MiB of one letter are 16 KiB of gzip; of the line no more is held than a row may have.
    let (header, endless) = (COLUMNS.join(","), "x".repeat(16 << 20));
    let text = [&header, &endless, MALFORMED[0].0].join("\n");
    let file = Scratch::new("endless.csv.gz", &gzipped(text.as_bytes()));
    let run = run(&file.0);
    assert_eq!((run.tally.rows, run.tally.published, run.tally.rejected), (2, 1, 1));
    let note = run.tally.notes[0].to_string();
    assert_eq!(note, format!("line 2: rejected: a line of more than {MAX_LINE} bytes"));
}

#[test]
fn a_limit_ends_it_and_a_pace_slows_it() {
    let mut last = None;
    let begun = Instant::now();
    let slow = Settings { limit: Some(300), pace: 1_000.try_into().ok(), ..settings(YEAR) };
    let run = flights::run(&slow, |progress| last = Some(progress)).unwrap();
    assert_eq!((run.tally.rows, run.tally.published), (300, 300));
    // The three hundredth is due after 299 ms; a sleep is left out if it is shorter than one.
    assert!(begun.elapsed() >= Duration::from_millis(297), "{:?}", begun.elapsed());
    let last = last.unwrap();
    assert_eq!(last.rows, 299, "at a pace to be watched every event is shown");
    assert!(last.bytes > 0 && last.bytes <= last.size, "{last:?}");
}

#[test]
fn a_history_of_few_events_answers_with_what_it_has() {
    let few = Settings { history: 10, limit: Some(SOME), ..settings(YEAR) };
    let run = flights::run(&few, |_| {}).unwrap();
    assert!(run.cancelled_at_ewr.len() <= 10);
    let newest = run.cancelled_at_ewr.iter().filter_map(|event| event.sequence()).min();
    assert!(newest.is_none_or(|sequence| sequence > SOME - 10), "{newest:?}");
}

#[test]
fn the_report_and_the_plot_show_what_was_counted() {
    let some = Settings { limit: Some(SOME), ..settings(YEAR) };
    let run = flights::run(&some, |_| {}).unwrap();
    let tables = flights::tables(&run);
    assert!(tables.contains("United") && tables.contains("EWR"), "{tables}");
    let bars = flights::delay_bars(&run);
    assert!(bars.contains(" 6:00 ") && !bars.contains(" 3:00 "), "{bars}");
    assert_eq!(flights::cancellations(&run).lines().count(), 21);

    let file = Scratch::new("flights.svg", b"");
    let below = file.0.with_file_name("new folder").join("flights.svg");
    flights::heat_map(&below, &run.desks.delays()).unwrap();
    let svg = fs::read_to_string(&below).unwrap();
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
    for text in ["Departure delay by hour and carrier", "JetBlue", "All carriers", "minutes late"] {
        assert!(svg.contains(text), "{text}");
    }
    let nothing = flights::heat_map(&below, &BTreeMap::new()).unwrap_err();
    assert!(nothing.to_string().contains("no departure"), "{nothing}");
}
