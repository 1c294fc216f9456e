//! [`Sender`]: a node by which events are published to a mesh.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use clap::ArgMatches;
use rem_core::{Bus, EventId};
use rem_mesh::Mesh;
use rem_nats::NatsTransport;

use super::{Nats, named, transport, unjoined};
use crate::failure::Failure;
use crate::wanted::Wanted;

/// How many events may wait to be sent.
const QUEUE: usize = 16_384;
/// How long the server may take to have them all, and the stream to have stored one.
const PATIENCE: Duration = Duration::from_secs(30);
const STORED: Duration = Duration::from_secs(5);
const AGAIN: Duration = Duration::from_millis(20);

/// A node by which events are published.
pub(crate) struct Sender {
    mesh: Mesh,
    transport: Arc<NatsTransport>,
    pub(crate) bus: Bus,
    /// How many were published on the bus.
    published: u64,
}

impl Sender {
    pub(crate) fn join(matches: &ArgMatches, url: &str) -> Result<Self, Failure> {
        let bus = Bus::new();
        let transport = Arc::new(transport(matches, url, false)?);
        let builder = named(&bus, matches).export("**").queue(QUEUE);
        let mesh = builder.shared_transport(Arc::clone(&transport) as _).join_blocking();
        Ok(Self { mesh: mesh.map_err(|error| unjoined(&error))?, transport, bus, published: 0 })
    }

    /// The mesh's name.
    pub(crate) fn name(&self) -> &str {
        self.mesh.name()
    }

    /// Counts an event that is about to be published, and waits until there is room for it.
    ///
    /// # Errors
    /// If there is none for too long.
    pub(crate) fn room(&mut self) -> Result<(), Failure> {
        let mut waited = Duration::ZERO;
        loop {
            let stats = self.mesh.stats();
            let waiting = self.published.saturating_sub(stats.exported + stats.unsent + stats.lost);
            if waiting < QUEUE as u64 / 2 {
                self.published += 1;
                return Ok(());
            }
            if self.mesh.is_over() || waited >= PATIENCE {
                return Err(Failure::source(format!(
                    "{waiting} events wait to be sent, and the server takes none of them"
                )));
            }
            thread::sleep(AGAIN);
            waited += AGAIN;
        }
    }

    /// Leaves when the server has all of it; how many it has.
    ///
    /// # Errors
    /// If it has not all, or does not let this node publish there.
    pub(crate) fn leave(self) -> Result<u64, Failure> {
        let report = self.mesh.leave(PATIENCE);
        let (stats, refused) = (self.mesh.stats(), self.transport.stats().refused);
        if refused > 0 {
            return Err(Failure::refused(format!(
                "the server does not let this node publish there: it refused {refused} events; it has to be allowed `rem.{}.>`",
                self.mesh.name()
            )));
        }
        let lost = stats.lost + stats.unsent + report.unsent();
        if lost > 0 || !report.is_complete() {
            return Err(Failure::source(format!(
                "of {} events {} were sent: {report}",
                self.published, stats.exported
            )));
        }
        Ok(stats.exported)
    }
}

impl Nats {
    /// The number under which the stream has stored that event behind the number `after`.
    ///
    /// # Errors
    /// If it has not, in the time that it may take.
    pub(crate) fn stored(&self, topic: &str, id: EventId, after: u64) -> Result<u64, Failure> {
        let behind =
            Wanted { pattern: format!("={topic}"), after: Some(after), ..Wanted::default() };
        let mut waited = Duration::ZERO;
        loop {
            for event in self.past(&behind)? {
                let event = event?;
                if event.id() == id {
                    return Ok(event.sequence().unwrap_or_default());
                }
            }
            if waited >= STORED {
                return Err(Failure::refused(format!(
                    "the server has `{topic}`, and the mesh's stream has not stored it: look whether it is full, or does not keep that subject"
                )));
            }
            thread::sleep(AGAIN);
            waited += AGAIN;
        }
    }
}
