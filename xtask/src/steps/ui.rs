//! What the compiler says of wrong uses, compared with the texts kept beside them (trybuild).

use anyhow::{Result, ensure};
use cargo_metadata::TargetKind;

use crate::workspace::{self, Workspace};

/// The package whose one target runs trybuild.
pub(crate) const PACKAGE: &str = "rem-ui";

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let targets = workspace.targets(PACKAGE, &TargetKind::Test)?;
    ensure!(!targets.is_empty(), "package `{PACKAGE}` has no test");
    let mut command = workspace.cargo(&format!("test {}", workspace::WHOLE));
    command.args(targets.iter().flat_map(|target| ["--test", target]));
    workspace::run(&mut command)
}
