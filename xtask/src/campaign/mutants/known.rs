//! Survivors that are known: why no test catches each, kept in a file of the tree.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use toml_edit::DocumentMut;

/// A table a mutant, `"what it is known by" = "why it may survive"`.
pub(super) const PATH: &str = "docs/campaigns/mutants.toml";

#[derive(Debug, Default)]
pub(super) struct Known(BTreeMap<String, String>);

impl Known {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text)
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        let document: DocumentMut = text.parse()?;
        let entry = |(id, value): (&str, &toml_edit::Item)| {
            let reason = value.as_str().map(str::trim).unwrap_or_default();
            ensure!(!reason.is_empty(), "{PATH}: `{id}` needs its reason, as a text");
            Ok((id.to_owned(), reason.to_owned()))
        };
        Ok(Self(document.iter().map(entry).collect::<Result<_>>()?))
    }

    pub(super) fn reason(&self, id: &str) -> Option<&str> {
        self.0.get(id).map(String::as_str)
    }

    /// All of them.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Workspace;

    #[test]
    fn each_has_a_reason() {
        let known = Known::parse("\"a.rs: replace f with 1\" = \"only speed\"\n").unwrap();
        assert_eq!(known.reason("a.rs: replace f with 1"), Some("only speed"));
        assert_eq!(known.ids().count(), 1);
        assert!(Known::parse("\"a.rs: replace f with 1\" = \" \"\n").is_err());
        assert!(Known::parse("\"a.rs: replace f with 1\" = 1\n").is_err());
    }

    #[test]
    fn the_file_of_the_tree_can_be_read() {
        let workspace = Workspace::open().unwrap();
        Known::read(&workspace.root().join(PATH)).unwrap();
    }
}
