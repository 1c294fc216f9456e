//! What a user of the facade with its default features pays: how many crates, and which never.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};

use crate::workspace::{Workspace, read};

/// The most crates that `rem-bus` may bring, itself included, build scripts and macros too.
const LIMIT: usize = 35;

/// What an application chooses for itself, and so must not get from a bus.
const NEVER: &[&str] =
    &["tokio", "async-std", "smol", "futures", "futures-util", "log", "openssl-sys"];

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let tree =
        read(&mut workspace.cargo("tree --package rem-bus --edges normal,build --prefix none"))?;
    let crates = crates(&tree);
    ensure!(crates.contains("rem-bus"), "cargo tree shows no `rem-bus`:\n{tree}");
    println!("    {} crates of at most {LIMIT} in the default tree of rem-bus", crates.len());
    judge(&crates)
}

/// The distinct `name version` lines, without paths and the mark of what was shown before; two
/// versions of one crate count twice, for they are paid for twice.
fn crates(tree: &str) -> Crates {
    let words = tree.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?.to_owned(), words.next().unwrap_or_default().to_owned()))
    });
    Crates(words.collect())
}

fn judge(crates: &Crates) -> Result<()> {
    for name in NEVER {
        ensure!(!crates.contains(name), "`{name}` is in the default tree of rem-bus");
    }
    let list: Vec<_> = crates.0.iter().map(|(name, _)| name.as_str()).collect();
    let count = crates.len();
    ensure!(count <= LIMIT, "{count} crates, {LIMIT} are allowed: {}", list.join(", "));
    Ok(())
}

/// Crates by name and version.
struct Crates(BTreeSet<(String, String)>);

impl Crates {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|(found, _)| found == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_each_version_once() {
        let tree = "rem-bus v0.1.0 (/x)\nserde v1.0.1\nserde v1.0.1 (*)\nsyn v2.0.0 (proc-macro)\nsyn v3.0.0\n";
        assert_eq!(crates(tree).len(), 4);
    }

    #[test]
    fn a_runtime_is_refused() {
        let error = judge(&crates("rem-bus v0.1.0\ntokio v1.0.0\n")).unwrap_err().to_string();
        assert!(error.contains("tokio"), "{error}");
    }

    #[test]
    fn one_crate_too_many_is_refused() {
        let tree =
            |count: usize| (0..count).map(|n| format!("c{n} v1")).collect::<Vec<_>>().join("\n");
        assert!(judge(&crates(&tree(LIMIT))).is_ok());
        assert!(judge(&crates(&tree(LIMIT + 1))).is_err());
    }
}
