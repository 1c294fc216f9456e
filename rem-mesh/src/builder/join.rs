//! A mesh is made: what the builder was told is checked, the parts are put together, connected and begun.

use std::sync::Arc;

use rem_core::__private::{Alarms, Bell, Interests};
use rem_core::{Bus, Overflow, Spawner, Token};

use super::MeshBuilder;
use super::exports::{Exports, absolute, imported, stream_of};
use crate::consume::{Answers, Consumers, DeadLetters, answer};
use crate::error::{JoinError, Kind};
use crate::home::{Home, is_name};
use crate::inbound;
use crate::interest::Asking;
use crate::keeper::Keeper;
use crate::mesh::Mesh;
use crate::outbound::{Gate, Outbound};
use crate::outbox::begin::Found;
use crate::outbox::pump::Pump;
use crate::settled::Settling;
use crate::state::{Last, Phase, Sending, Shared};
use crate::stats::Counters;
use crate::transport::StreamSpec;
use crate::watched::Watched;
use crate::window::Window;
use crate::wire::Writer;
use crate::work::start;

impl MeshBuilder {
    /// Connects, asks for what is subscribed to, and begins to send.
    ///
    /// When it is ready, everything that was subscribed to before it was called is heard.
    ///
    /// # Errors
    /// For names and patterns that are none, a bus that is closed, a transport that does not connect, and a broker that refuses
    /// what is subscribed to. Then nothing of the mesh is left. It waits as long as the broker is silent: put a timeout of yours
    /// around it.
    pub async fn join(self) -> Result<Mesh, JoinError> {
        let most = self.window.0;
        let (shared, parts) = self.prepare()?;
        shared.recall(most);
        let mesh = Mesh::new(&shared, parts.bus, parts.intake);
        let can = shared.transport.connect().await?;
        if let Some(stream) = &parts.stream {
            shared.open(&can, stream).await?;
        }
        shared.connected(&can);
        let spawner = parts.spawner.as_deref();
        let consumers = Consumers::begin(&shared).await?;
        start(&shared, spawner, "rem-mesh-in", inbound::run(Arc::clone(&shared), consumers))?;
        if shared.imports.durable().next().is_some() {
            start(&shared, spawner, "rem-mesh-yes", answer(Arc::clone(&shared)))?;
        }
        let writes = shared.transport.spawner().filter(|_| spawner.is_none());
        start(&shared, writes.as_deref().or(spawner), "rem-mesh-out", parts.outbound.run())?;
        if let Some(pump) = parts.pump {
            start(&shared, spawner, "rem-mesh-box", pump.run())?;
        }
        start(&shared, spawner, "rem-mesh-ask", parts.keeper.run())?;
        // Should it not come so far, or be dropped, the mesh goes with its handle.
        let settled = mesh.settled().await;
        settled.map_err(|error| JoinError::new(Kind::Unasked(error)))?;
        Ok(mesh)
    }

    /// The same in this thread.
    ///
    /// # Errors
    /// As for [`join`](Self::join).
    pub fn join_blocking(self) -> Result<Mesh, JoinError> {
        crate::block::block_on(self.join())
    }

