//! Every published crate must build with no feature and with each feature alone, free of warnings:
//! cargo unites the features of a workspace, so no other step sees a `cfg` that is missing.

use anyhow::Result;

use crate::workspace::{self, Workspace};

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    for package in workspace.published() {
        let features: Vec<_> = package.features.keys().map(String::as_str).collect();
        for arguments in builds(&package.name, &features) {
            workspace::run(&mut workspace.cargo(&arguments))?;
        }
    }
    Ok(())
}

/// The builds of one crate: without features, then with each of its own but `default`.
fn builds(package: &str, features: &[&str]) -> Vec<String> {
    let alone = features.iter().filter(|feature| **feature != "default");
    let flags = alone.map(|feature| format!(" --features {feature}"));
    std::iter::once(String::new())
        .chain(flags)
        .map(|flag| {
            format!("clippy --quiet --package {package} --no-default-features{flag} -- -D warnings")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_bare_and_with_each_feature() {
        let builds = builds("rem-patterns", &["default", "regex", "std"]);
        assert_eq!(builds.len(), 3, "{builds:?}");
        assert!(builds[0].contains("--no-default-features -- "), "{builds:?}");
        assert!(builds[1].contains("--no-default-features --features regex -- "), "{builds:?}");
    }
}
