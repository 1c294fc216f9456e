//! [`Parcel`]: what a transport carries.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::Subject;

/// What a transport carries: a subject, headers, and a body. Its clones share all of them.
#[derive(Clone, PartialEq, Eq)]
pub struct Parcel {
    subject: Subject,
    headers: Arc<Headers>,
    body: Bytes,
    /// How many bytes of its body were let go.
    missing: usize,
}

/// Names and values in turn, in one text: a text for each would be most of what a parcel costs.
#[derive(Clone, Default, PartialEq, Eq)]
struct Headers {
    text: String,
    /// Where each name and each value ends.
    ends: Vec<usize>,
}

/// Room for those of a mesh.
const BYTES: usize = 160;
const TEXTS: usize = 8;

impl Headers {
    fn put(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }

    fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut begin = 0;
        self.ends.chunks_exact(2).map(move |ends| {
            let (name, value) = (begin..ends[0], ends[0]..ends[1]);
            begin = ends[1];
            (&self.text[name], &self.text[value])
        })
    }
}

impl Parcel {
    /// With no headers and no body.
    pub fn new(subject: Subject) -> Self {
        Self { subject, headers: Arc::default(), body: Bytes::new(), missing: 0 }
    }

    /// With one header more. Neither name nor value may have a line break; a transport refuses what it cannot write.
    #[must_use]
    pub fn header(self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.with_headers([(name, value)])
    }

    /// With those headers more.
    #[must_use]
    pub fn with_headers<N: AsRef<str>, V: AsRef<str>>(
        mut self,
        more: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let headers = Arc::make_mut(&mut self.headers);
        if headers.ends.is_empty() {
            headers.text.reserve(BYTES);
            headers.ends.reserve(TEXTS);
        }
        for (name, value) in more {
            headers.put(name.as_ref());
            headers.put(value.as_ref());
        }
        self
    }

    /// With the headers of another in place of its own: both share them.
    #[must_use]
    pub fn with_headers_of(mut self, other: &Self) -> Self {
        self.headers = Arc::clone(&other.headers);
        self
    }

    /// Whether it has the headers of another, in their order: from one node they are mostly the same.
    pub fn has_headers_of(&self, other: &Self) -> bool {
        self.headers == other.headers
    }

    /// With that body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        (self.body, self.missing) = (body.into(), 0);
        self
    }

    /// Without its body, of which the [size](Self::size) is known still: for a transport whose reader takes
    /// [none so large](super::Transport::at_most).
    #[must_use]
    pub fn without_body(mut self) -> Self {
        self.missing += self.body.len();
        self.body = Bytes::new();
        self
    }

    /// Where it goes.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The headers, in their order.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter()
    }

    /// The value of the first header of that name, in whichever case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.headers().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The body; empty if it was [let go](Self::without_body).
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// How many bytes headers and body have together: what [`max_payload`](super::Capabilities::max_payload) limits.
    pub fn size(&self) -> usize {
        self.held() + self.missing
    }

    /// The same without what was let go: what it takes of memory.
    pub fn held(&self) -> usize {
        self.headers.text.len() + self.body.len()
    }
}

/// The body is not shown, and has its bytes though they were let go.
impl fmt::Debug for Parcel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parcel")
            .field("subject", &self.subject)
            .field("headers", &self.headers().collect::<Vec<_>>())
            .field("body", &format_args!("{} bytes", self.body.len() + self.missing))
            .finish()
    }
}
