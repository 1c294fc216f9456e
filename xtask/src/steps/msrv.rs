//! The oldest Rust that is promised, `rust-version` of the workspace: no dependency of what is published may ask for a newer one,
//! and where that Rust is installed everything published is checked with it. What is used of the standard library clippy compares
//! with it in its own step.

use std::collections::{BTreeMap, HashMap, HashSet};

use anyhow::{Context, Result, ensure};
use cargo_metadata::semver::Version;
use cargo_metadata::{DependencyKind, MetadataCommand, PackageId};

use crate::workspace::{self, Workspace, read};

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let ours = workspace.package("rem-bus")?.rust_version.clone();
    let ours = ours.context("Cargo.toml has no `rust-version` in [workspace.package]")?;
    let needed = needed(workspace)?;
    println!("    {} packages below Rust {ours}", needed.len());
    let newer = newer(&ours, &needed);
    ensure!(
        newer.is_empty(),
        "Rust {ours} is promised; newer is asked for by {}",
        newer.join(", ")
    );
    check(workspace, &ours)
}

/// What is published and what that needs, on any platform: by name and version, with the Rust that it asks for.
fn needed(workspace: &Workspace) -> Result<BTreeMap<String, Option<Version>>> {
    let metadata = MetadataCommand::new()
        .manifest_path(workspace.root().join("Cargo.toml"))
        .other_options(["--all-features".to_owned(), "--locked".to_owned()])
        .exec()
        .context("cargo does not say what the workspace depends on")?;
    let nodes = &metadata.resolve.as_ref().context("cargo resolves nothing")?.nodes;
    let needs: HashMap<_, Vec<_>> = nodes
        .iter()
        .map(|node| {
            let built = node.deps.iter().filter(|dependency| {
                dependency.dep_kinds.iter().any(|kind| {
                    // Of tests alone is what only their builds have.
                    let ours =
                        kind.target.as_ref().is_none_or(|on| !on.to_string().contains("rem_"));
                    kind.kind != DependencyKind::Development && ours
                })
            });
            (&node.id, built.map(|dependency| &dependency.pkg).collect())
        })
        .collect();
    let mut open: Vec<&PackageId> = workspace.published().map(|package| &package.id).collect();
    let mut seen = HashSet::new();
    while let Some(id) = open.pop() {
        if seen.insert(id) {
            open.extend(needs.get(id).into_iter().flatten());
        }
    }
    let packages = metadata.packages.iter().filter(|package| seen.contains(&package.id));
    Ok(packages
        .map(|package| {
            (format!("{} {}", package.name, package.version), package.rust_version.clone())
        })
        .collect())
}

/// Those that ask for a newer Rust, each with which.
fn newer(ours: &Version, needed: &BTreeMap<String, Option<Version>>) -> Vec<String> {
    let newer = needed.iter().filter_map(|(name, theirs)| {
        let theirs = theirs.as_ref().filter(|theirs| *theirs > ours)?;
        Some(format!("{name} ({theirs})"))
    });
    newer.collect()
}

/// Checks what is published with that Rust; where it is not installed, says how to get it.
fn check(workspace: &Workspace, ours: &Version) -> Result<()> {
    let toolchain = format!("{}.{}", ours.major, ours.minor);
    let mut found = workspace.command("rustup");
    if read(found.args(["run", &toolchain, "rustc", "--version"])).is_err() {
        println!(
            "    Rust {toolchain} is not installed, so that nothing was compiled with it: `rustup toolchain install {toolchain} --profile minimal`"
        );
        return Ok(());
    }
    let mut check = workspace.command("rustup");
    check.args(["run", &toolchain, "cargo", "check", "--quiet", "--all-features", "--locked"]);
    for package in workspace.published() {
        check.args(["--package", package.name.as_str()]);
    }
    // The cargo that runs us left its name here, and the other would call it in its own place.
    check.env_remove("CARGO").env("CARGO_TARGET_DIR", workspace.target_directory().join("msrv"));
    workspace::run(&mut check)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_for_a_newer_rust_is_named() {
        let version = |minor| Version::new(1, minor, 0);
        let needed = BTreeMap::from([
            ("a 1.0.0".to_owned(), Some(version(90))),
            ("b 2.0.0".to_owned(), Some(version(91))),
            ("c 3.0.0".to_owned(), None),
        ]);
        assert_eq!(newer(&version(90), &needed), ["b 2.0.0 (1.91.0)"]);
        assert!(newer(&version(91), &needed).is_empty());
    }

    #[test]
    fn what_is_published_and_what_that_needs_is_looked_at() {
        let needed = needed(&Workspace::open().unwrap()).unwrap();
        let has = |name: &str| needed.keys().any(|found| found.starts_with(name));
        assert!(has("rem-core ") && has("redb ") && has("tokio "));
        assert!(!has("xtask ") && !has("proptest ") && !has("loom "), "{needed:?}");
    }
}
