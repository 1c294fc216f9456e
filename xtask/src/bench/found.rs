//! What was found, part by part: `benches/results/results.json`, which the page is made of.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::bench::machine::Circumstances;
use crate::workspace::Workspace;

/// The folder of this file and of the plots, and the file itself, below the root.
pub(crate) const FOLDER: &str = "benches/results";
pub(crate) const PATH: &str = "benches/results/results.json";

/// All that is kept, by the name of the part.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Results {
    pub(crate) parts: BTreeMap<String, Found>,
}

/// What one part found, when it was last run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Found {
    /// On which machine, of which code.
    pub(crate) under: Circumstances,
    /// How many rounds each benchmark was told to make, if it was.
    pub(crate) rounds: Option<u32>,
    pub(crate) seconds: u64,
    pub(crate) rows: Vec<Row>,
}

/// One row, as `rem_benches::results` writes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Row {
    Bar { work: String, figure: f64, limit: f64, at_most: bool, unit: String },
    Median { name: String, figure: f64, unit: String },
    Figure { table: String, name: String, figure: f64, unit: String },
    Point { plot: String, line: String, along: String, at: f64, figure: f64, unit: String },
}

impl Results {
    /// What is kept; nothing, if nothing was measured yet.
    pub(crate) fn read(workspace: &Workspace) -> Result<Self> {
        let path = workspace.root().join(PATH);
        if !path.exists() {
            return Ok(Self::default());
        }
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {PATH}"))?;
        serde_json::from_str(&text)
            .with_context(|| format!("{PATH} is malformed; without it, measure anew"))
    }

    pub(crate) fn write(&self, workspace: &Workspace) -> Result<()> {
        fs::create_dir_all(workspace.root().join(FOLDER))?;
        let text = serde_json::to_string_pretty(self)? + "\n";
        fs::write(workspace.root().join(PATH), text).with_context(|| format!("cannot write {PATH}"))
    }
}

/// Rows, one a line.
pub(crate) fn rows(lines: &str) -> Result<Vec<Row>> {
    let read = |line| {
        serde_json::from_str(line).with_context(|| format!("not a row of results: `{line}`"))
    };
    lines.lines().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_as_benchmarks_write_them() {
        let lines = concat!(
            r#"{"kind":"bar","work":"w","figure":1.5,"limit":2.0,"at_most":true,"unit":"ns"}"#,
            "\n",
            r#"{"kind":"figure","table":"t","name":"REM","figure":3.0,"unit":"ns"}"#,
            "\n",
        );
        let [Row::Bar { limit, .. }, Row::Figure { table, .. }] = &rows(lines).unwrap()[..] else {
            panic!("other rows");
        };
        assert_eq!((*limit, table.as_str()), (2.0, "t"));
        for wrong in ["{}", "x", r#"{"kind":"bar"}"#, r#"{"kind":"median","name":"n"}"#] {
            assert!(rows(wrong).is_err(), "{wrong}");
        }
    }
}
