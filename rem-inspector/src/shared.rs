//! [`Shared`]: what all requests share.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use rem_core::__private::last;
use rem_core::{Bus, SubscriptionId, Topology};
use tokio::sync::watch;

use crate::attached::Attached;
use crate::clients::Clients;
use crate::counted::Counting;
use crate::failures::Failures;
use crate::guard::Guard;
use crate::mask::Masking;
use crate::measures::Measures;
use crate::refusal::Refusal;
use crate::replays::{Replays, Sandbox};
use crate::series::Series;
use crate::source::Source;

/// What all requests share.
pub(crate) struct Shared {
    pub(crate) source: Source,
    pub(crate) title: Option<String>,
    pub(crate) guard: Guard,
    pub(crate) masking: Arc<Masking>,
    pub(crate) clients: Clients,
    /// How long a client may take to read.
    pub(crate) patience: Duration,
    /// None if handlers are not to be measured.
    pub(crate) measures: Option<Arc<Measures>>,
    pub(crate) failures: Failures,
    pub(crate) series: Mutex<Series>,
    /// Of a journal.
    pub(crate) counting: Counting,
    pub(crate) replays: Replays,
    pub(crate) sandbox: Option<Sandbox>,
    #[cfg(feature = "projections")]
    pub(crate) projections: crate::projections::Known,
    attached: Mutex<Option<Attached>>,
    /// The subscriptions of the inspector itself.
    own: Mutex<HashSet<SubscriptionId>>,
    /// Whether it is coming to its end.
    ending: watch::Sender<bool>,
}

/// What it is made of.
pub(crate) struct Parts {
    pub(crate) source: Source,
    pub(crate) title: Option<String>,
    pub(crate) guard: Guard,
    pub(crate) masking: Masking,
    pub(crate) clients: usize,
    pub(crate) patience: Duration,
    pub(crate) measures: bool,
    pub(crate) sandbox: Option<Sandbox>,
    #[cfg(feature = "projections")]
    pub(crate) projections: crate::projections::Known,
}

/// A poisoned lock guards what a panic left whole: nothing of users runs under one.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(crate) fn new(parts: Parts) -> Arc<Self> {
        Arc::new(Self {
            source: parts.source,
            title: parts.title,
            guard: parts.guard,
            masking: Arc::new(parts.masking),
            clients: Clients::new(parts.clients),
            patience: parts.patience,
            measures: parts.measures.then(|| Arc::new(Measures::new())),
            failures: Failures::default(),
            series: Mutex::default(),
            counting: Counting::default(),
            replays: Replays::default(),
            sandbox: parts.sandbox,
            #[cfg(feature = "projections")]
            projections: parts.projections,
            attached: Mutex::default(),
            own: Mutex::default(),
            ending: watch::Sender::new(false),
        })
    }

    /// The source of that name.
    pub(crate) fn source(&self, name: Option<&str>) -> Result<Source, Refusal> {
        match name {
            None | Some("bus") => Ok(self.source.clone()),
            Some(id) => self.replays.source(id).ok_or_else(|| {
                let there = self.replays.ids();
                let text = if there.is_empty() {
                    "there is no such source: there is `bus` alone, until a replay is begun"
                        .to_owned()
                } else {
                    format!("there is no such source: there are `bus`, `{}`", there.join("`, `"))
                };
                Refusal::new(StatusCode::NOT_FOUND, "no_such_source", text).at("source", id)
            }),
        }
    }

    /// Lets a client in.
    ///
    /// # Errors
    /// If there are as many as there may be, or the bus is gone.
    pub(crate) fn enter(self: &Arc<Self>) -> Result<Client, Refusal> {
        let bus = self.source.bus()?;
        if !self.clients.enter() {
            let limit = self.clients.limit();
            let text = format!(
                "{limit} clients are attached, and no more may be: close one, or let the program allow more by `clients`"
            );
            let refusal = Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "busy", text);
            return Err(refusal.header(axum::http::header::RETRY_AFTER, "5"));
        }
        let client = Client { shared: Arc::clone(self), tap: None };
        // Outside of the lock it would be made twice; and what is made is none of the user's.
        let mut attached = lock(&self.attached);
        if attached.is_none() {
            let new = Attached::to(&bus, self.measures.as_ref());
            lock(&self.own).extend(new.subscription());
            *attached = Some(new);
        }
        Ok(client)
    }

    /// What is done now and then while a client is attached, by whichever looks first.
    pub(crate) fn look(&self) {
        if let Some(measures) = &self.measures {
            measures.refill();
        }
        let taken = lock(&self.attached).as_mut().and_then(|attached| attached.failures.take());
        if let Some(mut stream) = taken {
            if let Some(measures) = &self.measures {
                self.failures.take(&mut stream, measures);
            } else {
                self.failures.take(&mut stream, &Measures::new());
            }
            match lock(&self.attached).as_mut() {
                Some(attached) if attached.failures.is_none() => attached.failures = Some(stream),
                _ => {} // the last client has gone meanwhile
            }
        }
        let is_due = lock(&self.series).is_due();
        if is_due && let Ok(bus) = self.source.bus() {
            let topology = bus.topology();
            let published = published(&bus, &topology);
            let own = self.own();
            let mut series = lock(&self.series);
            if series.is_due() {
                series.count(published, &topology, &own);
            }
        }
    }

    /// The subscriptions of the inspector itself.
    pub(crate) fn own(&self) -> HashSet<SubscriptionId> {
        lock(&self.own).clone()
    }

    /// Ends all that is under way.
    pub(crate) fn end(&self) {
        self.ending.send_replace(true);
        self.replays.end();
    }

    /// Is told when it comes to its end.
    pub(crate) fn ending(&self) -> watch::Receiver<bool> {
        self.ending.subscribe()
    }
}

/// How many events were published on a bus and below it.
pub(crate) fn published(bus: &Bus, topology: &Topology) -> u64 {
    match bus.prefix() {
        None => last(bus),
        Some(_) => topology.topics.iter().map(|topic| topic.published).sum(),
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("source", &self.source)
            .field("clients", &self.clients)
            .finish_non_exhaustive()
    }
}

/// A client that is attached, until it is dropped.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) shared: Arc<Shared>,
    /// The subscription by which it reads a bus without history.
    tap: Option<SubscriptionId>,
}

impl Client {
    /// Notes the subscription by which it reads.
    pub(crate) fn tap(&mut self, tap: Option<SubscriptionId>) {
        lock(&self.shared.own).extend(tap);
        self.tap = tap;
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let shared = &self.shared;
        if let Some(tap) = self.tap {
            lock(&shared.own).remove(&tap);
        }
        if !shared.clients.leave() {
            return;
        }
        let mut attached = lock(&shared.attached);
        // One that came meanwhile found it there.
        if shared.clients.attached() > 0 {
            return;
        }
        let gone = attached.take();
        drop(attached);
        if let Some(id) = gone.as_ref().and_then(Attached::subscription) {
            lock(&shared.own).remove(&id);
        }
        drop(gone);
        if let Some(measures) = &shared.measures {
            measures.stop();
        }
        *lock(&shared.series) = Series::default();
    }
}
