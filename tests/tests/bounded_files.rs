//! What exports, imports, analyses and files of Parquet hold in memory: of many events as much as of few. A binary of its own,
//! for it counts by a global allocator.
#![expect(clippy::unwrap_used, reason = "helpers of tests, where a panic is the failure")]
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use allocation_counter::measure;
use rem::analysis::parquet::{Kind, Parquet};
use rem::analysis::{Analysis, Group};
use rem::cloudevents::{Export, Import};
use rem::prelude::*;
use rem::wire::{Codec, Mask, RawEvent};
use rem::{Query, Timestamp};

const FEW: u64 = 2_000;
const MANY: u64 = 20 * FEW;

/// Everything that a bus with so many events keeps: `db.<0 to 9>.asked`, a second apart, with a number each.
fn asked(events: u64) -> Query {
    let bus = Bus::builder().history(Ring::events(usize::try_from(events).unwrap())).build();
    for number in 0..events {
        bus.event(RawEvent::new(Codec::Json, format!(r#"{{"ms":{number}}}"#).into_bytes()))
            .timestamp(Timestamp::from_nanos(number * 1_000_000_000))
            .publish_to(format!("db.{}.asked", number % 10))
            .unwrap();
    }
    bus.query("**").unwrap()
}

fn raw() -> Mask {
    Mask::new().raw_as_it_is()
}

/// The most bytes that are held at one time while it runs.
fn most(run: impl FnOnce()) -> u64 {
    measure(run).bytes_max
}

/// What is held of few events and of many.
fn held(run: impl Fn(&Query)) -> [u64; 2] {
    [FEW, MANY].map(|events| {
        let query = asked(events);
        most(|| run(&query))
    })
}

/// Of many no more than of few, nor more than a limit.
fn bounded(limit: u64, run: impl Fn(&Query)) {
    let held = held(run);
    assert!(held[1] <= held[0] + held[0] / 20 && held[1] <= limit, "{held:?} bytes");
}

#[test]
fn an_export_holds_two_pages_however_many_events_there_are() {
    let export = |events: &mut dyn Iterator<Item = Arc<Event>>| {
        let report = Export::new().mask(raw()).write(events, io::sink()).unwrap();
        assert!(report.events() >= FEW);
    };
    bounded(16 << 10, |query| export(&mut query.iter()));
    // What is counted is what is held: a list of all events is seen.
    let query = asked(MANY);
    assert!(most(|| export(&mut query.events().into_iter())) >= MANY * 8);
}

#[test]
fn a_file_of_parquet_holds_one_row_group_and_where_the_others_are() {
    let held = held(|query| {
        let file = Parquet::new().mask(raw()).column("ms", Kind::I64).row_group(1_000);
        assert!(file.write(query.iter(), io::sink()).unwrap().rows() >= FEW);
    });
    let more = (MANY - FEW) / 1_000;
    assert!(held[0] <= 640 << 10 && held[1] <= held[0] + more * (12 << 10), "{held:?} bytes");
}

#[test]
fn an_analysis_holds_its_rows() {
    bounded(16 << 10, |query| {
        let analysis = Analysis::of("ms").by(Group::Segment(1));
        assert_eq!(analysis.run(query.iter()).unwrap().rows().len(), 10);
    });
}

/// What a row more takes, of so many beside as many again: a window of a minute, with 60 numbers that grow to the greatest.
fn of_a_row(rows: u64, most_of: f64, asked: impl Fn(Analysis) -> Analysis) -> u64 {
    let query = self::asked(2 * rows * 60);
    let [few, many] = [rows, 2 * rows].map(|rows| {
        most(|| {
            let number = move |event: &Event| {
                let second = event.timestamp().as_nanos() / 1_000_000_000 % 60;
                Some((most_of / f64::powi(2.0, 59 - i32::try_from(second).ok()?)).ceil())
            };
            let asked = asked(Analysis::of_type("number", number)).every(Duration::from_secs(60));
            let first = usize::try_from(rows * 60).unwrap();
            let table = asked.run(query.clone().first(first).iter()).unwrap();
            assert_eq!(table.rows().len() as u64, rows);
        })
    });
    (many - few) / rows
}

/// What the docs of `Analysis` say.
#[test]
fn a_row_takes_what_is_said_of_it() {
    let plain = of_a_row(1_000, 1e6, |asked| asked);
    assert!(plain <= 350, "{plain} bytes");
    for (digits, most_of, kib) in [
        (1, 9e18, 8),
        (2, 9e18, 64),
        (3, 2e3, 16),
        (3, 1e6, 128),
        (3, 9e18, 512),
        (4, 9e18, 8 << 10),
        (5, 9e18, 64 << 10),
    ] {
        let row = of_a_row(2, most_of, |asked| asked.percentiles([50.0]).digits(digits));
        let kib = kib << 10;
        assert!((kib..kib + 500).contains(&row), "{digits} digits up to {most_of}: {row} bytes");
    }
}

#[test]
fn an_import_holds_a_line() {
    let query = asked(1);
    let mut line = Vec::new();
    Export::new().mask(raw()).write(query.iter(), &mut line).unwrap();
    let bus = Bus::new();
    let held = [FEW, MANY].map(|events| {
        let file = Repeated { line: &line, at: 0, left: events };
        most(|| assert_eq!(Import::new(file).publish(&bus).unwrap().events(), events))
    });
    assert!(held[1] <= held[0] + 1_024 && held[1] < 80 << 10, "{held:?} bytes");
}

/// A line, so many times.
struct Repeated<'a> {
    line: &'a [u8],
    at: usize,
    left: u64,
}

impl Read for Repeated<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Ok(0);
        }
        let read = (&self.line[self.at..]).read(buffer)?;
        self.at += read;
        if self.at == self.line.len() {
            (self.at, self.left) = (0, self.left - 1);
        }
        Ok(read)
    }
}
