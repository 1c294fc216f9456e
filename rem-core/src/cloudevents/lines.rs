//! [`Lines`]: JSON lines, read one at a time within a limit, each with its place; and where in a line a fault lies.

use std::borrow::Cow;
use std::io::{self, BufRead, Read};

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{CloudEvent, CloudEventError, Decoder};

/// What stands at the start of a text that some editors write.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The lines of a text. In memory there is one at a time, and no more of it than the limit.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    from: R,
    limit: usize,
    /// Of the line that was read last, from 1.
    number: u64,
    /// Behind it.
    offset: u64,
    text: Vec<u8>,
}

/// One line that is not empty.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    /// From 1.
    pub(crate) number: u64,
    /// Where it begins, in bytes from the start of the text.
    pub(crate) offset: u64,
    /// Without its end; of one that is too long, the start.
    pub(crate) text: &'a [u8],
    /// How long it is, if that is over the limit.
    pub(crate) too_long: Option<u64>,
}

/// What is wrong in a line: how many bytes from its start, in which column, and what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) byte: usize,
    /// From 1, counted in letters.
    pub(crate) column: usize,
    pub(crate) said: String,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(from: R, limit: usize) -> Self {
        Self { from, limit, number: 0, offset: 0, text: Vec::new() }
    }

    pub(crate) fn limit(&mut self, bytes: usize) {
        self.limit = bytes;
    }

    pub(crate) fn most(&self) -> usize {
        self.limit
    }

    /// How many bytes were read.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// The number of the last line that was read to its end.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The next line that is not empty.
    pub(crate) fn read(&mut self) -> io::Result<Option<Line<'_>>> {
        loop {
            self.text.clear();
            // A byte order mark is no part of the first line. One byte more for the end of the line, and another to see that
            // it is too long.
            let mark = if self.number == 0 { BYTE_ORDER_MARK } else { &[] };
            let most = (self.limit as u64).saturating_add(2 + mark.len() as u64);
            let read = self.from.by_ref().take(most).read_until(b'\n', &mut self.text)?;
            if read == 0 {
                return Ok(None);
            }
            let start = self.offset;
            let mut length = read as u64;
            let ended = self.text.pop_if(|last| *last == b'\n').is_some();
            let skipped = if self.text.starts_with(mark) { mark.len() } else { 0 };
            let too_long = self.text.len() - skipped > self.limit;
            if too_long && !ended {
                length += skip_line(&mut self.from)?;
            }
            self.number += 1;
            self.offset += length;
            let (number, offset) = (self.number, start);
            if too_long {
                let too_long = Some(length);
                return Ok(Some(Line { number, offset, text: &self.text, too_long }));
            }
            if !self.text[skipped..].trim_ascii().is_empty() {
                let (text, offset) = (&self.text[skipped..], offset + skipped as u64);
                return Ok(Some(Line { number, offset, text, too_long: None }));
            }
        }
    }
}

/// Passes over what is left of a line, and says how many bytes that was.
fn skip_line(from: &mut impl BufRead) -> io::Result<u64> {
    let mut skipped = 0;
    loop {
        let there = match from.fill_buf() {
            Ok(there) => there,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let end = there.iter().position(|byte| *byte == b'\n');
        let count = end.map_or(there.len(), |end| end + 1);
        from.consume(count);
        skipped += count as u64;
        if end.is_some() || count == 0 {
            return Ok(skipped);
        }
    }
}

impl Line<'_> {
    /// The event that the line is.
    pub(crate) fn event(&self, decoder: Decoder) -> Result<CloudEvent, Fault> {
        decoder.structured(self.text).map_err(|error| self.fault(&error))
    }

    fn fault(&self, error: &CloudEventError) -> Fault {
        let byte = byte_of(self.text, error.path());
        Fault { byte, column: self.column(byte), said: error.to_string() }
    }

    /// Where the member begins that has that name.
    pub(crate) fn column_of(&self, name: &str) -> usize {
        self.column(byte_of(self.text, name))
    }

    fn column(&self, byte: usize) -> usize {
        String::from_utf8_lossy(self.text.get(..byte).unwrap_or(self.text)).chars().count() + 1
    }
}

/// Where a fault lies: where the line is no JSON, else where the member begins that the path names first, else the start.
fn byte_of(line: &[u8], path: &str) -> usize {
    let text = match std::str::from_utf8(line) {
        Ok(text) => text,
        Err(error) => return error.valid_up_to(),
    };
    if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
        return error.column().saturating_sub(1);
    }
    let first = path.split(['.', '[']).next().unwrap_or_default();
    let Ok(Members(members)) = serde_json::from_str::<Members<'_>>(text) else { return 0 };
    // The last of that name: of two the second is the one too many.
    let member =
        members.iter().rev().find(|(name, _)| name == first || *name == format!("{first}_base64"));
    member.map_or(0, |(_, value)| {
        (value.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
    })
}

/// The members of a JSON object, where they stand.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}

/// Writes an event's document as a line behind `out`: raw data is written as it came, with its own ends of lines. They stand
/// between tokens alone, for a string has none.
pub(crate) fn end_line(out: &mut Vec<u8>, begun: usize) {
    for byte in &mut out[begun..] {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8], limit: usize, capacity: usize) -> Vec<(u64, u64, String, Option<u64>)> {
        let mut lines = Lines::new(io::BufReader::with_capacity(capacity, text), limit);
        let mut found = Vec::new();
        while let Some(line) = lines.read().unwrap() {
            let text = String::from_utf8_lossy(line.text).into_owned();
            found.push((line.number, line.offset, text, line.too_long));
        }
        assert_eq!(lines.offset(), text.len() as u64);
        found
    }

    #[test]
    fn lines_have_their_number_and_offset_however_they_end() {
        let text = b"\xef\xbb\xbfa\r\n\n \nbb\nccccccccc\nd";
        for capacity in [1, 3, 64] {
            let found = all(text, 4, capacity);
            let expected = [
                (1, 3, "a\r", None),
                (4, 9, "bb", None),
                (5, 12, "cccccc", Some(10)),
                (6, 22, "d", None),
            ];
            let expected = expected.map(|(a, b, text, c)| (a, b, text.to_owned(), c));
            assert_eq!(found, expected, "{capacity}");
        }
        assert_eq!(all(b"", 4, 8), []);
        assert_eq!(all(b"abcd\nabcde", 4, 8)[1].3, Some(5), "one more than the limit");
    }
}
