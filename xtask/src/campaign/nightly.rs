//! The nightly toolchain: what only it offers is sanitizers.

use std::process::Command;

use anyhow::{Context, Result};

use crate::workspace::{Workspace, read};

/// What the nightly compiler says it is; an error that says how to get one if none runs here.
pub(super) fn compiler(workspace: &Workspace) -> Result<String> {
    let said = read(&mut command(workspace, "rustc --version")).context(
        "a sanitizer needs a nightly compiler, which does not run here; \
         get it with `rustup toolchain install nightly --profile minimal`",
    )?;
    Ok(said.trim().to_owned())
}

/// A command of the toolchain, with arguments split at spaces.
pub(super) fn command(workspace: &Workspace, line: &str) -> Command {
    let mut command = workspace.command("rustup");
    command.args(["run", "nightly"]).args(line.split_whitespace());
    // The cargo that runs us left its name here, and the other would call it in its own place.
    command.env_remove("CARGO");
    command
}
