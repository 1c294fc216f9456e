//! [`NatsTransport`]: a connection to a server of NATS, as a transport of a mesh.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use async_nats::{Client, HeaderMap, Message};
use rem_core::{Spawner, TaskFuture};
use rem_mesh::{
    Capabilities, Doing, FilterId, Incoming, Parcel, Streams, SubjectFilter, Transport,
    TransportError, TransportErrorKind,
};

use crate::builder::{NatsBuilder, Options};
use crate::headers::LastRead;
use crate::inbox::{Inbox, lock};
use crate::link::lost;
use crate::server::largest;
use crate::shared::{Asked, Shared};
use crate::stats::{Counters, NatsStats};
use crate::tap::Tap;

/// A connection to a server of NATS, or to a cluster of them, for one mesh. It connects again by itself, for as long as it takes.
///
/// What it promises is what every [`Transport`] does. A connection that is lost between two pings is found by the
/// [next three](NatsBuilder::ping_interval); what is published while it is lost is refused, and a mesh keeps it in its own queue.
///
/// Dropping it is as when its process ends: [`close`](Transport::close) sends what was published first.
pub struct NatsTransport {
    shared: Arc<Shared>,
}

impl NatsTransport {
    /// To the servers at these URLs, with commas between: `nats://host:4222`, or `tls://…`.
    ///
    /// ```no_run
    /// use rem_nats::{Credentials, NatsTransport};
    ///
    /// let transport = NatsTransport::builder("tls://one.example:4222,tls://two.example:4222")
    ///     .credentials(Credentials::file("/etc/orders/nats.creds"))
    ///     .name("orders-1")
    ///     .build()?;
    /// # drop(transport);
    /// # Ok::<(), rem_mesh::TransportError>(())
    /// ```
    pub fn builder(urls: impl AsRef<str>) -> NatsBuilder {
        NatsBuilder::new(urls.as_ref())
    }

    pub(crate) fn new(options: Options) -> Self {
        Self { shared: Shared::new(options) }
    }

    /// What it let go or could not do so far.
    pub fn stats(&self) -> NatsStats {
        let shared = &self.shared;
        shared.counters.stats(shared.inbox.missed.load(Ordering::Relaxed))
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The headers of a parcel that may be sent, with so many bytes of headers more.
    pub(crate) fn checked(
        &self,
        client: &Client,
        parcel: &Parcel,
        more: usize,
    ) -> Result<Option<HeaderMap>, TransportError> {
        let (subject, most) = (parcel.subject(), client.max_payload());
        if !self.shared.refusals.may_publish(subject.as_str()) {
            let said =
                format!("the server does not let this node publish to `{subject}`: allow it there");
            return Err(TransportError::new(TransportErrorKind::Refused, said));
        }
        let (written, lines) = self.shared.last_written.written(parcel)?;
        let lines = lines + more;
        if parcel.size() > largest(most) || lines + parcel.body().len() > most {
            let said = format!(
                "`{subject}` has {} bytes, and a parcel at most {}: send less, or raise `max_payload` of the server",
                parcel.size(),
                largest(most)
            );
            return Err(TransportError::new(TransportErrorKind::TooLarge, said));
        }
        Ok(written)
    }

    #[cfg(test)]
    pub(crate) fn options(&self) -> &Options {
        &self.shared.options
    }
}

/// What comes by a subscription, into the inbox.
pub(crate) fn takes(
    inbox: &Arc<Inbox>,
    counters: &Arc<Counters>,
    id: FilterId,
) -> impl Fn(Message) + use<> {
    let (inbox, counters) = (Arc::clone(inbox), Arc::clone(counters));
    let last = LastRead::default();
    move |message| {
        if let Some(parcel) = last.read(message) {
            inbox.put(Incoming::Parcel(parcel, id));
        } else {
            Counters::one(&counters.unreadable);
            inbox.let_go();
        }
    }
}

impl Transport for NatsTransport {
    fn at_most(&self, bytes: usize) {
        self.shared.inbox.at_most.store(bytes, Ordering::Relaxed);
    }

    fn connect(&self) -> Doing<'_, Capabilities> {
        Box::pin(Arc::clone(&self.shared).connect())
    }

    fn is_connected(&self) -> bool {
        self.shared.link.is_connected()
    }

