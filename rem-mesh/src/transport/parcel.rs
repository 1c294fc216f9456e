//! [`Parcel`]: what a transport carries.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::Subject;

/// What a transport carries: a subject, headers, and a body. Its clones share all of them.
#[derive(Clone, PartialEq, Eq)]
pub struct Parcel {
    subject: Subject,
    headers: Arc<Vec<(Cow<'static, str>, String)>>,
    body: Bytes,
}

impl Parcel {
    /// With no headers and no body.
    pub fn new(subject: Subject) -> Self {
        Self { subject, headers: Arc::default(), body: Bytes::new() }
    }

    /// With one header more. Neither name nor value may have a line break; a transport refuses what it cannot write.
    #[must_use]
    pub fn header(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.headers).push((name.into(), value.into()));
        self
    }

    /// With that body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Where it goes.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The headers, in their order.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (name.as_ref(), value.as_str()))
    }

    /// The value of the first header of that name, in whichever case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.headers().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// How many bytes headers and body have together: what [`max_payload`](super::Capabilities::max_payload) limits.
    pub fn size(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.len() + value.len());
        headers.sum::<usize>() + self.body.len()
    }
}

/// The body is not shown.
impl fmt::Debug for Parcel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parcel")
            .field("subject", &self.subject)
            .field("headers", &self.headers)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish()
    }
}
