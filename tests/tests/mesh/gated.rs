//! A transport that takes, and acknowledges, no more than it is told to: a broker that is slow, one step at a time.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use rem::mesh::memory::MemoryTransport;
use rem::mesh::{
    Answer, Capabilities, ConsumerId, ConsumerSpec, Consuming, Doing, FilterId, HistoryAsk,
    HistoryPage, Incoming, Parcel, Storing, StreamSpec, StreamState, Streams, SubjectFilter,
    Ticket, Transport,
};

/// How much goes through.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<Mutex<Inside>>);

#[derive(Default)]
struct Inside {
    /// How often something was to be stored, and how many of these may be taken.
    asked: u64,
    takes: u64,
    /// How many were taken, and how many of these may be acknowledged.
    taken: u64,
    acknowledges: u64,
    waiting: Vec<Waker>,
    at_flush: Option<Box<dyn FnOnce() + Send>>,
}

struct Gated {
    inner: MemoryTransport,
    gate: Gate,
}

impl Gate {
    /// Of a transport, which lets nothing be stored until it is told.
    pub(crate) fn before(&self, inner: MemoryTransport) -> impl Transport {
        Gated { inner, gate: self.clone() }
    }

    /// So many more are taken, and of what is taken so many more are acknowledged.
    pub(crate) fn let_pass(&self, takes: u64, acknowledges: u64) {
        let waiting = {
            let mut inside = self.0.lock().unwrap();
            inside.takes += takes;
            inside.acknowledges += acknowledges;
            std::mem::take(&mut inside.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Everything passes.
    pub(crate) fn open(&self) {
        self.let_pass(u64::MAX / 2, u64::MAX / 2);
    }

    /// How often something was to be stored.
    pub(crate) fn asked(&self) -> u64 {
        self.0.lock().unwrap().asked
    }

    /// Done once, at the beginning of the next flush.
    pub(crate) fn at_flush(&self, first: impl FnOnce() + Send + 'static) {
        self.0.lock().unwrap().at_flush = Some(Box::new(first));
    }

    async fn until(&self, holds: impl Fn(&Inside) -> bool) {
        poll_fn(|cx| {
            let mut inside = self.0.lock().unwrap();
            if holds(&inside) {
                return Poll::Ready(());
            }
            inside.waiting.push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

impl Gated {
    fn streams(&self) -> &dyn Streams {
        self.inner.streams().unwrap()
    }
}

impl Transport for Gated {
    fn connect(&self) -> Doing<'_, Capabilities> {
        self.inner.connect()
    }

    fn is_connected(&self) -> bool {
        self.inner.is_connected()
    }

    fn publish(&self, parcel: Parcel) -> Doing<'_, ()> {
        self.inner.publish(parcel)
    }

    fn subscribe(&self, filter: SubjectFilter, group: Option<&str>) -> Doing<'_, FilterId> {
        self.inner.subscribe(filter, group)
    }

    fn unsubscribe(&self, filter: FilterId) -> Doing<'_, ()> {
        self.inner.unsubscribe(filter)
    }

    fn flush(&self) -> Doing<'_, ()> {
        let first = self.gate.0.lock().unwrap().at_flush.take();
        if let Some(first) = first {
            first();
        }
        self.inner.flush()
    }

    fn poll_incoming(&self, cx: &mut Context<'_>) -> Poll<Incoming> {
        self.inner.poll_incoming(cx)
    }

    fn close(&self) -> Doing<'_, ()> {
        self.inner.close()
    }

    fn streams(&self) -> Option<&dyn Streams> {
        Some(self)
    }
}

impl Streams for Gated {
    fn open(&self, spec: StreamSpec) -> Doing<'_, StreamState> {
        self.streams().open(spec)
    }

    fn state(&self, stream: &str) -> Doing<'_, StreamState> {
        self.streams().state(stream)
    }

    fn store(&self, stream: &str, parcel: Parcel, key: &str) -> Doing<'_, Storing> {
        let stored = self.streams().store(stream, parcel, key);
        let asked = {
            let mut inside = self.gate.0.lock().unwrap();
            inside.asked += 1;
            inside.asked
        };
        Box::pin(async move {
            self.gate.until(|inside| asked <= inside.takes).await;
            let stored = stored.await?;
            let gate = self.gate.clone();
            let taken = {
                let mut inside = gate.0.lock().unwrap();
                inside.taken += 1;
                inside.taken
            };
            let storing: Storing = Box::pin(async move {
                gate.until(|inside| taken <= inside.acknowledges).await;
                stored.await
            });
            Ok(storing)
        })
    }

    fn consume(&self, spec: ConsumerSpec) -> Doing<'_, Consuming> {
        self.streams().consume(spec)
    }

    fn leave(&self, consumer: ConsumerId) -> Doing<'_, ()> {
        self.streams().leave(consumer)
    }

    fn forget(&self, stream: &str, consumer: &str) -> Doing<'_, bool> {
        self.streams().forget(stream, consumer)
    }

    fn answer(&self, ticket: &Ticket, answer: Answer) -> Doing<'_, ()> {
        self.streams().answer(ticket, answer)
    }

    fn read(&self, ask: HistoryAsk) -> Doing<'_, HistoryPage> {
        self.streams().read(ask)
    }
}
