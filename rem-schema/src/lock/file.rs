//! [`File`]: what a lock holds, and its form on disk: JSON, sorted, with nothing in it that does not bind.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::shape::is_note;
use crate::body::{Bodies, Found, Side};
use crate::error::SchemaError;
use crate::given::Given;

/// The form that is written here.
pub(crate) const FORM: u32 = 1;

/// Every event of some types, and how its data is read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct File {
    /// Which form the file has.
    pub(crate) rem_lock: u32,
    /// By topic, then by version.
    pub(crate) events: BTreeMap<String, BTreeMap<Version, Entry>>,
    #[serde(rename = "$defs")]
    pub(crate) defs: Map<String, Value>,
}

/// One version of one event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Its name in the code, for people.
    pub(crate) event: String,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) aliases: BTreeSet<String>,
    pub(crate) data: Value,
    /// What stands before the variant's own part of the topic; known of a type, and not of a file.
    #[serde(skip)]
    pub(crate) above: String,
}

/// `v1`, in the order of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Version(pub(crate) u32);

impl From<Version> for String {
    fn from(version: Version) -> Self {
        format!("v{}", version.0)
    }
}

impl TryFrom<String> for Version {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let number = text.strip_prefix('v').and_then(|number| number.parse().ok());
        number.map(Self).ok_or_else(|| format!("`{text}` is no version: write it as `v1`"))
    }
}

impl File {
    /// Of the types as they are now.
    pub(crate) fn of(types: &[Given]) -> Result<Self, SchemaError> {
        let bodies = Bodies::of(types, Side::Read)?;
        let defs = bodies.defs.into_iter().map(|(name, schema)| (name, bound(&schema)));
        let mut file = Self { rem_lock: FORM, events: BTreeMap::new(), defs: sorted(defs) };
        let mut holders: BTreeMap<(String, u32), &'static str> = BTreeMap::new();
        for found in &bodies.events {
            let (entry, version) = (Entry::of(found), found.event.version);
            let versions = file.events.entry(found.topic.clone()).or_default();
            let before = versions.get(&Version(version)).filter(|before| before.data != entry.data);
            let holder = holders.entry((found.topic.clone(), version)).or_insert(found.given.name);
            if before.is_some() {
                return Err(SchemaError::topic_twice(found.given.name, holder, &found.topic));
            }
            versions.entry(Version(version)).or_insert(entry);
        }
        Ok(file)
    }

    /// What comes back from disk.
    pub(crate) fn on_disk(mut self) -> Self {
        let entries = self.events.values_mut().flat_map(BTreeMap::values_mut);
        entries.for_each(|entry| entry.above.clear());
        self
    }

    /// The text on disk; equal files have equal texts.
    pub(crate) fn text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// The versions of the event that is read under a topic, whether it is its own or an alias.
    pub(crate) fn readers(&self, topic: &str) -> Vec<(u32, &Entry)> {
        let all = self.events.iter().flat_map(|(own, versions)| {
            versions.iter().map(move |(version, entry)| (own, version.0, entry))
        });
        let reads = all.filter(|(own, _, entry)| *own == topic || entry.aliases.contains(topic));
        reads.map(|(_, version, entry)| (version, entry)).collect()
    }
}

impl Entry {
    fn of(found: &Found) -> Self {
        let own = found.event.topic;
        let above = found.topic.strip_suffix(own).unwrap_or(&found.topic);
        Self {
            event: found.name(),
            aliases: found.aliases.iter().cloned().collect(),
            data: bound(&found.body),
            above: above.to_owned(),
        }
    }
}

/// What of a schema binds: without its documentation, titles and defaults, and in order.
fn bound(schema: &Value) -> Value {
    let Value::Object(fields) = schema else { return schema.clone() };
    let binding = fields.iter().filter(|(keyword, _)| !is_note(keyword));
    Value::Object(sorted(binding.map(|(keyword, said)| {
        let said = match (keyword.as_str(), said) {
            (
                "properties" | "patternProperties" | "dependentSchemas" | "definitions",
                Value::Object(of),
            ) => {
                Value::Object(sorted(of.iter().map(|(name, schema)| (name.clone(), bound(schema)))))
            }
            ("oneOf" | "anyOf" | "allOf" | "prefixItems", Value::Array(of)) => {
                Value::Array(of.iter().map(bound).collect())
            }
            (
                "items"
                | "additionalProperties"
                | "unevaluatedProperties"
                | "not"
                | "contains"
                | "propertyNames"
                | "if"
                | "then"
                | "else",
                schema,
            ) => bound(schema),
            ("required" | "enum" | "type", Value::Array(values)) => {
                let mut values = values.clone();
                values.sort_by_key(ToString::to_string);
                Value::Array(values)
            }
            _ => said.clone(),
        };
        (keyword.clone(), said)
    })))
}

/// In order of the names, whatever keeps them.
fn sorted(fields: impl Iterator<Item = (String, Value)>) -> Map<String, Value> {
    fields.collect::<BTreeMap<_, _>>().into_iter().collect()
}
