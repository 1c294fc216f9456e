//! [`Lines`]: a file's lines, one at a time, none longer than is held.

use std::io::{self, BufRead, Read};

/// The lines of a reader, into a buffer that is used again. Empty lines are counted and left out.
///
/// What it holds is bounded: of a longer line than it takes nothing is kept, and the next is found.
#[derive(Debug)]
pub struct Lines<R> {
    reader: R,
    longest: usize,
    bytes: Vec<u8>,
    number: u64,
}

/// A line and its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// From 1.
    pub number: u64,
    /// Without white space at its end; `None` if it is longer than is taken.
    pub bytes: Option<&'a [u8]>,
}

impl<R: BufRead> Lines<R> {
    /// The lines of that reader, each of at most `longest` bytes.
    pub fn new(reader: R, longest: usize) -> Self {
        Self { reader, longest, bytes: Vec::new(), number: 0 }
    }

    /// The next line; `None` at the end.
    ///
    /// # Errors
    /// What reading says. What was read of a line before is lost with it.
    #[expect(
        clippy::should_implement_trait,
        reason = "a line borrows the buffer, which an iterator's item cannot"
    )]
    pub fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        loop {
            self.bytes.clear();
            let most = self.longest as u64 + 1; // and the line feed
            if self.reader.by_ref().take(most).read_until(b'\n', &mut self.bytes)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            if self.bytes.len() > self.longest && self.bytes.last() != Some(&b'\n') {
                self.reader.skip_until(b'\n')?;
                return Ok(Some(Line { number: self.number, bytes: None }));
            }
            if !self.bytes.trim_ascii_end().is_empty() {
                break;
            }
        }
        Ok(Some(Line { number: self.number, bytes: Some(self.bytes.trim_ascii_end()) }))
    }

    /// How many lines have been read whole.
    pub fn number(&self) -> u64 {
        self.number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_left_out_and_the_next_is_found() {
        let text = b"exactly 10\nmore than 10\n\r\n \nshort\r\nlast";
        let mut lines = Lines::new(&text[..], 10);
        let line =
            |number, bytes: Option<&'static str>| Line { number, bytes: bytes.map(str::as_bytes) };
        assert_eq!(lines.next().unwrap(), Some(line(1, Some("exactly 10"))));
        assert_eq!(lines.next().unwrap(), Some(line(2, None)));
        assert_eq!(lines.next().unwrap(), Some(line(5, Some("short"))));
        assert_eq!(lines.next().unwrap(), Some(line(6, Some("last"))));
        assert_eq!(lines.next().unwrap(), None);
        assert_eq!(lines.number(), 6);
    }
}
