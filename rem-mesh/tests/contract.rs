//! The transport in memory keeps the contract, and the contract finds transports that do not.
#![cfg(feature = "testing")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use rem_mesh::contract::{Venue, check};
use rem_mesh::memory::{MemoryBroker, MemoryTransport};
use rem_mesh::{
    Capabilities, Doing, FilterId, Incoming, Parcel, SubjectFilter, Transport, TransportErrorKind,
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
    assert_eq!(report.held().len(), 11);
}

/// A transport with one thing wrong.
struct Wrong {
    inner: MemoryTransport,
    fault: Fault,
    held: Mutex<Option<Incoming>>,
    /// Of the clause on unsubscribing.
    lasting: Mutex<HashSet<FilterId>>,
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
    LosesInSilence,
    StaysAway,
    SharesNothing,
    LivesOn,
}

impl Transport for Wrong {
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
            (_, came) => Poll::Ready(came),
        }
    }

    fn close(&self) -> Doing<'_, ()> {
        self.inner.close()
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
        Arc::new(Wrong { inner, fault: self.1, held, lasting })
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
        Duration::from_millis(200)
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
        (Fault::LosesInSilence, "loss is told"),
        (Fault::StaysAway, "comes back"),
        (Fault::SharesNothing, "groups"),
        (Fault::LivesOn, "closed"),
    ];
    for (fault, clause) in cases {
        let breach = check(&Broken(MemoryBroker::with(1 << 16, 1_500), fault)).unwrap_err();
        assert_eq!(breach.clause(), clause, "{breach}");
    }
}
