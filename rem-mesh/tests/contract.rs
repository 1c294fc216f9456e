//! The transport in memory keeps the contract, and the contract finds transports that do not.
#![cfg(feature = "testing")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use rem_mesh::contract::{Venue, check, check_those};
use rem_mesh::memory::{MemoryBroker, MemoryTransport};
use rem_mesh::{
    Answer, Capabilities, ConsumerId, ConsumerSpec, Consuming, Doing, FilterId, HistoryAsk,
    HistoryPage, Incoming, Parcel, Storing, StreamSpec, StreamStart, StreamState, Streams,
    SubjectFilter, Ticket, Transport, TransportErrorKind,
};

struct Memory(MemoryBroker);

impl Venue for Memory {
    fn transport(&self, name: &str) -> Arc<dyn Transport> {
        Arc::new(self.0.transport(name))
    }

    fn cut(&self, name: &str) -> bool {
        self.0.cut(name);
        true
    }

    fn mend(&self, name: &str) {
        self.0.mend(name);
    }

    fn too_many(&self) -> Option<usize> {
        Some(2_000)
    }
}

#[test]
fn the_transport_in_memory_keeps_every_clause() {
    let report = check(&Memory(MemoryBroker::with(1 << 16, 1_500))).unwrap();
    assert_eq!(report.not_asked(), [""; 0]);
    assert_eq!(report.held().len(), 21);
}

/// A transport with one thing wrong.
struct Wrong {
    inner: MemoryTransport,
    fault: Fault,
    held: Mutex<Option<Incoming>>,
    /// Of the clause on unsubscribing.
    lasting: Mutex<HashSet<FilterId>>,
    /// How many bytes its reader takes.
    takes: AtomicUsize,
}

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    FlushesNothing,
    SwapsNeighbours,
    AsksForAll,
    UnsubscribesNothing,
    ClaimsNoEcho,
    LosesHeaders,
    SendsAnything,
    CutsWhatIsTaken,
    LosesInSilence,
    StaysAway,
    SharesNothing,
    LivesOn,
    OpensAnything,
    StoresBareParcels,
    KnowsNoKey,
    StoresAnything,
    ConsumesAll,
    HearsNoAnswer,
    WorksInVain,
    BeginsAnew,
    BeginsAtTheFirst,
    GivesToEach,
    ReadsOnePage,
}

impl Transport for Wrong {
    fn at_most(&self, bytes: usize) {
        self.takes.store(bytes, Ordering::Relaxed);
    }

    fn connect(&self) -> Doing<'_, Capabilities> {
        Box::pin(async {
            let can = self.inner.connect().await?;
            let most = can.max_payload;
            let can = if self.fault == Fault::ClaimsNoEcho { can.no_echo(true) } else { can };
            Ok(if self.fault == Fault::SendsAnything {
                Capabilities::new("wrong", most / 2).groups(true).no_echo(true)
            } else {
                can
            })
        })
    }

    fn is_connected(&self) -> bool {
        self.inner.is_connected()
    }

    fn publish(&self, parcel: Parcel) -> Doing<'_, ()> {
        if self.fault == Fault::LivesOn {
            return Box::pin(async {
                match self.inner.publish(parcel).await {
                    Err(error) if error.kind() == TransportErrorKind::Closed => Ok(()),
                    published => published,
                }
            });
        }
        if self.fault == Fault::LosesHeaders {
            let bare = Parcel::new(parcel.subject().clone()).with_body(parcel.body().clone());
            return self.inner.publish(bare);
        }
        self.inner.publish(parcel)
    }

    fn subscribe(&self, filter: SubjectFilter, group: Option<&str>) -> Doing<'_, FilterId> {
        match self.fault {
            Fault::AsksForAll if filter.as_str().contains("asked") => {
                self.inner.subscribe(SubjectFilter::parse("contract.>").unwrap(), group)
            }
            Fault::SharesNothing => self.inner.subscribe(filter, None),
            _ => {
                let text = filter.to_string();
                let asked = self.inner.subscribe(filter, group);
                Box::pin(async move {
                    let id = asked.await?;
                    if text == "contract.gone.a" {
                        self.lasting.lock().unwrap().insert(id);
                    }
                    Ok(id)
                })
            }
        }
    }

    fn unsubscribe(&self, filter: FilterId) -> Doing<'_, ()> {
        let lasts = self.lasting.lock().unwrap().contains(&filter);
        if self.fault == Fault::UnsubscribesNothing && lasts {
            return Box::pin(async { Ok(()) });
        }
        self.inner.unsubscribe(filter)
    }

    fn flush(&self) -> Doing<'_, ()> {
        if self.fault == Fault::FlushesNothing {
            return Box::pin(async { Ok(()) });
        }
        self.inner.flush()
    }

    fn poll_incoming(&self, cx: &mut Context<'_>) -> Poll<Incoming> {
        let came = match self.inner.poll_incoming(cx) {
            Poll::Ready(came) => came,
            Poll::Pending => {
                return self.held.lock().unwrap().take().map_or(Poll::Pending, Poll::Ready);
            }
        };
        match (self.fault, came) {
            (Fault::SwapsNeighbours, came @ Incoming::Parcel(..)) => {
                if let Some(before) = self.held.lock().unwrap().replace(came) {
                    return Poll::Ready(before);
                }
                cx.waker().wake_by_ref();
                self.inner.poll_incoming(cx)
            }
            (Fault::LosesInSilence, Incoming::Lagged(_))
            | (Fault::StaysAway, Incoming::Connected(_)) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            (Fault::CutsWhatIsTaken, Incoming::Parcel(parcel, id))
                if parcel.size() == self.takes.load(Ordering::Relaxed) =>
            {
                Poll::Ready(Incoming::Parcel(parcel.without_body(), id))
            }
            (_, came) => Poll::Ready(came),
        }
    }

    fn close(&self) -> Doing<'_, ()> {
        self.inner.close()
    }

    fn streams(&self) -> Option<&dyn Streams> {
        Some(self)
    }
}

