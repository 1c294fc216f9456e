//! Each benchmark once: criterion, run by `cargo test`, calls every function a single time.

use anyhow::{Result, ensure};
use cargo_metadata::TargetKind;

use crate::workspace::{self, Workspace};

const PACKAGE: &str = "rem-benches";

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let benches = workspace.targets(PACKAGE, &TargetKind::Bench)?;
    ensure!(!benches.is_empty(), "package `{PACKAGE}` has no benchmark: benches/benches/NAME.rs");
    let mut command = workspace.cargo(&format!("test {}", workspace::WHOLE));
    command.args(benches.iter().flat_map(|bench| ["--bench", bench]));
    workspace::run(&mut command)
}
