//! The routes of replays: begun, watched, told to wait, and forgotten.

use std::sync::Arc;
use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use rem_core::__private::isolate;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::params::Params;
use crate::refusal::{Refusal, json};
use crate::replays::{ReplayJson, Wanted};
use crate::shared::Shared;

/// The most bytes of a body.
pub(crate) const BODY: usize = 64 << 10;
/// How long it may take to come.
const BODY_TAKES: Duration = Duration::from_secs(10);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Word {
    #[serde(rename = "do")]
    what: What,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum What {
    Pause,
    Resume,
    Stop,
}

#[derive(Debug, Serialize)]
struct List {
    replays: Vec<ReplayJson>,
}

/// `GET /api/replays`
pub(crate) async fn list(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> Response {
    let listed = Params::parse(query.as_deref(), &[])
        .and_then(|_| written(StatusCode::OK, &List { replays: shared.replays.all() }));
    listed.into_response()
}

/// `POST /api/replays`
pub(crate) async fn begin(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let begin = async {
        let wanted: Wanted = body(request).await?;
        let work = move || {
            let bus = shared.source.bus()?;
            shared.replays.begin(&bus, &wanted, shared.sandbox.as_ref())
        };
        let begun = tokio::task::spawn_blocking(work).await;
        let begun = begun.map_err(|error| Refusal::broken(&error.to_string()))??;
        written(StatusCode::CREATED, &begun)
    };
    begin.await.into_response()
}

/// `GET /api/replays/{id}`
pub(crate) async fn one(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    let found = shared.replays.find(&id);
    found.and_then(|replay| written(StatusCode::OK, &replay.told())).into_response()
}

/// `POST /api/replays/{id}`
pub(crate) async fn tell(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let tell = async {
        let word: Word = body(request).await?;
        let replay = shared.replays.find(&id)?;
        if replay.handle().is_over() {
            let text = "the replay is over, and cannot be told anything: begin another";
            return Err(Refusal::new(StatusCode::CONFLICT, "replay", text).at("id", &id));
        }
        match word.what {
            What::Pause => replay.handle().pause(),
            What::Resume => replay.handle().resume(),
            What::Stop => replay.handle().stop(),
        }
        replay.touch();
        written(StatusCode::OK, &replay.told())
    };
    tell.await.into_response()
}

/// `DELETE /api/replays/{id}`
pub(crate) async fn forget(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    if let Err(refusal) = shared.replays.find(&id) {
        return refusal.into_response();
    }
    // What the program put into the sandbox is dropped with it.
    let _ = tokio::task::spawn_blocking(move || isolate(|| drop(shared.replays.forget(&id)))).await;
    StatusCode::NO_CONTENT.into_response()
}

fn written(status: StatusCode, value: &impl Serialize) -> Result<Response, Refusal> {
    let body = serde_json::to_vec(value).map_err(|error| Refusal::broken(&error.to_string()))?;
    Ok(json(status, body))
}

/// The body of a request, which is JSON and not too long.
async fn body<T: DeserializeOwned>(request: Request) -> Result<T, Refusal> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let essence = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        let text = "a body is JSON: send it with `Content-Type: application/json`";
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type", text));
    }
    let read = tokio::time::timeout(BODY_TAKES, to_bytes(request.into_body(), BODY)).await;
    let wrong = |text: String| Refusal::new(StatusCode::BAD_REQUEST, "body", text);
    let bytes = match read {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => {
            let text = format!(
                "the body is over {BODY} bytes, or was broken off: send less, and all of it"
            );
            return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", text));
        }
        Err(_) => {
            return Err(wrong(format!(
                "the body did not come within {BODY_TAKES:?}: send it at once"
            )));
        }
    };
    let told =
        |error: serde_json::Error| wrong(format!("the body is not what it should be: {error}"));
    // No body at all asks for what is usual.
    serde_json::from_slice(if bytes.is_empty() { b"{}" } else { &bytes }).map_err(told)
}
