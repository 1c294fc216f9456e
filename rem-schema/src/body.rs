//! From an event type to the schema of each event's data, as the wire has it: the body of the variant alone.

use rem_core::{EventSchema, EventType, Schema};
use schemars::JsonSchema;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::branch::{Branch, Branches, Form};
use crate::error::SchemaError;
use crate::given::{Data, Given};
use crate::probe::Tag;
use crate::refs;

/// The JSON Schema (2020-12) of the data of one event.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct EventBody {
    /// The event's topic, or its template, the type's namespace included.
    pub topic: String,
    /// Which shape of its data this is.
    pub version: u32,
    /// The schema, a document of its own: what it shares with others stands in its `$defs`.
    pub schema: Value,
}

/// The schema of what [`EventType::encode`] writes in JSON, of each event of the type.
///
/// ```
/// use rem_schema::bodies;
/// # use rem_core::{EventType, EventSchema, Schema, TopicWriter, wire::Wiring};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Debug, Serialize, Deserialize, schemars::JsonSchema)]
/// # struct Paid { order: u64 }
/// # impl EventType for Paid {
/// #     const SCHEMA: Schema = Schema::new("Paid", "order", &[EventSchema::new("Paid", "paid", &[])]);
/// #     const WIRE: Option<Wiring<Self>> = Some(Wiring::new());
/// #     fn leaf(&self) -> usize { 0 }
/// #     fn write_topic(&self, out: &mut TopicWriter) -> std::fmt::Result { out.literal("paid") }
/// # }
/// let bodies = bodies::<Paid>()?;
/// assert_eq!(bodies[0].topic, "order.paid");
/// assert_eq!(bodies[0].schema["required"], serde_json::json!(["order"]));
/// # Ok::<(), rem_schema::SchemaError>(())
/// ```
///
/// # Errors
/// When the type is local, or its JSON Schema has no part for one of its variants.
pub fn bodies<E: EventType + JsonSchema + DeserializeOwned>() -> Result<Vec<EventBody>, SchemaError>
{
    let found = Bodies::of(&[Given::described::<E>()], Side::Written)?;
    let document = |event: &Found| EventBody {
        topic: event.topic.clone(),
        version: event.event.version,
        schema: found.document(event),
    };
    Ok(found.events.iter().map(document).collect())
}

/// Which of its two faces a type shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// What its `Serialize` writes.
    Written,
    /// What its `Deserialize` reads.
    Read,
}

/// One event of a type, with the schema of its data.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) topic: String,
    /// What it is read under too, the namespace included.
    pub(crate) aliases: Vec<String>,
    /// The type that was given, and the one that the event is of, if that is nested in it.
    pub(crate) given: &'static Schema,
    pub(crate) ty: &'static Schema,
    pub(crate) event: &'static EventSchema,
    pub(crate) body: Value,
}

impl Found {
    /// `Order::Placed`; a struct by its name alone.
    pub(crate) fn name(&self) -> String {
        let (ty, variant) = (self.ty.name, self.event.variant);
        if is_one_event(self.ty) { ty.to_owned() } else { format!("{ty}::{variant}") }
    }
}

/// Events of some types, and what their schemas share.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bodies {
    pub(crate) events: Vec<Found>,
    pub(crate) defs: Map<String, Value>,
}

impl Bodies {
    /// Of every event of these types; the shared definitions have names that do not depend on the order given.
    pub(crate) fn of(types: &[Given], side: Side) -> Result<Self, SchemaError> {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.untagged_enum_variant_titles = true;
        });
        let mut generator = match side {
            Side::Written => settings.for_serialize(),
            Side::Read => settings.for_deserialize(),
        }
        .into_generator();
        let mut given = Vec::with_capacity(types.len());
        for ty in types {
            let described = |ty: &Given| ty.data.filter(|_| !ty.schema.local);
            let data = described(ty).ok_or_else(|| SchemaError::local(ty.schema.name))?;
            given.push((ty.schema, data));
        }
        let mut by_id = given.clone();
        by_id.sort_by_key(|(_, data)| (data.id)());
        for (_, data) in &by_id {
            (data.generate)(&mut generator);
        }
        let roots: Vec<_> = given.iter().map(|(_, data)| root(*data, &mut generator)).collect();
        let defs = generator.take_definitions(true);

        let mut events = Vec::new();
        for ((schema, data), root) in given.iter().zip(&roots) {
            let walk = Walk { given: schema, data: *data, defs: &defs, side };
            walk.events(schema, root, &mut Vec::new(), schema.namespace, &mut events)?;
        }
        let kept = refs::reachable(events.iter().map(|event: &Found| &event.body), &defs);
        let defs = defs.into_iter().filter(|(name, _)| kept.contains(name)).collect();
        Ok(Self { events, defs })
    }

    /// The schema of an event's data as a document of its own.
    fn document(&self, event: &Found) -> Value {
        let kept = refs::reachable([&event.body], &self.defs);
        let mut document = match &event.body {
            Value::Object(fields) => fields.clone(),
            // `true` and `false` are schemas, and hold nothing.
            Value::Bool(false) => Map::from_iter([("not".to_owned(), json!({}))]),
            _ => Map::new(),
        };
        document.insert("$schema".to_owned(), json!(DIALECT));
        if !kept.is_empty() {
            let defs = self.defs.iter().filter(|(name, _)| kept.contains(*name));
            let defs: Map<_, _> =
                defs.map(|(name, schema)| (name.clone(), schema.clone())).collect();
            document.insert("$defs".to_owned(), Value::Object(defs));
        }
        Value::Object(document)
    }
}

