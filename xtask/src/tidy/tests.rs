//! Of every rule: a tree that it passes, and trees that it must not pass.

use std::collections::BTreeSet;

use super::tree::{Package, Tree};
use super::{Finding, RULES, findings};

/// A file by path and text.
type Files = &'static [(&'static str, &'static str)];

/// The smallest tree that no rule has a word against.
const GOOD: Files = &[
    ("Cargo.toml", GOOD_MANIFEST),
    ("fuzz/Cargo.toml", "[workspace]\n[dependencies]\nx = \"1\"\n"),
    ("fuzz/fuzz_targets/a.rs", "//! Input.\nuse x;\n"),
    ("README.md", "# REM\n\n```rust\nlet one = 1;\n```\n"),
    ("ARCHITECTURE.md", GOOD_ARCHITECTURE),
    ("docs/promises.md", GOOD_PROMISES),
    ("src/lib.rs", GOOD_FACADE),
    ("rem-core/src/way.rs", GOOD_WAY),
    (
        "rem-core/src/clock.rs",
        "//! Time.\nuse std::sync::atomic;\nfn now() { SystemTime::now(); }\n",
    ),
    ("rem-core/src/sync.rs", "//! Locks.\npub(crate) use std::sync::{Mutex, atomic};\n"),
    ("xtask/src/tidy/tests.rs", "//! Rules.\n#[test]\nfn each_rule_finds_what_it_is_for() {}\n"),
    (
        "tests/tests/whole/children.rs",
        "//! Tests.\n#[test]\n#[cfg(unix)]\nfn topic_decides_the_route_scope_the_type() {}\n#[test]\n#[cfg(unix)]\nfn a_child_sees_what_lies_below_its_prefix_and_nothing_else() {}\n",
    ),
    (
        "tests/tests/whole/middleware.rs",
        "//! Tests.\n#[test]\n#[cfg(unix)]\nfn one_that_fails_or_panics_stops_that_event_alone_and_gives_it_back() {}\n",
    ),
    (
        "tests/tests/stress/rings.rs",
        "//! Tests.\n#[test]\n#[cfg(unix)]\nfn each_event_once_numbered_once_and_in_each_publishers_order() {}\n",
    ),
    (
        "tests/tests/whole/order.rs",
        "//! Tests.\n#[test]\n#[cfg(unix)]\nfn an_effect_is_seen_after_its_cause_by_all() {}\n",
    ),
    (
        "tests/tests/order/stress.rs",
        "//! Tests.\n#[test]\n#[cfg(unix)]\nfn all_see_all_in_one_order() {}\n",
    ),
    (
        "tests/tests/whole/isolation.rs",
        "//! Tests.\n#[test]\n#[cfg(unix)]\nfn others_are_called_and_the_publisher_goes_on() {}\n",
    ),
    (
        "rem-core/src/route/topics.rs",
        "//! Tests.\n#[test]\n#[cfg(unix)]\nfn a_million_topics_keep_a_bounded_number() {}\n",
    ),
    (
        "tests/tests/lifetimes/memory.rs",
        "//! Tests.\n#[test]\n#[cfg(unix)]\nfn what_is_over_leaves_nothing() {}\n",
    ),
    (
        "rem-core/src/subscription/loom.rs",
        "//! Tests.\n#[test]\n#[cfg(unix)]\nfn nothing_runs_when_unsubscribe_has_returned() {}\n",
    ),
    (
        "rem-core/src/bus/loom.rs",
        "//! Tests.\n#[test]\n#[cfg(unix)]\nfn nothing_is_published_when_a_bus_is_closed() {}\n",
    ),
    ("rem-core/src/clock/counter.rs", "//! A counter.\nfn ticks() { unsafe { x() } }\n"),
    ("rem-core/src/event/by_hand.rs", "//! Casts.\nfn cast() { unsafe { x() } }\n"),
];

const GOOD_MANIFEST: &str = r#"
[workspace.dependencies]
rem-core = { path = "rem-core", version = "=0.1.0" }
# --- a heading ---
heck = "0.5" # case conversion
# reading types
syn = "3"

[dependencies]
heck.workspace = true

[lints]
workspace = true
"#;

const GOOD_ARCHITECTURE: &str = "# Map

