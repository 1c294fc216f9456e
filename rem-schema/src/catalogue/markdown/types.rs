//! Schemas in words: the type of a field, the rows of an object's table.

use serde_json::{Map, Value};

use super::{anchor, code};
use crate::catalogue::contents::first_paragraph;
use crate::refs;

/// How deep types are said within each other.
const DEPTH: usize = 6;

/// A field of an object.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) ty: String,
    pub(super) required: bool,
    pub(super) doc: String,
}

/// The fields of an object, or of a tuple; `None` for what is neither.
pub(super) fn rows(schema: &Value, defs: &Map<String, Value>) -> Option<Vec<Row>> {
    let own = schema.get("properties").and_then(Value::as_object);
    if own.is_none() && schema.get("$ref").is_some() {
        return rows(refs::resolved(schema, defs)?, &Map::new());
    }
    if let Some(items) = schema.get("prefixItems").and_then(Value::as_array) {
        let item = |(place, item): (usize, &Value)| Row::of(place.to_string(), item, true);
        return Some(items.iter().enumerate().map(item).collect());
    }
    let required = schema.get("required").and_then(Value::as_array);
    let required =
        |name: &str| required.is_some_and(|all| all.iter().any(|required| required == name));
    let row = |(name, field): (&String, &Value)| Row::of(name.clone(), field, required(name));
    Some(own?.iter().map(row).collect())
}

impl Row {
    fn of(name: String, schema: &Value, required: bool) -> Self {
        let doc = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        Self { name, ty: said(schema), required, doc: first_paragraph(doc) }
    }
}

/// The variants of an enum whose fields stand among others.
pub(super) fn choice(schema: &Value) -> Option<String> {
    let of = ["oneOf", "anyOf"].iter().find_map(|keyword| schema.get(*keyword)?.as_array())?;
    schema.get("properties")?;
    Some(of.iter().map(said).collect::<Vec<_>>().join("; "))
}

/// A type in a few words, with links to what is shared.
pub(super) fn said(schema: &Value) -> String {
    within(schema, 0)
}

fn within(schema: &Value, depth: usize) -> String {
    let Value::Object(fields) = schema else {
        return if *schema == Value::Bool(false) {
            "nothing".to_owned()
        } else {
            "anything".to_owned()
        };
    };
    if depth > DEPTH {
        return "…".to_owned();
    }
    let within = |schema: &Value| within(schema, depth + 1);
    if let Some(name) = fields.get("$ref").and_then(Value::as_str).and_then(refs::target) {
        return format!("[`{name}`](#{})", anchor(&name));
    }
    if let Some(value) = fields.get("const") {
        return code(&value.to_string());
    }
    if let Some(values) = fields.get("enum").and_then(Value::as_array) {
        return values
            .iter()
            .map(|value| code(&value.to_string()))
            .collect::<Vec<_>>()
            .join(" or ");
    }
    if let Some(of) = ["oneOf", "anyOf"].iter().find_map(|keyword| fields.get(*keyword)?.as_array())
    {
        return of.iter().map(within).collect::<Vec<_>>().join(" or ");
    }
    let types = match fields.get("type") {
        Some(Value::String(ty)) => vec![ty.as_str()],
        Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).collect(),
        _ => return "anything".to_owned(),
    };
    types.iter().map(|ty| of_type(ty, fields, &within)).collect::<Vec<_>>().join(" or ")
}

fn of_type(ty: &str, fields: &Map<String, Value>, within: &dyn Fn(&Value) -> String) -> String {
    let format = fields.get("format").and_then(Value::as_str);
    match (ty, format) {
        ("array", _) => {
            match (fields.get("prefixItems").and_then(Value::as_array), fields.get("items")) {
                (Some(items), _) => {
                    format!("({})", items.iter().map(within).collect::<Vec<_>>().join(", "))
                }
                (None, Some(items)) => format!("array of {}", within(items)),
                (None, None) => "array".to_owned(),
            }
        }
        ("object", _) => {
            if let Some(others) =
                fields.get("additionalProperties").filter(|others| others.is_object())
            {
                return format!("map of {}", within(others));
            }
            let Some(inner) = fields.get("properties").and_then(Value::as_object) else {
                return "object".to_owned();
            };
            let inner =
                inner.iter().map(|(name, schema)| format!("{}: {}", code(name), within(schema)));
            format!("{{ {} }}", inner.collect::<Vec<_>>().join(", "))
        }
        ("integer" | "number" | "string", Some(format)) => format!("{ty} ({format})"),
        _ => ty.to_owned(),
    }
}
