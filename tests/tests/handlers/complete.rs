//! `#[on("…")]` is over all that a subscription may be told in code: each method of its builders is a key, or has a reason not
//! to be.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

use std::fs;
use std::path::{Path, PathBuf};

const BUILDERS: [&str; 4] =
    ["SubscriptionBuilder", "QueueBuilder", "TaskBuilder", "DurableBuilder"];

/// Each method, and its key.
const KEYS: &[(&str, &str)] = &[
    ("filter", "filter"),
    ("source", "from"),
    ("priority", "priority"),
    ("from", "start"),
    ("until", "until"),
    ("take", "take"),
    ("once", "once"),
    ("queue", "queue"),
    ("queue", "overflow"),
    ("concurrency", "concurrency"),
    ("by_key", "by_key"),
    ("retry", "retry"),
    ("time_limit", "time_limit"),
    ("dead_letter", "dead_letter"),
    ("keep_dead_letters", "keep_dead_letters"),
    ("traced", "traced"),
    ("durable", "durable"),
    ("window", "window"),
];

/// Each method that is none, and what stands for it.
const OTHERS: &[(&str, &str)] = &[
    ("inline", "a plain `fn`"),
    ("inline_received", "a plain `fn` that takes `Received<T>`"),
    ("inline_weak", "`register_weak`"),
    ("task", "an `async fn`"),
    ("task_with", "an `async fn` with `&self` or `State<S>`"),
    ("stream", "it has a reader and no handler"),
    ("wait", "it has a reader and no handler"),
];

fn sources(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let below = |path: PathBuf| if path.is_dir() { sources(&path) } else { vec![path] };
    entries.flat_map(below).collect()
}

/// The public methods in the blocks of a builder.
fn methods(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut within = false;
    for line in source.lines() {
        if line.starts_with("impl") {
            within = BUILDERS.iter().any(|name| line.contains(&format!(" {name}<")))
                && !line.contains(" for ");
        } else if line == "}" {
            within = false;
        }
        if let Some(rest) = line.strip_prefix("    pub fn ").filter(|_| within) {
            let end = rest.find(['(', '<']).unwrap();
            found.push(rest[..end].to_owned());
        }
    }
    found
}

#[test]
fn every_method_of_the_builders_is_a_key_or_is_not_with_a_reason() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let of = |path: PathBuf| methods(&fs::read_to_string(path).unwrap());
    let found: Vec<_> = sources(&root.join("rem-core/src")).into_iter().flat_map(of).collect();
    let told = || KEYS.iter().chain(OTHERS).map(|(method, _)| *method);
    for method in &found {
        assert!(
            told().any(|told| told == method),
            "`{method}` of a builder is not told by `#[on(\"…\")]`: give it a key, or a reason here"
        );
    }
    for method in told() {
        assert!(
            found.iter().any(|found| found == method),
            "there is no method `{method}` any more"
        );
    }
    let docs = fs::read_to_string(root.join("rem-macros/docs/handlers.md")).unwrap();
    let rows: Vec<_> = docs.lines().filter(|line| line.starts_with("| `")).collect();
    for (_, key) in KEYS {
        let is_of = |row: &&&str| {
            let cell = row.split('|').nth(1).unwrap_or_default();
            [format!("`{key}`"), format!("`{key} =")].iter().any(|key| cell.contains(key))
        };
        assert!(
            rows.iter().find(is_of).is_some(),
            "the docs of the attribute have no row of `{key}`"
        );
    }
}
