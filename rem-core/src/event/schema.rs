//! What the derive knows of an event type, as constants: its topics, fields and documentation.
//!
//! `pattern!(Type, "…")`, the bus and the catalogue all read the same [`Schema`]. It is a tree, for an event type may
//! nest others, and the strings of two types cannot be joined in a constant.

use std::fmt;

/// An event type: its namespace and the topics below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Schema {
    /// The Rust name of the type.
    pub name: &'static str,
    /// The dotted text before each of the type's topics, empty if there is none.
    pub namespace: &'static str,
    /// The type's documentation comment.
    pub doc: &'static str,
    /// `true` if values never leave the process (`#[event(local)]`).
    pub local: bool,
    /// `true` if the type holds events that it does not know (`#[event(other)]`): it has every topic below its namespace.
    pub open: bool,
    /// One entry a variant, in the order of declaration; a struct has one.
    pub events: &'static [EventSchema],
}

/// One variant of an event type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventSchema {
    /// The Rust name of the variant, or of the struct.
    pub variant: &'static str,
    /// The topic below the namespace, a template if it has a `{field}`; for a nested type the text before its topics,
    /// which may be empty.
    pub topic: &'static str,
    /// The namespace and the topic, joined, if the topic is no template and no nested type's: as a constant it costs a
    /// root bus nothing to hold.
    pub whole: Option<&'static str>,
    /// The variant's documentation comment.
    pub doc: &'static str,
    /// The fields of the body, in the order of declaration.
    pub fields: &'static [FieldSchema],
    /// Which shape of its data this is, from 1.
    pub version: u32,
    /// Topics below the namespace, or templates of the same fields, under which the variant is read but not written.
    pub aliases: &'static [&'static str],
    /// The event type that is nested here.
    pub nested: Option<&'static Schema>,
    /// The variant's number among those that serde reads, where that is not its place in [`Schema::events`].
    pub(crate) wire_index: Option<u32>,
}

/// One field of an event's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldSchema {
    /// The field's name; its position for a tuple variant.
    pub name: &'static str,
    /// The type as it was written.
    pub ty: &'static str,
    /// The field's documentation comment.
    pub doc: &'static str,
    /// It is the event's key (`#[event(key)]`).
    pub key: bool,
    /// It is not for every eye (`#[event(redact)]`).
    pub redacted: bool,
}

impl Schema {
    /// A schema; what `#[derive(EventType)]` writes.
    pub const fn new(
        name: &'static str,
        namespace: &'static str,
        events: &'static [EventSchema],
    ) -> Self {
        Self { name, namespace, doc: "", local: false, open: false, events }
    }

    /// The same with a documentation comment.
    #[must_use]
    pub const fn doc(mut self, doc: &'static str) -> Self {
        self.doc = doc;
        self
    }

    /// The same, of a type that never leaves the process.
    #[must_use]
    pub const fn local(mut self) -> Self {
        self.local = true;
        self
    }

    /// The same, of a type that holds events which it does not know.
    #[must_use]
    pub const fn open(mut self) -> Self {
        self.open = true;
        self
    }

    /// How many topics (templates count as one) the type has, those of nested types included.
    pub const fn len(&self) -> usize {
        self.first_leaf(self.events.len())
    }

    /// The number of the first topic of the variant at `place`; what `#[derive(EventType)]` counts from.
    #[doc(hidden)]
    pub const fn first_leaf(&self, place: usize) -> usize {
        let mut count = 0;
        let mut at = 0;
        while at < place {
            count += self.events[at].len();
            at += 1;
        }
        count
    }

    /// How many topics the type is read under, aliases and those of nested types included.
    #[doc(hidden)]
    pub const fn topics(&self) -> usize {
        let (mut count, mut at) = (0, 0);
        while at < self.events.len() {
            count += match self.events[at].nested {
                Some(schema) => schema.topics(),
                None => 1 + self.events[at].aliases.len(),
            };
            at += 1;
        }
        count
    }

    /// Whether some field of it, or of a type nested in it, is not for every eye.
    #[doc(hidden)]
    pub const fn redacts(&self) -> bool {
        let mut at = 0;
        while at < self.events.len() {
            let event = &self.events[at];
            let mut field = 0;
            while field < event.fields.len() {
                if event.fields[field].redacted {
                    return true;
                }
                field += 1;
            }
            if let Some(nested) = event.nested
                && nested.redacts()
            {
                return true;
            }
            at += 1;
        }
        false
    }

