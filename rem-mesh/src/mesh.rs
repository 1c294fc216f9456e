//! [`Mesh`]: a bus that has joined, and how it leaves.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rem_core::{Bus, Pattern, Receipt, Token};

use crate::block::block_until;
use crate::builder::MeshBuilder;
use crate::consume::MeshDeadLetter;
use crate::past::MeshPast;
use crate::replicated::Replicated;
use crate::settled::{Settled, SettledError};
use crate::state::Shared;
use crate::stats::MeshStats;
use crate::transport::{StreamStart, TransportError};

/// A bus that has joined others. A handle; its clones are the same. When the last is dropped, the mesh ends at once, and what
/// waits to be sent is lost: [`leave`](Self::leave) it.
///
/// What an export selects goes out; what an import selects comes in as if it had been published here, with its id, time, source,
/// metadata, cause, story and scope, as long as somebody on the bus has subscribed to it. Nothing comes back to where it came
/// from.
///
/// ```
/// use std::time::Duration;
///
/// use rem_core::testing::Recorder;
/// use rem_core::{Bus, Event};
/// use rem_mesh::Mesh;
/// use rem_mesh::memory::MemoryBroker;
/// # use rem_core::wire::{Codec, RawEvent};
///
/// let broker = MemoryBroker::new(); // within the process; a server otherwise
/// let (shop, office) = (Bus::new(), Bus::new());
/// let recorder = Recorder::new(&office);
/// let _paid = office.subscribe("order.*.paid", |event: &Event| println!("{event}"))?;
///
/// let orders = Mesh::builder(&shop)
///     .transport(broker.transport("orders-1"))
///     .node("orders-1")
///     .export("order")
///     .join_blocking()?;
/// let billing = Mesh::builder(&office)
///     .transport(broker.transport("billing-1"))
///     .node("billing-1")
///     .import("order")
///     .join_blocking()?;
///
/// let data = RawEvent::new(Codec::Json, b"{}".to_vec());
/// shop.publish_to("order.4.paid", data)?;
/// let event = recorder.wait_for("order.4.paid", Duration::from_secs(5))?;
/// assert_eq!(event.topic().as_str(), "order.4.paid");
///
/// let report = orders.leave(Duration::from_secs(5));
/// assert!(report.is_complete());
/// # drop(billing);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Mesh(Arc<Handle>);

struct Handle {
    shared: Arc<Shared>,
    /// Kept as long as the mesh is.
    bus: Bus,
    intake: Token,
}

impl Mesh {
    /// A mesh in the making, of that bus and what is published below it.
    pub fn builder(bus: &Bus) -> MeshBuilder {
        MeshBuilder::new(bus)
    }

    pub(crate) fn new(shared: &Arc<Shared>, bus: Bus, intake: Token) -> Self {
        Self(Arc::new(Handle { shared: Arc::clone(shared), bus, intake }))
    }

    /// The bus that has joined.
    pub fn bus(&self) -> &Bus {
        &self.0.bus
    }

    /// The mesh's name.
    pub fn name(&self) -> &str {
        &self.0.shared.name
    }

    /// This node's name.
    pub fn node(&self) -> &str {
        self.0.shared.home.node()
    }

    /// Whether its transport is connected, as far as it was told.
    pub fn is_connected(&self) -> bool {
        self.0.shared.phase.look(|phase| phase.is_connected && !phase.is_over)
    }

    /// Whether it was left, or has ended by itself, for its bus or its transport was closed.
    pub fn is_over(&self) -> bool {
        self.0.shared.is_over()
    }

    /// What it did since it joined.
    pub fn stats(&self) -> MeshStats {
        let shared = &self.0.shared;
        let looked = |phase: &crate::state::Phase| {
            (phase.subjects, phase.oldest_waiting, phase.last_acknowledged)
        };
        let (subjects, oldest_waiting, last_acknowledged) = shared.phase.look(looked);
        let mut stats = shared.counters.stats(subjects);
        (stats.oldest_waiting, stats.last_acknowledged) = (oldest_waiting, last_acknowledged);
        if let Some(entrance) = &shared.entrance {
            (stats.waiting, stats.waiting_bytes) = entrance.door.depth();
        }
        stats
    }

    /// Ready when everything that was subscribed to on the bus before this call is asked for, and acknowledged: whatever others
    /// publish from then on is heard.
    ///
    /// # Errors
    /// When it is awaited: for subjects that the broker refuses, while all others are asked for; and when the mesh is over.
    ///
    /// # Cost
    /// Each change of the bus's subscriptions has a thread of the mesh look at all of them; those that come meanwhile are looked
    /// at together. Joining with 10,000 over 1,000 patterns took 8 ms through a broker in memory (2026-11-29, Intel Xeon, 2 cores,
    /// by `cargo bench --bench mesh`).
    pub fn settled(&self) -> Settled {
        Settled::of(&self.0.shared)
    }

    /// The same in this thread, at most so long.
    ///
    /// # Errors
    /// When the limit comes first; and as for [`settled`](Self::settled).
    pub fn settled_within(&self, limit: Duration) -> Result<(), SettledError> {
        let until = Instant::now().checked_add(limit);
        block_until(self.settled(), until).unwrap_or_else(|| Err(SettledError::late()))
    }

