//! Tools of campaigns, installed below `target/tools` in the version that is told.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::workspace::{self, Workspace, read};

/// Installs a subcommand of cargo, if it is not there in that version; gives the path of its program.
pub(super) fn install(workspace: &Workspace, name: &str, version: &str) -> Result<PathBuf> {
    let root = workspace.target_directory().join("tools");
    let program = root.join("bin").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    let subcommand = name.strip_prefix("cargo-").unwrap_or(name);
    let said = read(workspace.command(&program).args([subcommand, "--version"]));
    if !said.is_ok_and(|said| said.split_whitespace().any(|word| word == version)) {
        let line = format!("install --locked {name} --version {version} --root");
        workspace::run(workspace.cargo(&line).arg(&root))
            .with_context(|| format!("{name} could not be installed"))?;
    }
    Ok(program)
}
