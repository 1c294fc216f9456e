//! The steps that are one command of cargo.

use anyhow::Result;

use crate::workspace::{Workspace, run};

pub(crate) fn fmt(workspace: &Workspace) -> Result<()> {
    // rustfmt does not know what cargo was told of colours.
    let color = if workspace.ci() { "never" } else { "auto" };
    run(&mut workspace.cargo(&format!("fmt --all -- --check --color {color}")))
}

pub(crate) fn clippy(workspace: &Workspace) -> Result<()> {
    run(&mut workspace.cargo("clippy --workspace --all-targets --all-features -- -D warnings"))
}

pub(crate) fn doc(workspace: &Workspace) -> Result<()> {
    let mut command = workspace.cargo("doc --workspace --no-deps --all-features");
    run(command.env("RUSTDOCFLAGS", "-D warnings"))
}

/// nextest runs no doc tests, so they are a step of their own whoever runs the others.
pub(crate) fn doctest(workspace: &Workspace) -> Result<()> {
    run(&mut workspace.cargo("test --workspace --all-features --doc"))
}