    /// Ready when the broker has acknowledged the event of that receipt, which leaves at the level [`Durable`](crate::Level::Durable) or
    /// [`Replicated`](crate::Level::Replicated).
    ///
    /// What acknowledges is the broker's stream, on as many servers as that is kept; an acknowledgement of a server of NATS says that
    /// the event is in its store, and not that its disk is synced, unless the server is set so (`sync_interval: always`).
    ///
    /// # Errors
    /// When it is awaited: for an event that does not leave by this mesh's outbox, that cannot be sent or was let go unsent, that was
    /// settled too long ago, and that still waits when the mesh is over.
    ///
    /// # Cost
    /// A look into the journal, and a round trip to the broker; the events that are sent meanwhile share it.
    pub fn replicated(&self, receipt: &Receipt) -> Replicated {
        Replicated::of(&self.0.shared, receipt)
    }

    /// What consumers of this mesh were given and gave up, the oldest first; the last 1,024. Each is told as
    /// `$rem.mesh.dead_letter` too.
    pub fn dead_letters(&self) -> Vec<MeshDeadLetter> {
        self.0.shared.dead.all()
    }

    /// Reads what the mesh's stream keeps of the topics that the pattern selects, counted from the root, from that place on: a page
    /// of at most so many, which says where the next begins. It publishes nothing, and changes nothing that is consumed.
    ///
    /// Numbers are the stream's; times are when the broker stored an event. What the stream has let go is counted.
    ///
    /// # Errors
    /// When the transport has no streams, the stream is not there, or the connection is lost.
    pub async fn past(
        &self,
        pattern: &Pattern,
        from: StreamStart,
        most: usize,
    ) -> Result<MeshPast, TransportError> {
        let shared = &self.0.shared;
        crate::past::read(shared, &shared.stream, pattern, from, most).await
    }

    /// Leaves: nothing more is taken to be sent, what waits is sent, what has arrived is published; then the connection is let
    /// go. At the limit the rest is lost, and the report says how many that is. The bus goes on.
    ///
    /// Called by a handler of what came it waits until the limit, for it waits for that handler.
    pub fn leave(&self, limit: Duration) -> LeaveReport {
        let until = Instant::now().checked_add(limit);
        let sent = block_until(self.send_all(), until);
        self.0.shared.end(None);
        // Those who work see that it is over, and none of them waits for anything else but a handler of the user's.
        let until = until.map(|until| until.max(Instant::now() + AT_THE_END));
        let is_over = block_until(self.0.shared.ended(), until).is_some();
        self.report(sent.is_some() && is_over)
    }

    /// The same in async code, with no limit: put a timeout of yours around it. Dropped before it is ready, the mesh goes on
    /// to send what waits and takes no more.
    pub async fn leave_async(&self) -> LeaveReport {
        self.send_all().await;
        self.0.shared.end(None);
        self.0.shared.ended().await;
        self.report(true)
    }

    async fn send_all(&self) {
        let shared = &self.0.shared;
        shared.phase.change(|phase| phase.is_leaving = true);
        self.0.intake.end();
        shared.phase.until(|phase| (phase.sending == 0 || phase.working == 0).then_some(())).await;
        // Should everything end before, what is not answered comes again.
        let taken = shared
            .phase
            .until(|phase| (phase.has_taken || phase.is_over || phase.working == 0).then_some(()));
        taken.await;
        let _ = shared.unless_over(shared.answers.empty()).await;
        // What cannot be flushed is told by the transport.
        drop(shared.transport.flush().await);
    }

    fn report(&self, is_done: bool) -> LeaveReport {
        let (unsent, spooled) = self.0.shared.phase.look(|phase| (phase.unsent, phase.spooled));
        LeaveReport { unsent, spooled, is_done }
    }
}

/// How much longer than the limit it waits for those who work to see that it is over.
const AT_THE_END: Duration = Duration::from_millis(200);

impl Shared {
    /// Ready when nobody works any more, and the connection is let go.
    async fn ended(&self) {
        self.phase.until(|phase| (phase.working == 0).then_some(())).await;
        // If who does the work was dropped, it did not.
        drop(self.transport.close().await);
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // First the word that it is meant, for whoever finds the stream at its end.
        self.shared.phase.change(|phase| phase.is_leaving = true);
        self.shared.end(None);
        self.intake.end();
    }
}

impl fmt::Debug for Mesh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mesh")
            .field("name", &self.name())
            .field("node", &self.node())
            .field("bus", &self.0.bus)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

/// What was not finished when a mesh was left: see [`Mesh::leave`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaveReport {
    unsent: u64,
    spooled: u64,
    is_done: bool,
}

impl LeaveReport {
    /// `true` if everything that was to be sent was taken by the transport and flushed, or acknowledged where it leaves by the
    /// outbox, and nothing of the mesh works any more.
    pub fn is_complete(&self) -> bool {
        self.is_done && self.unsent == 0 && self.spooled == 0
    }

    /// How many events were not sent, and are lost.
    pub fn unsent(&self) -> u64 {
        self.unsent
    }

    /// How many events of the levels *Durable* and *Replicated* were not acknowledged. They wait in the journal, and are sent when this
    /// mesh is joined again. As many as there may be, if not all of those were read that an earlier process left.
    pub fn spooled(&self) -> u64 {
        self.spooled
    }
}

impl fmt::Display for LeaveReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.is_complete(), self.unsent, self.spooled) {
            (true, ..) => f.write_str("left, with nothing unsent"),
            (false, 0, 0) => f.write_str(
                "left, but not finished: the transport did not answer, or a handler still runs",
            ),
            (false, 0, spooled) => write!(
                f,
                "left, and {spooled} events wait in the journal until the mesh is joined again"
            ),
            (false, unsent, 0) => {
                write!(f, "left, but {unsent} events were not sent, and are lost")
            }
            (false, unsent, spooled) => write!(
                f,
                "left, but {unsent} events were not sent, and are lost; {spooled} wait in the journal until the mesh is joined again"
            ),
        }
    }
}
