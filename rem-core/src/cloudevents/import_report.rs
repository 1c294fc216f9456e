//! [`ImportReport`], [`BadRecord`] and [`ImportError`]: what became of an import, and where it went wrong.

use std::error::Error;
use std::fmt;
use std::io;
use std::ops::RangeInclusive;

/// What was imported.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportReport {
    pub(super) events: u64,
    pub(super) left_out: u64,
    pub(super) skipped: u64,
    pub(super) bad: Vec<BadRecord>,
    pub(super) lines: u64,
    pub(super) bytes: u64,
    pub(super) sequences: Option<(u64, u64)>,
}

impl ImportReport {
    /// How many events were published, or handed out.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// How many the filter left out.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// How many bad records were passed over.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// The first of them, as many as [`Import::skip_bad`](super::Import::skip_bad) was to keep.
    pub fn bad(&self) -> &[BadRecord] {
        &self.bad
    }

    /// How many lines were read.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// How many bytes were read.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The least and the greatest sequence number that the events had where they were exported.
    pub fn sequences(&self) -> Option<RangeInclusive<u64>> {
        self.sequences.map(|(first, last)| first..=last)
    }
}

/// A line that was not imported: where, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRecord {
    kind: BadKind,
    line: u64,
    column: usize,
    offset: u64,
    said: Box<str>,
}

/// Why a line was not imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BadKind {
    /// It is no cloud event.
    Record,
    /// It is longer than the limit.
    TooLong,
    /// The bus did not take the event.
    Refused,
}

impl BadRecord {
    pub(super) fn new(kind: BadKind, line: u64, column: usize, offset: u64, said: String) -> Self {
        Self { kind, line, column, offset, said: said.into() }
    }

    pub(super) fn too_long(line: u64, offset: u64, length: u64, limit: usize) -> Self {
        let said = format!(
            "the line has {length} bytes and the limit is {limit}: raise it by `Import::limit`, or look whether ends of lines \
             are missing"
        );
        Self::new(BadKind::TooLong, line, 1, offset, said)
    }

    /// Why, to be matched.
    pub fn kind(&self) -> BadKind {
        self.kind
    }

    /// The line, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The column of the fault, from 1, counted in letters.
    pub fn column(&self) -> usize {
        self.column
    }

    /// Where the fault is, in bytes from the start.
    pub fn offset(&self) -> u64 {
        self.offset
    }
}

impl fmt::Display for BadRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, offset, said, .. } = self;
        write!(f, "line {line}, column {column} (byte {offset}): {said}")
    }
}

/// An import that came to an end too early: where, why, what was imported before, and how to go on.
#[derive(Debug)]
pub struct ImportError(Box<Told>);

#[derive(Debug)]
struct Told {
    bad: BadRecord,
    io: Option<io::Error>,
    report: ImportReport,
}

/// Why an import came to an end too early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ImportErrorKind {
    /// At a bad record.
    Bad(BadKind),
    /// The reader failed.
    Io,
}

impl ImportError {
    pub(super) fn bad(bad: BadRecord, report: ImportReport) -> Self {
        Self(Box::new(Told { bad, io: None, report }))
    }

    pub(super) fn io(line: u64, offset: u64, error: io::Error, report: ImportReport) -> Self {
        let said = format!("it cannot be read further: {error}");
        let bad = BadRecord::new(BadKind::Record, line, 1, offset, said);
        Self(Box::new(Told { bad, io: Some(error), report }))
    }

    /// Why, to be matched.
    pub fn kind(&self) -> ImportErrorKind {
        match self.0.io {
            Some(_) => ImportErrorKind::Io,
            None => ImportErrorKind::Bad(self.0.bad.kind),
        }
    }

    /// The line where it ended, from 1.
    pub fn line(&self) -> u64 {
        self.0.bad.line
    }

    /// The column, from 1, counted in letters.
    pub fn column(&self) -> usize {
        self.0.bad.column
    }

    /// The same in bytes from the start.
    pub fn offset(&self) -> u64 {
        self.0.bad.offset
    }

    /// What was imported before.
    pub fn report(&self) -> &ImportReport {
        &self.0.report
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Told { bad, io, report } = &*self.0;
        let (line, events) = (bad.line, report.events);
        write!(f, "{bad}; {events} events before it are imported: ")?;
        match (io, bad.kind) {
            (Some(_), _) => write!(f, "read it again and go on by `Import::from_line({line})`"),
            (None, BadKind::Refused) => {
                write!(f, "mend the cause and go on by `Import::from_line({line})`")
            }
            (None, _) => write!(
                f,
                "mend it and go on by `Import::from_line({line})`, or leave it out and go on by `Import::from_line({})`",
                line + 1
            ),
        }
    }
}

impl Error for ImportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.io.as_ref().map(|error| error as _)
    }
}