/// The dialect in which schemas are written.
pub(crate) const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

fn root(data: Data, generator: &mut SchemaGenerator) -> Value {
    let mut schema = (data.generate)(generator);
    // A type that is not shared is given whole, and no settings have been applied to it yet.
    for transform in generator.transforms_mut() {
        transform.transform(&mut schema);
    }
    schema.to_value()
}

/// Whether a type is a struct, which is one event.
pub(crate) fn is_one_event(schema: &Schema) -> bool {
    matches!(schema.events, [event] if event.variant == schema.name)
}

/// The way down from a type that was given.
struct Walk<'a> {
    given: &'static Schema,
    data: Data,
    defs: &'a Map<String, Value>,
    side: Side,
}

impl Walk<'_> {
    /// The events of `schema`, whose JSON Schema is `node`, at the end of `path`, below `above`.
    fn events(
        &self,
        schema: &'static Schema,
        node: &Value,
        path: &mut Vec<u32>,
        above: &str,
        events: &mut Vec<Found>,
    ) -> Result<(), SchemaError> {
        for (place, event) in schema.events.iter().enumerate() {
            let topic = joined(above, event.topic);
            let missing = || {
                let names = refs::resolved(node, self.defs).map(|node| Branches::of(node).names());
                let names = names.unwrap_or_default();
                SchemaError::no_such_variant(schema.name, event.variant, &topic, names)
            };
            let number = event.wire_index(place);
            if let Some(nested) = event.nested {
                let (branch, key) =
                    self.branch(schema, event, number, node, path).ok_or_else(missing)?;
                let inner = branch.form.nested(key).ok_or_else(missing)?;
                path.push(number);
                self.events(nested, &inner, path, &topic, events)?;
                path.pop();
                continue;
            }
            let body = match self.branch(schema, event, number, node, path) {
                Some((branch, _)) => self.body(branch.form),
                // Of a struct all that is known: who looks for the event looks here.
                None if is_one_event(schema) => {
                    refs::resolved(node, self.defs).unwrap_or(node).clone()
                }
                None => return Err(missing()),
            };
            let aliases = event.aliases.iter().map(|alias| joined(above, alias)).collect();
            let (given, ty) = (self.given, schema);
            events.push(Found { topic, aliases, given, ty, event, body });
        }
        Ok(())
    }

    /// What the wire holds of a variant that is written so.
    fn body(&self, form: Form<'_>) -> Value {
        match (form, self.side) {
            (Form::Inner(schema) | Form::Whole(schema), _) => schema.clone(),
            (Form::Unit, Side::Written) => json!({ "type": "null" }),
            // A newer writer may have given it fields, which are passed over.
            (Form::Unit, Side::Read) => Value::Bool(true),
        }
    }

    /// The part of an enum's schema that is this variant's, and the field that holds the variant's name, if one does.
    fn branch<'n>(
        &'n self,
        schema: &Schema,
        event: &EventSchema,
        number: u32,
        node: &'n Value,
        path: &[u32],
    ) -> Option<(Branch<'n>, Option<&'n str>)> {
        let Branches { key, list } = Branches::of(refs::resolved(node, self.defs)?);
        let ask = |tag: Tag<'_>| (self.data.variant)(path, key, tag);
        let wanted = ask(Tag::Number(number));
        let same = |branch: &&Branch<'_>| ask(Tag::Name(branch.name)) == wanted;
        if let Some(branch) = wanted.and_then(|_| list.iter().find(same)) {
            return Some((*branch, key));
        }
        // serde does not always tell: not of what has no name in the data, nor through a tagged type.
        let alike = |branch: &&Branch<'_>| letters(branch.name).eq(letters(event.variant));
        let mut alike = list.iter().filter(alike);
        let found = alike.next().filter(|_| alike.next().is_none() && !is_one_event(schema))?;
        Some((*found, key))
    }
}

/// A name without its case and what joins its words.
fn letters(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(|sign| !matches!(sign, '_' | '-')).flat_map(char::to_lowercase)
}

/// A topic below another; either may be empty.
pub(crate) fn joined(above: &str, topic: &str) -> String {
    match (above.is_empty(), topic.is_empty()) {
        (true, _) => topic.to_owned(),
        (false, true) => above.to_owned(),
        (false, false) => format!("{above}.{topic}"),
    }
}
