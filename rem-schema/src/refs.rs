//! References within a document: to follow them, to find what they reach, to give them new names.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Where shared definitions stand while schemas are worked upon.
pub(crate) const DEFS: &str = "#/$defs/";

/// How many references are followed one upon another, before they are taken for a ring.
const DEPTH: usize = 64;

/// The name of the definition that a reference means.
pub(crate) fn target(reference: &str) -> Option<String> {
    reference.strip_prefix(DEFS).map(decoded)
}

/// The schema that a schema which is but a reference means, however often that is another; `None` for a ring, and for a
/// reference to nothing.
pub(crate) fn resolved<'s>(schema: &'s Value, defs: &'s Map<String, Value>) -> Option<&'s Value> {
    let mut at = schema;
    for _ in 0..DEPTH {
        let Some(reference) = at.get("$ref").and_then(Value::as_str) else { return Some(at) };
        // Beside a reference may stand what says more of this place: that is no enum's head.
        at = defs.get(&target(reference)?)?;
    }
    None
}

/// The definitions that these schemas reach, directly or through others.
pub(crate) fn reachable<'s>(
    schemas: impl IntoIterator<Item = &'s Value>,
    defs: &'s Map<String, Value>,
) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut left: Vec<&Value> = schemas.into_iter().collect();
    while let Some(value) = left.pop() {
        match value {
            Value::Array(values) => left.extend(values),
            Value::Object(fields) => {
                left.extend(fields.values());
                let name = fields.get("$ref").and_then(Value::as_str).and_then(target);
                if let Some((name, definition)) = name.and_then(|name| defs.get_key_value(&name))
                    && found.insert(name.clone())
                {
                    left.push(definition);
                }
            }
            _ => {}
        }
    }
    found
}

/// Makes every reference to a definition the one that `renamed` gives for its name.
pub(crate) fn rename(value: &mut Value, renamed: &dyn Fn(&str) -> String) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| rename(value, renamed)),
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get_mut("$ref")
                && let Some(name) = target(reference)
            {
                *reference = renamed(&name);
            }
            fields.values_mut().for_each(|value| rename(value, renamed));
        }
        _ => {}
    }
}

/// `text` as a part of a JSON pointer in a URI's fragment, undone.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex =
            |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        if let (b'%', [high, low, after @ ..]) = (first, tail)
            && let (Some(high), Some(low)) = (hex(high), hex(low))
        {
            bytes.push(high * 16 + low);
            rest = after;
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).replace("~1", "/").replace("~0", "~")
}

/// A name that may stand in any reference as it is: letters, digits, `.`, `-` and `_`.
pub(crate) fn plain(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for sign in name.chars().filter(|sign| !matches!(sign, '{' | '}')) {
        let allowed = sign.is_ascii_alphanumeric() || matches!(sign, '.' | '-' | '_');
        plain.push(if allowed { sign } else { '_' });
    }
    plain
}

/// [`plain`] names, each given once.
#[derive(Debug, Default)]
pub(crate) struct Names(BTreeSet<String>);

impl Names {
    /// The name, with a number if it is taken.
    pub(crate) fn take(&mut self, name: &str) -> String {
        let name = plain(name);
        let numbered = (2_u32..).map(|number| format!("{name}_{number}"));
        let free =
            std::iter::once(name.clone()).chain(numbered).find(|name| !self.0.contains(name));
        let free = free.unwrap_or(name);
        self.0.insert(free.clone());
        free
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_ring_of_references_ends() {
        let defs = json!({ "A": { "$ref": "#/$defs/B" }, "B": { "$ref": "#/$defs/A" } });
        let defs = defs.as_object().unwrap();
        assert_eq!(resolved(&json!({ "$ref": "#/$defs/A" }), defs), None);
        assert_eq!(resolved(&json!({ "$ref": "#/$defs/C" }), defs), None);
        let reached = reachable([&json!({ "items": { "$ref": "#/$defs/A" } })], defs);
        assert_eq!(reached.into_iter().collect::<Vec<_>>(), ["A", "B"]);
    }

    #[test]
    fn names_are_plain_and_given_once() {
        let mut names = Names::default();
        assert_eq!(names.take("order.{id}.paid"), "order.id.paid");
        assert_eq!(names.take("order.id.paid"), "order.id.paid_2");
        assert_eq!(names.take("a/b<ü>"), "a_b___");
        assert_eq!(target("#/$defs/a~1b%20c"), Some("a/b c".to_owned()));
    }
}