    fn publish(&self, parcel: Parcel) -> Doing<'_, ()> {
        Box::pin(async move {
            let shared = &self.shared;
            let epoch = shared.link.there()?;
            let client = shared.client()?;
            let written = self.checked(&client, &parcel, 0)?;
            let subject = parcel.subject();
            let (subject, body) = (subject.as_str().to_owned(), parcel.body().clone());
            // Dropped before it is through, nothing of it was sent.
            let sent = shared.link.while_there(epoch, async {
                match written {
                    Some(headers) => client.publish_with_headers(subject, headers, body).await,
                    None => client.publish(subject, body).await,
                }
            });
            sent.await?.map_err(|error| {
                let said = "the client of NATS does not take it";
                TransportError::with_source(TransportErrorKind::Other, said, error)
            })
        })
    }

    /// Waits for the server's answer, for it says what may not be subscribed to behind the call.
    fn subscribe(&self, filter: SubjectFilter, group: Option<&str>) -> Doing<'_, FilterId> {
        let group = group.map(str::to_owned);
        Box::pin(async move {
            let shared = &self.shared;
            let epoch = shared.link.there()?;
            let (client, handle) = shared.live()?;
            drop(shared.refusals.of_subscription(filter.as_str()));
            let asked = shared.link.while_there(epoch, async {
                let subject = filter.as_str().to_owned();
                match group.clone() {
                    Some(group) => client.queue_subscribe(subject, group).await,
                    None => client.subscribe(subject).await,
                }
            });
            let subscriber = asked.await?.map_err(|error| {
                let said = format!("the client of NATS does not subscribe to `{filter}`");
                TransportError::with_source(TransportErrorKind::Other, said, error)
            })?;
            let id = FilterId(shared.last.fetch_add(1, Ordering::Relaxed) + 1);
            let tap = Tap::open(subscriber, takes(&shared.inbox, &shared.counters, id));
            let guard = Opening { tap: Some(tap) };
            let (answering, at) = (Arc::clone(shared), handle.clone());
            let answered =
                handle.spawn(async move { answering.answered(&client, &at, epoch).await });
            answered.await.map_err(|_| lost())??;
            if let Some(said) = shared.refusals.of_subscription(filter.as_str()) {
                let said = format!(
                    "the server does not let this node subscribe to `{filter}` ({said}): allow it there"
                );
                return Err(TransportError::new(TransportErrorKind::Refused, said));
            }
            guard.keep(shared, id, epoch, Wanted { filter, group })?;
            Ok(id)
        })
    }

    fn unsubscribe(&self, filter: FilterId) -> Doing<'_, ()> {
        Box::pin(async move {
            let shared = &self.shared;
            let asked = lock(&shared.asked).remove(&filter);
            let subscriber = asked.and_then(|asked| asked.tap.shut());
            // Dropped, it is unsubscribed too, and not asked for when the connection comes back.
            let epoch = shared.link.there()?;
            let Some(mut subscriber) = subscriber else { return Ok(()) };
            let gone = shared.link.while_there(epoch, subscriber.unsubscribe()).await?;
            gone.map_err(|_| lost())
        })
    }

    fn flush(&self) -> Doing<'_, ()> {
        Box::pin(async move {
            let shared = Arc::clone(&self.shared);
            let epoch = shared.link.there()?;
            let (client, handle) = shared.live()?;
            let at = handle.clone();
            let answered = handle.spawn(async move { shared.answered(&client, &at, epoch).await });
            answered.await.map_err(|_| lost())?
        })
    }

    fn poll_incoming(&self, cx: &mut Context<'_>) -> Poll<Incoming> {
        let came = self.shared.inbox.poll(cx);
        if let Poll::Ready(Incoming::Delivery(delivery)) = &came {
            self.shared.consumers.read(delivery.consumer);
        }
        came
    }

    /// The runtime of the client.
    fn spawner(&self) -> Option<Box<dyn Spawner>> {
        let (_, handle) = self.shared.live().ok()?;
        Some(Box::new(move |task: TaskFuture| drop(handle.spawn(task))))
    }

    fn streams(&self) -> Option<&dyn Streams> {
        self.shared.options.jetstream.then_some(self as _)
    }

    fn close(&self) -> Doing<'_, ()> {
        Box::pin(async move {
            let shared = &self.shared;
            if shared.link.is_closed() {
                return Ok(());
            }
            let flushed = if shared.link.is_connected() { self.flush().await } else { Ok(()) };
            shared.end();
            flushed
        })
    }
}

/// A subscription that nobody knows of yet: dropped, it is taken back.
struct Opening {
    tap: Option<Arc<Tap>>,
}

/// What it is to select.
struct Wanted {
    filter: SubjectFilter,
    group: Option<String>,
}

impl Opening {
    /// From now on it stands on each connection; if the one that it was made on is lost already, it never was.
    fn keep(
        mut self,
        shared: &Shared,
        id: FilterId,
        epoch: u64,
        Wanted { filter, group }: Wanted,
    ) -> Result<(), TransportError> {
        let mut all = lock(&shared.asked);
        if shared.link.there()? != epoch {
            return Err(lost());
        }
        if let Some(tap) = self.tap.take() {
            all.insert(id, Asked { filter, group, tap });
        }
        Ok(())
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        if let Some(tap) = self.tap.take() {
            drop(tap.shut());
        }
    }
}

impl Drop for NatsTransport {
    fn drop(&mut self) {
        self.shared.end();
    }
}

impl fmt::Debug for NatsTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsTransport")
            .field("servers", &self.shared.options.shown())
            .field("is_connected", &self.is_connected())
            .finish_non_exhaustive()
    }
}