**Invariant (`layers`).** Down only.
**Invariant (`way`).** One order.
**Invariant (`unsafe`).** One file.
**Invariant (`clock`).** One clock.
**Invariant (`sync`).** One seam.
**Invariant (`map`).** True.
**Invariant (`budget`).** Light.
**Invariant (`topic-decides`).** Tested.
**Invariant (`no-trace`).** Tested.
**Invariant (`numbered-once`).** Tested.
**Invariant (`cause-first`).** Tested.
**Invariant (`one-order`).** Tested.
**Invariant (`isolation`).** Tested.
**Invariant (`capability`).** Tested.
**Invariant (`bounded-topics`).** Tested.
**Invariant (`over-when-told`).** Tested.
**Invariant (`closed-when-told`).** Tested.
**Invariant (`nothing-kept`).** Tested.
**Invariant (`fallible-checks`).** Each can fail.

### `rem-core`
`way.rs`, `clock.rs`, `sync.rs`; `event/by_hand.rs`, below `clock/` is `counter.rs`; not here `src/lib.rs`.
";

const GOOD_FACADE: &str = "//! The facade, by `heck::ToSnakeCase`.
#![forbid(unsafe_code)]
#[cfg(doctest)]
#[doc = include_str!(\"../README.md\")]
struct Readme;
#[doc = include_str!(\"../docs/promises.md\")]
pub mod promises {}
";

const GOOD_PROMISES: &str = "# Promises

What is in prose, as in `way.rs`, needs no test.

- A promise
  that holds. Held by `tests/tests/whole/order.rs: an_effect_is_seen_after_its_cause_by_all`.

| of | held by |
| --- | --- |
| a | `rem-core/src/bus/loom.rs: nothing_is_published_when_a_bus_is_closed` |
";

const GOOD_WAY: &str = "//! The way.
fn go() {
    publish::stamp(); middleware::run(); route::find(); record::keep(); deliver::give();
}
";