    fn prepare(self) -> Result<(Arc<Shared>, Parts), JoinError> {
        let transport = self.transport.ok_or_else(|| JoinError::new(Kind::NoTransport))?;
        if self.node.is_empty() {
            return Err(JoinError::new(Kind::NoNode));
        }
        for (what, name) in [("node", &self.node), ("mesh", &self.name)] {
            if !is_name(name) {
                return Err(JoinError::new(Kind::Name { what, name: name.as_str().into() }));
            }
        }
        let (bus, root) = (self.bus, format!("rem.{}.", self.name));
        let prefix = bus.prefix().cloned();
        let always = absolute(self.always, prefix.as_ref())?;
        let local = absolute(self.local, prefix.as_ref())?;
        let mut imports = imported(self.imports, self.limit, self.hops, prefix.as_ref())?;
        imports.peers = self.peers.into_iter().collect();
        imports.takes_foreign = self.takes_foreign;
        transport.at_most(imports.most());
        let allowed = imports.allowed(&root);
        let subjects = allowed.iter().map(|allowed| allowed.filters.len()).sum();
        if subjects > self.subjects {
            let most = self.subjects;
            return Err(JoinError::new(Kind::TooManyImports { subjects, most }));
        }
        let asking = Asking::new(&root, allowed, always.clone(), self.subjects);
        let interests = Interests::of(&bus);
        let marks = interests.is_kept();
        let window = interests.shared(Window::new).ok_or_else(|| JoinError::new(Kind::Shared))?;
        let number = window.enter(self.window.0, self.window.1);
        let exports = Exports::new(self.exports, self.level)?;
        let takes = exports.takes(&local, prefix.as_ref())?;
        if takes.is_some() && self.reexports {
            return Err(JoinError::new(Kind::Bridge));
        }
        let gate = Gate {
            window: Arc::clone(&window),
            number,
            reexports: self.reexports,
            local,
            takes: takes.clone(),
        };
        let intake = Token::new();
        let exported = exports.fast;
        let stream = bus
            .subscription(exported)
            .filter(move |event| gate.lets(event))
            .until(&intake)
            .queue(self.queue, Overflow::DropOldest)
            .stream()
            .map_err(|error| JoinError::new(Kind::Subscribe(error)))?;
        // A bridge does not know what is wanted on its other side: there it asks for all that it may pass on.
        if !self.reexports {
            interests.set_apart(stream.subscription().id());
        }
        let spec = (self.keep.0)(stream_of(&self.name, &root)?);
        let alarms = Alarms::system();
        let writer = Writer::new(&root, self.codec, self.mode);
        let outbox = match (takes, &exports.durable) {
            (Some(takes), Some(durable)) => {
                let found = Found::new(&bus, &self.name, durable, takes, self.outbox, &window)?;
                interests.set_apart(found.stream.subscription().id());
                Some(found)
            }
            _ => None,
        };
        let entrance = outbox.as_ref().map(|found| Arc::clone(&found.entrance));
        let sending = 1 + usize::from(outbox.is_some());
        let shared = Arc::new(Shared {
            name: self.name.as_str().into(),
            home: Home::new(&self.node, window.boot),
            number,
            root: root.as_str().into(),
            bus: bus.downgrade(),
            prefix,
            interests: interests.clone(),
            export: stream.subscription().id(),
            transport,
            last: Last::default(),
            window,
            imports,
            always,
            counters: Counters::default(),
            phase: Watched::new(Phase { sending, ..Phase::default() }),
            settling: Settling::new(),
            entrance,
            stream: spec.name.clone(),
            answers: Answers::default(),
            dead: DeadLetters::default(),
            marks,
        });
        let bell: Arc<dyn Bell> = Arc::clone(&shared) as _;
        interests.watch(&bell);
        let needs_stream = outbox.is_some() || shared.imports.durable().next().is_some();
        let pump = outbox.map(|found| {
            let (writer, alarms) = (writer.another(), alarms.clone());
            found.pump(&shared, self.outbox, spec.clone(), writer, alarms)
        });
        let sending = Some(Sending::new(&shared));
        let outbound = Outbound { shared: Arc::clone(&shared), stream, writer, alarms, sending };
        let keeper = Keeper::new(&shared, asking, self.narrow_after, Alarms::of(&bus));
        let stream = needs_stream.then_some(spec);
        Ok((shared, Parts { bus, intake, outbound, pump, stream, keeper, spawner: self.spawner }))
    }
}

/// What a mesh consists of beside what is shared.
struct Parts {
    bus: Bus,
    /// Ended, nothing more is taken to be sent.
    intake: Token,
    outbound: Outbound,
    pump: Option<Pump>,
    /// Which has to be there.
    stream: Option<StreamSpec>,
    keeper: Keeper,
    spawner: Option<Box<dyn Spawner>>,
}
