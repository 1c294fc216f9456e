//! [`Rows`]: the file, row after row, gunzipped on the way.

use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use csv::{ByteRecord, Reader, ReaderBuilder};
use flate2::bufread::MultiGzDecoder;

use super::row::{self, Row, RowError};

/// The columns, as the first line names them.
pub const COLUMNS: [&str; 6] = ["time", "type", "flight", "tailnum", "other", "delay"];

/// The longest line, in bytes, that is read: what is longer is no file of this form.
pub const MAX_LINE: usize = 64 * 1024;

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The rows of a file: comma-separated, gzipped or plain, which its first bytes tell.
///
/// It holds one row at a time, so the memory it takes does not grow with the file.
pub struct Rows {
    path: PathBuf,
    csv: Reader<Box<dyn Read>>,
    record: ByteRecord,
    /// The number of the line read last, from 1; the header is line 1.
    line: u64,
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
            let mut bytes = BufReader::with_capacity(MAX_LINE, counting);
            let text: Box<dyn Read> = if bytes.fill_buf()?.starts_with(&GZIP) {
                Box::new(ShortLines::new(MultiGzDecoder::new(bytes)))
            } else {
                Box::new(ShortLines::new(bytes))
            };
            Ok((text, position, size))
        })();
        let (text, position, size) =
            opened.map_err(|error| FileError::new(&path, Problem::Unreadable(error)))?;
        // A quote has no meaning in this form, so a stray one cannot swallow the lines behind it.
        let csv = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .quoting(false)
            .buffer_capacity(MAX_LINE)
            .from_reader(text);
        let record = ByteRecord::with_capacity(128, COLUMNS.len());
        let mut rows = Self { path, csv, record, line: 0, position, size };
        rows.check_header()?;
        Ok(rows)
    }

    fn check_header(&mut self) -> Result<(), FileError> {
        if self.advance()? && self.record.iter().eq(COLUMNS.map(str::as_bytes)) {
            return Ok(());
        }
        let found = String::from_utf8_lossy(self.record.as_slice()).chars().take(80).collect();
        Err(FileError::new(&self.path, Problem::Header(found)))
    }

    /// Reads the next line; false at the end.
    fn advance(&mut self) -> Result<bool, FileError> {
        let more = self.csv.read_byte_record(&mut self.record).map_err(|error| {
            let after = self.line;
            let problem = match error.into_kind() {
                csv::ErrorKind::Io(error) => error,
                other => io::Error::other(format!("{other:?}")),
            };
            FileError::new(&self.path, Problem::Damaged { after, problem })
        })?;
        self.line = self.record.position().map_or(self.line, csv::Position::line);
        Ok(more)
    }

    /// The next row, read or refused; `None` at the end of the file. Empty lines are no rows.
    ///
    /// # Errors
    /// A file that is damaged or cannot be read on: no row comes after.
    #[expect(clippy::should_implement_trait, reason = "an error of the file ends it, one of a row does not")]
    pub fn next(&mut self) -> Result<Option<Result<Row, RowError>>, FileError> {
        Ok(self.advance()?.then(|| row::parse(&self.record)))
    }

    /// The number of the line that was read last, from 1; the header is line 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// How many bytes of the file were read, as it lies on the disk.
    pub fn position(&self) -> u64 {
        self.position.get()
    }

    /// How many bytes the file has, as it lies on the disk.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Where the file lies.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows")
            .field("path", &self.path)
            .field("line", &self.line)
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

/// Refuses a line longer than [`MAX_LINE`]: without it a small gzip of one endless line takes all memory.
struct ShortLines<R> {
    inner: R,
    /// Bytes since the last end of a line.
    since: usize,
}

impl<R> ShortLines<R> {
    fn new(inner: R) -> Self {
        Self { inner, since: 0 }
    }
}

impl<R: Read> Read for ShortLines<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        // Looked for from the end: one line's length, whatever the size of the buffer.
        match into[..read].iter().rposition(|&byte| byte == b'\n') {
            Some(end) => self.since = read - end - 1,
            None => self.since += read,
        }
        if self.since > MAX_LINE {
            let text = format!("a line is longer than {MAX_LINE} bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
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
