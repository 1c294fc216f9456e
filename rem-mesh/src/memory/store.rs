//! Storing: what is stored, and when whoever stored it is told.

use std::task::{Context, Poll};

use super::broker::{Broker, Done, Inside};
use super::streams::is_key;
use crate::sync::lock;
use crate::transport::{Parcel, Stored, TransportError, TransportErrorKind};

impl Broker {
    /// How often the cable of a link that is connected was cut.
    pub(super) fn cuts(&self, id: u64) -> Done<u64> {
        self.change(|inside| Ok(inside.there(id)?.cuts))
    }

    /// What is to be told when the broker answers. An error if the link has been cut more often than that.
    pub(super) fn store(
        &self,
        (from, cuts): (u64, u64),
        stream: &str,
        parcel: &Parcel,
        key: &str,
    ) -> Done<Done<Stored>> {
        self.change(|inside| {
            let link = inside.there(from)?;
            if link.cuts != cuts {
                let said = format!("`{}` was cut since: it is connected again", link.name);
                return Err(TransportError::new(TransportErrorKind::Disconnected, said));
            }
            self.takes(parcel)?;
            if !is_key(key) {
                let said =
                    format!("`{key}` is no key: it takes 1 to 512 visible characters of ASCII");
                return Err(TransportError::new(TransportErrorKind::Refused, said));
            }
            Ok(inside.store(from, stream, parcel, key))
        })
    }

    pub(super) fn poll_stored(
        &self,
        id: u64,
        cuts: u64,
        stored: &Done<Stored>,
        cx: &mut Context<'_>,
    ) -> Poll<Done<Stored>> {
        let mut inside = lock(&self.inside);
        if inside.links.get(&id).is_none_or(|link| link.cuts != cuts) {
            return Poll::Ready(Err(unanswered()));
        }
        if !inside.is_silent {
            return Poll::Ready(stored.clone());
        }
        inside.waiting.retain(|waiting| !waiting.will_wake(cx.waker()));
        inside.waiting.push(cx.waker().clone());
        Poll::Pending
    }
}

impl Inside {
    fn store(&mut self, from: u64, stream: &str, parcel: &Parcel, key: &str) -> Done<Stored> {
        let refused = |said: String| Err(TransportError::new(TransportErrorKind::Refused, said));
        let now = self.clock.now();
        let Some(stream) = self.streams.get_mut(stream) else {
            return refused(format!("there is no stream `{stream}`: open it first"));
        };
        if !stream.keeps(parcel.subject()) {
            return refused(format!("the stream does not keep `{}`", parcel.subject()));
        }
        if self.is_full {
            let said = "the broker has no room: let it keep less, or give it more";
            return Err(TransportError::new(TransportErrorKind::Full, said));
        }
        if self.faults.loses_store() {
            self.counts.lost += 1;
            return Err(unanswered());
        }
        stream.let_go(now);
        let stored = stream.store(parcel, Some(key), now);
        self.counts.stored += u64::from(!stored.duplicate);
        self.counts.known += u64::from(stored.duplicate);
        if !stored.duplicate {
            self.carry(from, parcel);
        }
        if self.faults.loses_acknowledgement() { Err(unanswered()) } else { Ok(stored) }
    }
}

/// Of what nobody knows whether it was done.
fn unanswered() -> TransportError {
    let said = "no answer came: it was stored, or not; store it again under its key";
    TransportError::new(TransportErrorKind::Disconnected, said)
}
