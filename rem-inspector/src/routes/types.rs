//! `GET /api/types`: the event types that were published or subscribed to.

use rem_core::Schema;
use serde::Serialize;

use super::Asked;
use crate::refusal::Refusal;

#[derive(Debug, Serialize)]
pub(crate) struct Listed {
    types: Vec<Type>,
}

#[derive(Debug, Serialize)]
struct Type {
    name: &'static str,
    namespace: &'static str,
    doc: &'static str,
    local: bool,
    open: bool,
    events: Vec<Declared>,
}

#[derive(Debug, Serialize)]
struct Declared {
    topic: String,
    template: bool,
    variant: &'static str,
    doc: &'static str,
    version: u32,
    aliases: Vec<String>,
    fields: Vec<Field>,
}

#[derive(Debug, Serialize)]
struct Field {
    name: &'static str,
    #[serde(rename = "type")]
    ty: &'static str,
    doc: &'static str,
    key: bool,
    redacted: bool,
}

#[expect(clippy::unnecessary_wraps, reason = "as every answer")]
pub(crate) fn types(asked: &Asked) -> Result<Listed, Refusal> {
    let topology = asked.bus.topology();
    let types = topology.event_types.iter().filter(|schema| !schema.namespace.starts_with('$'));
    Ok(Listed { types: types.map(|schema| of(schema)).collect() })
}

fn of(schema: &'static Schema) -> Type {
    let mut events: Vec<Declared> = Vec::new();
    let own = schema.leaves();
    let mut own = own.iter().peekable();
    // The aliases of each come behind it.
    for leaf in schema.leaves_and_aliases() {
        if own.next_if(|own| **own == leaf).is_none() {
            if let Some(last) = events.last_mut() {
                last.aliases.push(leaf.topic);
            }
            continue;
        }
        let fields = leaf.event.fields.iter().map(|field| Field {
            name: field.name,
            ty: field.ty,
            doc: field.doc,
            key: field.key,
            redacted: field.redacted,
        });
        events.push(Declared {
            template: leaf.is_template(),
            variant: leaf.event.variant,
            doc: leaf.event.doc,
            version: leaf.event.version,
            aliases: Vec::new(),
            fields: fields.collect(),
            topic: leaf.topic,
        });
    }
    let Schema { name, namespace, doc, local, open, .. } = *schema;
    Type { name, namespace, doc, local, open, events }
}
