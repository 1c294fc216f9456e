//! How it connects, and connects again.
//!
//! Each connection has a client of its own. The client of NATS would connect again by itself, and then send what still stood in its
//! queue when the connection was lost: behind a gap of what the socket had taken, and before what whoever stored it sends again from
//! that gap on. So it is kept from that, its queue goes with it, and nothing is sent on a connection that was meant for another.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use async_nats::{
    AuthError, Client, ConnectError, ConnectErrorKind, ConnectOptions, Event, ServerAddr,
    ServerError,
};
use rem_mesh::{Capabilities, FilterId, Incoming, TransportError, TransportErrorKind};
use tokio::runtime::Handle;

use crate::inbox::lock;
use crate::link::lost;
use crate::server;
use crate::shared::Shared;
use crate::stats::Counters;
use crate::tap::Tap;
use crate::transport::takes;

/// The longest that it waits before it tries again to connect.
const LONGEST_DELAY: Duration = Duration::from_secs(2);

/// How many servers that others told of are kept.
const DISCOVERED: usize = 64;

/// A connection on which all stands.
pub(crate) struct Dialled {
    pub(crate) client: Client,
    pub(crate) can: Capabilities,
    /// Which it is: another, as soon as it is lost.
    pub(crate) epoch: u64,
    taps: BTreeMap<FilterId, Arc<Tap>>,
}

impl Shared {
    /// Connects, looks at what answered, and has all stand that was subscribed to.
    pub(crate) async fn dial(self: &Arc<Self>, handle: &Handle) -> Result<Dialled, TransportError> {
        self.refusals.forget();
        let epoch = self.link.epoch();
        let client = self.connected(true).await?;
        let info = client.server_info();
        let mut can = server::capabilities(&info)?;
        self.discover(&info.connect_urls);
        if self.options.jetstream {
            crate::jetstream::is_there(&client, &info).await?;
            self.acks.listen(self, &client).await?;
            can = can.streams(true);
        }
        let mut dialled = Dialled { client, can, epoch, taps: BTreeMap::new() };
        let wanted: Vec<_> = lock(&self.asked)
            .iter()
            .map(|(id, asked)| (*id, asked.filter.clone(), asked.group.clone()))
            .collect();
        for (id, filter, group) in wanted {
            let subject = filter.as_str().to_owned();
            let came_of_it = match group {
                Some(group) => dialled.client.queue_subscribe(subject, group).await,
                None => dialled.client.subscribe(subject).await,
            };
            let subscriber = came_of_it.map_err(|_| lost())?;
            let tap = Tap::open(subscriber, takes(&self.inbox, &self.counters, id));
            dialled.taps.insert(id, tap);
        }
        // That it may ask and be answered is known then, too.
        self.answered(&dialled.client, handle, epoch).await?;
        Ok(dialled)
    }

    /// A client of these servers: for parcels, or for a witness.
    pub(crate) async fn connected(
        self: &Arc<Self>,
        is_for_parcels: bool,
    ) -> Result<Client, TransportError> {
        let mut servers = self.options.servers.clone();
        servers.extend(lock(&self.discovered).iter().cloned());
        let is_over = Arc::new(AtomicBool::new(false));
        let options = self.connect_options(is_for_parcels, servers.len(), &is_over)?;
        let connected = options.connect(&servers[..]).await;
        is_over.store(is_for_parcels, Ordering::Release);
        connected.map_err(|error| self.unconnected(error))
    }

    fn unconnected(&self, error: ConnectError) -> TransportError {
        let shown = self.options.shown();
        let (kind, said) = match error.kind() {
            ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => (
                TransportErrorKind::Refused,
                format!(
                    "{shown} is not let in: look at its credentials, and at the users of the server"
                ),
            ),
            _ if self.begins_with_tls() && is_of_tls(&error) => (
                TransportErrorKind::Unsupported,
                format!(
                    "{shown} cannot be talked to by TLS from the first byte: servers can since 2.10.4, where `handshake_first` stands in their configuration; or look at the certificates of both sides"
                ),
            ),
            ConnectErrorKind::Tls => (
                TransportErrorKind::Refused,
                format!(
                    "{shown} cannot be talked to by TLS: look at the certificates of both sides"
                ),
            ),
            _ if error.to_string().contains("requires headers") => (
                TransportErrorKind::Unsupported,
                format!(
                    "{shown} carries no headers: take `no_header_support` out of its configuration"
                ),
            ),
            _ => (
                TransportErrorKind::Disconnected,
                format!(
                    "{shown} does not answer as a server of NATS does: see that it runs and listens there"
                ),
            ),
        };
        TransportError::with_source(kind, said, error)
    }

    fn begins_with_tls(&self) -> bool {
        self.options.tls.as_ref().is_some_and(|tls| tls.first)
    }

