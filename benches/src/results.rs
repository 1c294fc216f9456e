//! What benchmarks find, for programs: rows of JSON, one a line, at the end of the file that `REM_BENCH_RESULTS` names. `cargo xtask
//! bench` names one for each benchmark, and makes its page of them. Without a file nothing is kept.

use std::fs::File;
use std::io::Write;

use serde::Serialize;

/// Names the file.
const FILE: &str = "REM_BENCH_RESULTS";

/// One row.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Row<'a> {
    /// A figure beside its bar.
    Bar { work: &'a str, figure: f64, limit: f64, at_most: bool, unit: &'a str },
    /// The median of one that stands in no table.
    Median { name: &'a str, figure: f64, unit: &'a str },
    /// What one contender took, in a table whose first row is REM.
    Figure { table: &'a str, name: &'a str, figure: f64, unit: &'a str },
    /// A point of a line in a plot.
    Point { plot: &'a str, line: &'a str, along: &'a str, at: f64, figure: f64, unit: &'a str },
}

/// One contender's figure, in a table of those that do the same work. REM comes first; of a unit, less is better.
///
/// # Panics
/// When the file cannot be written.
pub fn figure(table: &str, name: &str, figure: f64, unit: &str) {
    tell(&Row::Figure { table, name, figure, unit });
}

/// A figure that stands alone.
///
/// # Panics
/// When the file cannot be written.
pub fn median(name: &str, figure: f64, unit: &str) {
    tell(&Row::Median { name, figure, unit });
}

/// Where a line of a plot is: what it takes when there is so much of what the plot goes along.
#[derive(Debug, Clone, Copy)]
pub struct Plot<'a> {
    /// Its name.
    pub name: &'a str,
    /// What grows.
    pub along: &'a str,
    /// In what figures are.
    pub unit: &'a str,
}

impl Plot<'_> {
    /// One point.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn point(self, line: &str, at: f64, figure: f64) {
        let Self { name: plot, along, unit } = self;
        tell(&Row::Point { plot, line, along, at, figure, unit });
    }
}

pub(crate) fn tell(row: &Row<'_>) {
    let Some(path) = std::env::var_os(FILE) else { return };
    let mut line = serde_json::to_vec(row).expect("a row is written as JSON");
    line.push(b'\n');
    let written = File::options().create(true).append(true).open(&path);
    let written = written.and_then(|mut file| file.write_all(&line));
    written.unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
}
