//! [`Lines`]: a file's lines, one at a time, none longer than is held.

use std::io::{self, BufRead, Read};

/// The longest line, in bytes. What GitHub sends is at most 25 MB; what is documented, far less than this.
pub const MAX_LINE: usize = 1 << 20;

/// The lines of a reader, into a buffer that is used again.
#[derive(Debug)]
pub struct Lines<R> {
    reader: R,
    bytes: Vec<u8>,
    number: u64,
}

/// A line and its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// From 1.
    pub number: u64,
    /// Without the line feed; `None` if it is longer than [`MAX_LINE`].
    pub bytes: Option<&'a [u8]>,
}

impl<R: BufRead> Lines<R> {
    /// The lines of that reader.
    pub fn new(reader: R) -> Self {
        Self { reader, bytes: Vec::new(), number: 0 }
    }

    /// The next line that is not empty; `None` at the end.
    ///
    /// # Errors
    /// What reading says.
    #[expect(clippy::should_implement_trait, reason = "a line borrows the buffer, which an iterator's item cannot")]
    pub fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        loop {
            self.bytes.clear();
            let most = MAX_LINE as u64 + 1;
            if self.reader.by_ref().take(most).read_until(b'\n', &mut self.bytes)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            if self.bytes.last() != Some(&b'\n') && self.bytes.len() > MAX_LINE {
                self.reader.skip_until(b'\n')?;
                return Ok(Some(Line { number: self.number, bytes: None }));
            }
            if !self.bytes.trim_ascii().is_empty() {
                break;
            }
        }
        Ok(Some(Line { number: self.number, bytes: Some(self.bytes.trim_ascii_end()) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_left_out_and_the_next_is_found() {
        let mut text = vec![b'x'; MAX_LINE + 500];
        text.extend(b"\n\nshort\nlast");
        let mut lines = Lines::new(&text[..]);
        assert_eq!(lines.next().unwrap(), Some(Line { number: 1, bytes: None }));
        assert_eq!(lines.next().unwrap(), Some(Line { number: 3, bytes: Some(b"short") }));
        assert_eq!(lines.next().unwrap(), Some(Line { number: 4, bytes: Some(b"last") }));
        assert_eq!(lines.next().unwrap(), None);
    }
}
