//! [`MeshBuilder`]: a mesh in the making.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rem_core::__private::{Alarms, Bell, Interests};
use rem_core::wire::Codec;
use rem_core::{Bus, IntoPattern, Overflow, Pattern, PatternError, Spawner, Token, Topic};

use crate::consume::{Answers, Consumers, DeadLetters, answer};
use crate::error::{JoinError, Kind};
use crate::home::{Home, is_name};
use crate::imports::{Import, Imports};
use crate::inbound;
use crate::interest::Asking;
use crate::keeper::Keeper;
use crate::level::Level;
use crate::mesh::Mesh;
use crate::outbound::{Gate, Outbound};
use crate::outbox::Outbox;
use crate::outbox::begin::Found;
use crate::outbox::intake::Takes;
use crate::outbox::pump::Pump;
use crate::settled::Settling;
use crate::state::{Phase, Sending, Shared};
use crate::stats::Counters;
use crate::transport::{StreamSpec, SubjectFilter, Transport};
use crate::watched::Watched;
use crate::window::Window;
use crate::wire::{LastHead, Mode, Writer};
use crate::work::start;

/// The fewest events of a window: as many as may wait for their turn on a bus, so that an event that came is known for one
/// that came as long as it is being delivered.
const SMALLEST_WINDOW: usize = 65_536;

/// A mesh in the making: see [`Mesh::builder`].
#[must_use = "nothing is joined until `join` is awaited"]
pub struct MeshBuilder {
    bus: Bus,
    name: String,
    node: String,
    transport: Option<Arc<dyn Transport>>,
    exports: Vec<(Result<Pattern, PatternError>, Option<Level>)>,
    level: Level,
    outbox: Outbox,
    keep: Keep,
    imports: Vec<Import>,
    always: Vec<Result<Pattern, PatternError>>,
    local: Vec<Result<Pattern, PatternError>>,
    peers: Vec<Box<str>>,
    codec: Codec,
    mode: Mode,
    limit: usize,
    hops: u8,
    window: (usize, Duration),
    queue: usize,
    subjects: usize,
    narrow_after: Duration,
    reexports: bool,
    takes_foreign: bool,
    spawner: Option<Box<dyn Spawner>>,
}

impl MeshBuilder {
    pub(crate) fn new(bus: &Bus) -> Self {
        Self {
            bus: bus.clone(),
            name: "main".into(),
            node: String::new(),
            transport: None,
            exports: Vec::new(),
            level: Level::Fast,
            outbox: Outbox::new(),
            keep: Keep::default(),
            imports: Vec::new(),
            always: Vec::new(),
            local: Vec::new(),
            peers: Vec::new(),
            codec: Codec::Json,
            mode: Mode::default(),
            limit: 1 << 20,
            hops: 8,
            window: (SMALLEST_WINDOW, Duration::from_secs(120)),
            queue: 16_384,
            subjects: 1_000,
            narrow_after: Duration::from_secs(1),
            reexports: false,
            takes_foreign: false,
            spawner: None,
        }
    }

    /// What carries the events. One transport is for one mesh.
    pub fn transport(self, transport: impl Transport) -> Self {
        self.shared_transport(Arc::new(transport))
    }

    /// The same, shared with who wants to look at it.
    pub fn shared_transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// The name of this node, its own among all: `orders-1`. Two processes with one name let in nothing of each other.
    pub fn node(mut self, name: &str) -> Self {
        self.node = name.into();
        self
    }

    /// The mesh's name, `main` unless told. All subjects of a mesh begin with `rem.<name>.`, and meshes of different names on
    /// one broker know nothing of one another.
    pub fn name(mut self, name: &str) -> Self {
        self.name = name.into();
        self
    }

    /// Lets events leave whose topic the pattern selects, below the bus's prefix, at the [level](Self::level) of the mesh. May be
    /// called again for more.
    pub fn export(mut self, pattern: impl IntoPattern) -> Self {
        self.exports.push((pattern.into_pattern(), None));
        self
    }

    /// The same at a level of its own.
    ///
    /// At [`Durable`](Level::Durable) and [`Replicated`](Level::Replicated) events leave by the *outbox*: the bus needs a history that
    /// outlives the process (`rem-journal`), and the transport [streams](crate::Streams). The outbox is a durable subscription of
    /// the name `rem.mesh.` and the mesh's name, whose position is the number below which the broker has acknowledged all. When
    /// the mesh is joined for the first time it begins with what is published from then on, and later where it was, whatever was
    /// published meanwhile. What came from another node has its name in the metadata `remhome`, in the journal too, and does not
    /// leave again.
    pub fn export_at(mut self, level: Level, pattern: impl IntoPattern) -> Self {
        self.exports.push((pattern.into_pattern(), Some(level)));
        self
    }

