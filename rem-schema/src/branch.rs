//! The variants of an enum in its JSON Schema, in each representation that serde has.

use serde_json::{Map, Value};

/// What a schema says of an enum.
#[derive(Debug)]
pub(crate) struct Branches<'s> {
    /// The field that holds the variant's name, if all of them are written with it.
    pub(crate) key: Option<&'s str>,
    /// The variants, in the order of the schema.
    pub(crate) list: Vec<Branch<'s>>,
}

/// One variant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Branch<'s> {
    /// Its name in data; its title, if the name is not in the data.
    pub(crate) name: &'s str,
    pub(crate) form: Form<'s>,
}

/// How a variant is written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Form<'s> {
    /// As its name alone.
    Unit,
    /// As an object with its name, which holds this.
    Inner(&'s Value),
    /// As an object that has its name in a field, or nowhere: as it is.
    Whole(&'s Value),
}

impl<'s> Branches<'s> {
    /// The variants in a schema without a reference at its head; none if it is no enum's.
    pub(crate) fn of(schema: &'s Value) -> Self {
        let branches = ["oneOf", "anyOf"].iter().find_map(|key| schema.get(key)?.as_array());
        let branches = branches.map_or(std::slice::from_ref(schema), Vec::as_slice);
        let key = tag_of(branches);
        let list = branches.iter().flat_map(|branch| variants(branch, key)).collect();
        Self { key, list }
    }

    /// Their names, for an error.
    pub(crate) fn names(&self) -> Vec<String> {
        self.list.iter().map(|branch| branch.name.to_owned()).collect()
    }
}

impl<'s> Form<'s> {
    /// What a variant that nests a type says of it.
    pub(crate) fn nested(self, key: Option<&str>) -> Option<std::borrow::Cow<'s, Value>> {
        use std::borrow::Cow;
        let whole = match self {
            Self::Unit => return None,
            Self::Inner(value) => return Some(Cow::Borrowed(value)),
            Self::Whole(value) => value,
        };
        if let Some(reference) = whole.get("$ref") {
            return Some(Cow::Owned(serde_json::json!({ "$ref": reference })));
        }
        let properties = whole.get("properties")?.as_object()?;
        let mut others = properties.iter().filter(|(name, _)| Some(name.as_str()) != key);
        match (key, others.next(), others.next()) {
            (Some(_), Some((_, content)), None) => Some(Cow::Borrowed(content)),
            _ => None,
        }
    }
}

/// The variants of one branch: several where they are the names of a list.
fn variants<'s>(branch: &'s Value, key: Option<&str>) -> Vec<Branch<'s>> {
    if let Some(name) = key.and_then(|key| constant(branch.get("properties")?.get(key)?)) {
        return vec![Branch { name, form: Form::Whole(branch) }];
    }
    if let Some(names) = branch.get("enum").and_then(Value::as_array) {
        let names = names.iter().filter_map(Value::as_str);
        return names.map(|name| Branch { name, form: Form::Unit }).collect();
    }
    if let Some(name) = constant(branch) {
        return vec![Branch { name, form: Form::Unit }];
    }
    if let Some((name, inner)) = branch.as_object().and_then(single) {
        return vec![Branch { name, form: Form::Inner(inner) }];
    }
    let title = branch.get("title").and_then(Value::as_str);
    title.map(|name| Branch { name, form: Form::Whole(branch) }).into_iter().collect()
}

/// The one field of an object that has no other.
fn single(object: &Map<String, Value>) -> Option<(&str, &Value)> {
    let closed = object.get("additionalProperties") == Some(&Value::Bool(false));
    let properties = object.get("properties")?.as_object().filter(|all| all.len() == 1)?;
    let (name, inner) = properties.iter().next()?;
    let required = object.get("required")?.as_array()?;
    (closed && required.iter().any(|field| field == name)).then_some((name, inner))
}

/// The field that has a constant in every branch.
fn tag_of(branches: &[Value]) -> Option<&str> {
    let in_all = |name: &str| {
        branches.iter().all(|branch| {
            let field = branch.get("properties").and_then(|all| all.get(name));
            field.is_some_and(|field| constant(field).is_some())
        })
    };
    let first = branches.first()?.get("properties")?.as_object()?;
    first.keys().map(String::as_str).find(|name| in_all(name))
}

fn constant(schema: &Value) -> Option<&str> {
    schema.get("const").and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_representation_names_its_variants() {
        let table = [
            (json!({ "type": "string", "enum": ["A", "B"] }), None, "A:unit B:unit"),
            (
                json!({ "oneOf": [
                    { "type": "string", "const": "A", "description": "d" },
                    { "type": "object", "properties": { "B": { "type": "null" } }, "required": ["B"],
                      "additionalProperties": false },
                ] }),
                None,
                "A:unit B:inner",
            ),
            (
                json!({ "oneOf": [
                    { "type": "object", "properties": { "k": { "const": "a" }, "x": true }, "required": ["k"] },
                    { "type": "object", "properties": { "k": { "const": "b" } }, "required": ["k"] },
                ] }),
                Some("k"),
                "a:whole b:whole",
            ),
            (
                json!({ "anyOf": [{ "title": "A", "type": "string" }, { "title": "B", "$ref": "#/$defs/B" }] }),
                None,
                "A:whole B:whole",
            ),
            (json!({ "type": "object", "properties": { "a": true } }), None, ""),
        ];
        for (schema, key, expected) in table {
            let branches = Branches::of(&schema);
            let said: Vec<_> = branches
                .list
                .iter()
                .map(|branch| {
                    let form = match branch.form {
                        Form::Unit => "unit",
                        Form::Inner(_) => "inner",
                        Form::Whole(_) => "whole",
                    };
                    format!("{}:{form}", branch.name)
                })
                .collect();
            assert_eq!((branches.key, said.join(" ").as_str()), (key, expected), "{schema}");
        }
    }
}
