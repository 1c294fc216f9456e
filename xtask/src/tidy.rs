//! The rules of the tree that no compiler, formatter or linter checks.
//!
//! A rule is one small function from the [`Tree`] to what it finds; [`RULES`] names them all, and
//! `tidy/tests.rs` shows of each that it can fail. The rules run as a step of `cargo xtask test`
//! and as a test of this crate, so that no way of testing goes around them.

mod tree;
mod tokens;
mod text;
mod code;
mod unsafe_code;
mod unused;
mod manifests;
mod layers;
mod way;
mod seams;
mod words;
mod invariants;
mod promises;
mod map;

use std::fmt;

use anyhow::{Result, ensure};

use crate::tidy::tree::Tree;
use crate::workspace::Workspace;

/// The packages that may hold `unsafe` code.
pub(crate) use unsafe_code::EXEMPT as UNSAFE_PACKAGES;

/// One rule.
pub(crate) struct Rule {
    /// The name it is known by: in its findings, and in ARCHITECTURE.md where it proves an invariant.
    pub(crate) id: &'static str,
    check: fn(&Tree) -> Vec<Finding>,
}

const RULES: &[Rule] = &[
    Rule { id: "header", check: text::header },
    Rule { id: "size", check: text::size },
    Rule { id: "white-space", check: text::white_space },
    Rule { id: "mod-rs", check: text::mod_rs },
    Rule { id: "words", check: words::check },
    Rule { id: "unfinished", check: code::unfinished },
    Rule { id: "doc-unwrap", check: code::doc_unwrap },
    Rule { id: "readme", check: code::readme },
    Rule { id: "unsafe", check: unsafe_code::check },
    Rule { id: "reasons", check: manifests::reasons },
    Rule { id: "shared", check: manifests::shared },
    Rule { id: "unused", check: unused::check },
    Rule { id: "layers", check: layers::check },
    Rule { id: "way", check: way::check },
    Rule { id: "clock", check: seams::clock },
    Rule { id: "sync", check: seams::sync },
    Rule { id: "invariants", check: invariants::check },
    Rule { id: "promises", check: promises::check },
    Rule { id: "map", check: map::check },
];

/// The step: tells every finding, fails when one is more than a warning.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let tree = Tree::read(workspace)?;
    let findings = findings(&tree);
    for finding in &findings {
        println!("    {finding}");
    }
    let failures = findings.iter().filter(|finding| !finding.warning).count();
    println!("    {} rules over {} files", RULES.len(), tree.files().len());
    ensure!(failures == 0, "{failures} findings");
    Ok(())
}

fn findings(tree: &Tree) -> Vec<Finding> {
    let all = RULES.iter().flat_map(|rule| {
        (rule.check)(tree).into_iter().map(|finding| Finding { rule: rule.id, ..finding })
    });
    all.collect()
}

/// What a rule found: where, what, and what to write instead.
#[derive(Debug)]
pub(crate) struct Finding {
    rule: &'static str,
    file: String,
    /// Counted from 1; 0 means the file as a whole.
    line: usize,
    /// What is wrong and how to mend it.
    text: String,
    /// Told, but no failure.
    warning: bool,
}

impl Finding {
    pub(crate) fn new(file: &str, line: usize, text: impl Into<String>) -> Self {
        Self { rule: "", file: file.to_owned(), line, text: text.into(), warning: false }
    }

    pub(crate) fn warning(self) -> Self {
        Self { warning: true, ..self }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, file, line, text, warning } = self;
        let level = if *warning { "warning" } else { "error" };
        match line {
            0 => write!(f, "{level}[{rule}] {file}: {text}"),
            line => write!(f, "{level}[{rule}] {file}:{line}: {text}"),
        }
    }
}

#[cfg(test)]
mod tests;
