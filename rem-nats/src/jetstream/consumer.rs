//! [`Consumers`]: who consumes here, and how what it is given is asked for.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_nats::{Client, Message, StatusCode};
use rem_core::Timestamp;
use rem_mesh::{ConsumerId, Delivery, Incoming, SubjectFilter, Ticket, TransportError};
use serde_json::json;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::config::nanos;
use super::meta::Meta;
use super::window::Window;
use crate::headers::LastRead;
use crate::inbox::{by_itself, lock};
use crate::link::lost;
use crate::shared::Shared;
use crate::stats::Counters;
use crate::tap::Tap;

/// How long the server keeps what it was asked for open. One that it forgot, as when another server of a cluster leads, is asked
/// for again after that.
const OPEN_FOR: Duration = Duration::from_secs(10);

/// How long nothing is asked for behind an answer that says no.
const AFTER_NO: Duration = Duration::from_millis(200);

/// Who consumes here.
#[derive(Default)]
pub(crate) struct Consumers(Mutex<BTreeMap<ConsumerId, Standing>>);

/// What is consumed, on whichever connection.
pub(super) struct Consumed {
    id: ConsumerId,
    stream: Box<str>,
    name: Box<str>,
    /// All that it is to be given; none for everything.
    filters: Vec<SubjectFilter>,
    window: Window,
    /// That there is something to be asked for, or nothing ever.
    bell: Notify,
}

/// The same, on the connection that there is.
struct Standing {
    consumed: Arc<Consumed>,
    client: Client,
    tap: Arc<Tap>,
    /// As long as this stands, more is asked for.
    stands: Option<Arc<()>>,
    /// Who asks.
    asks: JoinHandle<()>,
}

impl Consumed {
    pub(super) fn new(
        id: ConsumerId,
        stream: &str,
        name: &str,
        filters: Vec<SubjectFilter>,
        in_flight: usize,
    ) -> Self {
        let (window, bell) = (Window::new(in_flight), Notify::new());
        Self { id, stream: stream.into(), name: name.into(), filters, window, bell }
    }
}

impl Consumers {
    pub(super) fn has(&self, stream: &str, name: &str) -> bool {
        let is_it = |one: &Consumed| *one.stream == *stream && *one.name == *name;
        lock(&self.0).values().any(|standing| is_it(&standing.consumed))
    }

    /// Consumes by that client from now on, unless its connection is lost already: then it never did.
    pub(super) async fn begin(
        &self,
        shared: &Arc<Shared>,
        client: &Client,
        epoch: u64,
        consumed: Arc<Consumed>,
    ) -> Result<(), TransportError> {
        let id = consumed.id;
        let standing = Standing::begin(shared, client, consumed).await.ok_or_else(lost)?;
        let before = lock(&self.0).insert(id, standing);
        drop(before);
        // Looked at behind the insertion: a connection that is lost from now on has this one among those that begin again, and one that
        // was lost before may have begun them again without it.
        let now = shared.link.there();
        if now.as_ref().is_ok_and(|now| *now == epoch) {
            return Ok(());
        }
        drop(self.leave(id));
        now.and_then(|_| Err(lost()))
    }

    /// Consumes no more. Ready when all has come that the server had sent before it knew: whatever was lost here would be given to nobody
    /// until its time to answer is over, and stand behind what is given meanwhile.
    pub(super) fn leave(&self, id: ConsumerId) -> impl Future<Output = ()> + Send + use<> {
        let standing = lock(&self.0).remove(&id);
        async move {
            if let Some(mut standing) = standing {
                standing.asks_no_more();
                // What is asked for behind the end of the subscription would be given to nobody.
                let _ = (&mut standing.asks).await;
                standing.tap.drain(&standing.client).await;
            }
        }
    }

    /// Its reader has taken one.
    pub(crate) fn read(&self, id: ConsumerId) {
        let consumers = lock(&self.0);
        if let Some(Standing { consumed, .. }) = consumers.get(&id)
            && consumed.window.read()
        {
            consumed.bell.notify_one();
        }
    }

