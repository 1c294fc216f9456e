//! [`Shared`]: what the transport, the client's callbacks and the tasks between them have in common.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, ServerError};
use rem_mesh::{Capabilities, FilterId, Incoming, TransportError, TransportErrorKind};
use tokio::runtime::Handle;

use crate::builder::Options;
use crate::inbox::{Inbox, lock};
use crate::link::{Link, lost};
use crate::refusals::Refusals;
use crate::runtime::Runtime;
use crate::server;
use crate::stats::Counters;
use crate::tap::Tap;
use crate::witness::Witness;

pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) link: Link,
    pub(crate) counters: Arc<Counters>,
    pub(crate) refusals: Refusals,
    pub(crate) taps: Mutex<BTreeMap<FilterId, Arc<Tap>>>,
    pub(crate) last: AtomicU64,
    pub(crate) witness: Witness,
    has_begun: AtomicBool,
    live: Mutex<Option<Live>>,
}

/// While it is connected, or tries to be.
struct Live {
    client: Client,
    runtime: Runtime,
}

/// The longest that it waits before it tries again to connect.
const LONGEST_DELAY: Duration = Duration::from_secs(2);

impl Shared {
    pub(crate) fn new(options: Options) -> Arc<Self> {
        let (parcels, bytes) = options.inbox;
        Arc::new(Self {
            options,
            inbox: Arc::new(Inbox::new(parcels, bytes)),
            link: Link::new(),
            counters: Arc::default(),
            refusals: Refusals::default(),
            taps: Mutex::default(),
            last: AtomicU64::new(0),
            witness: Witness::default(),
            has_begun: AtomicBool::new(false),
            live: Mutex::new(None),
        })
    }

    /// The client, and where it runs.
    pub(crate) fn live(&self) -> Result<(Client, Handle), TransportError> {
        let live = lock(&self.live);
        let live = live
            .as_ref()
            .ok_or_else(|| if self.link.is_closed() { TransportError::closed() } else { lost() })?;
        Ok((live.client.clone(), live.runtime.handle().clone()))
    }

    /// Connects, and looks at what answered.
    pub(crate) async fn connect(self: Arc<Self>) -> Result<Capabilities, TransportError> {
        if self.has_begun.swap(true, Ordering::AcqRel) {
            let said = "this transport was connected before: it is for one mesh, make another";
            return Err(TransportError::new(TransportErrorKind::Other, said));
        }
        let runtime = Runtime::start(self.options.handle.clone()).map_err(|error| {
            let said = "the thread that the client of NATS runs on cannot be started";
            TransportError::with_source(TransportErrorKind::Other, said, error)
        })?;
        let (shared, handle) = (Arc::clone(&self), runtime.handle().clone());
        let (client, can, epoch) = runtime
            .handle()
            .spawn(async move { Box::pin(shared.begin(&handle)).await })
            .await
            .map_err(|error| {
                TransportError::with_source(
                    TransportErrorKind::Other,
                    "connecting was cut short",
                    error,
                )
            })??;
        *lock(&self.live) = Some(Live { client, runtime });
        if let Err(error) = self.link.begun(epoch) {
            self.end();
            return Err(error);
        }
        Ok(can)
    }

    async fn begin(
        self: &Arc<Self>,
        handle: &Handle,
    ) -> Result<(Client, Capabilities, u64), TransportError> {
        let client = self.connected(self.connect_options(true)?).await?;
        let epoch = self.link.epoch();
        let info = client.server_info();
        let mut can = server::capabilities(&info)?;
        if self.options.jetstream {
            crate::jetstream::is_there(&client, &info).await?;
            can = with_streams(can);
        }
        // That it may ask and be answered is better known now than later.
        self.answered(&client, handle, epoch).await?;
        Ok((client, can, epoch))
    }

    /// A client of these servers.
    pub(crate) async fn connected(
        &self,
        options: ConnectOptions,
    ) -> Result<Client, TransportError> {
        options.connect(&self.options.servers[..]).await.map_err(|error| {
            let shown = self.options.shown();
            let (kind, said) = match error.kind() {
                ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => (
                    TransportErrorKind::Refused,
                    format!("{shown} is not let in: look at its credentials, and at the users of the server"),
                ),
                ConnectErrorKind::Tls => (
                    TransportErrorKind::Refused,
                    format!("{shown} cannot be talked to by TLS: look at the certificates of both sides"),
                ),
                _ if error.to_string().contains("requires headers") => (
                    TransportErrorKind::Unsupported,
                    format!("{shown} carries no headers: take `no_header_support` out of its configuration"),
                ),
                _ => (
                    TransportErrorKind::Disconnected,
                    format!("{shown} does not answer as a server of NATS does: see that it runs and listens there"),
                ),
            };
            TransportError::with_source(kind, said, error)
        })
    }

