//! What would be published: packed, unpacked and built, each crate upon the packed others.
//!
//! Given several crates at once, cargo puts them in order and serves the packed ones from a
//! registry of its own, so this needs no published version and proves what users would download.
//!
//! cargo believes that a version, once unpacked and built, never changes. Ours does with every
//! edit, so what an earlier run left is removed first: without that the second run would build upon
//! the crates of the first (seen with cargo 1.95).

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use cargo_metadata::Package;

use crate::workspace::{Workspace, read, shown};

/// What every published crate carries beside its code.
const LICENSES: &[&str] = &["LICENSE-MIT", "LICENSE-APACHE"];

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let packages: Vec<_> = workspace.published().collect();
    ensure!(!packages.is_empty(), "no package of the workspace may be published");
    for package in &packages {
        // A tree with changes not committed yet is what one tests before one commits.
        let list = format!("package --list --allow-dirty --package {}", package.name);
        has_licenses(&package.name, &read(&mut workspace.cargo(&list))?)?;
    }
    let directory = workspace.target_directory().join("package-check");
    forget(&directory, &packages)?;
    let said = pack(workspace, &directory, &packages)?;
    forget(&directory, &packages)?;
    without_warning(&said)
}

/// Packs and builds; gives what cargo said.
fn pack(workspace: &Workspace, directory: &Path, packages: &[&Package]) -> Result<String> {
    let mut command = workspace.cargo("package --allow-dirty --target-dir");
    command.arg(directory);
    for package in packages {
        command.args(["--package", package.name.as_str()]);
    }
    println!("    $ {}", shown(&command));
    let output = command.output().with_context(|| format!("cannot start {}", shown(&command)))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    print!("{said}");
    ensure!(output.status.success(), "cargo package ended with {}", output.status);
    Ok(said)
}

/// Removes what was packed and built, and what cargo unpacked from its passing registry.
fn forget(directory: &Path, packages: &[&Package]) -> Result<()> {
    remove(directory)?;
    let sources = cargo_home()?.join("registry").join("src");
    let registries = fs::read_dir(&sources).map(Iterator::collect::<Vec<_>>).unwrap_or_default();
    for registry in registries {
        let registry = registry?;
        // The directory of a registry on disk has no host in its name: `-1949cf8c6b5b557f`.
        if !registry.file_name().to_string_lossy().starts_with('-') {
            continue;
        }
        for package in packages {
            remove(&registry.path().join(format!("{}-{}", package.name, package.version)))?;
        }
        // Fails when something else is in it, and then it stays.
        let _ = fs::remove_dir(registry.path());
    }
    Ok(())
}

fn remove(directory: &Path) -> Result<()> {
    if directory.exists() {
        let removed = fs::remove_dir_all(directory);
        removed.with_context(|| format!("cannot remove {}", directory.display()))?;
    }
    Ok(())
}

fn cargo_home() -> Result<PathBuf> {
    if let Some(home) = env::var_os("CARGO_HOME") {
        return Ok(home.into());
    }
    match env::home_dir() {
        Some(home) => Ok(home.join(".cargo")),
        None => bail!("neither CARGO_HOME nor a home directory is set"),
    }
}

fn has_licenses(package: &str, files: &str) -> Result<()> {
    for license in LICENSES {
        let there = files.lines().any(|file| file == *license);
        ensure!(there, "`{package}` packs no {license}: `ln -s ../{license}` in its directory");
    }
    Ok(())
}

fn without_warning(said: &str) -> Result<()> {
    match said.lines().find(|line| line.starts_with("warning")) {
        Some(line) => bail!("cargo package is not clean: {line}"),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_a_failure() {
        assert!(without_warning("   Packaging rem-core v0.1.0\n    Finished\n").is_ok());
        let said = "   Packaging x\nwarning: manifest has no documentation\n";
        let error = without_warning(said).unwrap_err().to_string();
        assert!(error.contains("no documentation"), "{error}");
    }

    #[test]
    fn a_crate_without_its_licenses_is_refused() {
        assert!(has_licenses("x", "Cargo.toml\nLICENSE-APACHE\nLICENSE-MIT\n").is_ok());
        let error = has_licenses("x", "Cargo.toml\nLICENSE-MIT\n").unwrap_err().to_string();
        assert!(error.contains("LICENSE-APACHE"), "{error}");
    }
}