impl Streams for Wrong {
    fn open(&self, mut spec: StreamSpec) -> Doing<'_, StreamState> {
        if self.fault == Fault::OpensAnything {
            spec.subjects.retain(|subject| !subject.as_str().contains("elsewhere"));
        }
        self.inner.open(spec)
    }

    fn state(&self, stream: &str) -> Doing<'_, StreamState> {
        self.inner.state(stream)
    }

    fn store(&self, stream: &str, parcel: Parcel, key: &str) -> Doing<'_, Storing> {
        static LAST: AtomicU64 = AtomicU64::new(0);
        match self.fault {
            Fault::StoresBareParcels => {
                let bare = Parcel::new(parcel.subject().clone()).with_body(parcel.body().clone());
                self.inner.store(stream, bare, key)
            }
            Fault::KnowsNoKey => {
                let key = format!("{key}-{}", LAST.fetch_add(1, Ordering::Relaxed));
                self.inner.store(stream, parcel, &key)
            }
            Fault::StoresAnything => {
                let stored = self.inner.store(stream, parcel, key);
                Box::pin(async move {
                    let storing = stored.await?;
                    let stored = rem_mesh::Stored { sequence: 1, duplicate: false };
                    Ok(Box::pin(async move { Ok(storing.await.unwrap_or(stored)) }) as Storing)
                })
            }
            _ => self.inner.store(stream, parcel, key),
        }
    }

    fn consume(&self, mut spec: ConsumerSpec) -> Doing<'_, Consuming> {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let is_other = self.fault == Fault::BeginsAnew
            || (self.fault == Fault::GivesToEach && &*spec.name == "workers");
        if is_other {
            spec.name = format!("{}-{}", spec.name, LAST.fetch_add(1, Ordering::Relaxed)).into();
        }
        match self.fault {
            Fault::ConsumesAll => spec.filters.clear(),
            Fault::BeginsAtTheFirst => spec.start = StreamStart::First,
            _ => {}
        }
        self.inner.consume(spec)
    }

    fn leave(&self, consumer: ConsumerId) -> Doing<'_, ()> {
        self.inner.leave(consumer)
    }

    fn forget(&self, stream: &str, consumer: &str) -> Doing<'_, bool> {
        self.inner.forget(stream, consumer)
    }

    fn answer(&self, ticket: &Ticket, answer: Answer) -> Doing<'_, ()> {
        match (self.fault, answer) {
            (Fault::HearsNoAnswer, _) | (Fault::WorksInVain, Answer::Working) => {
                Box::pin(async { Ok(()) })
            }
            _ => self.inner.answer(ticket, answer),
        }
    }

    fn read(&self, ask: HistoryAsk) -> Doing<'_, HistoryPage> {
        let read = self.inner.read(ask);
        Box::pin(async move {
            let mut page = read.await?;
            if self.fault == Fault::ReadsOnePage {
                page.next = None;
            }
            Ok(page)
        })
    }
}

struct Broken(MemoryBroker, Fault);

impl Venue for Broken {
    fn transport(&self, name: &str) -> Arc<dyn Transport> {
        let inner = match self.1 {
            Fault::ClaimsNoEcho => self.0.echoing(name),
            _ => self.0.transport(name),
        };
        let (held, lasting) = (Mutex::default(), Mutex::default());
        Arc::new(Wrong { inner, fault: self.1, held, lasting, takes: AtomicUsize::new(usize::MAX) })
    }

    fn cut(&self, name: &str) -> bool {
        self.0.cut(name);
        true
    }

    fn mend(&self, name: &str) {
        self.0.mend(name);
    }

    fn too_many(&self) -> Option<usize> {
        Some(2_000)
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(1)
    }
}

#[test]
fn each_clause_finds_what_breaks_it() {
    let cases = [
        (Fault::FlushesNothing, "stands when flushed"),
        (Fault::SwapsNeighbours, "in order"),
        (Fault::AsksForAll, "only what is asked"),
        (Fault::UnsubscribesNothing, "unsubscribed"),
        (Fault::ClaimsNoEcho, "no echo"),
        (Fault::LosesHeaders, "whole"),
        (Fault::SendsAnything, "limits"),
        (Fault::CutsWhatIsTaken, "limits"),
        (Fault::LosesInSilence, "loss is told"),
        (Fault::StaysAway, "comes back"),
        (Fault::SharesNothing, "groups"),
        (Fault::LivesOn, "closed"),
        (Fault::OpensAnything, "opened"),
        (Fault::StoresBareParcels, "stored"),
        (Fault::KnowsNoKey, "once by key"),
        (Fault::StoresAnything, "refused stores"),
        (Fault::ConsumesAll, "consumed"),
        (Fault::HearsNoAnswer, "consumed"),
        (Fault::WorksInVain, "again until answered"),
        (Fault::BeginsAnew, "resumed"),
        (Fault::BeginsAtTheFirst, "started"),
        (Fault::GivesToEach, "shared"),
        (Fault::ReadsOnePage, "read"),
    ];
    for (fault, clause) in cases {
        let venue = Broken(MemoryBroker::with(1 << 16, 1_500), fault);
        let checked = check_those(&venue, |name| name == clause);
        let breach = checked.expect_err(clause);
        assert_eq!(breach.clause(), clause, "{breach}");
    }
}
