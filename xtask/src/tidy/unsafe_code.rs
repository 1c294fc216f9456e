//! The rule on `unsafe`: in the listed files alone, and every crate but the core forbids it.

use crate::tidy::Finding;
use crate::tidy::tokens::find;
use crate::tidy::tree::{SourceFile, Tree};

/// The files that may hold `unsafe`, each with what it is for.
const ALLOWED: &[(&str, &str)] = &[
    (
        "rem-core/src/event/by_hand.rs",
        "Arc<Event> to Arc<Event<T>> once the type id is checked; an event written where it will stand",
    ),
    (
        "rem-core/src/clock/counter.rs",
        "the processor's counter, which the system's clock reads too",
    ),
];

/// The packages that do not forbid it as a whole.
pub(crate) const EXEMPT: &[&str] = &["rem-core"];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = stray(tree);
    findings.extend(idle(tree));
    findings.extend(open(tree));
    findings
}

/// `unsafe` outside the list.
fn stray(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust().filter(|file| !is_allowed(&file.path)) {
        let tokens = file.tokens().unwrap_or_default();
        for at in find(&tokens, "unsafe") {
            let text =
                "`unsafe` outside the files listed in xtask/src/tidy/unsafe_code.rs; do without";
            findings.push(Finding::new(&file.path, tokens[at].line, text));
        }
    }
    findings
}

/// A place in the list that is no longer needed.
fn idle(tree: &Tree) -> Vec<Finding> {
    let idle = ALLOWED.iter().filter(|(path, _)| {
        let tokens = tree.file(path).and_then(SourceFile::tokens).unwrap_or_default();
        find(&tokens, "unsafe").next().is_none()
    });
    let text =
        "listed in xtask/src/tidy/unsafe_code.rs, but it holds no `unsafe`; take it off the list";
    idle.map(|(path, _)| Finding::new(path, 0, text)).collect()
}

/// A crate that does not forbid it.
fn open(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in tree.packages().iter().filter(|p| !EXEMPT.contains(&p.name.as_str())) {
        let Some(entry) = &package.entry else { continue };
        let tokens = tree.file(entry).and_then(SourceFile::tokens).unwrap_or_default();
        if find(&tokens, "# ! [ forbid ( unsafe_code ) ]").next().is_none() {
            findings.push(Finding::new(entry, 0, "add `#![forbid(unsafe_code)]` below the docs"));
        }
    }
    findings
}

fn is_allowed(path: &str) -> bool {
    ALLOWED.iter().any(|(allowed, _)| *allowed == path)
}