    /// The level of exports that have none of their own: [`Fast`](Level::Fast) unless told.
    pub fn level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// How much may wait to be acknowledged, and what happens beyond that.
    pub fn outbox(mut self, outbox: Outbox) -> Self {
        self.outbox = outbox;
        self
    }

    /// What the mesh's stream keeps, if it is not there yet: a million parcels, a GiB and seven days unless told; and for how long the
    /// broker knows the key of a parcel that comes again, ten minutes unless told. The stream has the name `rem_` and the mesh's
    /// name and keeps all of its subjects; one that is there is taken as it is, unless its window is shorter.
    pub fn stream(mut self, keep: impl FnOnce(StreamSpec) -> StreamSpec + Send + 'static) -> Self {
        self.keep = Keep(Box::new(keep));
        self
    }

    /// Lets events in whose topic the pattern selects, below the bus's prefix. May be called again for more; what no import
    /// selects is refused. They come as far as somebody on the bus has subscribed to them.
    pub fn import(self, pattern: impl IntoPattern) -> Self {
        self.import_rule(Import::of(pattern))
    }

    /// The same, with limits: of the size, and of the data's type.
    pub fn import_rule(mut self, import: Import) -> Self {
        self.imports.push(import);
        self
    }

    /// Asks for these, whether somebody has subscribed to them or not: for a history, which is asked later. They have to be
    /// imported too.
    pub fn always(mut self, pattern: impl IntoPattern) -> Self {
        self.always.push(pattern.into_pattern());
        self
    }

    /// Keeps events here whose topic the pattern selects, though an export does. What begins with `local`, at the root or
    /// below the prefix of the bus that published it, and events of types that are `#[event(local)]` stay in any case.
    pub fn local(mut self, pattern: impl IntoPattern) -> Self {
        self.local.push(pattern.into_pattern());
        self
    }

    /// Lets in what these nodes published, and of no others. Unless told, any node may. What does not say where it comes from is
    /// a matter of [`foreign`](Self::foreign).
    pub fn peers<N: AsRef<str>>(mut self, nodes: impl IntoIterator<Item = N>) -> Self {
        self.peers.extend(nodes.into_iter().map(|node| node.as_ref().into()));
        self
    }

    /// In which codec the data of typed events is written: JSON unless told.
    pub fn codec(mut self, codec: Codec) -> Self {
        self.codec = codec;
        self
    }

    /// In which mode of CloudEvents events are written: [structured](Mode::Structured) unless told. Both are read.
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// The most bytes of a parcel that is let in, headers and body: 1 MiB unless told. What has more is refused before it is
    /// read.
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// How many nodes may have passed an event on before it came here: 8 unless told.
    pub fn hops(mut self, most: u8) -> Self {
        self.hops = most;
        self
    }

    /// Within how many events that came, and within how much time by the bus's clock, an event that comes again is left out:
    /// 65,536, which is the least, and two minutes unless told. The largest window of the meshes of one root bus is that of
    /// all.
    pub fn window(mut self, events: usize, time: Duration) -> Self {
        self.window = (events.max(SMALLEST_WINDOW), time);
        self
    }

    /// How many events may wait to be sent: 16,384 unless told. When it is full the oldest are lost, counted and told.
    pub fn queue(mut self, events: usize) -> Self {
        self.queue = events.max(1);
        self
    }

    /// How many subjects are asked for at most: 1,000 unless told. If there are more, wider ones take their place, and what
    /// comes is checked here.
    pub fn subjects(mut self, most: usize) -> Self {
        self.subjects = most.max(1);
        self
    }

    /// How long, by the bus's clock, a subject is asked for when nobody wants it any more: one second unless told.
    pub fn narrow_after(mut self, time: Duration) -> Self {
        self.narrow_after = time;
        self
    }

    /// Lets events go on by this mesh that another mesh of this bus let in: the node is a bridge between the two. What came by
    /// this mesh never leaves by it.
    pub fn reexport(mut self, goes_on: bool) -> Self {
        self.reexports = goes_on;
        self
    }

    /// Lets in events that do not say which node they come from, as those of programs that know CloudEvents and not REM.
    pub fn foreign(mut self, comes: bool) -> Self {
        self.takes_foreign = comes;
        self
    }

