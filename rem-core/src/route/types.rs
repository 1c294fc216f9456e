//! [`TypeTable`]: the fixed topics of one event type on one bus, found by the variant's number.

use std::any::TypeId;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, OnceLock};

use rem_patterns::Topic;

use super::{Known, Parts};
use crate::bus::State;
use crate::error::{PublishErrorKind, Refusal};
use crate::event::{EventType, Payload, Schema, TopicWriter};
use crate::publish::Level;
use crate::sync::{Mutex, Snapshot, lock};

/// The tables of the types published on one bus. As many as the program has event types.
pub(crate) struct Types {
    tables: Snapshot<Tables>,
    /// Held while a table is added, which happens once a type.
    adding: Mutex<()>,
}

type Tables = HashMap<TypeId, Arc<TypeTable>, BuildHasherDefault<AsItIs>>;

/// The topics of one event type: one place a leaf of its schema, empty until it is published, and for a template.
#[derive(Debug)]
pub(crate) struct TypeTable {
    schema: &'static Schema,
    leaves: Box<[LeafTopic]>,
}

#[derive(Debug)]
enum LeafTopic {
    Fixed(OnceLock<Arc<Known>>),
    Template,
}

impl Types {
    pub(crate) fn new() -> Self {
        Self { tables: Snapshot::new(Arc::default()), adding: Mutex::new(()) }
    }

    /// The table of `E`.
    pub(crate) fn table<E: EventType>(&self) -> Arc<TypeTable> {
        self.with::<E, _>(Arc::clone)
    }

    /// Looks into the table of `E`.
    pub(crate) fn with<E: EventType, R>(&self, look: impl FnOnce(&Arc<TypeTable>) -> R) -> R {
        let type_id = TypeId::of::<E>();
        if let Some(table) = self.tables.load().get(&type_id) {
            return look(table);
        }
        look(&self.add(type_id, TypeTable::of::<E>()))
    }

    /// The schemas of the types, and the fixed topics of them that were published.
    pub(crate) fn all(&self) -> (Vec<&'static Schema>, Vec<Arc<Known>>) {
        let tables = self.tables.load();
        let fixed = tables.values().flat_map(|table| &table.leaves).filter_map(LeafTopic::known);
        (tables.values().map(|table| table.schema).collect(), fixed.map(Arc::clone).collect())
    }

    fn add(&self, type_id: TypeId, table: TypeTable) -> Arc<TypeTable> {
        let _adding = lock(&self.adding);
        let mut tables = Tables::clone(&self.tables.load());
        let table = Arc::clone(tables.entry(type_id).or_insert_with(|| Arc::new(table)));
        self.tables.store(Arc::new(tables));
        table
    }
}

impl LeafTopic {
    fn known(&self) -> Option<&Arc<Known>> {
        match self {
            Self::Fixed(known) => known.get(),
            Self::Template => None,
        }
    }
}

impl TypeTable {
    fn of<E: EventType>() -> Self {
        let leaf = |template| {
            if template { LeafTopic::Template } else { LeafTopic::Fixed(OnceLock::new()) }
        };
        let schema = const { &E::SCHEMA };
        Self {
            schema,
            leaves: schema.leaves().iter().map(|topic| leaf(topic.is_template())).collect(),
        }
    }

    /// Hands over the topic of `data` on a bus. Only a template's is looked up by its text.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "it is the first step of every publish")]
    pub(crate) fn with_known<E: EventType, R>(
        &self,
        bus: &State,
        data: &E,
        look: impl FnOnce(&Arc<Known>) -> R,
    ) -> Result<R, Refusal> {
        match self.leaves.get(EventType::leaf(data)) {
            Some(LeafTopic::Fixed(known)) => match known.get() {
                Some(known) => Ok(look(known)),
                None => Ok(look(first(known, bus, data)?)),
            },
            // Without a number is a value that its type does not know, which brings its topic, or one that is never
            // published, which has none.
            Some(LeafTopic::Template) | None => Ok(look(&template(bus, data)?)),
        }
    }
}

/// The fixed topic of a leaf that is published for the first time.
#[cold]
fn first<'a>(
    known: &'a OnceLock<Arc<Known>>,
    bus: &State,
    data: &dyn Payload,
) -> Result<&'a Arc<Known>, Refusal> {
    let mut writer = TopicWriter::new();
    let text = writer.full(bus.prefix(), data).ok_or(PublishErrorKind::NoTopic)?;
    let mut topic = Topic::parse(text).map_err(PublishErrorKind::Topic)?;
    // Of a text that lives as long as the program a topic is a pointer: each event spares two counts of owners.
    if let Some(whole) = whole(data).filter(|whole| *whole == text) {
        topic = Topic::from_static(whole);
    }
    if topic.is_system() {
        return Err(PublishErrorKind::SystemTopic.into());
    }
    Ok(known.get_or_init(|| Arc::new(Known::new(topic, bus.scope(), Parts::of(data)))))
}

/// The topic of `data` on a root bus, as the derive wrote it down.
fn whole(data: &dyn Payload) -> Option<&'static str> {
    let mut leaf = data.leaf();
    for event in data.schema().events {
        if leaf < event.len() {
            return event.whole;
        }
        leaf -= event.len();
    }
    None
}

fn template(bus: &State, data: &dyn Payload) -> Result<Arc<Known>, Refusal> {
    // A field's `Display` is user code, which might publish.
    let _level = Level::enter(bus.core.limits.causal_depth)?;
    let mut writer = TopicWriter::new();
    let text = writer.full(bus.prefix(), data).ok_or(PublishErrorKind::NoTopic)?;
    bus.core.router.known(text, bus.scope(), Some(data))
}

/// A `TypeId` is a hash already.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }
    fn write_u64(&mut self, word: u64) {
        self.0 ^= word;
    }
}

impl std::fmt::Debug for Types {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.tables.load().values()).finish()
    }
}
