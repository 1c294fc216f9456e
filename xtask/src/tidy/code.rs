//! Rules on code: nothing unfinished, no example that teaches `unwrap`, a README that compiles.

use crate::tidy::Finding;
use crate::tidy::tokens::find;
use crate::tidy::tree::{SourceFile, Tree};

/// Sequences of tokens that mark work not done, and what to do instead.
const UNFINISHED: &[(&str, &str)] = &[
    ("todo !", "`todo!` is a panic that waits for a user; write the code"),
    ("unimplemented !", "`unimplemented!` is a panic that waits for a user; return an error"),
    ("dbg !", "`dbg!` is left over from a search; remove it"),
    ("# [ ignore", "a test that does not run proves nothing; mend it or remove it"),
];

/// No `todo!`, `unimplemented!`, `dbg!` and no ignored test.
pub(crate) fn unfinished(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        let Some(tokens) = file.tokens() else {
            findings.push(Finding::new(&file.path, 0, "this is not Rust: a bracket is not closed"));
            continue;
        };
        for (sequence, text) in UNFINISHED {
            let places = find(&tokens, sequence).map(|at| tokens[at].line);
            findings.extend(places.map(|line| Finding::new(&file.path, line, *text)));
        }
    }
    findings
}

/// Readers copy examples, so those in docs pass errors on with `?`.
pub(crate) fn doc_unwrap(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files() {
        let markdown = file.has_extension("md");
        for (number, line) in file.lines() {
            let text = line.trim_start();
            let doc = markdown || text.starts_with("//!") || text.starts_with("///");
            if doc && text.contains(".unwrap()") {
                let text = "`unwrap` in an example; write `?`, and end it with `# Ok::<(), …>(())`";
                findings.push(Finding::new(&file.path, number, text));
            }
        }
    }
    findings
}

/// The first code that a reader sees must compile: the facade includes README.md as a doc test.
pub(crate) fn readme(tree: &Tree) -> Vec<Finding> {
    let facade = "src/lib.rs";
    let included = tree
        .file(facade)
        .and_then(SourceFile::tokens)
        .is_some_and(|tokens| find(&tokens, "include_str ! ( \"../README.md\" )").next().is_some());
    let code = tree.file("README.md").is_some_and(|file| file.text.contains("```rust\n"));
    let mut findings = Vec::new();
    if !included {
        let text = "README.md is no doc test: add `#[cfg(doctest)] #[doc = include_str!(\"../README.md\")]`";
        findings.push(Finding::new(facade, 0, text));
    }
    if !code {
        findings.push(Finding::new("README.md", 0, "no ```rust block that a doc test could run"));
    }
    findings
}
