//! The rule on invariants: each that ARCHITECTURE.md states has a proof that runs, and each proof
//! listed here stands in that document.
//!
//! The document marks one by its name: ``**Invariant (`layers`).**``.

use std::collections::BTreeSet;

use crate::test;
use crate::tidy::tree::{SourceFile, Test, Tree};
use crate::tidy::{Finding, RULES};

const DOCUMENT: &str = "ARCHITECTURE.md";

/// What proves an invariant.
enum Proof {
    /// A rule of tidy, by its id.
    Rule(&'static str),
    /// A step of `cargo xtask test`, by its name.
    Step(&'static str),
    /// A test: its file and its name.
    Test(&'static str, &'static str),
}

/// Every invariant of the document, with its proof.
const INVARIANTS: &[(&str, Proof)] = &[
    ("layers", Proof::Rule("layers")),
    ("way", Proof::Rule("way")),
    ("unsafe", Proof::Rule("unsafe")),
    ("clock", Proof::Rule("clock")),
    ("sync", Proof::Rule("sync")),
    ("map", Proof::Rule("map")),
    ("budget", Proof::Step("budget")),
    ("fallible-checks", Proof::Test("xtask/src/tidy/tests.rs", "each_rule_finds_what_it_is_for")),
    (
        "topic-decides",
        Proof::Test("tests/tests/whole/children.rs", "topic_decides_the_route_scope_the_type"),
    ),
    (
        "no-trace",
        Proof::Test(
            "tests/tests/whole/middleware.rs",
            "one_that_fails_or_panics_stops_that_event_alone_and_gives_it_back",
        ),
    ),
    (
        "numbered-once",
        Proof::Test(
            "tests/tests/stress/rings.rs",
            "each_event_once_numbered_once_and_in_each_publishers_order",
        ),
    ),
    (
        "cause-first",
        Proof::Test("tests/tests/whole/order.rs", "an_effect_is_seen_after_its_cause_by_all"),
    ),
    ("one-order", Proof::Test("tests/tests/order/stress.rs", "all_see_all_in_one_order")),
    (
        "isolation",
        Proof::Test(
            "tests/tests/whole/isolation.rs",
            "others_are_called_and_the_publisher_goes_on",
        ),
    ),
    (
        "capability",
        Proof::Test(
            "tests/tests/whole/children.rs",
            "a_child_sees_what_lies_below_its_prefix_and_nothing_else",
        ),
    ),
    (
        "over-when-told",
        Proof::Test(
            "rem-core/src/subscription/loom.rs",
            "nothing_runs_when_unsubscribe_has_returned",
        ),
    ),
    (
        "closed-when-told",
        Proof::Test("rem-core/src/bus/loom.rs", "nothing_is_published_when_a_bus_is_closed"),
    ),
    ("nothing-kept", Proof::Test("tests/tests/lifetimes/memory.rs", "what_is_over_leaves_nothing")),
    (
        "bounded-topics",
        Proof::Test("rem-core/src/route/topics.rs", "a_million_topics_keep_a_bounded_number"),
    ),
];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(document) = tree.file(DOCUMENT) else {
        return vec![Finding::new(DOCUMENT, 0, "it is missing: the invariants stand there")];
    };
    let mut findings = unproved(document);
    findings.extend(unstated(document));
    findings.extend(hollow(tree));
    findings
}

/// Stated without a proof.
fn unproved(document: &SourceFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, id) in stated(document) {
        if !INVARIANTS.iter().any(|(known, _)| *known == id) {
            let text = format!("`{id}` has no proof; give it one in xtask/src/tidy/invariants.rs");
            findings.push(Finding::new(DOCUMENT, line, text));
        }
    }
    findings
}

/// Proved without being stated.
fn unstated(document: &SourceFile) -> Vec<Finding> {
    let stated: BTreeSet<_> = stated(document).map(|(_, id)| id).collect();
    let missing = INVARIANTS.iter().filter(|(id, _)| !stated.contains(id));
    let text = |id| format!("it does not state `{id}`: **Invariant (`{id}`).** and what holds");
    missing.map(|(id, _)| Finding::new(DOCUMENT, 0, text(id))).collect()
}

/// With a proof that does not exist.
fn hollow(tree: &Tree) -> Vec<Finding> {
    let exists = |proof: &Proof| match proof {
        Proof::Rule(id) => RULES.iter().any(|rule| rule.id == *id),
        Proof::Step(name) => test::step(name).is_some(),
        Proof::Test(path, name) => {
            tree.file(path).is_some_and(|file| file.test(name) == Some(Test::Runs))
        }
    };
    let hollow = INVARIANTS.iter().filter(|(_, proof)| !exists(proof));
    let told = |proof: &Proof| match proof {
        Proof::Rule(id) => format!("the rule `{id}`"),
        Proof::Step(name) => format!("the step `{name}`"),
        Proof::Test(path, name) => format!("the test `{name}` in {path}"),
    };
    hollow
        .map(|(id, proof)| {
            let text = format!("`{id}` is to be proved by {}, which does not exist", told(proof));
            Finding::new("xtask/src/tidy/invariants.rs", 0, text)
        })
        .collect()
}

/// The invariants that the document states, with their lines.
fn stated(document: &SourceFile) -> impl Iterator<Item = (usize, &str)> {
    document.lines().filter_map(|(number, line)| {
        let (_, rest) = line.split_once("**Invariant (`")?;
        let (id, _) = rest.split_once("`)")?;
        Some((number, id))
    })
}
