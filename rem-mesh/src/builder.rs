//! [`MeshBuilder`]: what a mesh is to be, one choice at a time; `join` makes it so.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rem_core::wire::Codec;
use rem_core::{Bus, IntoPattern, Pattern, PatternError, Spawner};

use crate::imports::Import;
use crate::level::Level;
use crate::outbox::Outbox;
use crate::transport::{StreamSpec, Transport};
use crate::wire::Mode;

mod exports;
mod join;

/// The fewest events of a window: as many as may wait for their turn on a bus, so that an event that came is known for one
/// that came as long as it is being delivered.
const SMALLEST_WINDOW: usize = 65_536;

/// A mesh in the making: see [`Mesh::builder`](crate::Mesh::builder).
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
    /// name and keeps all of its subjects. One that is there is taken as it is, unless it lacks some of them or its window is shorter:
    /// then joining fails and says so.
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

    /// How many events of the level *Fast* may wait to be sent: 16,384 unless told. When it is full the oldest are lost, counted and
    /// told. Of the other levels [`outbox`](Self::outbox) says it.
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
}

/// What the mesh's stream keeps: see [`MeshBuilder::stream`].
struct Keep(Box<dyn FnOnce(StreamSpec) -> StreamSpec + Send>);

impl Default for Keep {
    fn default() -> Self {
        Self(Box::new(|spec| spec))
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