    /// `true` if no value of the type has a topic.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every topic of the type, in the order of [`EventType::leaf`](crate::EventType::leaf).
    pub fn leaves(&self) -> Vec<Leaf> {
        let mut leaves = Vec::with_capacity(self.len());
        collect(self.events, self.namespace, |_| &[], &mut leaves);
        leaves
    }

    /// The same with the topics that values are read under and not written: the aliases, each after its variant's own.
    pub fn leaves_and_aliases(&self) -> Vec<Leaf> {
        let mut leaves = Vec::with_capacity(self.topics());
        collect(self.events, self.namespace, |event| event.aliases, &mut leaves);
        leaves
    }

    /// The version of the data of the topic with that number.
    pub(crate) fn version_of(&self, mut leaf: usize) -> Option<u32> {
        let mut events = self.events;
        loop {
            let (event, rest) = events.split_first()?;
            let len = event.len();
            match event.nested {
                Some(schema) if leaf < len => events = schema.events,
                None if leaf == 0 => return Some(event.version),
                _ => {
                    leaf = leaf.checked_sub(len)?;
                    events = rest;
                }
            }
        }
    }
}

impl EventSchema {
    /// A variant; what `#[derive(EventType)]` writes.
    pub const fn new(
        variant: &'static str,
        topic: &'static str,
        fields: &'static [FieldSchema],
    ) -> Self {
        let (aliases, nested): (&[&str], _) = (&[], None);
        Self {
            variant,
            topic,
            whole: None,
            doc: "",
            fields,
            version: 1,
            aliases,
            nested,
            wire_index: None,
        }
    }

    /// The same with a documentation comment.
    #[must_use]
    pub const fn doc(mut self, doc: &'static str) -> Self {
        self.doc = doc;
        self
    }

    /// The same with namespace and topic joined.
    #[must_use]
    pub const fn whole(mut self, topic: &'static str) -> Self {
        self.whole = Some(topic);
        self
    }

    /// The same, in that version of its data.
    #[must_use]
    pub const fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// The same, read under other topics too.
    #[must_use]
    pub const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// The same, holding the topics of another event type.
    #[must_use]
    pub const fn nested(mut self, schema: &'static Schema) -> Self {
        self.nested = Some(schema);
        self
    }

    /// The same, of another number among the variants that serde reads than its place.
    #[doc(hidden)]
    #[must_use]
    pub const fn wired_as(mut self, index: u32) -> Self {
        self.wire_index = Some(index);
        self
    }

    /// The variant's number among those that serde reads.
    #[doc(hidden)]
    pub fn wire_index(&self, place: usize) -> u32 {
        self.wire_index.or_else(|| u32::try_from(place).ok()).unwrap_or(u32::MAX)
    }

    /// How many topics the variant has.
    pub const fn len(&self) -> usize {
        match self.nested {
            Some(schema) => schema.len(),
            None => 1,
        }
    }

    /// `true` for a nested type without topics.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl FieldSchema {
    /// A field; what `#[derive(EventType)]` writes.
    pub const fn new(name: &'static str, ty: &'static str, doc: &'static str) -> Self {
        Self { name, ty, doc, key: false, redacted: false }
    }

    /// The same, as the event's key.
    #[must_use]
    pub const fn key(mut self) -> Self {
        self.key = true;
        self
    }

    /// The same, not for every eye.
    #[must_use]
    pub const fn redact(mut self) -> Self {
        self.redacted = true;
        self
    }
}

/// One topic of an event type, namespace and nesting joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// The whole topic, or its template.
    pub topic: String,
    /// The variant it belongs to, the innermost where types are nested.
    pub event: &'static EventSchema,
}

impl Leaf {
    /// `true` if the topic depends on the value of a field.
    pub fn is_template(&self) -> bool {
        self.topic.contains('{')
    }
}

impl fmt::Display for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.topic)
    }
}

fn collect(
    events: &'static [EventSchema],
    above: &str,
    aliases: fn(&EventSchema) -> &'static [&'static str],
    leaves: &mut Vec<Leaf>,
) {
    let join = |topic: &str| match (above.is_empty(), topic.is_empty()) {
        (true, _) => topic.to_owned(),
        (false, true) => above.to_owned(),
        (false, false) => format!("{above}.{topic}"),
    };
    for event in events {
        let topic = join(event.topic);
        if let Some(schema) = event.nested {
            collect(schema.events, &topic, aliases, leaves);
            continue;
        }
        leaves.push(Leaf { topic, event });
        leaves.extend(aliases(event).iter().map(|alias| Leaf { topic: join(alias), event }));
    }
}