    /// How the client is to be; for parcels, or for a witness.
    pub(crate) fn connect_options(
        self: &Arc<Self>,
        is_first: bool,
    ) -> Result<ConnectOptions, TransportError> {
        let told = &self.options;
        let mut options = ConnectOptions::new()
            .ping_interval(told.ping)
            .connection_timeout(told.patience)
            .request_timeout(Some(told.patience))
            .custom_inbox_prefix(&told.inbox_prefix)
            .subscription_capacity(65_536)
            .client_capacity(told.outbox);
        if let Some(name) = &told.name {
            options = options.name(name);
        }
        if let Some(credentials) = &told.credentials {
            options = credentials.put(options)?;
        }
        let by_scheme = told.servers.iter().any(async_nats::ServerAddr::tls_required);
        if told.tls.is_some() || by_scheme {
            options = options.require_tls(true);
        }
        // Built in any case, for the server may want it; but then only what cannot be used is an error.
        let tls = told.tls.clone().unwrap_or_default();
        options = options.tls_client_config(tls.config()?);
        if tls.first {
            options = options.tls_first();
        }
        if !is_first {
            return Ok(options);
        }
        let (events, delays) = (Arc::downgrade(self), Arc::downgrade(self));
        Ok(options
            .no_echo()
            .event_callback(move |event| {
                if let Some(shared) = events.upgrade() {
                    shared.heard(event);
                }
                std::future::ready(())
            })
            .reconnect_delay_callback(move |attempts| {
                // It is called in the task that reads, before each attempt, and so behind all that came by the connection before.
                if let Some(shared) = delays.upgrade() {
                    shared.link.lost(&shared.inbox, || shared.why_lost());
                }
                delay(attempts)
            }))
    }

    fn why_lost(&self) -> Box<str> {
        match self.refusals.last() {
            Some(said) => {
                format!("the connection to the server of NATS is lost; it said last: {said}").into()
            }
            None => "the connection to the server of NATS is lost".into(),
        }
    }

    /// What the client has to tell, in a task of its own.
    fn heard(self: &Arc<Self>, event: Event) {
        match event {
            Event::Connected => {
                let epoch = self.link.epoch();
                if self.live().is_ok() {
                    tokio::spawn(Arc::clone(self).back(epoch));
                }
            }
            Event::ServerError(ServerError::Other(said)) => {
                let published = u64::from(self.refusals.note(&said));
                self.counters.refused.fetch_add(published, Ordering::Relaxed);
            }
            // It never fills its channels, for they are emptied at once; should it, nobody knows how many.
            Event::SlowConsumer(_) => self.inbox.put(Incoming::Lagged(None)),
            _ => {}
        }
    }

    /// Connected again: told when what was subscribed stands.
    async fn back(self: Arc<Self>, epoch: u64) {
        self.refusals.forget();
        loop {
            let Ok((client, handle)) = self.live() else { return };
            if self.link.epoch() != epoch {
                return;
            }
            let info = client.server_info();
            let mut can = match server::capabilities(&info) {
                Ok(can) => can,
                Err(error) => {
                    return self.inbox.put(Incoming::Disconnected(error.to_string().into()));
                }
            };
            if self.options.jetstream && crate::jetstream::is_there(&client, &info).await.is_ok() {
                can = with_streams(can);
            }
            if self.answered(&client, &handle, epoch).await.is_ok() {
                Counters::one(&self.counters.reconnected);
                return self.link.back(epoch, &self.inbox, can);
            }
        }
    }

    /// No more: what asks for anything is gone, and so is the client.
    pub(crate) fn end(&self) {
        self.link.close();
        let taps = std::mem::take(&mut *lock(&self.taps));
        for tap in taps.into_values() {
            drop(tap.shut());
        }
        drop(lock(&self.live).take());
        self.inbox.close();
    }
}

fn with_streams(can: Capabilities) -> Capabilities {
    can
}

/// At once, then longer and longer, by a chance so that not all who lost a server come back to it in one moment.
fn delay(attempts: usize) -> Duration {
    if attempts <= 1 {
        return Duration::ZERO;
    }
    let doubled = Duration::from_millis(10 << attempts.min(9));
    doubled.min(LONGEST_DELAY).mul_f64(0.5 + fastrand::f64() / 2.0)
}
