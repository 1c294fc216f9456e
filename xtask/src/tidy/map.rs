//! The rule on the map: of each crate that is listed here, ARCHITECTURE.md names every top file, and none that is not.
//!
//! The map of a crate is the section under ``### `crate` ``; a file is named there as `` `file.rs` ``.

use std::collections::BTreeSet;

use crate::tidy::Finding;
use crate::tidy::tree::{SourceFile, Tree};

const DOCUMENT: &str = "ARCHITECTURE.md";

/// The crates whose map is held to their files, with the directory of their code. Of others the document names files too, and some that
/// lie deeper.
const CRATES: &[(&str, &str)] = &[
    ("rem-patterns", "rem-patterns/src/"),
    ("rem-macros", "rem-macros/src/"),
    ("rem-core", "rem-core/src/"),
    ("rem-schema", "rem-schema/src/"),
    ("rem-bus", "src/"),
    ("xtask", "xtask/src/"),
];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(document) = tree.file(DOCUMENT) else {
        return vec![Finding::new(DOCUMENT, 0, "it is missing: the map stands there")];
    };
    CRATES.iter().flat_map(|(name, directory)| of_crate(tree, document, name, directory)).collect()
}

fn of_crate(tree: &Tree, document: &SourceFile, name: &str, directory: &str) -> Vec<Finding> {
    let mapped: BTreeSet<_> = named(document, name).collect();
    let there: BTreeSet<_> =
        tree.rust().filter_map(|file| top_file(&file.path, directory)).collect();
    let missing =
        there.difference(&mapped).filter(|file| **file != "lib.rs" && **file != "main.rs");
    let missing = missing.map(|file| format!("the map of `{name}` does not name `{file}`"));
    let gone = mapped.iter().filter(|file| tree.file(&format!("{directory}{file}")).is_none());
    let gone = gone.map(|file| format!("the map of `{name}` names `{file}`, which does not exist"));
    missing.chain(gone).map(|text| Finding::new(DOCUMENT, 0, text)).collect()
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
