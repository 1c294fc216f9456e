//! [`Shared`]: what the transport and the tasks behind it have in common.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_nats::{Client, ServerAddr};
use rem_mesh::{Capabilities, FilterId, SubjectFilter, TransportError, TransportErrorKind};
use tokio::runtime::Handle;

use crate::builder::Options;
use crate::headers::LastWritten;
use crate::inbox::{Inbox, lock};
use crate::jetstream::{Acks, Consumers};
use crate::link::{Link, lost};
use crate::refusals::Refusals;
use crate::runtime::Runtime;
use crate::stats::Counters;
use crate::tap::Tap;
use crate::witness::Witness;

pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) link: Link,
    pub(crate) counters: Arc<Counters>,
    pub(crate) refusals: Refusals,
    pub(crate) last_written: LastWritten,
    pub(crate) asked: Mutex<BTreeMap<FilterId, Asked>>,
    pub(crate) last: AtomicU64,
    pub(crate) witness: Witness,
    pub(crate) acks: Arc<Acks>,
    pub(crate) consumers: Consumers,
    /// Servers that others told of.
    pub(crate) discovered: Mutex<Vec<ServerAddr>>,
    has_begun: AtomicBool,
    live: Mutex<Option<Live>>,
}

/// What was subscribed to, and by which subscription of the connection that there is.
pub(crate) struct Asked {
    pub(crate) filter: SubjectFilter,
    pub(crate) group: Option<String>,
    pub(crate) tap: Arc<Tap>,
}

/// The client of the connection that there is, and where it runs.
struct Live {
    /// Shared, for a clone of the client is a dozen counts that all change.
    client: Arc<Client>,
    runtime: Runtime,
}

impl Shared {
    pub(crate) fn new(options: Options) -> Arc<Self> {
        let (parcels, bytes) = options.inbox;
        Arc::new(Self {
            options,
            inbox: Arc::new(Inbox::new(parcels, bytes)),
            link: Link::new(),
            counters: Arc::default(),
            refusals: Refusals::default(),
            last_written: LastWritten::default(),
            asked: Mutex::default(),
            last: AtomicU64::new(0),
            witness: Witness::default(),
            acks: Arc::default(),
            consumers: Consumers::default(),
            discovered: Mutex::default(),
            has_begun: AtomicBool::new(false),
            live: Mutex::new(None),
        })
    }

    /// The client, and where it runs.
    pub(crate) fn live(&self) -> Result<(Arc<Client>, Handle), TransportError> {
        self.of_live(|live| (Arc::clone(&live.client), live.runtime.handle().clone()))
    }

    /// The client.
    pub(crate) fn client(&self) -> Result<Arc<Client>, TransportError> {
        self.of_live(|live| Arc::clone(&live.client))
    }

    fn of_live<T>(&self, take: impl FnOnce(&Live) -> T) -> Result<T, TransportError> {
        let live = lock(&self.live);
        let missing = || if self.link.is_closed() { TransportError::closed() } else { lost() };
        live.as_ref().map(take).ok_or_else(missing)
    }

    /// Another client takes the place of the one before.
    pub(crate) fn enter(&self, client: Client) {
        let client = Arc::new(client);
        let before = match lock(&self.live).as_mut() {
            Some(live) => std::mem::replace(&mut live.client, client),
            None => client,
        };
        drop(before);
    }

    /// Connects, looks at what answered, and from now on connects again.
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
        let at = handle.clone();
        let begun = handle.spawn(async move { Box::pin(shared.dial(&at)).await }).await;
        let dialled = begun.map_err(|error| {
            let said = "connecting was cut short";
            TransportError::with_source(TransportErrorKind::Other, said, error)
        })??;
        *lock(&self.live) = Some(Live { client: Arc::new(dialled.client), runtime });
        if let Err(error) = self.link.begun(dialled.epoch) {
            self.end();
            return Err(error);
        }
        handle.spawn(crate::dial::keep(Arc::downgrade(&self), handle.clone()));
        Ok(dialled.can)
    }

    /// No more: what asks for anything is gone, and so is the client.
    pub(crate) fn end(&self) {
        self.link.close();
        let asked = std::mem::take(&mut *lock(&self.asked));
        for asked in asked.into_values() {
            drop(asked.tap.shut());
        }
        self.consumers.end();
        self.acks.end();
        drop(lock(&self.live).take());
        self.inbox.close();
    }
}
