//! The rule on the map: ARCHITECTURE.md names every top file of every crate, and no file that is not there.
//!
//! The map of a crate is the section under ``### `crate` ``; a file is named there as `` `file.rs` ``, and one that lies deeper by its
//! path below the top, by its path from the root, or, where the section says below what, by its name alone.

use std::collections::BTreeSet;

use crate::tidy::Finding;
use crate::tidy::tree::{SourceFile, Tree};

const DOCUMENT: &str = "ARCHITECTURE.md";

/// The crates on the map, with the directory of their code.
const CRATES: &[(&str, &str)] = &[
    ("rem-patterns", "rem-patterns/src/"),
    ("rem-macros", "rem-macros/src/"),
    ("rem-core", "rem-core/src/"),
    ("rem-schema", "rem-schema/src/"),
    ("rem-analysis", "rem-analysis/src/"),
    ("rem-journal", "rem-journal/src/"),
    ("rem-projections", "rem-projections/src/"),
    ("rem-effects", "rem-effects/src/"),
    ("rem-mesh", "rem-mesh/src/"),
    ("rem-nats", "rem-nats/src/"),
    ("rem-partition", "rem-partition/src/"),
    ("rem-inspector", "rem-inspector/src/"),
    ("rem-bus", "src/"),
    ("xtask", "xtask/src/"),
];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(document) = tree.file(DOCUMENT) else {
        return vec![Finding::new(DOCUMENT, 0, "it is missing: the map stands there")];
    };
    let mapped =
        CRATES.iter().flat_map(|(name, directory)| of_crate(tree, document, name, directory));
    mapped.chain(unmapped(tree)).collect()
}

/// Crates that no map is asked for.
fn unmapped(tree: &Tree) -> impl Iterator<Item = Finding> {
    tree.rust().filter_map(|file| {
        let directory = file.path.strip_suffix("lib.rs")?;
        let name = directory.strip_suffix("/src/")?;
        let is_mapped = CRATES.iter().any(|(_, known)| *known == directory);
        let is_one = name.starts_with("rem-") && !name.contains('/');
        let text = "this crate is in no map: name its files in ARCHITECTURE.md, and it in `CRATES`";
        (is_one && !is_mapped).then(|| Finding::new(&file.path, 0, text))
    })
}

fn of_crate(tree: &Tree, document: &SourceFile, name: &str, directory: &str) -> Vec<Finding> {
    let mapped: BTreeSet<_> = named(document, name).collect();
    let there: BTreeSet<_> =
        tree.rust().filter_map(|file| top_file(&file.path, directory)).collect();
    let missing =
        there.difference(&mapped).filter(|file| **file != "lib.rs" && **file != "main.rs");
    let missing = missing.map(|file| format!("the map of `{name}` does not name `{file}`"));
    let gone = mapped.iter().filter(|file| !is_there(tree, directory, file));
    let gone = gone.map(|file| format!("the map of `{name}` names `{file}`, which does not exist"));
    missing.chain(gone).map(|text| Finding::new(DOCUMENT, 0, text)).collect()
}

/// Whether what is named so is a file of the crate, or one from the root.
fn is_there(tree: &Tree, directory: &str, named: &str) -> bool {
    if named.contains('/') {
        return tree.file(&format!("{directory}{named}")).or_else(|| tree.file(named)).is_some();
    }
    tree.rust().filter_map(|file| file.path.strip_prefix(directory)).any(|below| {
        below.strip_suffix(named).is_some_and(|folder| folder.is_empty() || folder.ends_with('/'))
    })
}

/// The file's name when it lies in the directory and not deeper.
fn top_file<'a>(path: &'a str, directory: &str) -> Option<&'a str> {
    path.strip_prefix(directory).filter(|rest| !rest.contains('/'))
}

/// The files that the section of a crate names.
fn named<'a>(document: &'a SourceFile, name: &str) -> impl Iterator<Item = &'a str> {
    let heading = format!("### `{name}`");
    let lines = document.text.lines().skip_while(move |line| !line.starts_with(&heading)).skip(1);
    let section = lines.take_while(|line| !line.starts_with('#'));
    // Between backticks stands every second piece.
    let quoted = section.flat_map(|line| line.split('`').skip(1).step_by(2));
    let is_file =
        |quoted: &&str| quoted.strip_suffix(".rs").is_some_and(|stem| !stem.contains(['*', ' ']));
    quoted.filter(is_file)
}