/// Each rule with changes to [`GOOD`] that it must find: a path, and the text that stands there.
const BAD: &[(&str, &str, &str)] = &[
    ("header", "src/a.rs", "fn silent() {}\n"),
    ("header", "src/a.rs", "//!\n"),
    ("white-space", "src/a.rs", "//! A. \n"),
    ("white-space", "src/a.rs", "//! A.\n\tfn f() {}\n"),
    ("white-space", "src/a.rs", "//! A.\r\n"),
    ("white-space", "src/a.rs", "//! A."),
    ("mod-rs", "src/a/mod.rs", "//! A.\n"),
    ("words", "src/a.rs", "//! FIXME\n"),
    ("words", "src/a.rs", "//! See /home/somebody/notes.\n"),
    ("words", "src/a.rs", "//! See issue #12.\n"),
    ("words", "src/a.rs", "//! See (PR 7).\n"),
    ("unfinished", "src/a.rs", "//! A.\nfn f() { todo!() }\n"),
    ("unfinished", "src/a.rs", "//! A.\nfn f() { unimplemented!(\"later\") }\n"),
    ("unfinished", "src/a.rs", "//! A.\nfn f() { dbg!(1); }\n"),
    ("unfinished", "src/a.rs", "//! A.\n#[ignore = \"slow\"]\nfn f() {}\n"),
    ("unfinished", "src/a.rs", "//! A.\nfn f( {\n"),
    ("doc-unwrap", "src/a.rs", "//! A.\n/// bus.child(\"a\").unwrap();\nfn f() {}\n"),
    ("doc-unwrap", "README.md", "```rust\nbus.child(\"a\").unwrap();\n```\n"),
    ("readme", "src/lib.rs", "//! The facade.\n#![forbid(unsafe_code)]\n"),
    (
        "readme",
        "src/lib.rs",
        "//! #[doc = include_str!(\"../README.md\")]\n#![forbid(unsafe_code)]\n",
    ),
    ("readme", "README.md", "# REM\n"),
    ("unsafe", "src/a.rs", "//! A.\nfn f() { unsafe { g() } }\n"),
    ("unsafe", "rem-core/src/a.rs", "//! A.\nunsafe impl Send for A {}\n"),
    ("unsafe", "src/lib.rs", "//! The facade.\n//! #![forbid(unsafe_code)]\n"),
    ("unsafe", "rem-core/src/event/by_hand.rs", "//! Casts without `unsafe`.\n"),
    ("reasons", "Cargo.toml", "[workspace.dependencies]\nheck = \"0.5\"\n"),
    ("reasons", "Cargo.toml", "[workspace.dependencies]\n# --- heading ---\nheck = \"0.5\"\n"),
    (
        "reasons",
        "Cargo.toml",
        "[workspace.dependencies]\nheck = { version = \"0.5\", features = [\"#\"] }\n",
    ),
    ("reasons", "Cargo.toml", "not toml\n"),
    ("shared", "a/Cargo.toml", "[dependencies]\nheck.workspace = true\n"),
    ("shared", "a/Cargo.toml", "[dependencies]\nheck = \"0.5\"\n[lints]\nworkspace = true\n"),
    (
        "shared",
        "a/Cargo.toml",
        "[target.'cfg(unix)'.dev-dependencies]\nx = \"1\"\n[lints]\nworkspace = true\n",
    ),
    ("way", "rem-core/src/way.rs", "//! The way.\nfn go() { publish::stamp(); }\n"),
    (
        "way",
        "rem-core/src/way.rs",
        "//! The way.\nfn go() { publish::s(); middleware::r(); record::k(); route::f(); deliver::g(); }\n",
    ),
    ("way", "rem-core/src/bus.rs", "//! The bus.\nfn f() { crate::record::keep(event); }\n"),
    ("way", "rem-core/src/bus.rs", "//! The bus.\nuse crate::deliver::give;\n"),
    ("way", "rem-core/src/bus.rs", "//! The bus.\nuse crate::{route::{Route, find}, event};\n"),
    ("clock", "rem-core/src/a.rs", "//! A.\nfn f() { std::time::SystemTime::now(); }\n"),
    ("clock", "rem-core/src/a.rs", "//! A.\nfn f() { Uuid::now_v7(); }\n"),
    (
        "unused",
        "rem-core/Cargo.toml",
        "[lints]\nworkspace = true\n[dependencies]\nserde.workspace = true\n",
    ),
    ("unused", "src/lib.rs", "//! Its name in another: pheck::x, heck.\n"),
    ("sync", "rem-core/src/a.rs", "//! A.\nuse std::sync::{Arc, Mutex};\n"),
    ("sync", "rem-core/src/a.rs", "//! A.\nuse std::sync::atomic::AtomicU64;\n"),
    ("sync", "rem-core/src/a.rs", "//! A.\nfn f() { std::sync::RwLock::new(()); }\n"),
    ("sync", "rem-core/src/a.rs", "//! A.\nfn f() { Instant::now(); }\n"),
    ("sync", "rem-core/src/a.rs", "//! A.\nuse scoped_tls::scoped_thread_local;\n"),
    ("sync", "rem-core/src/clock.rs", "//! Time without a lock.\n"),
    ("invariants", "ARCHITECTURE.md", "# Map\n"),
    ("promises", "src/lib.rs", "//! The facade.\n#![forbid(unsafe_code)]\n"),
    ("promises", "docs/promises.md", "- All is well.\n"),
    ("promises", "docs/promises.md", "1. All is well,\n   and `way.rs` says so.\n"),
    ("promises", "docs/promises.md", "| of | held by |\n| --- | --- |\n| a | nobody |\n"),
    ("promises", "docs/promises.md", "- Well. Held by `tests/tests/whole/order.rs: wishful`.\n"),
    ("promises", "docs/promises.md", "- Well. Held by `tests/tests/whole/nowhere.rs: f`.\n"),
    ("promises", "docs/promises.md", "- Well. Held by `rem-core/src/clock.rs: now`.\n"),
    ("promises", "docs/promises.md", "In prose too: `tests/tests/whole/order.rs: wishful`.\n"),
    ("promises", "docs/promises.md", "Half: `tests/tests/whole/order.rs`.\n"),
    (
        "promises",
        "tests/tests/whole/order.rs",
        "//! Tests.\n#[test]\n#[ignore]\nfn an_effect_is_seen_after_its_cause_by_all() {}\n",
    ),
    ("map", "rem-core/src/newcomer.rs", "//! New.\n"),
    ("map", "rem-new/src/lib.rs", "//! A crate.\n"),
    ("map", "rem-nats/src/newcomer.rs", "//! New, in a crate that the map says nothing of.\n"),
    ("map", "ARCHITECTURE.md", "### `rem-core`\n`way.rs` `clock.rs` `sync.rs` `gone.rs`\n"),
    ("map", "ARCHITECTURE.md", "### `rem-core`\n`way.rs` `clock.rs` `sync.rs` `hand.rs`\n"),
    (
        "map",
        "ARCHITECTURE.md",
        "### `rem-core`\n`way.rs` `clock.rs` `sync.rs` `by_hand.rs` `way/by_hand.rs`\n",
    ),
];

fn good_packages() -> Vec<Package> {
    vec![package("rem-bus", Some("src/lib.rs"), &["rem-core", "heck"], &[]), core(&[])]
}

fn core(dependencies: &[&str]) -> Package {
    package("rem-core", None, dependencies, &[])
}

