//! One JSON Schema for all events.

use serde_json::{Map, Value, json};

use super::Catalogue;
use super::contents::{Contents, Entry};
use crate::body::DIALECT;
use crate::refs::{self, DEFS, Names};

pub(super) fn write(catalogue: &Catalogue, contents: &Contents) -> Value {
    let mut names = Names::default();
    let described = || contents.events.iter().filter(|event| event.described);
    // The events have their names first: by them a reader finds his way in.
    let ids: Vec<String> = described().map(|event| names.take(&event.id)).collect();
    let shared: Map<String, Value> =
        contents.defs.keys().map(|name| (name.clone(), Value::String(names.take(name)))).collect();
    let renamed = |name: &str| match shared.get(name) {
        Some(Value::String(name)) => format!("{DEFS}{name}"),
        _ => format!("{DEFS}{name}"),
    };
    let moved = |schema: &Value| {
        let mut schema = schema.clone();
        refs::rename(&mut schema, &renamed);
        schema
    };

    let mut defs = Map::new();
    let mut choice = Vec::new();
    for (event, id) in described().zip(&ids) {
        defs.insert(id.clone(), moved(&event.found.body));
        choice.push(of_event(event, id));
    }
    for (name, schema) in &contents.defs {
        if let Some(Value::String(renamed)) = shared.get(name) {
            defs.insert(renamed.clone(), moved(schema));
        }
    }
    choice.extend(catalogue.types.iter().filter(|ty| ty.schema.open && !ty.schema.local).map(
        |ty| {
            let namespace = ty.schema.namespace;
            let topic = if namespace.is_empty() {
                ".".to_owned()
            } else {
                format!("^{}\\.", literal(namespace))
            };
            json!({ "title": format!("{}, an event that is not known here", ty.schema.name),
                "properties": { "topic": { "pattern": topic } } })
        },
    ));
    let mut document = json!({
        "$schema": DIALECT,
        "title": catalogue.title,
        "type": "object",
        "required": ["topic", "data"],
        "properties": { "topic": { "type": "string" }, "data": true },
        "anyOf": choice,
        "$defs": defs,
    });
    if let Some(fields) = document.as_object_mut() {
        // A choice of nothing is no schema.
        if fields.get("anyOf") == Some(&json!([])) {
            fields.remove("anyOf");
        }
        if !catalogue.description.is_empty() {
            fields.insert("description".to_owned(), json!(catalogue.description));
        }
    }
    document
}

fn of_event(event: &Entry, id: &str) -> Value {
    let topic = &event.found.topic;
    let topic = if topic.contains('{') {
        json!({ "pattern": pattern(topic) })
    } else {
        json!({ "const": topic })
    };
    let mut branch = json!({
        "title": event.found.name(),
        "properties": { "topic": topic, "data": { "$ref": format!("{DEFS}{id}") } },
        "x-rem-version": event.found.event.version,
    });
    if let Some(fields) = branch.as_object_mut() {
        if !event.found.event.doc.is_empty() {
            fields.insert("description".to_owned(), json!(event.found.event.doc));
        }
        fields.extend(event.extensions());
    }
    branch
}

impl Entry {
    /// What is known of it beside its data, for documents that have no word of their own for it.
    pub(super) fn extensions(&self) -> impl Iterator<Item = (String, Value)> + use<> {
        let (aliases, redacted) = (self.found.aliases.clone(), self.redacted());
        let aliases = (!aliases.is_empty()).then(|| ("x-rem-aliases".to_owned(), json!(aliases)));
        let key = self.key().map(|key| ("x-rem-key".to_owned(), json!(key)));
        let redacted =
            (!redacted.is_empty()).then(|| ("x-rem-redacted".to_owned(), json!(redacted)));
        [aliases, key, redacted].into_iter().flatten()
    }
}

/// The topics of a template, as a regular expression.
fn pattern(template: &str) -> String {
    let segments = template.split('.');
    let segments =
        segments.map(
            |segment| {
                if segment.starts_with('{') { "[^.]+".to_owned() } else { literal(segment) }
            },
        );
    format!("^{}$", segments.collect::<Vec<_>>().join("\\."))
}

fn literal(text: &str) -> String {
    let mut literal = String::with_capacity(text.len());
    for sign in text.chars() {
        if matches!(sign, '.' | '^' | '$' | '|' | '(' | ')' | '\\' | '+' | '/') {
            literal.push('\\');
        }
        literal.push(sign);
    }
    literal
}
