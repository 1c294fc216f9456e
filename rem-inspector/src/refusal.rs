//! [`Refusal`]: why a request is not answered, as JSON: what, where, how to mend it.

use std::ops::Range;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rem_core::{PatternError, QueryError, SubscribeError};
use serde::Serialize;

/// The most bytes of a wrong value that are told.
const SHOWN: usize = 1_024;

/// Why a request is not answered.
#[derive(Debug)]
pub(crate) struct Refusal(Box<Inner>);

#[derive(Debug)]
struct Inner {
    status: StatusCode,
    header: Option<(header::HeaderName, HeaderValue)>,
    told: Told,
}

/// What is told, as `docs` of the API has it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Told {
    kind: &'static str,
    message: String,
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    place: Option<Place>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caret: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
struct Place {
    parameter: String,
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    byte: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<usize>,
}

#[derive(Serialize)]
struct Answer<'a> {
    error: &'a Told,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        let told = Told { kind, message: message.into(), place: None, caret: None };
        Self(Box::new(Inner { status, header: None, told }))
    }

    /// A parameter, or a member of the body, is to blame.
    pub(crate) fn at(mut self, parameter: &str, value: &str) -> Self {
        let (parameter, value) = (parameter.to_owned(), clip(value));
        self.0.told.place = Some(Place { parameter, value, byte: None, end: None });
        self
    }

    pub(crate) fn header(mut self, name: header::HeaderName, value: &'static str) -> Self {
        self.0.header = Some((name, HeaderValue::from_static(value)));
        self
    }

    /// The bytes that are wrong, and the drawing of them, which is what stands behind the first line of `drawn`.
    fn drawn(mut self, span: Range<usize>, drawn: &str) -> Self {
        if let Some(place) = &mut self.0.told.place {
            (place.byte, place.end) = (Some(span.start), Some(span.end));
        }
        if let Some((message, caret)) = drawn.split_once('\n') {
            message.clone_into(&mut self.0.told.message);
            self.0.told.caret = Some(caret.to_owned());
        }
        self
    }

    pub(crate) fn parameter(name: &str, value: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "parameter", message).at(name, value)
    }

    pub(crate) fn pattern(name: &str, value: &str, error: &PatternError) -> Self {
        let text = error.to_string();
        let refusal = Self::new(StatusCode::BAD_REQUEST, "pattern", text.clone()).at(name, value);
        refusal.drawn(error.span(), &text)
    }

    pub(crate) fn gone() -> Self {
        let text = "the bus that was inspected is closed and gone; start the program again";
        Self::new(StatusCode::GONE, "gone", text)
    }

    pub(crate) fn no_history() -> Self {
        let text = "the bus keeps no history, and the past cannot be asked; build it with `Bus::builder().history(Ring::events(10_000))`";
        Self::new(StatusCode::CONFLICT, "no_history", text)
    }

    /// Of a question by that pattern.
    pub(crate) fn query(error: &QueryError, pattern: &str) -> Self {
        match error {
            QueryError::Pattern(error) => Self::pattern("pattern", pattern, error),
            QueryError::NoHistory => Self::no_history(),
            _ => Self::gone(),
        }
    }

    /// Of a subscription by that pattern.
    pub(crate) fn subscribe(error: &SubscribeError, pattern: &str) -> Self {
        match error {
            SubscribeError::Pattern(error) => Self::pattern("pattern", pattern, error),
            SubscribeError::NoHistory => Self::no_history(),
            _ => Self::gone(),
        }
    }

    /// Something broke that should not: a panic in the data's own code, perhaps.
    pub(crate) fn broken(said: &str) -> Self {
        let text = format!("the answer could not be made: {said}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "broken", text)
    }

    pub(crate) fn told(&self) -> &Told {
        &self.0.told
    }
}

/// The first bytes of a text.
pub(crate) fn clip(text: &str) -> String {
    let head = head(text, SHOWN);
    if head.len() == text.len() { head.to_owned() } else { format!("{head}…") }
}

/// The beginning of a text, of so many bytes at most.
pub(crate) fn head(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or(0)]
}

/// Bytes of JSON as an answer.
pub(crate) fn json(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Inner { status, header, told } = *self.0;
        // Texts and numbers are written without fail.
        let mut response =
            json(status, serde_json::to_vec(&Answer { error: &told }).unwrap_or_default());
        if let Some((name, value)) = header {
            response.headers_mut().insert(name, value);
        }
        response
    }
}
