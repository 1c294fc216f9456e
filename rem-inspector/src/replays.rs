//! Replays into sandboxes: begun, watched, told to wait, and looked into.

use std::any::Any;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use axum::http::{StatusCode, header};
use rem_core::__private::isolate;
use rem_core::{
    Bus, OnFailure, Progress, Query, ReplayError, ReplayHandle, ReplayReport, Ring, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::refusal::{Refusal, clip};
use crate::shared::lock;
use crate::source::{Kind, Source};

/// How many replays are kept.
pub(crate) const MOST: usize = 4;
/// How many events a sandbox keeps.
const KEPT: usize = 10_000;
/// How many numbers are read between two looks at how far it is.
const OFTEN: u64 = 64;

/// Puts handlers on the bus of a sandbox; what it returns is kept as long as that is.
pub(crate) type Sandbox = Arc<dyn Fn(&Bus) -> Box<dyn Any + Send> + Send + Sync>;

/// The replays that there are.
#[derive(Debug, Default)]
pub(crate) struct Replays {
    begun: AtomicU64,
    all: Mutex<Vec<Arc<Replay>>>,
}

/// A replay with its sandbox.
pub(crate) struct Replay {
    id: String,
    bus: Bus,
    handle: ReplayHandle,
    pattern: String,
    speed: Option<f64>,
    /// How often its state changed.
    changes: AtomicU64,
    state: Mutex<Told>,
    /// What the program has put on the bus of the sandbox.
    _held: Mutex<Box<dyn Any + Send>>,
}

#[derive(Debug, Clone, Default)]
struct Told {
    state: &'static str,
    read: u64,
    of: u64,
    done: u64,
    time: Option<Timestamp>,
    replayed: u64,
    skipped: u64,
    failed: u64,
    lost: u64,
    error: Option<String>,
}

/// A replay as the API gives it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ReplayJson {
    id: String,
    /// How often it has changed, at least: of two that a client has of one replay, the one with more is the newer.
    changes: u64,
    state: &'static str,
    pattern: String,
    speed: Option<f64>,
    read: u64,
    of: u64,
    done: u64,
    time: Option<Timestamp>,
    replayed: u64,
    skipped: u64,
    failed: u64,
    lost: u64,
    error: Option<String>,
}

impl ReplayJson {
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }
}

/// What a client asks for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Wanted {
    pattern: String,
    after: Option<u64>,
    before: Option<u64>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    speed: Option<f64>,
    on_failure: Then,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Then {
    #[default]
    Stop,
    GoOn,
}

impl Default for Wanted {
    fn default() -> Self {
        let (after, before, since, until, speed, on_failure) = Default::default();
        Self { pattern: "**".into(), after, before, since, until, speed, on_failure }
    }
}

impl Wanted {
    /// What of the history is to be replayed.
    fn query(&self, bus: &Bus) -> Result<Query, Refusal> {
        let query = bus.query(self.pattern.as_str());
        let mut query = query.map_err(|error| Refusal::query(&error, &self.pattern))?;
        if let Some(after) = self.after {
            query = query.after(after);
        }
        if let Some(before) = self.before {
            query = query.before(before);
        }
        if let Some(since) = self.since {
            query = query.since(since);
        }
        if let Some(until) = self.until {
            query = query.until(until);
        }
        Ok(query)
    }

    fn speed(&self) -> Result<f64, Refusal> {
        match self.speed {
            None => Ok(f64::INFINITY),
            Some(speed) if speed.is_finite() && speed > 0.0 => Ok(speed),
            Some(speed) => {
                let text = "`speed` is a number above 0: 1 as it was, 10 ten times as fast, `null` without waiting";
                Err(Refusal::parameter("speed", &speed.to_string(), text))
            }
        }
    }
}

impl Replays {
    /// The sandbox of a replay.
    pub(crate) fn source(&self, id: &str) -> Option<Source> {
        self.get(id).map(|replay| Source::kept(replay.bus.clone(), Kind::Sandbox))
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        lock(&self.all).iter().map(|replay| replay.id.clone()).collect()
    }

    /// How far each is.
    pub(crate) fn all(&self) -> Vec<ReplayJson> {
        let all: Vec<_> = lock(&self.all).clone();
        all.iter().map(|replay| replay.told()).collect()
    }

    /// Stops and forgets all.
    pub(crate) fn end(&self) {
        let all = std::mem::take(&mut *lock(&self.all));
        // What the program put into sandboxes is dropped with them.
        let _ = isolate(|| drop(all));
    }

    fn get(&self, id: &str) -> Option<Arc<Replay>> {
        lock(&self.all).iter().find(|replay| replay.id == id).cloned()
    }

    /// # Errors
    /// An id that none has.
    pub(crate) fn find(&self, id: &str) -> Result<Arc<Replay>, Refusal> {
        self.get(id).ok_or_else(|| {
            let there = self.ids();
            let text = if there.is_empty() {
                "there is no such replay: none was begun".to_owned()
            } else {
                format!("there is no such replay: there are `{}`", there.join("`, `"))
            };
            Refusal::new(StatusCode::NOT_FOUND, "no_such_replay", text).at("id", id)
        })
    }

