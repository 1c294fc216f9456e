//! What leaves: the events that an export selects, in the order of the bus, as parcels.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use rem_core::__private::{Alarms, isolate};
use rem_core::{Event, EventStream, Lagged, Pattern, Received};

use crate::home::Stamp;
use crate::interest::DEEPEST;
use crate::outbox::intake::Takes;
use crate::state::{Sending, Shared};
use crate::told::MeshEvent;
use crate::transport::{Parcel, TransportErrorKind};
use crate::window::Window;
use crate::wire::{Unwritten, Writer};
use crate::work;

/// How long it waits for the transport to tell that it is connected, before it looks itself.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Which events do not leave though the export selects them.
pub(crate) struct Gate {
    pub(crate) window: Arc<Window>,
    /// Which mesh of its bus it is.
    pub(crate) number: u64,
    /// What other meshes of the bus imported goes on.
    pub(crate) reexports: bool,
    /// What stays where it is published.
    pub(crate) local: Vec<Pattern>,
    /// What leaves by the outbox.
    pub(crate) takes: Option<Arc<Takes>>,
}

impl Gate {
    /// Asked while the event is delivered, and so while it is certain that the window knows it.
    pub(crate) fn lets(&self, event: &Event) -> bool {
        let topic = event.topic();
        let scope = topic.get(..event.scope()).unwrap_or_default();
        if stays(topic, scope) || self.local.iter().any(|local| local.matches(topic)) {
            return false;
        }
        if self.takes.as_ref().is_some_and(|takes| takes.selects(topic)) {
            return false;
        }
        match self.window.came(event) {
            None => true,
            Some(came) => self.reexports && came.via != self.number,
        }
    }
}

/// Whether events of a topic never leave their process, and never come from another: REM's own, and what begins with `local`,
/// at the root or on the bus of that scope.
pub(crate) fn stays(topic: &str, scope: &str) -> bool {
    let is_local = |topic: &str| topic == "local" || topic.starts_with("local.");
    let below = topic.get(scope.len() + 1..).filter(|_| !scope.is_empty());
    topic.starts_with('$') || is_local(topic) || below.is_some_and(is_local)
}

/// Sends what the stream gives until that ends, or everything does.
pub(crate) struct Outbound {
    pub(crate) shared: Arc<Shared>,
    pub(crate) stream: EventStream,
    pub(crate) writer: Writer,
    /// By the system's clock, for it is that of the network.
    pub(crate) alarms: Alarms,
    /// Until all is sent.
    pub(crate) sending: Option<Sending>,
}

impl Outbound {
    pub(crate) async fn run(mut self) {
        let mut taken = 0_u64;
        while let Some(next) = self.next().await {
            match next {
                Ok(event) => {
                    if !self.send(&event).await {
                        self.shared.counters.lost.one();
                        self.shared.phase.change(|phase| phase.unsent += 1);
                    }
                }
                Err(lagged) => self.lost(lagged.missed()),
            }
            taken += 1;
            if taken.is_multiple_of(work::AT_A_TIME) {
                work::give_way().await;
            }
        }
        let unread = self.stream.len() as u64;
        if unread > 0 {
            self.lost(unread);
            self.shared.phase.change(|phase| phase.unsent += unread);
        }
        if let Some(sending) = self.sending.take() {
            sending.done().await;
        }
    }

