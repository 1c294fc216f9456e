//! The keeper: has the transport asked for what is subscribed to, and for no more.
//!
//! What is needed more is asked for and flushed before the change is reported as done; what is needed no more is asked for a
//! while longer, so that subscriptions that come and go do not trouble the broker, and let go only when what takes its place
//! stands. So nothing is lost at a change; what two filters select comes twice meanwhile, and once to the bus.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use rem_core::__private::Alarms;
use rem_core::Timestamp;

use crate::interest::{Asking, Covers};
use crate::state::Shared;
use crate::told::MeshEvent;
use crate::transport::{FilterId, SubjectFilter, TransportErrorKind};

/// When it asks again for what it was not answered, by the bus's clock.
const ASK_AGAIN: Duration = Duration::from_secs(1);

pub(crate) struct Keeper {
    shared: Arc<Shared>,
    asking: Asking,
    asked: BTreeMap<SubjectFilter, Asked>,
    /// Something was asked for, and that it stands is not known.
    is_unflushed: bool,
    /// How long what is needed no more is asked for.
    narrow_after: Duration,
    alarms: Alarms,
}

struct Asked {
    id: FilterId,
    /// Since when it is needed no more.
    needless: Option<Timestamp>,
}

impl Keeper {
    pub(crate) fn new(
        shared: &Arc<Shared>,
        asking: Asking,
        narrow_after: Duration,
        alarms: Alarms,
    ) -> Self {
        let asked = BTreeMap::new();
        Self {
            shared: Arc::clone(shared),
            asking,
            asked,
            is_unflushed: false,
            narrow_after,
            alarms,
        }
    }

    /// Until everything ends.
    pub(crate) async fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        let (mut taken, mut due) = (0, None);
        loop {
            match self.next(taken, due).await {
                None => return,
                Some(count) => taken = count.max(taken),
            }
            match shared.unless_over(self.look(taken)).await {
                None => return,
                Some(next) => due = next,
            }
        }
    }

    /// The count of changes, when there is one more or the time has come to let something go.
    async fn next(&self, taken: u64, due: Option<Timestamp>) -> Option<u64> {
        let mut more = pin!(self.shared.settling.more_than(taken));
        let mut alarm = due.map(|due| self.alarms.after(due.since(self.shared.now())));
        std::future::poll_fn(|cx| {
            if let Poll::Ready(count) = more.as_mut().poll(cx) {
                return Poll::Ready(count);
            }
            match &mut alarm {
                Some(alarm) => Pin::new(alarm).poll(cx).map(|()| Some(taken)),
                None => Poll::Pending,
            }
        })
        .await
    }

    /// Asks for what is needed now; when to look again, though nothing changes.
    async fn look(&mut self, count: u64) -> Option<Timestamp> {
        // First the count, then this: see `Settling`.
        let wanted = self.asking.subjects(&self.shared.interests.all(self.shared.export));
        let now = self.shared.now();
        for (filter, asked) in &mut self.asked {
            let is_wanted = wanted.binary_search_by_key(&key(filter), key).is_ok();
            asked.needless = if is_wanted { None } else { asked.needless.or(Some(now)) };
        }
        let narrow_after = self.narrow_after;
        let lasts =
            |asked: &Asked| asked.needless.is_none_or(|since| now.since(since) < narrow_after);
        // What is covered by something that lasts a while still is asked for when that goes.
        let lasting =
            self.asked.iter().filter(|(_, asked)| asked.needless.is_some() && lasts(asked));
        let lasting = Covers::of(lasting.map(|(filter, _)| filter));
        let missing: Vec<_> = wanted
            .iter()
            .filter(|filter| !self.asked.contains_key(filter) && !lasting.cover(filter))
            .cloned()
            .collect();
        let Some(unasked) = self.ask(missing).await else {
            // When the connection is back that is told; and who did not answer in time may answer the next time.
            return Some(now + ASK_AGAIN);
        };
        self.shared.phase.change(|phase| phase.subjects = self.asked.len());
        self.shared.settling.done(count, unasked);
        // What something wider stands for need not last.
        let covers = Covers::of(wanted.iter().filter(|filter| self.asked.contains_key(filter)));
        let over = self.asked.iter().filter(|(filter, asked)| {
            asked.needless.is_some() && (!lasts(asked) || covers.cover(filter))
        });
        let over: Vec<_> = over.map(|(filter, asked)| (filter.clone(), asked.id)).collect();
        for (filter, id) in over {
            self.asked.remove(&filter);
            // Should the connection be lost, it is not asked for when it comes back.
            drop(self.shared.transport.unsubscribe(id).await);
        }
        self.shared.phase.change(|phase| phase.subjects = self.asked.len());
        let oldest = self.asked.values().filter_map(|asked| asked.needless).min()?;
        Some(oldest + narrow_after)
    }

    /// Asks for these, and waits until they stand; which may not be asked for. `None` if the connection is lost: then it is
    /// looked again when it is back.
    async fn ask(&mut self, missing: Vec<SubjectFilter>) -> Option<Vec<Box<str>>> {
        let transport = &self.shared.transport;
        let mut unasked = Vec::new();
        for filter in missing {
            match transport.subscribe(filter.clone(), None).await {
                Ok(id) => {
                    self.asked.insert(filter, Asked { id, needless: None });
                    self.is_unflushed = true;
                }
                Err(error) if is_lost(error.kind()) => return None,
                Err(error) => {
                    self.shared.tell(|| MeshEvent::Unasked {
                        mesh: self.shared.name.clone(),
                        subject: filter.as_str().into(),
                        reason: error.to_string().into(),
                    });
                    unasked.push(filter.as_str().into());
                }
            }
        }
        if self.is_unflushed {
            transport.flush().await.ok()?;
            self.is_unflushed = false;
        }
        Some(unasked)
    }
}

fn key(filter: &SubjectFilter) -> ((usize, bool, usize), SubjectFilter) {
    (filter.wide_first(), filter.clone())
}

fn is_lost(kind: TransportErrorKind) -> bool {
    matches!(kind, TransportErrorKind::Disconnected | TransportErrorKind::Closed)
}
