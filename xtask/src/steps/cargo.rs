//! The steps that are one command of cargo.

use anyhow::Result;

use crate::workspace::{WHOLE, Workspace, run};

pub(crate) fn fmt(workspace: &Workspace) -> Result<()> {
    // rustfmt does not know what cargo was told of colours.
    let color = if workspace.ci() { "never" } else { "auto" };
    run(&mut workspace.cargo(&format!("fmt --all -- --check --color {color}")))
}

pub(crate) fn clippy(workspace: &Workspace) -> Result<()> {
    run(&mut workspace.cargo(&format!("clippy {WHOLE} --all-targets -- -D warnings")))
}

pub(crate) fn doc(workspace: &Workspace) -> Result<()> {
    let mut command = workspace.cargo(&format!("doc {WHOLE} --no-deps"));
    run(command.env("RUSTDOCFLAGS", "-D warnings"))
}

/// nextest runs no doc tests, so they are a step of their own whoever runs the others.
pub(crate) fn doctest(workspace: &Workspace) -> Result<()> {
    run(&mut workspace.cargo(&format!("test {WHOLE} --doc")))
}
