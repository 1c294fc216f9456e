//! Every published crate must build with no feature and with each feature alone, free of warnings:
//! cargo unites the features of a workspace, so no other step sees a `cfg` that is missing. What
//! says that it does without the standard library must build in a program that has none.

use anyhow::Result;

use crate::workspace::{self, Workspace};

/// Brings a panic handler of its own, which the compiler refuses beside the standard library's.
const WITHOUT_STD: &str = "rem-patterns/tests/no_std/Cargo.toml";

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    for package in workspace.published() {
        let features: Vec<_> = package.features.keys().map(String::as_str).collect();
        for arguments in builds(&package.name, &features) {
            workspace::run(&mut workspace.cargo(&arguments))?;
        }
    }
    let mut check = workspace.cargo(&format!("check --quiet --manifest-path {WITHOUT_STD}"));
    check.env("CARGO_TARGET_DIR", workspace.target_directory().join("no_std"));
    workspace::run(&mut check)
}

/// The builds of one crate: without features, then with each of its own but `default`, and but `full`, with which the step
/// `clippy` builds. What it depends on is looked at by its own builds, and so only built here.
fn builds(package: &str, features: &[&str]) -> Vec<String> {
    let alone = features.iter().filter(|feature| !["default", "full"].contains(*feature));
    let flags = alone.map(|feature| format!(" --features {feature}"));
    std::iter::once(String::new())
        .chain(flags)
        .map(|flag| {
            format!(
                "clippy --quiet --no-deps --package {package} --no-default-features{flag} -- -D warnings"
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_bare_and_with_each_feature() {
        let builds = builds("rem-patterns", &["default", "full", "regex", "std"]);
        assert_eq!(builds.len(), 3, "{builds:?}");
        assert!(builds[0].contains("--no-default-features -- "), "{builds:?}");
        assert!(builds[1].contains("--no-default-features --features regex -- "), "{builds:?}");
    }
}
