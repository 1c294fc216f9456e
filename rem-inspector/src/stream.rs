//! `GET /api/stream`: all that is live, in one connection, until the client goes, is cut off, or the inspector ends.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use futures_util::future::{Either, select};
use futures_util::stream::{self, Stream};
use rem_core::Timestamp;
use serde::Serialize;
use serde_json::json;
use tokio::sync::watch;

use crate::clients::Counts;
use crate::connection::Reading;
use crate::feed::{Allowance, Feed, Gap, NO_HISTORY, Pace, Step, Told};
use crate::filter::Filter;
use crate::params::Params;
use crate::refusal::Refusal;
use crate::replays::ReplayJson;
use crate::routes::{Range, range};
use crate::series::Changed;
use crate::shared::{Client, Shared, lock};
use crate::sse::message;

/// How often it is looked whether something has come.
const TICK: Duration = Duration::from_millis(50);
/// For how long at once events are written, so that others have their turn.
const BURST: Duration = Duration::from_millis(5);
/// How often a position is told, where nothing else was.
const POSITION: Duration = Duration::from_secs(1);
/// How often there is a sign of life.
const ALIVE: Duration = Duration::from_secs(10);
/// How many failures are told a second, and how often replays.
const FAILURES: usize = 50;
const REPLAYS: Duration = Duration::from_millis(250);
/// The most and the usual events a second.
pub(crate) const MOST: usize = 2_000;
const USUAL: usize = 50;

/// The parameters beside those of a [`Filter`].
const KNOWN: [&str; 9] = [
    "pattern",
    "none",
    "rate",
    "all",
    "after",
    "stats",
    Filter::KNOWN[0],
    Filter::KNOWN[1],
    Filter::KNOWN[2],
];

/// Opens a stream.
pub(crate) fn open(
    shared: &Arc<Shared>,
    query: Option<&str>,
    headers: &HeaderMap,
    reading: Option<Reading>,
) -> Result<Response, Refusal> {
    let params = Params::parse(query, &KNOWN)?;
    let bus = shared.source(params.text("source"))?.bus()?;
    let (pattern, _) = params.pattern()?;
    let filter = Filter::read(&params)?;
    let (wants_all, wants_stats) = (params.flag("all")?, params.flag("stats")?);
    let rate = params.limit("rate", 1..=MOST, USUAL)?;
    let resumed = last_event_id(headers)?;
    let after = resumed.or(params.number("after")?);
    let pace = if wants_all {
        Pace::All
    } else {
        Pace::Rate(Allowance::new(u32::try_from(rate).unwrap_or(u32::MAX)))
    };
    let mut client = shared.enter()?;
    let history = range(&bus);
    let mut first = Vec::new();
    let feed = if params.flag("none")? {
        None
    } else {
        Some(feed(&bus, shared, pattern, filter, pace, after, &mut first)?)
    };
    client.tap(feed.as_ref().and_then(Feed::subscription));
    let position = feed.as_ref().map(Feed::position);
    let mut out = Vec::new();
    let hello =
        Hello { api: 1, position, history, resumed: resumed.is_some(), rate, all: wants_all };
    message(&mut out, "hello", None, &hello);
    for gap in first {
        message(&mut out, "gap", gap.to, &gap);
    }
    let open = Open {
        ending: shared.ending(),
        feed,
        wants_stats,
        out,
        is_over: false,
        given: None,
        reading,
        spoke: Instant::now(),
        told: position.unwrap_or(0),
        told_at: Instant::now(),
        turn: 0,
        failures: shared.failures.count(),
        replays: None,
        replays_at: Instant::now(),
        failures_at: None,
        client,
    };
    Ok(response(open.into_stream()))
}

/// The events, and what cannot be had of what is asked for.
fn feed(
    bus: &rem_core::Bus,
    shared: &Arc<Shared>,
    pattern: &str,
    filter: Filter,
    pace: Pace,
    after: Option<u64>,
    gaps: &mut Vec<Gap>,
) -> Result<Feed, Refusal> {
    let feed = Feed::new(bus, pattern, filter, Arc::clone(&shared.masking), pace, after)?;
    if let Some(after) = after.filter(|_| !feed.resumes()) {
        gaps.push(Gap { from: after.saturating_add(1), to: None, why: NO_HISTORY });
    }
    Ok(feed)
}