    /// Who does the work: a runtime, in place of three threads of the mesh's own, and one more for the outbox and one for durable
    /// imports. Inline handlers of what comes run there. Unless told, what is sent is prepared by
    /// [whoever writes to the connection](Transport::spawner), if the transport has that.
    pub fn spawner(mut self, spawner: impl Spawner) -> Self {
        self.spawner = Some(Box::new(spawner));
        self
    }

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
            last_head: LastHead::default(),
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

/// From the root.
fn absolute(
    patterns: Vec<Result<Pattern, PatternError>>,
    prefix: Option<&Topic>,
) -> Result<Vec<Pattern>, JoinError> {
    let absolute = |pattern: Result<Pattern, PatternError>| match prefix {
        Some(prefix) => pattern?.under(prefix),
        None => pattern,
    };
    Ok(patterns.into_iter().map(absolute).collect::<Result<_, _>>()?)
}

/// The same of patterns that are some.
fn absolute_of(patterns: &[Pattern], prefix: Option<&Topic>) -> Result<Vec<Pattern>, JoinError> {
    absolute(patterns.iter().cloned().map(Ok).collect(), prefix)
}

/// What leaves, by level; below the bus's prefix.
struct Exports {
    /// Also what leaves otherwise, which is left out later.
    fast: Pattern,
    durable: Option<Pattern>,
    replicated: Vec<Pattern>,
}

impl Exports {
    fn new(
        exports: Vec<(Result<Pattern, PatternError>, Option<Level>)>,
        level: Level,
    ) -> Result<Self, JoinError> {
        let mut all = Vec::new();
        for (pattern, own) in exports {
            all.push((pattern?, own.unwrap_or(level)));
        }
        let of = |least: Level| -> Vec<Pattern> {
            let those = all.iter().filter(|(_, level)| *level >= least);
            those.map(|(pattern, _)| pattern.clone()).collect()
        };
        let (durable, replicated) = (of(Level::Durable), of(Level::Replicated));
        let fast = all.iter().filter(|(_, level)| *level == Level::Fast);
        let fast = exported(fast.map(|(pattern, _)| Ok(pattern.clone())).collect())?;
        let durable = (!durable.is_empty())
            .then(|| exported(durable.into_iter().map(Ok).collect()))
            .transpose()?;
        Ok(Self { fast, durable, replicated })
    }
}

impl Exports {
    /// Which of it leaves by the outbox, if anything does.
    fn takes(
        &self,
        local: &[Pattern],
        prefix: Option<&Topic>,
    ) -> Result<Option<Arc<Takes>>, JoinError> {
        let Some(durable) = &self.durable else { return Ok(None) };
        Ok(Some(Arc::new(Takes {
            durable: absolute_of(std::slice::from_ref(durable), prefix)?,
            replicated: absolute_of(&self.replicated, prefix)?,
            local: local.to_vec(),
        })))
    }
}

/// What may come.
fn imported(
    rules: Vec<Import>,
    limit: usize,
    hops: u8,
    prefix: Option<&Topic>,
) -> Result<Imports, JoinError> {
    let mut imports = Imports::new(limit, hops);
    for import in rules {
        imports.add(import, prefix)?;
    }
    for (_, _, consumer) in imports.durable() {
        if !is_name(&consumer.name) {
            let name = consumer.name.clone();
            return Err(JoinError::new(Kind::Name { what: "consumer", name }));
        }
    }
    Ok(imports)
}

/// What the mesh's stream keeps: see [`MeshBuilder::stream`].
struct Keep(Box<dyn FnOnce(StreamSpec) -> StreamSpec + Send>);

impl Default for Keep {
    fn default() -> Self {
        Self(Box::new(|spec| spec))
    }
}

/// The stream of a mesh, unless told otherwise.
fn stream_of(name: &str, root: &str) -> Result<StreamSpec, JoinError> {
    let subjects = SubjectFilter::parse(format!("{root}>"));
    let subjects =
        subjects.map_err(|_| JoinError::new(Kind::Name { what: "mesh", name: name.into() }))?;
    Ok(StreamSpec::new(&format!("rem_{name}"), [subjects])
        .parcels(1_000_000)
        .bytes(1 << 30)
        .age(Duration::from_secs(7 * 24 * 3_600))
        .window(Duration::from_secs(600)))
}

/// All exports as one pattern, so that an event that several select leaves once. With none it selects nothing that is published.
fn exported(patterns: Vec<Result<Pattern, PatternError>>) -> Result<Pattern, JoinError> {
    let patterns = patterns.into_iter().collect::<Result<Vec<_>, _>>()?;
    for pattern in &patterns {
        let is_system = |element: &str| element.trim_start_matches(['=', '!']).starts_with('$');
        if pattern.as_str().split(',').any(is_system) {
            return Err(JoinError::new(Kind::System { pattern: pattern.as_str().into() }));
        }
    }
    match &patterns[..] {
        [] => Ok(Pattern::parse("=$rem.mesh.nothing")?),
        [one] => Ok(one.clone()),
        all => Pattern::union(all).map_err(|error| JoinError::new(Kind::Union(error))),
    }
}

impl fmt::Debug for MeshBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MeshBuilder")
            .field("name", &self.name)
            .field("node", &self.node)
            .field("exports", &self.exports)
            .field("imports", &self.imports)
            .finish_non_exhaustive()
    }
}