    /// All of them by another client: whatever was asked for by the one before does not come.
    pub(crate) async fn again(&self, shared: &Arc<Shared>, client: &Client) {
        let all: Vec<_> =
            lock(&self.0).values().map(|standing| Arc::clone(&standing.consumed)).collect();
        for consumed in all {
            let id = consumed.id;
            let standing = Standing::begin(shared, client, Arc::clone(&consumed)).await;
            let mut consumers = lock(&self.0);
            // It may have been left meanwhile.
            let before = match (consumers.get_mut(&id), standing) {
                (Some(before), Some(standing)) => Some(std::mem::replace(before, standing)),
                (_, standing) => standing,
            };
            drop(consumers);
            drop(before);
            // Behind whatever the one before may have asked for still.
            consumed.window.ended(None);
            consumed.bell.notify_one();
        }
    }

    /// None of them, at the end.
    pub(crate) fn end(&self) {
        let all = std::mem::take(&mut *lock(&self.0));
        drop(all);
    }
}

impl Standing {
    async fn begin(shared: &Arc<Shared>, client: &Client, consumed: Arc<Consumed>) -> Option<Self> {
        let inbox = client.new_inbox();
        let subscriber = client.subscribe(inbox.clone()).await.ok()?;
        let taking = Taking {
            shared: Arc::downgrade(shared),
            client: client.clone(),
            consumed: Arc::clone(&consumed),
            last: LastRead::default(),
        };
        let tap = Tap::open(subscriber, move |message| taking.take(message));
        let stands = Arc::new(());
        let run = run(client.clone(), inbox, Arc::clone(&consumed), Arc::downgrade(&stands));
        let (client, asks) = (client.clone(), tokio::spawn(run));
        Some(Self { consumed, client, tap, stands: Some(stands), asks })
    }

    fn asks_no_more(&mut self) {
        self.stands = None;
        // Whoever waits looks whether it stands.
        self.consumed.bell.notify_waiters();
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        drop(self.tap.shut());
        self.asks_no_more();
    }
}

/// What becomes of each message.
struct Taking {
    shared: Weak<Shared>,
    client: Client,
    consumed: Arc<Consumed>,
    last: LastRead,
}

impl Taking {
    fn take(&self, mut message: Message) {
        let Some(shared) = self.shared.upgrade() else { return };
        if let Some(status) = message.status {
            return self.said(status, &message);
        }
        let reply = message.reply.take();
        let found = reply.as_ref().and_then(|reply| Meta::parse(reply));
        let (Some(reply), Some(meta)) = (reply, found) else { return };
        let Some(parcel) = self.last.read(message) else {
            // No parcel will ever be made of it.
            Counters::one(&shared.counters.unreadable);
            return self.not_ours(&reply, "+TERM");
        };
        let filters = &self.consumed.filters;
        if !filters.is_empty() && !filters.iter().any(|filter| filter.selects(parcel.subject())) {
            return self.not_ours(&reply, "+ACK");
        }
        self.consumed.window.came(true);
        let stored_at = Timestamp::from_nanos(meta.stored_at);
        let ticket = Ticket::new(reply.as_str());
        let parcel = by_itself(parcel);
        let delivery = Delivery::new(parcel, self.consumed.id, meta.sequence, stored_at, ticket);
        let delivery = delivery.attempt(meta.attempt).behind(meta.pending);
        shared.inbox.put(Incoming::Delivery(Box::new(delivery)));
    }

    /// Answered here. This is no place to wait: if there is no room for the answer it comes again, and is answered then.
    fn not_ours(&self, reply: &str, answer: &'static str) {
        let answered = pin!(self.client.publish(reply.to_owned(), answer.into()));
        let _: Poll<_> = answered.poll(&mut Context::from_waker(Waker::noop()));
        if self.consumed.window.came(false) {
            self.consumed.bell.notify_one();
        }
    }