fn package(name: &str, entry: Option<&str>, dependencies: &[&str], dev: &[&str]) -> Package {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Package {
        name: name.to_owned(),
        entry: entry.map(str::to_owned),
        dependencies: owned(dependencies),
        dev_dependencies: owned(dev),
    }
}

/// The good tree with one file put in the place of another, or beside the others.
fn changed(path: &str, text: &str) -> Tree {
    let mut files: Vec<_> = GOOD.iter().copied().filter(|(known, _)| *known != path).collect();
    files.push((path, text));
    Tree::of(&files, good_packages())
}

fn without(path: &str) -> Tree {
    let files: Vec<_> = GOOD.iter().copied().filter(|(known, _)| *known != path).collect();
    Tree::of(&files, good_packages())
}

/// What one rule alone says.
fn said(rule: &str, tree: &Tree) -> Vec<Finding> {
    findings(tree).into_iter().filter(|finding| finding.rule == rule).collect()
}

#[test]
fn the_good_tree_passes() {
    let found = findings(&Tree::of(GOOD, good_packages()));
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn each_rule_finds_what_it_is_for() {
    for (rule, path, text) in BAD {
        assert!(!said(rule, &changed(path, text)).is_empty(), "{rule} passes {path}:\n{text}");
    }
}

#[test]
fn every_rule_is_shown_to_fail() {
    let elsewhere = ["size", "layers"];
    let shown: BTreeSet<_> = BAD.iter().map(|(rule, ..)| *rule).chain(elsewhere).collect();
    let rules: BTreeSet<_> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(shown, rules);
    assert_eq!(rules.len(), RULES.len(), "two rules share an id");
}

#[test]
fn a_long_file_is_a_warning_and_a_longer_one_a_failure() {
    let of = |lines: usize| {
        let tree = changed("src/a.rs", &"//! A.\n".repeat(lines));
        said("size", &tree).iter().map(|finding| finding.warning).collect::<Vec<_>>()
    };
    assert_eq!(of(450), [] as [bool; 0]);
    assert_eq!(of(451), [true]);
    assert_eq!(of(700), [true]);
    assert_eq!(of(701), [false]);
}

#[test]
fn layers_point_down() {
    let tree = |package| Tree::of(GOOD, vec![package]);
    assert!(said("layers", &tree(core(&["rem-patterns", "serde"]))).is_empty());
    for bad in [
        core(&["rem-macros"]),
        core(&["rem-bus"]),
        package("rem-macros", None, &["rem-core"], &[]),
        package("rem-core", None, &[], &["rem-bus"]),
        package("rem-examples", None, &["rem-core"], &[]),
        package("rem-newcomer", None, &[], &[]),
    ] {
        let name = bad.name.clone();
        assert!(!said("layers", &tree(bad)).is_empty(), "{name}");
    }
}

#[test]
fn what_must_be_there_is_missed() {
    for (rule, path) in [
        ("way", "rem-core/src/way.rs"),
        ("invariants", "ARCHITECTURE.md"),
        ("map", "ARCHITECTURE.md"),
        ("map", "rem-core/src/sync.rs"),
        ("readme", "README.md"),
        ("readme", "src/lib.rs"),
        ("unsafe", "rem-core/src/event/by_hand.rs"),
        ("invariants", "xtask/src/tidy/tests.rs"),
        ("promises", "docs/promises.md"),
        ("promises", "src/lib.rs"),
        ("promises", "rem-core/src/bus/loom.rs"),
        ("reasons", "Cargo.toml"),
    ] {
        assert!(!said(rule, &without(path)).is_empty(), "{rule} does not miss {path}");
    }
}

#[test]
fn an_invariant_without_proof_is_found() {
    let document = format!("{GOOD_ARCHITECTURE}\n**Invariant (`wishful`).** All is well.\n");
    let found = said("invariants", &changed("ARCHITECTURE.md", &document));
    assert!(found.len() == 1 && found[0].text.contains("wishful"), "{found:#?}");
}

#[test]
fn test_code_may_do_what_code_may_not() {
    let text = "//! A.\n#[cfg(test)]\nmod tests { use std::sync::Mutex; fn f() { SystemTime::now(); record::keep(); } }\n";
    let tree = changed("rem-core/src/event/a.rs", text);
    assert!(findings(&tree).is_empty(), "{:#?}", findings(&tree));
}

#[test]
fn a_finding_says_where_and_what() {
    let found = said("unfinished", &changed("src/a.rs", "//! A.\nfn f() { dbg!(1); }\n"));
    let text = found[0].to_string();
    assert!(text.starts_with("error[unfinished] src/a.rs:2: `dbg!`"), "{text}");
}
