//! The rule on layers: dependencies point down only, and only the facade knows all.

use crate::tidy::Finding;
use crate::tidy::tree::{Package, Tree};

/// Each package with those of our own that it may stand on. A package that is not here is
/// refused, so that a new one is given its place before it is used.
const LAYERS: &[(&str, &[&str])] = &[
    ("rem-patterns", &[]),
    ("rem-macros", &["rem-patterns"]),
    ("rem-core", &["rem-patterns"]),
    ("rem-schema", &["rem-patterns", "rem-core"]),
    ("rem-journal", &["rem-patterns", "rem-core"]),
    ("rem-analysis", &["rem-patterns", "rem-core"]),
    ("rem-projections", &["rem-macros", "rem-core", "rem-journal"]),
    ("rem-effects", &["rem-core"]),
    ("rem-mesh", &["rem-patterns", "rem-macros", "rem-core"]),
    ("rem-nats", &["rem-macros", "rem-core", "rem-mesh"]),
    ("rem-partition", &["rem-macros", "rem-core"]),
    (
        "rem-inspector",
        &[
            "rem-macros",
            "rem-core",
            "rem-journal",
            "rem-analysis",
            "rem-projections",
            "rem-mesh",
            "rem-nats",
        ],
    ),
    (
        "rem-bus",
        &[
            "rem-patterns",
            "rem-macros",
            "rem-core",
            "rem-schema",
            "rem-journal",
            "rem-analysis",
            "rem-projections",
            "rem-effects",
            "rem-mesh",
            "rem-nats",
            "rem-partition",
            "rem-inspector",
        ],
    ),
    // An example shows what a user writes, and a user depends on the facade alone.
    ("rem-examples", &["rem-bus"]),
    ("rem-tests", &["rem-bus", "rem-patterns", "rem-macros", "rem-core", "rem-nats"]),
    ("rem-ui", &["rem-bus"]),
    ("rem-benches", &["rem-bus", "rem-patterns", "rem-macros", "rem-core", "rem-nats"]),
    ("xtask", &[]),
];

/// The facade, on which nothing that is published may stand, not even in its tests: what has a
/// cycle cannot be published.
const FACADE: &str = "rem-bus";

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.packages().iter().flat_map(of_package).collect()
}

fn of_package(package: &Package) -> Vec<Finding> {
    let name = package.name.as_str();
    let Some((_, below)) = LAYERS.iter().find(|(layer, _)| *layer == name) else {
        let text = format!("`{name}` has no layer; give it one in xtask/src/tidy/layers.rs");
        return vec![Finding::new("Cargo.toml", 0, text)];
    };
    let mut findings = Vec::new();
    for dependency in package.dependencies.iter().filter(|dependency| is_ours(dependency)) {
        if !below.contains(&dependency.as_str()) {
            let text = format!("`{name}` must not depend on `{dependency}`: it may on {below:?}");
            findings.push(Finding::new("Cargo.toml", 0, text));
        }
    }
    let to_facade = package.dev_dependencies.iter().any(|dependency| dependency == FACADE);
    if to_facade && !below.contains(&FACADE) {
        let text =
            format!("the tests of `{name}` must not depend on the facade: put them in tests/");
        findings.push(Finding::new("Cargo.toml", 0, text));
    }
    findings
}

fn is_ours(dependency: &str) -> bool {
    LAYERS.iter().any(|(layer, _)| *layer == dependency)
}
