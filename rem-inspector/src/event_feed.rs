//! [`EventFeed`]: events over Server-Sent Events, for axum applications of one's own.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use rem_core::wire::Mask;
use rem_core::{Bus, IntoPattern, PatternError, WeakBus};
use serde_json::json;

use crate::feed::{Allowance, Feed, Pace, Step, Told};
use crate::filter::Filter;
use crate::mask::Masking;
use crate::refusal::Refusal;
use crate::sse::message;
use crate::stream::{last_event_id, response};

/// How often it is looked whether something has come, and for how long events are written at once.
const TICK: Duration = Duration::from_millis(50);
const BURST: Duration = Duration::from_millis(5);
/// How often there is a sign of life.
const ALIVE: Duration = Duration::from_secs(15);

/// The events of a bus over Server-Sent Events, for an axum application's own pages. It resumes without a gap from where a browser was, as
/// that says by `Last-Event-ID` when it connects again, as far as the history goes back.
///
/// Each event comes as the message `event`, its number the `id`, its data an object as the inspector's API has it. What
/// the history has let go is a message `gap`, with `from` and `to`; the end of the bus one `bye`. A message `position`, with the number
/// up to which all is sent as its `id`, comes first of all if nothing else does, and whenever nothing else was sent for 15 seconds.
/// Fields that are marked `#[event(redact)]` are blanked. The bus has to keep a history; it is not kept by the feed.
///
/// ```
/// use axum::http::HeaderMap;
/// use axum::response::Response;
/// use axum::{Router, extract::State, routing::get};
/// use rem_core::{Bus, Ring};
/// use rem_inspector::EventFeed;
///
/// async fn orders(State(feed): State<EventFeed>, headers: HeaderMap) -> Response {
///     feed.answer(&headers)
/// }
///
/// let bus = Bus::builder().history(Ring::events(10_000)).build();
/// let feed = EventFeed::new(&bus, "order.**")?;
/// let app: Router = Router::new().route("/orders", get(orders)).with_state(feed);
/// # Ok::<(), rem_core::PatternError>(())
/// ```
///
/// # Cost
/// Nobody is subscribed: the history is read 20 times a second for each browser, and no publisher waits for it or knows of it. A browser
/// that is slow has its place in the history and nothing in memory.
#[derive(Clone)]
pub struct EventFeed {
    bus: WeakBus,
    pattern: Arc<str>,
    masking: Arc<Masking>,
    rate: Option<u32>,
}

impl EventFeed {
    /// The events that a pattern selects, below the bus's prefix: all of them, in their order.
    ///
    /// # Errors
    /// A pattern that is none.
    pub fn new(bus: &Bus, pattern: impl IntoPattern) -> Result<Self, PatternError> {
        let pattern = pattern.into_pattern()?;
        Ok(Self {
            bus: bus.downgrade(),
            pattern: pattern.as_str().into(),
            masking: Arc::new(Masking::new(Mask::new(), bus)),
            rate: None,
        })
    }

    /// What is blanked: see [`InspectorBuilder::mask`](crate::InspectorBuilder::mask).
    #[must_use]
    pub fn mask(mut self, mask: Mask) -> Self {
        if let Some(bus) = self.bus.upgrade() {
            self.masking = Arc::new(Masking::new(mask, &bus));
        }
        self
    }

    /// At most so many events a second for each browser; what is above is sampled, and a message `sampled` says so.
    #[must_use]
    pub fn rate(mut self, events: u32) -> Self {
        self.rate = Some(events.max(1));
        self
    }

    /// The events as an answer, to a request with these headers: behind its `Last-Event-ID`, and without one from now on. What
    /// cannot be is an answer that says why, as JSON.
    pub fn answer(&self, headers: &HeaderMap) -> Response {
        match self.open(headers) {
            Ok(response) => response,
            Err(refusal) => refusal.into_response(),
        }
    }

    fn open(&self, headers: &HeaderMap) -> Result<Response, Refusal> {
        let after = last_event_id(headers)?;
        let bus = self.bus.upgrade().ok_or_else(Refusal::gone)?;
        if bus.query("**").is_err() {
            return Err(Refusal::no_history());
        }
        let pace = self.rate.map_or(Pace::All, |rate| Pace::Rate(Allowance::new(rate)));
        let masking = Arc::clone(&self.masking);
        let feed = Feed::new(&bus, &self.pattern, Filter::default(), masking, pace, after)?;
        let open = Open { feed, spoke: None, is_over: false };
        Ok(response(stream::unfold(open, |mut open| async move {
            let bytes = open.next().await?;
            Some((Ok::<_, Infallible>(bytes), open))
        })))
    }
}

struct Open {
    feed: Feed,
    spoke: Option<Instant>,
    is_over: bool,
}

impl Open {
    async fn next(&mut self) -> Option<Bytes> {
        if self.is_over {
            return None;
        }
        let mut out = Vec::new();
        loop {
            let mut told = Vec::new();
            let step = self.feed.step(BURST, &mut told);
            for told in &told {
                match told {
                    Told::Event(event) => message(&mut out, "event", event.sequence, event),
                    Told::Sampled(sampled) => {
                        message(&mut out, "sampled", Some(sampled.to), sampled);
                    }
                    Told::Gap(gap) => message(&mut out, "gap", gap.to, gap),
                }
            }
            if step == Step::Over {
                self.is_over = true;
                message(&mut out, "bye", None, &json!({ "why": "closed" }));
            }
            // The first is said at once, so that the browser knows that it is connected.
            if out.is_empty() && self.spoke.is_none_or(|spoke| spoke.elapsed() >= ALIVE) {
                let position = self.feed.position();
                message(&mut out, "position", Some(position), &json!({ "sequence": position }));
            }
            if !out.is_empty() {
                self.spoke = Some(Instant::now());
                return Some(out.into());
            }
            if step == Step::Idle {
                tokio::time::sleep(TICK).await;
            }
        }
    }
}

impl fmt::Debug for EventFeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventFeed")
            .field("pattern", &self.pattern)
            .field("rate", &self.rate)
            .finish_non_exhaustive()
    }
}