/// Server-Sent Events as an answer.
pub(crate) fn response(
    stream: impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static,
) -> Response {
    let mut response = Response::new(Body::from_stream(stream));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Some proxies keep what they pass on until there is much of it.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// The number that a client has come to, as it says when it connects again.
pub(crate) fn last_event_id(headers: &HeaderMap) -> Result<Option<u64>, Refusal> {
    let Some(value) = headers.get("last-event-id").filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(value.as_bytes());
    text.parse().map(Some).map_err(|_| {
        let said = "`Last-Event-ID` is the `id` of a message of this stream, a number: leave it out to begin now";
        Refusal::parameter("Last-Event-ID", &text, said)
    })
}

#[derive(Serialize)]
struct Hello {
    api: u32,
    position: Option<u64>,
    history: Option<Range>,
    resumed: bool,
    rate: usize,
    all: bool,
}

#[derive(Serialize)]
struct Stats<'a> {
    at: Timestamp,
    #[serde(flatten)]
    changed: &'a Changed,
    history: Option<Range>,
    clients: Counts,
}

/// A stream that is open.
struct Open {
    client: Client,
    ending: watch::Receiver<bool>,
    feed: Option<Feed>,
    wants_stats: bool,
    out: Vec<u8>,
    is_over: bool,
    /// When what was written last was given away: what follows is asked for when there is room for it.
    given: Option<Instant>,
    /// By which the connection knows that nobody reads.
    reading: Option<Reading>,
    spoke: Instant,
    /// The position that was told last, and when.
    told: u64,
    told_at: Instant,
    /// Which count of the statistics was told.
    turn: u64,
    /// How many failures were told, and when.
    failures: u64,
    failures_at: Option<Instant>,
    /// How often each had changed when it was told; `None` until the first look.
    replays: Option<HashMap<String, u64>>,
    replays_at: Instant,
}