    /// Plays into a sandbox from a thread of its own.
    pub(crate) fn begin(
        &self,
        bus: &Bus,
        wanted: &Wanted,
        sandbox: Option<&Sandbox>,
    ) -> Result<ReplayJson, Refusal> {
        let (query, speed) = (wanted.query(bus)?, wanted.speed()?);
        let busy = || {
            let text = format!("{MOST} replays are kept, and no more may be: delete one");
            let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, "busy", text);
            Err(refusal.header(header::RETRY_AFTER, "5"))
        };
        if lock(&self.all).len() >= MOST {
            return busy();
        }
        let target = bus.sandbox().history(Ring::events(KEPT)).build();
        let held = sandbox.map(|sandbox| isolate(|| sandbox(&target))).transpose();
        let held = held.map_err(|panic| {
            Refusal::broken(&format!("the program's own closure for sandboxes panicked: {panic}"))
        })?;
        let then = match wanted.on_failure {
            Then::Stop => OnFailure::Stop,
            Then::GoOn => OnFailure::GoOn,
        };
        let replay = query.replay().speed(speed).on_failure(then);
        let this = Arc::new(Replay {
            id: format!("replay-{}", self.begun.fetch_add(1, Ordering::Relaxed) + 1),
            bus: target.clone(),
            handle: replay.handle(),
            pattern: wanted.pattern.clone(),
            speed: wanted.speed,
            changes: AtomicU64::new(0),
            state: Mutex::new(Told { state: "running", ..Told::default() }),
            _held: Mutex::new(held.unwrap_or_else(|| Box::new(()))),
        });
        let watching = Arc::downgrade(&this);
        let replay = replay.on_progress(OFTEN, move |progress| {
            if let Some(replay) = watching.upgrade() {
                replay.goes(progress);
            }
        });
        let ended = Arc::downgrade(&this);
        let run = move || {
            let ended_with = replay.to(&target).run();
            drop(target);
            if let Some(replay) = ended.upgrade() {
                replay.ends(&ended_with);
            }
        };
        {
            let mut all = lock(&self.all);
            if all.len() >= MOST {
                drop(all);
                return busy();
            }
            all.push(Arc::clone(&this));
        }
        if let Err(error) = thread::Builder::new().name("rem-replay".into()).spawn(run) {
            self.forget(&this.id);
            return Err(Refusal::broken(&format!(
                "the system has no thread for the replay: {error}"
            )));
        }
        Ok(this.told())
    }

    /// Lets go of one, which stops it; it is dropped by the caller, for what is held is the user's.
    pub(crate) fn forget(&self, id: &str) -> Option<Arc<Replay>> {
        let mut all = lock(&self.all);
        let at = all.iter().position(|replay| replay.id == id)?;
        let replay = all.remove(at);
        Some(replay)
    }
}

impl Replay {
    /// What tells it to wait and to end.
    pub(crate) fn handle(&self) -> &ReplayHandle {
        &self.handle
    }

    /// Notes that something about it has changed.
    pub(crate) fn touch(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
    }

    fn change(&self, change: impl FnOnce(&mut Told)) {
        change(&mut lock(&self.state));
        self.touch();
    }

    fn goes(&self, progress: &Progress) {
        self.change(|told| {
            (told.read, told.of, told.done) = (progress.read, progress.of, progress.done);
            told.time = Some(progress.time);
        });
    }

    fn ends(&self, ended: &Result<ReplayReport, ReplayError>) {
        let (report, error) = match ended {
            Ok(report) => (report, None),
            Err(error) => (error.report(), Some(clip(&error.to_string()))),
        };
        self.change(|told| {
            told.state = match &error {
                Some(_) => "failed",
                None if report.stopped => "stopped",
                None => "done",
            };
            (told.replayed, told.skipped) = (report.replayed, report.skipped);
            (told.failed, told.lost) = (report.failed, report.lost);
            told.done = report.replayed + report.skipped + report.failed;
            told.error = error;
        });
    }

    /// How far it is.
    pub(crate) fn told(&self) -> ReplayJson {
        // Before the state, which then is of that change or a later one, and never older.
        let changes = self.changes.load(Ordering::Acquire);
        let told = lock(&self.state).clone();
        let is_paused = told.state == "running" && self.handle.is_paused();
        ReplayJson {
            id: self.id.clone(),
            changes,
            state: if is_paused { "paused" } else { told.state },
            pattern: self.pattern.clone(),
            speed: self.speed,
            read: told.read,
            of: told.of,
            done: told.done,
            time: told.time,
            replayed: told.replayed,
            skipped: told.skipped,
            failed: told.failed,
            lost: told.lost,
            error: told.error,
        }
    }
}

/// It plays no more.
impl Drop for Replay {
    fn drop(&mut self) {
        self.handle.stop();
    }
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay").field("id", &self.id).finish_non_exhaustive()
    }
}
