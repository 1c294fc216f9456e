//! [`Shape`]: one of the forms that a schema allows, all that it says of it in one place.
//!
//! A schema is a choice of shapes: of each type in a list of types, each value of an enumeration, each branch of `anyOf`
//! and `oneOf`, joined with what stands beside them, in `allOf` and behind references.

use serde_json::{Map, Value};

use crate::refs;

/// One form of a value. `fields` has no choice and no reference at its head; those within are left for later.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Shape {
    pub(crate) fields: Map<String, Value>,
    /// Where it comes from, if by a reference: the same text is the same shape, so that what refers to itself ends.
    pub(crate) origin: Option<String>,
}

/// More shapes than are looked at, or references that lead to themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMany;

/// How many shapes a schema may have.
const SHAPES: usize = 4_096;

/// How many references may lead from one to another before there is a shape.
const DEPTH: usize = 64;

/// What says nothing of which values are allowed.
const NOTES: &[&str] = &[
    "$anchor",
    "$comment",
    "$defs",
    "$id",
    "$schema",
    "default",
    "deprecated",
    "description",
    "examples",
    "readOnly",
    "title",
    "writeOnly",
];

/// Whether a keyword says nothing of which values are allowed.
pub(crate) fn is_note(keyword: &str) -> bool {
    NOTES.contains(&keyword) || keyword.starts_with("x-")
}

/// The shapes of a schema; none if it allows nothing.
pub(crate) fn shapes(schema: &Value, defs: &Map<String, Value>) -> Result<Vec<Shape>, TooMany> {
    expand(schema, defs, 0)
}

impl Shape {
    /// The name of its type, if it has one; that of its value, if it has one value.
    pub(crate) fn ty(&self) -> Option<&str> {
        if let Some(ty) = self.fields.get("type").and_then(Value::as_str) {
            return Some(ty);
        }
        Some(match self.fields.get("const")? {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        })
    }

    /// What it requires of an object.
    pub(crate) fn required(&self) -> impl Iterator<Item = &str> {
        let required = self.fields.get("required").and_then(Value::as_array);
        required.into_iter().flatten().filter_map(Value::as_str)
    }

    /// The fields that it knows of an object.
    pub(crate) fn properties(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.fields.get("properties").and_then(Value::as_object).into_iter().flatten()
    }

    pub(crate) fn property(&self, name: &str) -> Option<&Value> {
        self.fields.get("properties")?.get(name)
    }

    /// What it says of fields that it does not know; `None` if they may be there, and be anything.
    pub(crate) fn others(&self) -> Option<&Value> {
        let said = ["additionalProperties", "unevaluatedProperties"];
        let said = said.iter().find_map(|keyword| self.fields.get(*keyword));
        said.filter(|schema| **schema != Value::Bool(true))
    }

    /// Whether any value has this shape.
    pub(crate) fn is_any(&self) -> bool {
        self.fields.is_empty()
    }

    /// The one value that it has, or the variant of an enum that it is: an object of its name alone, or with it in a field.
    pub(crate) fn value(&self) -> Option<String> {
        match self.fields.get("const") {
            Some(Value::String(text)) => return Some(format!("`{text}`")),
            Some(value) => return Some(format!("`{value}`")),
            None => {}
        }
        let tag = || {
            let mut tags =
                self.required().filter_map(|name| Some((name, self.property(name)?.get("const")?)));
            tags.next().map(|(name, value)| format!("`{name}: {value}`"))
        };
        self.variant().map(|name| format!("`{name}`")).or_else(tag)
    }

    /// The variant of an enum that it is, if it is an object of its name alone.
    pub(crate) fn variant(&self) -> Option<&str> {
        let closed = self.others() == Some(&Value::Bool(false));
        let mut fields = self.properties().map(|(name, _)| name.as_str());
        let name = fields.next().filter(|_| closed && fields.next().is_none())?;
        self.required().any(|required| required == name).then_some(name)
    }

    /// It in a few words, for an error.
    pub(crate) fn said(&self) -> String {
        if let Some(value) = self.value() {
            return value;
        }
        let Some(ty) = self.ty() else { return "anything".to_owned() };
        let format = self.fields.get("format").and_then(Value::as_str);
        let said = match ty {
            "null" => "null",
            "boolean" => "a boolean",
            "integer" => "an integer",
            "number" => "a number",
            "string" => "a string",
            "array" if self.fields.contains_key("prefixItems") => "a tuple",
            "array" => "an array",
            "object" if self.others().is_some_and(Value::is_object) => "a map",
            _ => "an object",
        };
        match (format, self.fields.get("items")) {
            (Some(format), _) => format!("{said} ({format})"),
            (None, Some(Value::Object(items))) if ty == "array" => {
                let item = Self { fields: items.clone(), origin: None };
                match item.ty() {
                    Some(_) => format!(
                        "{said} of {}",
                        item.said().replacen("an ", "", 1).replacen("a ", "", 1)
                    ),
                    None => said.to_owned(),
                }
            }
            _ => said.to_owned(),
        }
    }
}

