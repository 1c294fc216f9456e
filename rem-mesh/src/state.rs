//! [`Shared`]: what the parts of a mesh share, and [`Phase`], how far it is.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use rem_core::__private::{Bell, Interests, LastWanted, tell};
use rem_core::{Pattern, SubscriptionId, Timestamp, Topic, WeakBus};

use crate::consume::{Answers, DeadLetters};
use crate::home::Home;
use crate::imports::Imports;
use crate::outbox::intake::Entrance;
use crate::settled::Settling;
use crate::stats::{Counters, Refusal};
use crate::told::MeshEvent;
use crate::transport::{Capabilities, Parcel, Transport};
use crate::watched::Watched;
use crate::window::Window;
use crate::wire::LastHead;

/// What the parts of a mesh share. It keeps no bus.
pub(crate) struct Shared {
    pub(crate) name: Box<str>,
    pub(crate) home: Home,
    /// Which mesh of its bus it is.
    pub(crate) number: u64,
    /// What every subject begins with, with the dot.
    pub(crate) root: Box<str>,
    pub(crate) bus: WeakBus,
    pub(crate) prefix: Option<Topic>,
    pub(crate) interests: Interests,
    /// The subscription of what leaves, which is no interest of this mesh.
    pub(crate) export: SubscriptionId,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) window: Arc<Window>,
    pub(crate) imports: Imports,
    pub(crate) last: Last,
    /// What is wanted whoever subscribes.
    pub(crate) always: Vec<Pattern>,
    pub(crate) counters: Counters,
    pub(crate) phase: Watched<Phase>,
    pub(crate) settling: Settling,
    /// Of what leaves by the outbox, if anything does.
    pub(crate) entrance: Option<Arc<Entrance>>,
    /// The name of the mesh's stream.
    pub(crate) stream: Box<str>,
    pub(crate) answers: Answers,
    pub(crate) dead: DeadLetters,
    /// What comes is marked in the history, which outlives what knows where it came from.
    pub(crate) marks: bool,
}

/// What was found out of the last parcel: the next is mostly like it.
#[derive(Debug, Default)]
pub(crate) struct Last {
    pub(crate) head: LastHead,
    pub(crate) wanted: LastWanted,
}

/// How far a mesh is.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is true or not, whatever the others are")]
pub(crate) struct Phase {
    pub(crate) is_connected: bool,
    /// Nothing more is taken to be sent.
    pub(crate) is_leaving: bool,
    /// All that was consumed before it was left is published.
    pub(crate) has_taken: bool,
    /// How many parts have something to send still.
    pub(crate) sending: usize,
    /// Everything ends now.
    pub(crate) is_over: bool,
    /// How many parts still work.
    pub(crate) working: usize,
    /// How many events were not sent.
    pub(crate) unsent: u64,
    /// How many events wait on the disk to be sent, at the end of the outbox.
    pub(crate) spooled: u64,
    /// When the oldest of those in the outbox's hand happened.
    pub(crate) oldest_waiting: Option<Timestamp>,
    /// The number in the stream of the last that was acknowledged.
    pub(crate) last_acknowledged: Option<u64>,
    /// How many subjects are asked for.
    pub(crate) subjects: usize,
    /// Whether the transport gives no node what it published itself.
    pub(crate) knows_no_echo: bool,
    /// The most bytes that a parcel may have.
    pub(crate) max_payload: usize,
}

impl Shared {
    /// Tells those who listen on the bus.
    pub(crate) fn tell(&self, event: impl FnOnce() -> MeshEvent) {
        if let Some(bus) = self.bus.upgrade() {
            tell(&bus, event);
        }
    }

    /// The time by the bus's clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.interests.now().unwrap_or_default()
    }

    /// It is connected, for the first time or again.
    pub(crate) fn connected(&self, can: &Capabilities) {
        self.phase.change(|phase| {
            phase.is_connected = true;
            phase.knows_no_echo = can.no_echo;
            phase.max_payload = can.max_payload;
        });
        self.tell(|| MeshEvent::Connected {
            mesh: self.name.clone(),
            server: can.server.clone().unwrap_or_else(|| can.transport.clone()),
        });
    }

    /// Everything ends now, for that reason, unless it has ended already.
    pub(crate) fn end(&self, reason: Option<&str>) {
        let is_first = self.phase.change(|phase| !std::mem::replace(&mut phase.is_over, true));
        if is_first {
            self.settling.close();
            let (mesh, reason) = (self.name.clone(), reason.map(Into::into));
            self.tell(|| MeshEvent::Left { mesh, reason });
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.phase.look(|phase| phase.is_over)
    }

    /// Ready when everything ends.
    pub(crate) async fn over(&self) {
        self.phase.until(|phase| phase.is_over.then_some(())).await;
    }

    /// What comes of it; `None` if everything ends before. So nobody waits for a broker that does not answer.
    pub(crate) async fn unless_over<T>(&self, doing: impl Future<Output = T>) -> Option<T> {
        let (mut doing, mut over) = (pin!(doing), pin!(self.over()));
        poll_fn(|cx| match doing.as_mut().poll(cx) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending => over.as_mut().poll(cx).map(|()| None),
        })
        .await
    }

    /// A part has sent all that it ever will: ready when all have, or everything ends.
    async fn all_sent(&self) {
        let all = |phase: &mut Phase| (phase.sending == 0 || phase.is_over).then_some(());
        self.phase.until(all).await;
    }

    pub(crate) fn refuse(&self, parcel: &Parcel, home: Option<&Home>, why: Refusal, said: &str) {
        self.counters.refuse(why);
        self.tell(|| MeshEvent::Refused {
            mesh: self.name.clone(),
            subject: parcel.subject().as_str().into(),
            home: home.map(|home| home.node().into()),
            why,
            said: said.into(),
        });
    }
}

impl Bell for Shared {
    fn ring(&self) {
        self.settling.ring();
    }
}

/// A part that has something to send. At its end, or dropped before it by who runs it, it has not.
pub(crate) struct Sending(Option<Arc<Shared>>);

impl Sending {
    /// Of those that were counted when the mesh was made.
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        Self(Some(Arc::clone(shared)))
    }

    /// It has sent all. If nobody has left the mesh, its bus was closed: then the mesh ends when the others have sent all too.
    pub(crate) async fn done(mut self) {
        let Some(shared) = self.0.take() else { return };
        shared.phase.change(|phase| phase.sending -= 1);
        shared.all_sent().await;
        if !shared.phase.look(|phase| phase.is_leaving) {
            shared.end(Some("the bus was closed"));
        }
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        if let Some(shared) = self.0.take() {
            shared.phase.change(|phase| phase.sending -= 1);
        }
    }
}
