//! Why captures could not be read.

use std::fmt;

use serde::de;

/// What serde said, and of which capture.
#[derive(Debug)]
pub(super) struct Error {
    text: String,
    /// The name and the text of the capture; `None` until it is known, and for what is said of all of them.
    of: Option<(String, String)>,
}

impl Error {
    /// The same, of that capture, unless it is of one already.
    pub(super) fn of(mut self, name: &str, text: &str) -> Self {
        self.of.get_or_insert_with(|| (name.to_owned(), text.to_owned()));
        self
    }
}

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { text: message.to_string(), of: None }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.of {
            Some((name, text)) => write!(f, "`{{{name}}}` took `{text}`: {}", self.text),
            None => f.write_str(&self.text),
        }
    }
}

impl std::error::Error for Error {}