/// Several shapes in a few words.
pub(crate) fn said(shapes: &[Shape]) -> String {
    const SHOWN: usize = 8;
    let mut said: Vec<String> = Vec::new();
    for shape in shapes {
        let text = shape.said();
        if !said.contains(&text) {
            said.push(text);
        }
    }
    match said.len() {
        0 => "nothing".to_owned(),
        more if more > SHOWN => format!("{} or {} others", said[..SHOWN].join(", "), more - SHOWN),
        _ => said.join(" or "),
    }
}

fn expand(schema: &Value, defs: &Map<String, Value>, depth: usize) -> Result<Vec<Shape>, TooMany> {
    let fields = match schema {
        Value::Object(fields) => fields,
        Value::Bool(false) => return Ok(Vec::new()),
        _ => return Ok(vec![Shape::default()]),
    };
    if depth > DEPTH {
        return Err(TooMany);
    }
    let mut shapes = own(fields);
    if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
        let name = refs::target(reference);
        let meant = name.and_then(|name| defs.get_key_value(&name));
        let Some((name, meant)) = meant else {
            // To nothing that is known here: it is compared as it is written.
            let shape = Map::from_iter([("$ref".to_owned(), Value::String(reference.to_owned()))]);
            return product(&shapes, &[Shape { fields: shape, origin: None }]);
        };
        let behind = expand(meant, defs, depth + 1)?;
        let alone = shapes.iter().all(Shape::is_any);
        let beside = if alone { String::new() } else { Value::Object(plain(fields)).to_string() };
        shapes = product(&shapes, &behind)?;
        for (number, shape) in shapes.iter_mut().enumerate() {
            shape.origin = Some(format!("{name}/{number}{beside}"));
        }
    }
    for keyword in ["oneOf", "anyOf"] {
        let Some(branches) = fields.get(keyword).and_then(Value::as_array) else { continue };
        let mut choice = Vec::new();
        for branch in branches {
            choice.extend(expand(branch, defs, depth + 1)?);
        }
        shapes = product(&shapes, &choice)?;
    }
    for part in fields.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        shapes = product(&shapes, &expand(part, defs, depth + 1)?)?;
    }
    Ok(shapes)
}