    /// What the server says of what it was asked for: that its time is over, or that it cannot be had.
    fn said(&self, status: StatusCode, message: &Message) {
        if status.as_u16() == 100 {
            return; // it is still there
        }
        let header =
            message.headers.as_ref().and_then(|headers| headers.get("Nats-Pending-Messages"));
        let left = header.and_then(|count| count.as_str().parse().ok());
        self.consumed.window.ended(left);
        if matches!(status.as_u16(), 404 | 408) {
            return self.consumed.bell.notify_one();
        }
        let consumed = Arc::clone(&self.consumed);
        // It is called where the client runs.
        if let Ok(handle) = Handle::try_current() {
            handle.spawn(async move {
                tokio::time::sleep(AFTER_NO).await;
                consumed.bell.notify_one();
            });
        }
    }
}

/// Asks for more whenever there is room, as long as it stands.
async fn run(client: Client, inbox: String, consumed: Arc<Consumed>, stands: Weak<()>) {
    let subject = format!("$JS.API.CONSUMER.MSG.NEXT.{}.{}", consumed.stream, consumed.name);
    loop {
        let mut rung = pin!(consumed.bell.notified());
        // Before it looks: whoever drops it wakes those who wait by then.
        rung.as_mut().enable();
        if stands.strong_count() == 0 {
            // Perhaps it was rung for who stands in its place.
            return consumed.bell.notify_one();
        }
        let count = consumed.window.claim();
        if count > 0 {
            let ask = json!({ "batch": count, "expires": nanos(OPEN_FOR) }).to_string();
            let asked = client.publish_with_reply(subject.clone(), inbox.clone(), ask.into());
            if asked.await.is_err() {
                // The connection is lost: who comes behind asks again.
                consumed.window.ended(None);
                return;
            }
        }
        if tokio::time::timeout(OPEN_FOR + Duration::from_secs(1), rung).await.is_err() {
            consumed.window.ended(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NatsTransport;
    use crate::tap::tests::{connected, runtime, server};

    fn consumed(shared: &Shared) -> Arc<Consumed> {
        let id = ConsumerId(shared.last.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1);
        Arc::new(Consumed::new(id, "orders", &format!("c{}", id.0), Vec::new(), 10))
    }

    #[test]
    fn who_begins_on_a_connection_that_is_lost_or_closed_never_did() {
        let runtime = runtime();
        let port = server();
        let transport = NatsTransport::builder(format!("nats://127.0.0.1:{port}")).build().unwrap();
        let shared = transport.shared();
        runtime.block_on(async {
            let client = connected(port, 16).await;
            let begin = |epoch| shared.consumers.begin(shared, &client, epoch, consumed(shared));
            shared.link.begun(0).unwrap();
            assert!(begin(0).await.is_ok());
            // The client of that connection is there still when the next one stands already, with all that had begun by then.
            shared.link.lost(&shared.inbox, || "the test has cut it".into());
            let error = begin(0).await.unwrap_err();
            assert_eq!(error.kind(), rem_mesh::TransportErrorKind::Disconnected);
            shared.link.back(1, &shared.inbox, capabilities());
            let error = begin(0).await.unwrap_err();
            assert_eq!(error.kind(), rem_mesh::TransportErrorKind::Disconnected);
            assert!(begin(1).await.is_ok());
            let stand = |name| shared.consumers.has("orders", name);
            assert_eq!(["c1", "c2", "c3", "c4"].map(stand), [true, false, false, true]);
            shared.end();
            let error = begin(1).await.unwrap_err();
            assert_eq!(error.kind(), rem_mesh::TransportErrorKind::Closed);
            assert!(!shared.consumers.has("orders", "c5"));
        });
    }

    fn capabilities() -> rem_mesh::Capabilities {
        rem_mesh::Capabilities::new("nats", 1 << 20)
    }
}
