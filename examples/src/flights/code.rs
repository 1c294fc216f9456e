//! [`Code`]: a short name such as `EWR`, `UA` or `N14228`, held without an allocation.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One to seven printable ASCII characters: an airport, a carrier, a tail number.
///
/// It is copied, compared and hashed as eight bytes, so an event of several codes allocates for none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Code {
    /// Zero after the text.
    bytes: [u8; Self::MAX],
    length: u8,
}

impl Code {
    /// The most characters of a code.
    pub const MAX: usize = 7;

    /// The code in that text.
    ///
    /// # Errors
    /// A text that is empty, longer than [`MAX`](Self::MAX), or not of printable ASCII.
    pub fn new(text: &[u8]) -> Result<Self, NotACode> {
        if text.is_empty() || text.len() > Self::MAX || !text.iter().all(u8::is_ascii_graphic) {
            return Err(NotACode(String::from_utf8_lossy(text).chars().take(32).collect()));
        }
        let mut bytes = [0; Self::MAX];
        bytes[..text.len()].copy_from_slice(text);
        // At most seven.
        Ok(Self { bytes, length: u8::try_from(text.len()).unwrap_or_default() })
    }

    /// The same in lower case, as topics have it.
    #[must_use]
    pub fn lower(mut self) -> Self {
        self.bytes.make_ascii_lowercase();
        self
    }

    /// The same in upper case, as people write it.
    #[must_use]
    pub fn upper(mut self) -> Self {
        self.bytes.make_ascii_uppercase();
        self
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        // It is ASCII, so this never falls back.
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for Code {
    type Error = NotACode;

    fn try_from(text: String) -> Result<Self, NotACode> {
        Self::new(text.as_bytes())
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.as_str().to_owned()
    }
}

/// A text that is no [`Code`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotACode(Box<str>);

impl fmt::Display for NotACode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no code: write 1 to {} letters or digits", self.0, Code::MAX)
    }
}

impl std::error::Error for NotACode {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_short_printable_texts() {
        assert_eq!(Code::new(b"EWR").unwrap().lower().as_str(), "ewr");
        assert_eq!(Code::new(b"N14228").unwrap().to_string(), "N14228");
        for wrong in [&b""[..], b"12345678", b"a b", b"\xff", "é".as_bytes()] {
            assert!(Code::new(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn codes_are_texts_to_serde() {
        let code: Code = serde_json::from_str("\"jfk\"").unwrap();
        assert_eq!(serde_json::to_string(&code).unwrap(), "\"jfk\"");
        assert!(serde_json::from_str::<Code>("\"too long a code\"").is_err());
    }
}