/// What a schema says by itself.
fn plain(fields: &Map<String, Value>) -> Map<String, Value> {
    const ELSEWHERE: &[&str] = &["$ref", "oneOf", "anyOf", "allOf"];
    let plain =
        fields.iter().filter(|(name, _)| !is_note(name) && !ELSEWHERE.contains(&name.as_str()));
    plain.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The shapes of what a schema says by itself: one for each type and each value.
fn own(fields: &Map<String, Value>) -> Vec<Shape> {
    let mut plain = plain(fields);
    let types = match plain.remove("type") {
        Some(Value::Array(types)) => types.into_iter().map(Some).collect(),
        Some(ty) => vec![Some(ty)],
        None => vec![None],
    };
    let values = match (plain.remove("const"), plain.remove("enum")) {
        (Some(value), _) => vec![Some(value)],
        (None, Some(Value::Array(values))) => values.into_iter().map(Some).collect(),
        _ => vec![None],
    };
    let mut shapes = Vec::with_capacity(types.len() * values.len());
    for ty in &types {
        for value in &values {
            let mut shape = Shape::default();
            if let Some(value) = value {
                shape.fields.insert("const".to_owned(), value.clone());
                let of_type = ty.as_ref().and_then(Value::as_str).is_none_or(|ty| {
                    shape.ty() == Some(ty) || (ty == "number" && shape.ty() == Some("integer"))
                });
                if !of_type {
                    continue;
                }
            }
            if let Some(ty) = ty {
                shape.fields.insert("type".to_owned(), ty.clone());
                let ty = ty.as_str().unwrap_or_default();
                let says = plain.iter().filter(|(keyword, _)| concerns(keyword, ty));
                shape.fields.extend(says.map(|(keyword, says)| (keyword.clone(), says.clone())));
            } else {
                shape.fields.extend(plain.clone());
            }
            shapes.push(shape);
        }
    }
    shapes
}

/// Whether a keyword says something of values of a type; one that is not known does.
fn concerns(keyword: &str, ty: &str) -> bool {
    let of: &[&str] = match keyword {
        "properties"
        | "required"
        | "additionalProperties"
        | "unevaluatedProperties"
        | "patternProperties"
        | "propertyNames"
        | "minProperties"
        | "maxProperties" => &["object"],
        "items" | "prefixItems" | "minItems" | "maxItems" | "uniqueItems" | "contains" => {
            &["array"]
        }
        "minLength" | "maxLength" | "pattern" => &["string"],
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => {
            &["integer", "number"]
        }
        "format" => &["integer", "number", "string"],
        _ => return true,
    };
    of.contains(&ty)
}

/// Each of one with each of the other.
fn product(left: &[Shape], right: &[Shape]) -> Result<Vec<Shape>, TooMany> {
    if left.len().saturating_mul(right.len()) > SHAPES {
        return Err(TooMany);
    }
    let pairs = left.iter().flat_map(|left| right.iter().map(move |right| (left, right)));
    Ok(pairs.filter_map(|(left, right)| both(left, right)).collect())
}

/// The shape of what has both; `None` if nothing has.
fn both(left: &Shape, right: &Shape) -> Option<Shape> {
    if left.is_any() {
        return Some(right.clone());
    }
    if right.is_any() {
        return Some(left.clone());
    }
    let mut joined = left.clone();
    joined.origin = None;
    for (keyword, said) in &right.fields {
        let Some(before) = joined.fields.get(keyword) else {
            joined.fields.insert(keyword.clone(), said.clone());
            continue;
        };
        if before == said {
            continue;
        }
        let together = match (keyword.as_str(), before, said) {
            ("type", Value::String(left), Value::String(right)) => {
                match (left.as_str(), right.as_str()) {
                    ("integer", "number") | ("number", "integer") => Value::from("integer"),
                    _ => return None,
                }
            }
            ("const", _, _) => return None,
            ("properties" | "patternProperties", Value::Object(left), Value::Object(right)) => {
                Value::Object(fields_of_both(left, right))
            }
            ("required", Value::Array(left), Value::Array(right)) => {
                let more = right.iter().filter(|name| !left.contains(name));
                Value::Array(left.iter().chain(more).cloned().collect())
            }
            ("minimum" | "minLength" | "minItems" | "minProperties", left, right) => {
                larger(left, right).clone()
            }
            ("maximum" | "maxLength" | "maxItems" | "maxProperties", left, right) => {
                if larger(left, right) == left { right.clone() } else { left.clone() }
            }
            // Said twice in different ways: kept as it is said, to be compared as a whole.
            _ => serde_json::json!({ "allOf": [before, said] }),
        };
        joined.fields.insert(keyword.clone(), together);
    }
    Some(joined)
}

fn fields_of_both(left: &Map<String, Value>, right: &Map<String, Value>) -> Map<String, Value> {
    let mut fields = left.clone();
    for (name, schema) in right {
        let schema = match left.get(name) {
            Some(before) if before != schema => serde_json::json!({ "allOf": [before, schema] }),
            _ => schema.clone(),
        };
        fields.insert(name.clone(), schema);
    }
    fields
}

fn larger<'v>(left: &'v Value, right: &'v Value) -> &'v Value {
    if left.as_f64() >= right.as_f64() { left } else { right }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(schema: &Value) -> Vec<Value> {
        let defs = json!({
            "Point": { "type": "object", "properties": { "x": { "type": "number" } }, "required": ["x"] },
            "Ring": { "$ref": "#/$defs/Ring" },
        });
        let shapes = shapes(schema, defs.as_object().unwrap()).unwrap();
        shapes.into_iter().map(|shape| Value::Object(shape.fields)).collect()
    }

    #[test]
    fn a_schema_is_a_choice_of_shapes() {
        let table = [
            (json!(true), json!([{}])),
            (json!(false), json!([])),
            (
                json!({ "type": ["string", "null"], "minLength": 1, "description": "d" }),
                json!([{ "type": "string", "minLength": 1 }, { "type": "null" }]),
            ),
            (
                json!({ "type": "string", "enum": ["a", "b"] }),
                json!([{ "type": "string", "const": "a" }, { "type": "string", "const": "b" }]),
            ),
            (
                json!({ "anyOf": [{ "$ref": "#/$defs/Point" }, { "type": "null" }] }),
                json!([{ "type": "object", "properties": { "x": { "type": "number" } }, "required": ["x"] },
                    { "type": "null" }]),
            ),
            // As a tagged variant that holds a type is written.
            (
                json!({ "$ref": "#/$defs/Point", "type": "object", "properties": { "k": { "const": "p" } }, "required": ["k"] }),
                json!([{ "type": "object", "properties": { "k": { "const": "p" }, "x": { "type": "number" } },
                      "required": ["k", "x"] }]),
            ),
            (json!({ "allOf": [{ "type": "string" }, { "type": "integer" }] }), json!([])),
        ];
        for (schema, expected) in table {
            assert_eq!(Value::Array(of(&schema)), expected, "{schema}");
        }
    }

    #[test]
    fn hostile_schemas_end() {
        let defs = json!({ "Ring": { "$ref": "#/$defs/Ring" } });
        let ring = shapes(&json!({ "$ref": "#/$defs/Ring" }), defs.as_object().unwrap());
        assert_eq!(ring, Err(TooMany));
        let choice = json!({ "anyOf": (0..20).map(|n| json!({ "const": n })).collect::<Vec<_>>() });
        let many = json!({ "allOf": [{ "anyOf": [
            { "required": ["a"] }, { "required": ["b"] }, { "required": ["c"] }, { "required": ["d"] },
        ] }, choice, { "anyOf": vec![json!({ "minLength": 1 }); 100] }] });
        assert_eq!(shapes(&many, &Map::new()), Err(TooMany));
    }
}
