//! The program `recorder`: what it has recorded when it was ended and started again is what the file says.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{self, Command};

use flate2::read::MultiGzDecoder;
use rem::journal::Journal;
use rem::prelude::*;
use rem_examples::flights::{COLUMNS, FlightEvent, YEAR};
use rem_examples::recorder::{self, Recording, Settings, Totals};

/// The first days of January, and how far the first process comes.
const SOME: u64 = 20_000;
const KILLED_AFTER: u64 = 12_345;

/// Where the process that is to be ended records; it is this test, run once more.
const CHILD: &str = "REM_RECORDER_CHILD";

fn settings(path: impl Into<PathBuf>, folder: &Path, limit: Option<u64>) -> Settings {
    Settings { path: path.into(), journal: folder.join("flights.rem"), limit }
}

fn record(settings: &Settings) -> Recording {
    let mut last = 0;
    let recording = recorder::record(settings, |progress| {
        assert!(progress.published == last + 1 && progress.bytes <= progress.size, "{progress:?}");
        last = progress.published;
    });
    let recording = recording.unwrap();
    assert_eq!(recording.tally.published, last);
    assert!(recording.tally.is_complete() && recording.tally.failed == 0, "{:?}", recording.tally);
    recording
}

fn events(totals: &Totals) -> u64 {
    totals.values().map(|it| it.departed + it.arrived + it.cancelled).sum()
}

#[test]
fn a_recording_goes_on_where_a_crash_left_it() {
    if let Some(folder) = env::var_os(CHILD) {
        let settings = settings(YEAR, folder.as_ref(), Some(SOME));
        let ended = recorder::record(&settings, |progress| {
            if progress.published == KILLED_AFTER {
                process::abort();
            }
        });
        panic!("it was to be ended in the middle: {ended:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    let killed = Command::new(env::current_exe().unwrap())
        .args(["--exact", "a_recording_goes_on_where_a_crash_left_it"])
        .env(CHILD, folder.path())
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&killed.stdout);
    assert!(!killed.status.success() && !said.contains("panicked"), "{}: {said}", killed.status);

    let settings = settings(YEAR, folder.path(), Some(SOME));
    let second = record(&settings);
    assert!((1..=KILLED_AFTER).contains(&second.found), "{}", second.found);
    assert_eq!(second.found + second.tally.published, SOME);
    assert_eq!(second.totals, recorder::count(&settings.path, settings.limit).unwrap());
    assert_eq!(events(&second.totals), SOME);

    // Once all is there, nothing is recorded, and the totals are the same.
    let third = record(&settings);
    assert_eq!((third.found, third.tally.rows), (SOME, 0));
    assert_eq!(third.totals, second.totals);
    every_row_is_there_once(&settings);
}

/// By no code of the program's: each line of the file, in its order.
fn every_row_is_there_once(settings: &Settings) {
    let journal = Journal::open(&settings.journal).unwrap();
    assert!(journal.handle().verify(|_| true).unwrap().is_sound());
    let bus = Bus::builder().history(journal).build();
    let lines = BufReader::new(MultiGzDecoder::new(fs::File::open(&settings.path).unwrap()));
    let mut lines = lines.lines().skip(1);
    let events = bus.query("**").unwrap().of::<FlightEvent>();
    assert_eq!(events.len() as u64, SOME);
    for event in events {
        let line = lines.next().unwrap().unwrap();
        let prefix = format!("{},{},", event.timestamp(), event.topic());
        let (_, _, flight) = event.data.flight();
        assert!(line.starts_with(&format!("{prefix}{flight},")), "`{line}` became {event:?}");
    }
}

#[test]
fn rows_that_make_no_event_are_passed_over_each_time() {
    let lines = [
        "2013-01-01T10:17:00Z,flight.ua.ewr.departed,1545,N14228,IAH,2",
        "nonsense",
        "2013-01-01T10:18:00Z,flight.ua.ewr.departed,0,N14228,IAH,2", // no flight has the number 0
        "2013-01-01T10:19:00Z,flight.aa.jfk.cancelled,7,,ATL,",
        "2013-01-01T10:20:00Z,flight.aa.jfk.departed,8,,JFK,1", // from JFK to itself
        "2013-01-01T10:21:00Z,flight.ua.ewr.arrived,9,,IAH,",
    ];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("flights.csv");
    fs::write(&file, format!("{}\n{}\n", COLUMNS.join(","), lines.join("\n"))).unwrap();
    // However far the one before came, the next goes on behind it.
    let mut there = 0;
    for (limit, published) in [(1, 1), (3, 0), (4, 1), (5, 0), (6, 1), (6, 0)] {
        let settings = settings(&file, folder.path(), Some(limit));
        let recording = record(&settings);
        assert_eq!((recording.found, recording.tally.published), (there, published), "{limit}");
        assert_eq!(recording.totals, recorder::count(&file, Some(limit)).unwrap(), "{limit}");
        there += published;
    }
}

#[test]
fn what_cannot_be_recorded_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let missing = settings("no-such-file.csv", folder.path(), None);
    let error = recorder::record(&missing, |_| {}).unwrap_err().to_string();
    assert!(error.contains("no-such-file.csv"), "{error}");
    let taken = settings(YEAR, folder.path(), Some(1));
    let _other = Journal::open(&taken.journal).unwrap();
    let error = recorder::record(&taken, |_| {}).unwrap_err().to_string();
    assert!(error.contains("another has it open"), "{error}");
}
