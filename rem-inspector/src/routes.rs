//! Every route of the API, and what they have in common: known parameters, a source that is there, an answer as JSON.

mod about;
mod events;
mod history;
mod pattern;
mod replays;
mod story;
mod subscriptions;
mod topics;
mod types;

use std::collections::HashSet;
use std::sync::{Arc, MutexGuard};

use axum::Router;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rem_core::__private::readable;
use rem_core::{Bus, SubscriptionId, Topology};
use serde::Serialize;

use crate::connection::Reading;
use crate::counted::SoFar;
use crate::params::Params;
use crate::refusal::{Refusal, json};
use crate::shared::Shared;
use crate::source::{Kind, Source};
use crate::{assets, guard, stream};

pub(crate) use replays::BODY;

pub(crate) use topics::Declared;

type Given = State<Arc<Shared>>;

/// The page and the API.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let router = Router::new()
        .route("/", get(assets::index))
        .route("/{*file}", get(assets::file))
        .route(
            "/api/about",
            get(async |State(it): Given, RawQuery(query)| ask(&it, query, &[], about::about).await),
        )
        .route(
            "/api/topics",
            get(async |State(it): Given, RawQuery(query)| {
                ask(&it, query, topics::KNOWN, topics::topics).await
            }),
        )
        .route(
            "/api/types",
            get(async |State(it): Given, RawQuery(query)| ask(&it, query, &[], types::types).await),
        )
        .route(
            "/api/events",
            get(async |State(it): Given, RawQuery(query)| {
                ask(&it, query, events::KNOWN, events::events).await
            }),
        )
        .route(
            "/api/events/{event}",
            get(async |State(it): Given, RawQuery(query), Path(event): Path<String>| {
                ask(&it, query, &[], move |asked| events::detail(asked, &event)).await
            }),
        )
        .route(
            "/api/pattern",
            get(async |State(it): Given, RawQuery(query)| {
                ask(&it, query, pattern::KNOWN, pattern::pattern).await
            }),
        )
        .route(
            "/api/story/{event}",
            get(async |State(it): Given, RawQuery(query), Path(event): Path<String>| {
                ask(&it, query, &[], move |asked| story::story(asked, &event)).await
            }),
        )
        .route(
            "/api/subscriptions",
            get(async |State(it): Given, RawQuery(query)| {
                ask(&it, query, &[], subscriptions::subscriptions).await
            }),
        )
        .route(
            "/api/history",
            get(async |State(it): Given, RawQuery(query)| {
                ask(&it, query, &[], history::history).await
            }),
        )
        .route(
            "/api/moment",
            get(async |State(it): Given, RawQuery(query)| {
                ask(&it, query, history::MOMENT, history::moment).await
            }),
        )
        .route("/api/stream", get(live))
        .route("/api/replays", get(replays::list).post(replays::begin))
        .route("/api/replays/{id}", get(replays::one).post(replays::tell).delete(replays::forget));
    #[cfg(feature = "projections")]
    let router = router
        .route("/api/projections", get(crate::projections::list))
        .route("/api/projections/{name}/state", get(crate::projections::state))
        .route("/api/projections/{name}/difference", get(crate::projections::difference));
    #[cfg(not(feature = "projections"))]
    let router = router.route(
        "/api/projections",
        get(async |State(it): Given, RawQuery(query)| {
            ask(&it, query, &[], |_| Ok(serde_json::json!({ "projections": [] }))).await
        }),
    );
    router
        .method_not_allowed_fallback(wrong_method)
        .fallback(async |uri: Uri| assets::no_such_path(uri.path()))
        .layer(from_fn_with_state(Arc::clone(&shared), guard::guard))
        .with_state(shared)
}

async fn wrong_method(method: Method, uri: Uri) -> Refusal {
    let text =
        format!("`{}` takes no `{method}`: the header `Allow` says what it takes", uri.path());
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "method", text)
}

async fn live(
    State(shared): Given,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    request: Request,
) -> Response {
    let reading = request.extensions().get::<Reading>().cloned();
    stream::open(&shared, query.as_deref(), &headers, reading).into_response()
}

/// What a question is asked of.
pub(crate) struct Asked {
    pub(crate) shared: Arc<Shared>,
    pub(crate) source: Source,
    pub(crate) bus: Bus,
    pub(crate) params: Params,
}

impl Asked {
    /// Whether it is what the program runs on, and no sandbox of it.
    pub(crate) fn is_main(&self) -> bool {
        self.source.kind != Kind::Sandbox
    }

    /// What was counted by now, of a journal: to its bus nobody publishes.
    pub(crate) fn past(&self) -> Option<MutexGuard<'_, SoFar>> {
        let is_journal = self.source.kind == Kind::Journal;
        is_journal.then(|| self.shared.counting.so_far(&self.shared, &self.bus))
    }

    /// The topics that were published to.
    pub(crate) fn seen(&self, topology: &Topology) -> Vec<String> {
        match self.past() {
            Some(past) => past.counted.topics().map(|(topic, _)| topic.to_owned()).collect(),
            None => topology.topics.iter().map(|topic| topic.topic.to_string()).collect(),
        }
    }

    /// The subscriptions that are the inspector's own.
    pub(crate) fn own(&self) -> HashSet<SubscriptionId> {
        if self.is_main() { self.shared.own() } else { HashSet::new() }
    }
}

/// Answers a question, where waiting for a disk holds up nobody.
pub(crate) async fn ask<T: Serialize>(
    shared: &Arc<Shared>,
    query: Option<String>,
    known: &'static [&'static str],
    answer: impl FnOnce(&Asked) -> Result<T, Refusal> + Send + 'static,
) -> Response {
    let shared = Arc::clone(shared);
    let work = move || {
        let params = Params::parse(query.as_deref(), known)?;
        let source = shared.source(params.text("source"))?;
        let bus = source.bus()?;
        let said = answer(&Asked { shared, source, bus, params })?;
        serde_json::to_vec(&said).map_err(|error| Refusal::broken(&error.to_string()))
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(body)) => json(StatusCode::OK, body),
        Ok(Err(refusal)) => refusal.into_response(),
        Err(error) => Refusal::broken(&error.to_string()).into_response(),
    }
}

/// The numbers that can be read of a history.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Range {
    pub(crate) from: Option<u64>,
    pub(crate) to: Option<u64>,
}

/// `None` of a bus without history.
pub(crate) fn range(bus: &Bus) -> Option<Range> {
    match readable(bus).filter(|range| !range.is_empty()) {
        Some(range) => Some(Range { from: Some(*range.start()), to: Some(*range.end()) }),
        None => bus.query("**").is_ok().then_some(Range { from: None, to: None }),
    }
}
