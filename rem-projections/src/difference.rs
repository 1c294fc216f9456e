//! [`Difference`]: what changed between two states, written as JSON.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How deep states are compared; below, a part that differs is one change.
const DEPTH: usize = 64;

/// What changed between two moments: see [`Projector::difference`](crate::Projector::difference).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The number of the earlier moment, as it was asked for.
    pub from: u64,
    /// The number of the other.
    pub to: u64,
    /// What changed, in the order of the paths.
    pub changes: Vec<Change>,
}

/// One place in a state that has another value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Where: a JSON Pointer (RFC 6901), empty for the whole.
    pub path: String,
    /// What was there; `None` if nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub before: Option<Value>,
    /// What is there now; `None` if nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub after: Option<Value>,
}

/// A value that is there and `null` is not one that is missing.
fn present<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(value).map(Some)
}

/// A line for each change.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Change { path, before, after } in &self.changes {
            let shown =
                |value: &Option<Value>| value.as_ref().map_or("nothing".into(), Value::to_string);
            writeln!(f, "{path}: {} → {}", shown(before), shown(after))?;
        }
        Ok(())
    }
}

/// What changed between two states that are written as JSON, in the order of the paths.
///
/// ```
/// use serde_json::json;
///
/// let changes = rem_projections::changes(&json!({"cents": 250}), &json!({"cents": 300}));
/// assert_eq!((&*changes[0].path, &changes[0].after), ("/cents", &Some(json!(300))));
/// ```
pub fn changes(before: &Value, after: &Value) -> Vec<Change> {
    difference(before, after)
}

pub(crate) fn difference(before: &Value, after: &Value) -> Vec<Change> {
    let mut changes = Vec::new();
    compare(&mut String::new(), Some(before), Some(after), 0, &mut changes);
    changes
}

fn compare(
    path: &mut String,
    before: Option<&Value>,
    after: Option<&Value>,
    depth: usize,
    changes: &mut Vec<Change>,
) {
    match (before, after) {
        (Some(before), Some(after)) if before == after => {}
        (Some(Value::Object(before)), Some(Value::Object(after))) if depth < DEPTH => {
            let mut keys: Vec<_> = before.keys().chain(after.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                let end = path.len();
                path.push('/');
                path.push_str(&key.replace('~', "~0").replace('/', "~1"));
                compare(path, before.get(key), after.get(key), depth + 1, changes);
                path.truncate(end);
            }
        }
        (Some(Value::Array(before)), Some(Value::Array(after)))
            if depth < DEPTH && before.len() == after.len() =>
        {
            for (at, (before, after)) in before.iter().zip(after).enumerate() {
                let end = path.len();
                path.push('/');
                path.push_str(&at.to_string());
                compare(path, Some(before), Some(after), depth + 1, changes);
                path.truncate(end);
            }
        }
        (before, after) => changes.push(Change {
            path: path.clone(),
            before: before.cloned(),
            after: after.cloned(),
        }),
    }
}

/// Makes the change in a value; `false` if it has no such place.
pub(crate) fn patch(value: &mut Value, change: &Change) -> bool {
    let Some((parent, last)) = change.path.rsplit_once('/') else {
        *value = change.after.clone().unwrap_or_default();
        return true;
    };
    let last = last.replace("~1", "/").replace("~0", "~");
    match (value.pointer_mut(parent), &change.after) {
        (Some(Value::Object(map)), Some(after)) => {
            map.insert(last, after.clone());
            true
        }
        (Some(Value::Object(map)), None) => map.remove(&last).is_some(),
        (Some(Value::Array(array)), Some(after)) => {
            let place = last.parse().ok().and_then(|at: usize| array.get_mut(at));
            place.map(|place| *place = after.clone()).is_some()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_difference_makes_the_one_of_the_other() {
        let states = [
            json!(null),
            json!({}),
            json!({"a": 1, "b/c~d": {"e": [1, 2]}}),
            json!({"a": null, "b/c~d": {"e": [1, 3]}, "f": "g"}),
            json!({"b/c~d": {"e": [1, 3, 4]}}),
            json!([{"a": 1}, 2]),
            json!([{"a": 2, "b": null}, 2]),
        ];
        for before in &states {
            for after in &states {
                let changes = difference(before, after);
                assert_eq!(changes.is_empty(), before == after);
                let mut value = before.clone();
                for change in &changes {
                    let written = serde_json::to_string(change).unwrap();
                    let read: Change = serde_json::from_str(&written).unwrap();
                    assert_eq!(&read, change);
                    assert!(patch(&mut value, &read), "{before} {change:?}");
                }
                assert_eq!(&value, after, "from {before} by {changes:?}");
            }
        }
    }

    #[test]
    fn a_change_is_as_small_as_it_can_be() {
        let changes = difference(&json!({"a": {"b": 1, "c": 2}}), &json!({"a": {"b": 1, "c": 3}}));
        let change = Change { path: "/a/c".into(), before: Some(json!(2)), after: Some(json!(3)) };
        assert_eq!(changes, [change]);
        let mut other = json!({"a": 1});
        let nowhere = Change { path: "/x/y".into(), before: None, after: Some(json!(1)) };
        assert!(!patch(&mut other, &nowhere));
    }
}
