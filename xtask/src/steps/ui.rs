//! What the compiler says of wrong uses, compared with the texts kept beside them (trybuild).

use anyhow::{Result, ensure};
use cargo_metadata::TargetKind;

use crate::workspace::{self, Workspace};

/// The package of the whole-system tests.
pub(crate) const PACKAGE: &str = "rem-tests";
/// Its target that runs trybuild.
pub(crate) const TARGET: &str = "ui";

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let targets = workspace.targets(PACKAGE, &TargetKind::Test)?;
    let there = targets.iter().any(|target| target == TARGET);
    ensure!(there, "package `{PACKAGE}` has no test target `{TARGET}`: tests/tests/{TARGET}.rs");
    let arguments = format!("test {} --test {TARGET}", workspace::WHOLE);
    workspace::run(&mut workspace.cargo(&arguments))
}
