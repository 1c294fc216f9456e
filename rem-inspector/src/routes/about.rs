//! `GET /api/about`: what is inspected, and how.

use rem_core::__private::now;
use rem_core::Timestamp;
use serde::Serialize;

use super::{Asked, Range, range};
use crate::clients::Counts;
use crate::event_json::IN_DETAIL;
use crate::refusal::Refusal;
use crate::replays;
use crate::source::Kind;
use crate::stream::MOST;

#[derive(Debug, Serialize)]
pub(crate) struct About {
    name: &'static str,
    api: u32,
    version: &'static str,
    title: Option<String>,
    source: Seen,
    projections: usize,
    sandbox: bool,
    clients: Counts,
    limits: Limits,
    measures: bool,
    now: Timestamp,
}

#[derive(Debug, Serialize)]
struct Seen {
    kind: &'static str,
    prefix: Option<String>,
    live: bool,
    closed: bool,
    history: Option<Range>,
}

#[derive(Debug, Serialize)]
struct Limits {
    page: usize,
    data: usize,
    rate: usize,
    replays: usize,
    body: usize,
}

#[expect(clippy::unnecessary_wraps, reason = "as every answer")]
pub(crate) fn about(asked: &Asked) -> Result<About, Refusal> {
    let (shared, bus) = (&asked.shared, &asked.bus);
    let closed = bus.is_closed();
    #[cfg(feature = "projections")]
    let projections = shared.projections.len();
    #[cfg(not(feature = "projections"))]
    let projections = 0;
    Ok(About {
        name: "rem-inspector",
        api: 1,
        version: env!("CARGO_PKG_VERSION"),
        title: shared.title.clone(),
        source: Seen {
            kind: asked.source.kind.name(),
            prefix: bus.prefix().map(ToString::to_string),
            live: asked.source.kind != Kind::Journal && !closed,
            closed,
            history: range(bus),
        },
        projections,
        sandbox: shared.sandbox.is_some(),
        clients: shared.clients.counts(),
        limits: Limits {
            page: super::events::PAGE,
            data: IN_DETAIL,
            rate: MOST,
            replays: replays::MOST,
            body: super::BODY,
        },
        measures: shared.measures.is_some(),
        now: now(bus),
    })
}
