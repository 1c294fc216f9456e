//! What cargo-mutants finds to change, and the sample that is drawn of it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::campaign::tool;
use crate::workspace::{Workspace, read};

/// It says what a mutant is: another version finds others.
const VERSION: &str = "27.1.0";

/// Tests, what only loom or shuttle run, and the forms of the seam to threads that other builds have.
const LEFT_OUT: &[&str] = &[
    "**/loom.rs",
    "**/loom/**",
    "**/tests.rs",
    "**/tests/**",
    "rem-core/src/sync.rs",
    "rem-core/src/sync/{locals,snapshot,time}.rs",
    "rem-core/src/testing/interleave/seeded.rs",
];

/// Installs cargo-mutants; gives its path.
pub(super) fn tool(workspace: &Workspace) -> Result<PathBuf> {
    tool::install(workspace, "cargo-mutants", VERSION)
}

/// One change of the code.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Mutant {
    /// As cargo-mutants calls it, with the line.
    pub(super) name: String,
    pub(super) package: String,
    /// From the root, with `/`.
    pub(super) file: String,
    /// What is replaced.
    pub(super) span: Span,
    pub(super) replacement: String,
    pub(super) genre: Genre,
    /// The name without the line, and which it is of those in the file: what it is known by when lines above it change.
    #[serde(skip)]
    pub(super) id: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
pub(super) struct Span {
    pub(super) start: Place,
    pub(super) end: Place,
}

/// Counted from 1, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
pub(super) enum Genre {
    FnValue,
    BinaryOperator,
    UnaryOperator,
    MatchArm,
    MatchArmGuard,
    StructField,
}

/// All mutants of the packages of a tree, in the order of cargo-mutants.
pub(super) fn all(
    workspace: &Workspace,
    tool: &Path,
    tree: &Path,
    packages: &[&str],
) -> Result<Vec<Mutant>> {
    let mut list = workspace.command(tool);
    list.args(["mutants", "--list", "--json", "--no-config", "--dir"]).arg(tree);
    list.args(packages.iter().flat_map(|package| ["--package", package]));
    list.args(LEFT_OUT.iter().flat_map(|files| ["--exclude", files]));
    parse(&read(&mut list)?)
}

fn parse(json: &str) -> Result<Vec<Mutant>> {
    let mut mutants: Vec<Mutant> =
        serde_json::from_str(json).context("cargo-mutants lists its mutants in another form")?;
    let mut seen = HashMap::new();
    for mutant in &mut mutants {
        let Span { start: Place { line, column }, .. } = mutant.span;
        let place = format!("{}:{line}:{column}: ", mutant.file);
        let what = mutant.name.strip_prefix(&place).unwrap_or(&mutant.name);
        let id = format!("{}: {what}", mutant.file);
        let number = seen.entry(id.clone()).and_modify(|number| *number += 1).or_insert(1);
        mutant.id = if *number == 1 { id } else { format!("{id} ({number})") };
    }
    Ok(mutants)
}

/// So many of them, in the order of the list: each mutant's place in the draw hangs on the seed and on its own name, so that a
/// change elsewhere draws no other.
pub(super) fn sample(mut mutants: Vec<Mutant>, count: usize, seed: u64) -> Vec<Mutant> {
    let mut draw: Vec<u64> = mutants.iter().map(|mutant| mark(seed, &mutant.id)).collect();
    draw.sort_unstable();
    if let Some(last) = draw.get(count) {
        mutants.retain(|mutant| mark(seed, &mutant.id) < *last);
    }
    mutants
}

/// FNV-1a, stirred once more (the finish of splitmix64), for it is weak in its upper bits.
fn mark(seed: u64, text: &str) -> u64 {
    let byte = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = seed.to_le_bytes().iter().chain(text.as_bytes()).fold(0xcbf2_9ce4_8422_2325, byte);
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A list as cargo-mutants writes it: file, place, what is done, replacement, genre.
    pub(in super::super) fn listed(
        mutants: &[(&str, [usize; 4], &str, &str, &str)],
    ) -> Vec<Mutant> {
        let entries: Vec<_> = mutants
            .iter()
            .map(|(file, [line, column, last, end], what, replacement, genre)| {
                let name = format!("{file}:{line}:{column}: {what}");
                serde_json::json!({
                    "name": name, "package": "a", "file": file, "function": null,
                    "span": { "start": { "line": line, "column": column }, "end": { "line": last, "column": end } },
                    "replacement": replacement, "genre": genre,
                })
            })
            .collect();
        parse(&serde_json::Value::Array(entries).to_string()).unwrap()
    }

    fn some(lines: std::ops::Range<usize>) -> Vec<Mutant> {
        let names: Vec<_> = lines.clone().map(|line| format!("replace f{line} with 1")).collect();
        let rows: Vec<_> = lines
            .zip(&names)
            .map(|(line, name)| ("a.rs", [line, 1, line, 2], name.as_str(), "1", "FnValue"))
            .collect();
        listed(&rows)
    }

    #[test]
    fn a_mutant_is_known_by_what_it_does_and_not_by_its_line() {
        let row =
            |line| ("a.rs", [line, 5, line, 7], "replace == with != in f", "!=", "BinaryOperator");
        let ids: Vec<_> = listed(&[row(3), row(9)]).into_iter().map(|mutant| mutant.id).collect();
        assert_eq!(ids, ["a.rs: replace == with != in f", "a.rs: replace == with != in f (2)"]);
    }

    #[test]
    fn a_sample_is_drawn_by_its_seed_and_what_is_new_elsewhere_changes_little() {
        let ids = |mutants: Vec<Mutant>| -> Vec<_> {
            mutants.into_iter().map(|mutant| mutant.id).collect()
        };
        let drawn = ids(sample(some(0..1_000), 100, 7));
        assert_eq!(drawn.len(), 100);
        assert_eq!(drawn, ids(sample(some(0..1_000), 100, 7)));
        assert_ne!(drawn, ids(sample(some(0..1_000), 100, 8)));
        let more = ids(sample(some(0..1_010), 100, 7));
        let kept = drawn.iter().filter(|id| more.contains(id)).count();
        assert!(kept >= 90, "{kept}");
        assert_eq!(sample(some(0..5), 100, 7).len(), 5, "all there are");
        // Each part of the list has its share.
        let early = ids(sample(some(0..1_000), 500, 7)).iter().filter(|id| id.len() < 25).count();
        assert!(early < 500);
    }
}