    /// How the client is to be; one for parcels ends when `is_over` and the connection is lost.
    fn connect_options(
        self: &Arc<Self>,
        is_for_parcels: bool,
        servers: usize,
        is_over: &Arc<AtomicBool>,
    ) -> Result<ConnectOptions, TransportError> {
        let told = &self.options;
        let proof = told.credentials.as_ref().map(crate::Credentials::proof).transpose()?;
        let over = Arc::clone(is_over);
        // Asked in each attempt to connect: one after the first is refused before anything is sent.
        let mut options = ConnectOptions::with_auth_callback(move |nonce| {
            std::future::ready(match &proof {
                _ if over.load(Ordering::Acquire) => Err(AuthError::new("the connection was lost")),
                Some(proof) => proof.of(&nonce),
                None => Ok(async_nats::Auth::new()),
            })
        });
        options = options
            .ping_interval(told.ping)
            .connection_timeout(told.patience)
            .request_timeout(Some(told.patience))
            .custom_inbox_prefix(&told.inbox_prefix)
            .subscription_capacity(65_536)
            .client_capacity(told.outbox);
        if let Some(name) = &told.name {
            options = options.name(name);
        }
        if told.tls.is_some() || told.servers.iter().any(ServerAddr::tls_required) {
            options = options.require_tls(true);
        }
        // Built in any case, for the server may want it.
        let tls = told.tls.clone().unwrap_or_default();
        options = options.tls_client_config(tls.config()?);
        if tls.first {
            options = options.tls_first();
        }
        if !is_for_parcels {
            return Ok(options);
        }
        let (events, delays, over) =
            (Arc::downgrade(self), Arc::downgrade(self), Arc::clone(is_over));
        Ok(options
            .no_echo()
            .max_reconnects(servers)
            .event_callback(move |event| {
                if let Some(shared) = events.upgrade() {
                    shared.heard(event);
                }
                std::future::ready(())
            })
            .reconnect_delay_callback(move |_| {
                // Called before each attempt to connect, in the task that reads: behind the first, what came is in the inbox.
                if over.load(Ordering::Acquire)
                    && let Some(shared) = delays.upgrade()
                {
                    shared.link.lost(&shared.inbox, || shared.why_lost());
                    shared.acks.lost();
                }
                Duration::ZERO
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
    fn heard(&self, event: Event) {
        match event {
            Event::ServerError(ServerError::Other(said)) => {
                let published = u64::from(self.refusals.note(&said));
                self.counters.refused.fetch_add(published, Ordering::Relaxed);
            }
            // It never fills its channels, for they are emptied at once; should it, nobody knows how many.
            Event::SlowConsumer(_) => self.inbox.put(Incoming::Lagged(None)),
            _ => {}
        }
    }

    /// Servers that this one tells of, so that one of them may take its place.
    fn discover(&self, urls: &[String]) {
        let mut discovered = lock(&self.discovered);
        for url in urls {
            let Ok(address) = url.parse::<ServerAddr>() else { continue };
            let is_known = self.options.servers.contains(&address) || discovered.contains(&address);
            if !is_known && discovered.len() < DISCOVERED {
                discovered.push(address);
            }
        }
    }

    /// What stands on the new connection takes the place of what stood on the one before, and that is told.
    async fn enter_dialled(self: &Arc<Self>, dialled: Dialled) {
        let Dialled { client, can, epoch, mut taps } = dialled;
        let mut gone = Vec::new();
        for (id, asked) in lock(&self.asked).iter_mut() {
            if let Some(tap) = taps.remove(id) {
                gone.push(std::mem::replace(&mut asked.tap, tap));
            }
        }
        // Those that were there before, and those that were unsubscribed meanwhile.
        for tap in gone.into_iter().chain(taps.into_values()) {
            drop(tap.shut());
        }
        self.enter(client.clone());
        self.consumers.again(self, &client).await;
        Counters::one(&self.counters.reconnected);
        self.link.back(epoch, &self.inbox, can);
    }
}

/// Connects again, whenever the connection is lost, until it is closed.
pub(crate) async fn keep(shared: Weak<Shared>, handle: Handle) {
    loop {
        let Some(mut state) = shared.upgrade().map(|shared| shared.link.watch()) else { return };
        // Whoever drops the transport closes it.
        if state.wait_for(crate::link::State::is_not_connected).await.is_err() {
            return;
        }
        let mut attempts = 0;
        loop {
            tokio::time::sleep(delay(attempts)).await;
            attempts += 1;
            let Some(shared) = shared.upgrade().filter(|shared| !shared.link.is_closed()) else {
                return;
            };
            if let Ok(dialled) = Box::pin(shared.dial(&handle)).await {
                shared.enter_dialled(dialled).await;
                break;
            }
        }
    }
}

/// At once, then longer and longer, by a chance so that not all who lost a server come back to it in one moment.
fn delay(attempts: u32) -> Duration {
    if attempts == 0 {
        return Duration::ZERO;
    }
    let doubled = Duration::from_millis(10 << attempts.min(9));
    doubled.min(LONGEST_DELAY).mul_f64(0.5 + fastrand::f64() / 2.0)
}

/// Whether it is TLS that failed, and not the way there.
fn is_of_tls(error: &ConnectError) -> bool {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref());
    let is_no_tls = |source: &std::io::Error| source.kind() == std::io::ErrorKind::InvalidData;
    error.kind() == ConnectErrorKind::Tls || source.is_some_and(is_no_tls)
}
