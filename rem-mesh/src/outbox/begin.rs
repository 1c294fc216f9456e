//! [`Found`]: the outbox as it is found in the journal when a mesh joins.

use std::sync::Arc;

use rem_core::__private::Alarms;
use rem_core::{Bus, DurableStream, Pattern, Start};

use super::Outbox;
use super::door::Door;
use super::intake::{Entrance, Takes};
use super::pump::Pump;
use crate::error::{JoinError, Kind};
use crate::state::{Sending, Shared};
use crate::transport::{Capabilities, StreamSpec, TransportError, TransportErrorKind};
use crate::window::Window;
use crate::wire::Writer;

/// The outbox as it is found in the journal.
pub(crate) struct Found {
    pub(crate) stream: DurableStream,
    pub(crate) entrance: Arc<Entrance>,
    /// Up to there events were published before.
    head: u64,
}

impl Found {
    /// Of the bus that joins by that name.
    pub(crate) fn new(
        bus: &Bus,
        mesh: &str,
        durable: &Pattern,
        takes: Arc<Takes>,
        outbox: Outbox,
        window: &Window,
    ) -> Result<Self, JoinError> {
        let name = format!("rem.mesh.{mesh}");
        let leaves = Arc::clone(&takes);
        let stream: DurableStream = bus
            .subscription(durable.clone())
            .durable(name.as_str())
            .from(Start::Latest)
            .filter(move |event| leaves.takes(event))
            .stream()
            .map_err(|error| JoinError::new(Kind::Subscribe(error)))?;
        // First this, then who counts: what is published in between is counted by nobody, and nothing twice.
        let position = stream.position();
        let last = bus.query("**").map(|past| past.last(1).events());
        let last = last.ok().and_then(|past| past.first()?.sequence());
        let head = last.unwrap_or(position).max(position);
        let door = Arc::new(Door::new(outbox, position, head - position));
        let entrance = Arc::new(Entrance { takes, door });
        let opened = window.slots.open(bus, durable, &entrance);
        opened.map_err(|error| JoinError::new(Kind::Subscribe(error)))?;
        Ok(Self { stream, entrance, head })
    }

    /// What sends it.
    pub(crate) fn pump(
        self,
        shared: &Arc<Shared>,
        outbox: Outbox,
        spec: StreamSpec,
        writer: Writer,
        alarms: Alarms,
    ) -> Pump {
        Pump {
            shared: Arc::clone(shared),
            stream: self.stream,
            door: Arc::clone(&self.entrance.door),
            _entrance: self.entrance,
            outbox,
            spec,
            writer,
            alarms,
            head: self.head,
            sending: Some(Sending::new(shared)),
        }
    }
}

impl Shared {
    /// Makes sure that the transport has streams, and that one.
    pub(crate) async fn open(
        &self,
        can: &Capabilities,
        spec: &StreamSpec,
    ) -> Result<(), JoinError> {
        let Some(streams) = self.transport.streams().filter(|_| can.streams) else {
            let said = format!(
                "`{}` keeps nothing for those who come later: the levels Durable and Replicated and durable imports need a \
                 transport with streams, as a server of NATS has with JetStream",
                can.server.as_deref().unwrap_or(&can.transport)
            );
            return Err(TransportError::new(TransportErrorKind::Unsupported, said).into());
        };
        streams.open(spec.clone()).await?;
        Ok(())
    }
}
