//! [`Rows`]: the file, row after row, gunzipped on the way.

use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;

use super::row::{self, Row, RowError};
use crate::{Line, Lines};

/// The columns, as the first line names them.
pub const COLUMNS: [&str; 6] = ["time", "type", "flight", "tailnum", "other", "delay"];

/// The longest line, in bytes, that is read. A row has about sixty.
pub const MAX_LINE: usize = 1_024;

const BUFFER: usize = 64 * 1_024;
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The rows of a file: a line each, its columns between commas, gzipped or plain, which its first bytes tell.
///
/// It holds one line at a time, so the memory it takes does not grow with the file. No column of this form has a comma
/// or a quote in it, so what a line is can be said without the lines before it, however broken they are.
pub struct Rows {
    path: PathBuf,
    lines: Lines<Box<dyn BufRead>>,
    /// How many bytes of the file, as it lies on the disk, have been read.
    position: Rc<Cell<u64>>,
    size: u64,
}

impl Rows {
    /// Opens a file and checks its header.
    ///
    /// # Errors
    /// A file that cannot be read or whose first line does not name the [`COLUMNS`].
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, FileError> {
        let path = path.into();
        let opened = (|| {
            let file = File::open(&path)?;
            let size = file.metadata()?.len();
            let position = Rc::new(Cell::new(0));
            let counting = Counting { inner: file, position: Rc::clone(&position) };
            let mut bytes = BufReader::with_capacity(BUFFER, counting);
            let text: Box<dyn BufRead> = if bytes.fill_buf()?.starts_with(&GZIP) {
                Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(bytes)))
            } else {
                Box::new(bytes)
            };
            Ok((text, position, size))
        })();
        let (text, position, size) =
            opened.map_err(|error| FileError::new(&path, Problem::Unreadable(error)))?;
        let mut rows = Self { path, lines: Lines::new(text, MAX_LINE), position, size };
        rows.check_header()?;
        Ok(rows)
    }

    fn check_header(&mut self) -> Result<(), FileError> {
        let expected = COLUMNS.join(",");
        let found = match self.lines.next() {
            Ok(Some(Line { number: 1, bytes: Some(line) })) if line == expected.as_bytes() => {
                return Ok(());
            }
            Ok(line) => line.and_then(|line| line.bytes).unwrap_or_default(),
            Err(problem) => {
                return Err(FileError::new(&self.path, Problem::Damaged { after: 0, problem }));
            }
        };
        let found = String::from_utf8_lossy(found).chars().take(80).collect();
        Err(FileError::new(&self.path, Problem::Header(found)))
    }

    /// The next row, read or refused; `None` at the end of the file. Empty lines are no rows.
    ///
    /// # Errors
    /// A file that is damaged or cannot be read on: no row comes after.
    #[expect(
        clippy::should_implement_trait,
        reason = "an error of the file ends it, one of a row does not"
    )]
    pub fn next(&mut self) -> Result<Option<Result<Row, RowError>>, FileError> {
        match self.lines.next() {
            Ok(Some(Line { bytes: Some(line), .. })) => Ok(Some(row::parse(line))),
            Ok(Some(Line { bytes: None, .. })) => Ok(Some(Err(RowError::too_long()))),
            Ok(None) => Ok(None),
            Err(problem) => {
                let after = self.lines.number();
                Err(FileError::new(&self.path, Problem::Damaged { after, problem }))
            }
        }
    }

    /// The number of the line that was read last, from 1; the header is line 1.
    pub fn line(&self) -> u64 {
        self.lines.number()
    }

    /// How many bytes of the file were read, as it lies on the disk.
    pub fn position(&self) -> u64 {
        self.position.get()
    }

    /// How many bytes the file has, as it lies on the disk.
    pub fn size(&self) -> u64 {
        self.size
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows")
            .field("path", &self.path)
            .field("line", &self.line())
            .field("position", &self.position.get())
            .finish_non_exhaustive()
    }
}

/// Counts what is read, for the progress bar.
struct Counting<R> {
    inner: R,
    position: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.position.set(self.position.get() + read as u64);
        Ok(read)
    }
}

/// A file that could not be read, or not to its end.
#[derive(Debug)]
pub struct FileError {
    path: PathBuf,
    problem: Problem,
}

#[derive(Debug)]
enum Problem {
    Unreadable(io::Error),
    Header(Box<str>),
    Damaged { after: u64, problem: io::Error },
}

impl FileError {
    fn new(path: &Path, problem: Problem) -> Self {
        Self { path: path.to_owned(), problem }
    }

    /// The last line that was read whole, from 1, if the file is damaged behind it.
    pub fn damaged_after(&self) -> Option<u64> {
        match self.problem {
            Problem::Damaged { after, .. } => Some(after),
            Problem::Unreadable(_) | Problem::Header(_) => None,
        }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.problem {
            Problem::Unreadable(error) => {
                write!(f, "cannot read {path}: {error}; give a .csv or .csv.gz that exists")
            }
            Problem::Header(found) => write!(
                f,
                "{path} is no file of flights: its first line is `{found}` and should be `{}`",
                COLUMNS.join(",")
            ),
            Problem::Damaged { after, problem } => write!(
                f,
                "{path} is damaged behind line {after}: {problem}; what was read up to there counts, \
                 for the rest get the file afresh"
            ),
        }
    }
}

impl Error for FileError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.problem {
            Problem::Unreadable(error) | Problem::Damaged { problem: error, .. } => Some(error),
            Problem::Header(_) => None,
        }
    }
}
