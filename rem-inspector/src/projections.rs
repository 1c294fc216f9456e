//! Projections that the program registers: where they stand, and what they were at any moment.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use rem_core::__private::isolate;
use rem_core::Timestamp;
use rem_projections::{Change, Moment, Projection, Projector, Report, Status, TravelError};
use serde::Serialize;
use serde_json::Value;

use crate::params::Params;
use crate::refusal::Refusal;
use crate::routes::ask;
use crate::shared::Shared;

/// How many changes are given at once.
const CHANGES: usize = 10_000;

/// A projector, whatever its state.
trait Shown: Send + Sync {
    fn type_name(&self) -> &'static str;
    fn report(&self) -> Report;
    /// The number that the state has come to, and the state.
    fn state(&self, moment: Moment) -> Result<(u64, Value), Refusal>;
}

struct Of<P: Projection>(Projector<P>);

impl<P: Projection + Serialize> Shown for Of<P> {
    fn type_name(&self) -> &'static str {
        std::any::type_name::<P>()
    }

    fn report(&self) -> Report {
        self.0.report()
    }

    fn state(&self, moment: Moment) -> Result<(u64, Value), Refusal> {
        let past = self.0.at(moment).map_err(|error| travel(&error))?;
        let unwritten = |said: &str| {
            let text =
                format!("the state of `{}` cannot be written as JSON: {said}", self.0.name());
            Refusal::new(StatusCode::CONFLICT, "projection", text)
        };
        let value = isolate(|| serde_json::to_value(&*past)).map_err(|panic| unwritten(&panic))?;
        Ok((past.sequence(), value.map_err(|error| unwritten(&error.to_string()))?))
    }
}

fn travel(error: &TravelError) -> Refusal {
    let kind = match error {
        TravelError::NotYet { .. }
        | TravelError::BeforeHistory { .. }
        | TravelError::UnknownTag { .. } => "past",
        _ => "projection",
    };
    Refusal::new(StatusCode::CONFLICT, kind, error.to_string())
}

/// The projectors that were registered, by name.
#[derive(Default, Clone)]
pub(crate) struct Known(BTreeMap<String, Arc<dyn Shown>>);

impl Known {
    pub(crate) fn add<P: Projection + Serialize>(&mut self, projector: &Projector<P>) {
        self.0.insert(projector.name().to_owned(), Arc::new(Of(projector.clone())));
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    fn get(&self, name: &str) -> Result<&Arc<dyn Shown>, Refusal> {
        self.0.get(name).ok_or_else(|| {
            let there: Vec<_> = self.0.keys().map(String::as_str).collect();
            let text = if there.is_empty() {
                "there is no such projection: the program has registered none with `projector`"
                    .to_owned()
            } else {
                format!("there is no such projection: there are `{}`", there.join("`, `"))
            };
            Refusal::new(StatusCode::NOT_FOUND, "no_such_projection", text).at("name", name)
        })
    }
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[derive(Debug, Serialize)]
struct List {
    projections: Vec<One>,
}

#[derive(Debug, Serialize)]
struct One {
    name: String,
    #[serde(rename = "type")]
    type_name: &'static str,
    status: &'static str,
    error: Option<String>,
    position: u64,
    last: u64,
    time: Timestamp,
    skipped: usize,
    missed: u64,
    trouble: Option<String>,
}

impl One {
    fn of(shown: &dyn Shown) -> Self {
        let report = shown.report();
        let (status, error) = match &report.status {
            Status::CatchingUp => ("catching_up", None),
            Status::Live => ("live", None),
            Status::Failed(error) => ("failed", Some(error.to_string())),
            Status::Ended => ("ended", None),
            _ => ("stopped", None),
        };
        Self {
            name: report.name.into(),
            type_name: shown.type_name(),
            status,
            error,
            position: report.position,
            last: report.last,
            time: report.time,
            skipped: report.skipped.len(),
            missed: report.missed,
            trouble: report.trouble.map(Into::into),
        }
    }
}

type Given = State<Arc<Shared>>;

/// `GET /api/projections`
pub(crate) async fn list(State(shared): Given, RawQuery(query): RawQuery) -> Response {
    ask(&shared, query, &[], |asked| {
        let all = asked.shared.projections.0.values();
        Ok(List { projections: all.map(|shown| One::of(&**shown)).collect() })
    })
    .await
}

#[derive(Debug, Serialize)]
struct Standing {
    name: String,
    sequence: u64,
    state: Value,
}

/// `GET /api/projections/{name}/state`
pub(crate) async fn state(
    State(shared): Given,
    RawQuery(query): RawQuery,
    Path(name): Path<String>,
) -> Response {
    ask(&shared, query, &["sequence", "time", "tag"], move |asked| {
        let moment = one_moment(&asked.params)?;
        let (sequence, state) = asked.shared.projections.get(&name)?.state(moment)?;
        Ok(Standing { name, sequence, state })
    })
    .await
}

/// One of three, or none for now.
fn one_moment(params: &Params) -> Result<Moment, Refusal> {
    let given = [
        params.number("sequence")?.map(Moment::Sequence),
        params.time("time")?.map(Moment::Time),
        params.text("tag").map(|tag| Moment::Tag(tag.into())),
    ];
    let mut given = given.into_iter().flatten();
    match (given.next(), given.next()) {
        (None, _) => Ok(Moment::Now),
        (Some(moment), None) => Ok(moment),
        (Some(_), Some(_)) => {
            let text = "several moments are given: give one of `sequence`, `time` and `tag`";
            Err(Refusal::new(StatusCode::BAD_REQUEST, "parameter", text))
        }
    }
}

#[derive(Debug, Serialize)]
struct Difference {
    name: String,
    from: u64,
    to: u64,
    changes: Vec<Change>,
    complete: bool,
}

/// `GET /api/projections/{name}/difference`
pub(crate) async fn difference(
    State(shared): Given,
    RawQuery(query): RawQuery,
    Path(name): Path<String>,
) -> Response {
    ask(&shared, query, &["from", "to"], move |asked| {
        let params = &asked.params;
        let Some(from) = params.text("from") else {
            let text = "`from` is missing: give a moment, as the number of an event";
            return Err(Refusal::parameter("from", "", text));
        };
        let (from, to) = (moment("from", from)?, moment("to", params.text("to").unwrap_or("now"))?);
        let shown = asked.shared.projections.get(&name)?;
        let ((from, before), (to, after)) = (shown.state(from)?, shown.state(to)?);
        let mut changes = rem_projections::changes(&before, &after);
        let complete = changes.len() <= CHANGES;
        changes.truncate(CHANGES);
        Ok(Difference { name, from, to, changes, complete })
    })
    .await
}

/// A number, a time, a tag, or now.
fn moment(name: &str, text: &str) -> Result<Moment, Refusal> {
    if text == "now" {
        return Ok(Moment::Now);
    }
    if let Some(tag) = text.strip_prefix("tag:") {
        return Ok(Moment::Tag(tag.into()));
    }
    let number = text.parse().map(Moment::Sequence).ok();
    number.or_else(|| text.parse().map(Moment::Time).ok()).ok_or_else(|| {
        let said = format!(
            "`{name}` is a moment: the number of an event, a time in RFC 3339, `tag:NAME`, or `now`"
        );
        Refusal::parameter(name, text, said)
    })
}