impl Open {
    fn into_stream(self) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
        stream::unfold(self, |mut open| async move {
            let bytes = open.next().await?;
            Some((Ok(bytes), open))
        })
    }

    /// What is to be sent next; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        if self.is_over {
            return None;
        }
        if let Some(reading) = &self.reading {
            reading.reads();
        }
        let stalled = self.given.take().map(|given| given.elapsed()).unwrap_or_default();
        if stalled > self.shared().patience {
            self.lagged(stalled);
            return Some(self.give());
        }
        loop {
            let step = self.look();
            if *self.ending.borrow() || step == Step::Over {
                self.is_over = true;
                message(&mut self.out, "bye", None, &json!({ "why": "closed" }));
            }
            if !self.out.is_empty() {
                return Some(self.give());
            }
            if step != Step::More {
                let (tick, changed) = (tokio::time::sleep(TICK), self.ending.changed());
                if let Either::Right((Err(_), _)) = select(Box::pin(tick), Box::pin(changed)).await
                {
                    self.is_over = true;
                    return None;
                }
            }
        }
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.client.shared
    }

    fn give(&mut self) -> Bytes {
        let now = Instant::now();
        (self.spoke, self.given) = (now, Some(now));
        if let Some(reading) = &self.reading {
            reading.waits();
        }
        std::mem::take(&mut self.out).into()
    }

    /// It did not read for so long: it is told, and then it is over.
    fn lagged(&mut self, stalled: Duration) {
        self.is_over = true;
        self.shared().clients.cut();
        if let Some(reading) = &self.reading {
            reading.counted();
        }
        let position = self.feed.as_ref().map(Feed::position);
        let stalled_us = u64::try_from(stalled.as_micros()).unwrap_or(u64::MAX);
        message(
            &mut self.out,
            "lagged",
            None,
            &json!({ "stalled_us": stalled_us, "position": position }),
        );
    }

    /// Writes all that there is to be told now.
    fn look(&mut self) -> Step {
        self.shared().look();
        let mut told = Vec::new();
        let step = self.feed.as_mut().map_or(Step::Idle, |feed| feed.step(BURST, &mut told));
        for told in told {
            self.tell(&told);
        }
        self.position(step);
        self.stats();
        self.failed();
        self.replayed();
        step
    }

    fn tell(&mut self, told: &Told) {
        let id = match told {
            Told::Event(event) => {
                message(&mut self.out, "event", event.sequence, event);
                event.sequence
            }
            Told::Sampled(sampled) => {
                message(&mut self.out, "sampled", Some(sampled.to), sampled);
                Some(sampled.to)
            }
            Told::Gap(gap) => {
                message(&mut self.out, "gap", gap.to, gap);
                gap.to
            }
        };
        if let Some(id) = id {
            (self.told, self.told_at) = (id, Instant::now());
        }
    }

    /// Tells how far it is, where nothing else does.
    fn position(&mut self, step: Step) {
        let Some(position) = self.feed.as_ref().map(Feed::position) else {
            if self.spoke.elapsed() >= ALIVE {
                message(&mut self.out, "position", None, &json!({ "sequence": null }));
            }
            return;
        };
        let has_moved =
            position > self.told && step != Step::More && self.told_at.elapsed() >= POSITION;
        if has_moved || (self.out.is_empty() && self.spoke.elapsed() >= ALIVE) {
            let id = self.feed.as_ref().is_some_and(Feed::resumes).then_some(position);
            message(&mut self.out, "position", id, &json!({ "sequence": position }));
            (self.told, self.told_at) = (position, Instant::now());
        }
    }

    fn stats(&mut self) {
        if !self.wants_stats {
            return;
        }
        let shared = Arc::clone(self.shared());
        let (turn, changed) = {
            let series = lock(&shared.series);
            if series.turn == self.turn {
                return;
            }
            (series.turn, series.changed().clone())
        };
        self.turn = turn;
        let Ok(bus) = shared.source.bus() else { return };
        let (at, history) = (rem_core::__private::now(&bus), range(&bus));
        let stats = Stats { at, changed: &changed, history, clients: shared.clients.counts() };
        message(&mut self.out, "stats", None, &stats);
    }

    fn failed(&mut self) {
        let shared = Arc::clone(self.shared());
        if shared.failures.count() == self.failures {
            return;
        }
        // The first is told at once, and those that follow once a second.
        if self.failures_at.is_some_and(|at| at.elapsed() < Duration::from_secs(1)) {
            return;
        }
        let (failed, more) = shared.failures.after(self.failures, FAILURES);
        self.failures += failed.len() as u64 + more;
        self.failures_at = Some(Instant::now());
        for failed in &failed {
            message(&mut self.out, "failed", None, failed);
        }
        if more > 0 {
            message(&mut self.out, "failed", None, &json!({ "more": more }));
        }
    }

    fn replayed(&mut self) {
        if self.replays_at.elapsed() < REPLAYS {
            return;
        }
        self.replays_at = Instant::now();
        let (all, is_first) = (self.shared().replays.all(), self.replays.is_none());
        let told = self.replays.get_or_insert_default();
        for replay in &all {
            if told.insert(replay.id().to_owned(), replay.changes()) != Some(replay.changes()) {
                message(&mut self.out, "replay", None, replay);
            }
        }
        // Which there are: a client that was away, or is not who let go of one, may know more.
        if is_first || told.len() > all.len() {
            told.retain(|id, _| all.iter().any(|replay| replay.id() == id));
            let ids: Vec<_> = all.iter().map(ReplayJson::id).collect();
            message(&mut self.out, "replays", None, &json!({ "ids": ids }));
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt as _;
    use rem_core::wire::{Codec, RawEvent};
    use rem_core::{Bus, Ring};

    use super::*;
    use crate::Inspector;

    fn publish(bus: &Bus) {
        bus.publish_to("a", RawEvent::new(Codec::Json, *b"1")).expect("it is open");
    }

    /// What a client is given that waits until `is_over` before it reads on, and then reads to the end of what there is.
    fn told(patience: Duration, is_over: impl Fn(&Reading) -> bool) -> (Vec<String>, Arc<Shared>) {
        let bus = Bus::builder().history(Ring::events(8)).build();
        let shared = Inspector::builder(&bus).patience(patience).shared();
        publish(&bus);
        let reading = Reading::new();
        let query = Some("all=true&after=0");
        let response = open(&shared, query, &HeaderMap::new(), Some(reading.clone()));
        let mut body = response.expect("there is room").into_body().into_data_stream();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let told = runtime.expect("a runtime").block_on(async {
            let mut told = Vec::new();
            while let Some(Ok(bytes)) = body.next().await {
                told.push(String::from_utf8_lossy(&bytes).into_owned());
                while !is_over(&reading) {
                    std::thread::yield_now();
                }
                publish(&bus);
                if told.len() == 3 {
                    break;
                }
            }
            told
        });
        (told, shared)
    }

    #[test]
    fn who_reads_again_behind_its_patience_is_told_and_then_it_is_over() {
        let patience = Duration::from_millis(5);
        // One millisecond more, for it is counted by them.
        let behind = |reading: &Reading| reading.stalled() > patience + Duration::from_millis(1);
        let (told, shared) = told(patience, behind);
        let [first, second] = &told[..] else { panic!("{told:?}") };
        assert!(first.contains("event: hello\n") && first.contains("event: event\n"), "{first}");
        assert!(second.starts_with("event: lagged\n"), "{second}");
        let position = second.contains(r#""position":1"#);
        assert!(position && second.matches("event: ").count() == 1, "{second}");
        let counts = serde_json::to_value(shared.clients.counts()).expect("they are numbers");
        assert_eq!((&counts["cut"], &counts["attached"]), (&json!(1), &json!(0)));
    }

    #[test]
    fn who_reads_within_its_patience_goes_on() {
        let (told, shared) = told(Duration::from_secs(3_600), |_| true);
        assert_eq!(told.len(), 3);
        assert!(told.iter().all(|told| told.contains("event: event\n")), "{told:?}");
        let counts = serde_json::to_value(shared.clients.counts()).expect("they are numbers");
        assert_eq!(counts["cut"], 0);
    }
}
