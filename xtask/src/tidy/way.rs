//! The rule on the way of an event: `way.rs` names the five steps in their order, and nobody else
//! calls them.
//!
//! A step is a module of the core; what `way.rs` calls in it (`route::find(…)`) is the step's
//! entry. The rule reads tokens and not types, so it sees calls by path and imports by name; a
//! method that does a step's work is for a reviewer to see.

use std::collections::BTreeSet;

use crate::tidy::Finding;
use crate::tidy::tokens::{Token, find, without_tests};
use crate::tidy::tree::{SourceFile, Tree};

const CORE: &str = "rem-core/src/";
const WAY: &str = "rem-core/src/way.rs";

/// The steps in the order of the way.
const STEPS: &[&str] = &["publish", "middleware", "route", "record", "deliver"];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(way) = tree.file(WAY) else {
        return vec![Finding::new(
            WAY,
            0,
            "it is missing: the order of the steps is decided there",
        )];
    };
    let calls = calls(&code(way));
    let mut findings = order(&calls);
    let entries = calls.iter().map(|call| (call.step, call.entry.as_str())).collect();
    let others = tree
        .rust()
        .filter(|file| file.path.starts_with(CORE) && file.path != WAY && !file.is_test());
    findings.extend(others.flat_map(|file| shortcuts(file, &entries)));
    findings
}

/// One call of `way.rs`: `step::entry(…)`.
struct Call {
    step: &'static str,
    entry: String,
    line: usize,
}

fn code(file: &SourceFile) -> Vec<Token> {
    without_tests(file.tokens().unwrap_or_default())
}

fn calls(tokens: &[Token]) -> Vec<Call> {
    let mut calls = Vec::new();
    for step in STEPS {
        let path = format!("{step} : :");
        for at in find(tokens, &path) {
            let [_, _, _, entry, next, ..] = &tokens[at..] else { continue };
            if next.text == "(" {
                calls.push((at, Call { step, entry: entry.text.clone(), line: entry.line }));
            }
        }
    }
    calls.sort_by_key(|(at, _)| *at);
    calls.into_iter().map(|(_, call)| call).collect()
}

/// All five steps, the first call of each after the first of the one before.
fn order(calls: &[Call]) -> Vec<Finding> {
    let first = |step: &&str| calls.iter().position(|call| call.step == *step);
    let missing = STEPS.iter().filter(|step| first(step).is_none());
    let mut findings: Vec<_> = missing
        .map(|step| Finding::new(WAY, 0, format!("it never calls the step `{step}::…(…)`")))
        .collect();
    for pair in STEPS.windows(2) {
        let (Some(before), Some(after)) = (first(&pair[0]), first(&pair[1])) else { continue };
        if after < before {
            let text = format!("`{}` comes before `{}`; the way is {STEPS:?}", pair[1], pair[0]);
            findings.push(Finding::new(WAY, calls[after].line, text));
        }
    }
    findings
}

/// Calls and imports of a step's entry outside `way.rs`.
fn shortcuts(file: &SourceFile, entries: &BTreeSet<(&str, &str)>) -> Vec<Finding> {
    let tokens = code(file);
    let mut findings = Vec::new();
    for (step, entry) in entries {
        let called = format!("{step} : : {entry} (");
        let imports = find(&tokens, "use").filter(|at| imports(&tokens[*at..], step, entry));
        let places = find(&tokens, &called).chain(imports);
        findings.extend(places.map(|at| {
            let text = format!("`{step}::{entry}` is a step of the way; only way.rs calls it");
            Finding::new(&file.path, tokens[at].line, text)
        }));
    }
    findings
}

/// Whether a `use` that begins here brings the entry in, alone or within braces.
fn imports(tokens: &[Token], step: &str, entry: &str) -> bool {
    let words =
        tokens.iter().take_while(|token| token.text != ";").map(|token| token.text.as_str());
    words.skip_while(|word| *word != step).skip(1).any(|word| word == entry)
}
