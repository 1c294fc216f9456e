//! Any query as a file of [Parquet](https://parquet.apache.org), which `DuckDB`, Polars, pandas and Spark read.
//!
//! ```
//! use rem_analysis::parquet::{Kind, Parquet};
//! use rem_core::wire::{Codec, Mask, RawEvent};
//! use rem_core::{Bus, Ring};
//!
//! let bus = Bus::builder().history(Ring::events(100)).build();
//! bus.publish_to("db.asked", RawEvent::new(Codec::Json, *br#"{"latency_ms":12}"#))?;
//!
//! let mut file = Vec::new(); // or a `File`
//! let report = Parquet::new()
//!     .mask(Mask::new().raw_as_it_is()) // of raw data no type says what must not be seen
//!     .column("latency_ms", Kind::F64)
//!     .write(bus.query("db.**")?.iter(), &mut file)?; // read as they are written
//! assert_eq!((report.rows(), &file[..4]), (1, &b"PAR1"[..]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Columns
//! | column | type | what |
//! | --- | --- | --- |
//! | `sequence` | unsigned 64 bits, or null | the number in the order of its bus |
//! | `id` | text | the id, as a UUID is written |
//! | `topic` | text | the whole topic |
//! | `timestamp` | nanoseconds, UTC; null after 2262 | when it happened |
//! | `source` | text, or null | who says so |
//! | `causation` | text, or null | the event whose handler published it |
//! | `correlation` | text | the first event of its story |
//! | `scope` | 32 bits | how many bytes of the topic are the prefix of its bus |
//! | `metadata` | text, or null | a JSON object |
//! | `data` | text, or null | the data as JSON, in whatever codec it was |
//!
//! Behind them come the fields that are asked for, each a column of its own.

mod columns;
mod error;
mod writer;

use std::fmt;
use std::io::Write;
use std::sync::Arc;

use rem_core::Event;
use rem_core::wire::Mask;

pub use error::{ParquetError, ParquetErrorKind};

use crate::field::Field;
use columns::{NAMES, Values};
use writer::Writer;

/// Writes events as a file of Parquet, compressed by Snappy.
///
/// Fields that are marked `#[event(redact)]` are blanked, for who reads the file is not known; [`mask`](Self::mask) says
/// otherwise. An event of a type that is `#[event(local)]` is left out and counted.
///
/// In memory there is one row group: at most so many rows as [`row_group`](Self::row_group) says, and 64 MiB of text or one
/// event more; and of each group that is written what the end of the file says of it, some 11 KiB. Of a history,
/// [`Query::iter`](rem_core::Query::iter) holds two pages beside that, however many events there are.
///
/// An event of 100 bytes of data takes 1.9 µs (16,000 instructions), its data as text and a field as a column: four
/// times what a line of JSON takes (measured on 2026-11-28, AMD EPYC, 2 busy cores, by `cargo bench --bench files`).
#[must_use = "nothing is written until `write` is called"]
pub struct Parquet<'a> {
    mask: Mask,
    columns: Vec<(Box<str>, Box<str>, Kind)>,
    row_group: usize,
    tell: Option<Box<dyn FnMut(u64) + 'a>>,
}

/// What a column of a field holds. A value of another kind is null in it, and counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Whole numbers of 64 bits.
    I64,
    /// Numbers; whole ones are exact up to 2^53.
    F64,
    /// `true` and `false`.
    Bool,
    /// Texts.
    Text,
}

impl Default for Parquet<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'a> Parquet<'a> {
    /// Row groups of 65,536 rows, marked fields blanked.
    pub fn new() -> Self {
        Self { mask: Mask::new(), columns: Vec::new(), row_group: 1 << 16, tell: None }
    }

    /// What is blanked. A history that survives gives raw events: name their types by [`Mask::of`].
    pub fn mask(mut self, mask: Mask) -> Self {
        self.mask = mask;
        self
    }

    /// A field of the data as a column of its path. As for [`Analysis::of`](crate::Analysis::of).
    pub fn column(self, path: &str, kind: Kind) -> Self {
        self.column_as(path, path, kind)
    }

    /// The same under another name: that of a field `id` is taken.
    pub fn column_as(mut self, name: &str, path: &str, kind: Kind) -> Self {
        self.columns.push((name.into(), path.into(), kind));
        self
    }

    /// The most rows of a group, which readers read at once and may pass over: 65,536 unless told, and at least 1.
    pub fn row_group(mut self, rows: usize) -> Self {
        self.row_group = rows.max(1);
        self
    }

    /// Is told after each row group how many rows are written.
    pub fn progress(mut self, tell: impl FnMut(u64) + 'a) -> Self {
        self.tell = Some(Box::new(tell));
        self
    }

    /// Writes the events, and the end of the file, without which none can be read.
    ///
    /// # Errors
    /// For a field that is none and a name that is there twice, for an event that cannot be masked, and when `to` fails. Then
    /// there is no file that can be read.
    pub fn write(
        mut self,
        events: impl IntoIterator<Item = Arc<Event>>,
        to: impl Write + Send,
    ) -> Result<ParquetReport, ParquetError> {
        let mut values = self.values()?;
        let mut writer = Writer::begin(to, &self.columns)?;
        let mut report = ParquetReport::default();
        for event in events {
            if event.data.schema().local {
                report.left_out += 1;
                continue;
            }
            values.push(&*self.mask.event(&event)?);
            report.rows += 1;
            if values.rows() >= self.row_group || values.is_large() {
                writer.row_group(&mut values)?;
                report.row_groups += 1;
                if let Some(tell) = &mut self.tell {
                    tell(report.rows);
                }
            }
        }
        if values.rows() > 0 {
            writer.row_group(&mut values)?;
            report.row_groups += 1;
            if let Some(tell) = &mut self.tell {
                tell(report.rows);
            }
        }
        report.not_held = values.not_held();
        report.bytes = writer.end()?;
        Ok(report)
    }

    fn values(&self) -> Result<Values, ParquetError> {
        let mut fields = Vec::new();
        for (place, (name, path, kind)) in self.columns.iter().enumerate() {
            let twice = self.columns[..place].iter().any(|(before, ..)| before == name);
            if twice || NAMES.contains(&&**name) || name.is_empty() {
                return Err(ParquetError::name(name, path));
            }
            fields.push((Field::parse(path)?, *kind));
        }
        Ok(Values::new(fields))
    }
}

impl fmt::Debug for Parquet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parquet")
            .field("mask", &self.mask)
            .field("columns", &self.columns)
            .field("row_group", &self.row_group)
            .finish_non_exhaustive()
    }
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ParquetReport {
    rows: u64,
    row_groups: u64,
    bytes: u64,
    left_out: u64,
    not_held: u64,
}

impl ParquetReport {
    /// How many events, each a row.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// In how many groups.
    pub fn row_groups(&self) -> u64 {
        self.row_groups
    }

    /// How many bytes the file has.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many events were left out, being of a type that is `#[event(local)]`.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// How many values are null because their column does not hold them: a field of another kind, data that is no JSON and cannot
    /// be made it, a time after 2262.
    pub fn not_held(&self) -> u64 {
        self.not_held
    }
}
