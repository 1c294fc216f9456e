//! [`Metadata`]: what a publisher or middleware adds to an event beside its data.

use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Names and JSON values, sorted by name. Values may be nested.
///
/// ```
/// use rem_core::Metadata;
///
/// let mut metadata = Metadata::default();
/// metadata.insert("tenant", "acme");
/// metadata.insert("attempt", 2);
/// assert_eq!(metadata.get("tenant").and_then(|tenant| tenant.as_str()), Some("acme"));
/// assert_eq!(metadata.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["attempt", "tenant"]);
/// ```
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Metadata(Map<String, Value>);

static EMPTY: LazyLock<Metadata> = LazyLock::new(Metadata::default);

impl Metadata {
    /// No metadata.
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn empty() -> &'static Self {
        &EMPTY
    }

    /// The value under `name`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Sets the value under `name` and gives back the one that was there.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Value>) -> Option<Value> {
        self.0.insert(name.into(), value.into())
    }

    /// Takes the value under `name` out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// Names and values, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// `true` if there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