    /// What is to leave next; `None` when that was all, or everything ends.
    async fn next(&mut self) -> Option<Result<Received, Lagged>> {
        let mut over = pin!(self.shared.over());
        let mut next = pin!(self.stream.recv());
        poll_fn(|cx| match over.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(None),
            Poll::Pending => next.as_mut().poll(cx),
        })
        .await
    }

    fn lost(&self, events: u64) {
        let shared = &self.shared;
        shared.counters.lost.add(events);
        let mesh = shared.name.clone();
        shared.tell(|| MeshEvent::Lagged { mesh, outbound: true, events: Some(events) });
    }

    /// `false` if everything ends before it is sent.
    async fn send(&self, event: &Event) -> bool {
        let shared = &self.shared;
        if event.data.schema().local {
            return true; // it never leaves the process
        }
        let written = isolate(|| write(shared, &self.writer, event));
        let parcel = match written {
            Ok(Ok(parcel)) => parcel,
            Ok(Err(Unwritten(reason))) => return self.unsent(event, &reason),
            Err(panic) => {
                return self.unsent(event, &format!("what writes its data panicked: {panic}"));
            }
        };
        loop {
            if !self.connected().await {
                return false;
            }
            let sent = shared.transport.publish(parcel.clone());
            let Some(sent) = shared.unless_over(sent).await else { return false };
            let Err(error) = sent else {
                shared.counters.exported.one();
                return true;
            };
            match error.kind() {
                // Nothing of it was sent, and it keeps its place.
                TransportErrorKind::Disconnected => {
                    shared.phase.change(|phase| phase.is_connected = false);
                }
                TransportErrorKind::Closed => return false,
                _ => return self.unsent(event, &error.to_string()),
            }
        }
    }

    /// It cannot leave, and those behind it can.
    fn unsent(&self, event: &Event, reason: &str) -> bool {
        self.shared.unsent(event, reason);
        true
    }

    /// Waits until the transport is connected; `false` if everything ends before.
    async fn connected(&self) -> bool {
        let shared = &self.shared;
        if shared.phase.look(|phase| phase.is_connected && !phase.is_over) {
            return true; // nearly always
        }
        loop {
            let state = |phase: &mut crate::state::Phase| match (phase.is_over, phase.is_connected)
            {
                (true, _) => Some(false),
                (false, true) => Some(true),
                (false, false) => None,
            };
            let mut told = pin!(shared.phase.until(state));
            let mut alarm = self.alarms.after(LOOK_AGAIN);
            let found = poll_fn(|cx| match told.as_mut().poll(cx) {
                Poll::Ready(state) => Poll::Ready(Some(state)),
                Poll::Pending => Pin::new(&mut alarm).poll(cx).map(|()| None),
            });
            match found.await {
                Some(state) => return state,
                // A transport need not tell each time.
                None if shared.transport.is_connected() => {
                    shared.phase.change(|phase| phase.is_connected = true);
                }
                None => {}
            }
        }
    }
}

/// An event as a parcel, with where it comes from. Runs the user's code, which may panic.
pub(crate) fn write(shared: &Shared, writer: &Writer, event: &Event) -> Result<Parcel, Unwritten> {
    let scope = event.topic().get(..event.scope()).unwrap_or_default();
    if !scope.is_empty() && scope.split('.').count() > DEEPEST {
        let said = format!(
            "`{scope}` is a bus with more than {DEEPEST} segments: what it publishes is not found by subscriptions by type"
        );
        return Err(Unwritten(said.into()));
    }
    let stamp = match shared.window.came(event) {
        Some(came) => match came.stamp {
            Some(stamp) => Stamp { hops: stamp.hops.saturating_add(1), ..stamp },
            None => Stamp { home: shared.home.clone(), hops: 1 },
        },
        None => Stamp { home: shared.home.clone(), hops: 0 },
    };
    let parcel = writer.write(event, &stamp)?;
    let (size, most) = (parcel.size(), shared.phase.look(|phase| phase.max_payload));
    if size > most {
        let said = format!("it has {size} bytes, and the transport takes {most}: send less");
        return Err(Unwritten(said.into()));
    }
    Ok(parcel)
}

impl Shared {
    /// It cannot leave: counted, and told.
    pub(crate) fn unsent(&self, event: &Event, reason: &str) {
        self.counters.unsent.one();
        self.tell(|| MeshEvent::Unsent {
            mesh: self.name.clone(),
            event: event.id(),
            topic: event.topic().clone(),
            reason: reason.into(),
        });
    }
}

/// At its end, or dropped before it by who runs it.
impl Drop for Outbound {
    fn drop(&mut self) {
        self.shared.interests.forget(self.stream.subscription().id());
    }
}
