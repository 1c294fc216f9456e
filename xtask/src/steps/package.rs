//! What would be published: packed, unpacked, and checked with all features, each crate upon the packed others.
//!
//! Cargo's own check builds each crate in full, and by its default features alone; a workspace of what was packed shows the same
//! faults, a file that `include` forgot or a version that is not there, in a third of the time.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use cargo_metadata::Package;
use toml_edit::{DocumentMut, Item, Table, value};

use crate::workspace::{self, Workspace, read, shown};

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
    if directory.exists() {
        let removed = fs::remove_dir_all(&directory);
        removed.with_context(|| format!("cannot remove {}", directory.display()))?;
    }
    without_warning(&pack(workspace, &directory, &packages)?)?;
    unpack(workspace, &directory, &packages)?;
    let mut check = workspace.cargo("clippy --workspace --all-features -- -D warnings");
    // Where the others build: most of what others wrote is there.
    check.current_dir(&directory).env("CARGO_TARGET_DIR", workspace.target_directory());
    workspace::run(&mut check)
}

/// Packs; gives what cargo said.
fn pack(workspace: &Workspace, directory: &Path, packages: &[&Package]) -> Result<String> {
    let mut command = workspace.cargo("package --allow-dirty --no-verify --target-dir");
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

/// Makes what was packed a workspace, with the versions and the profiles of ours.
fn unpack(workspace: &Workspace, directory: &Path, packages: &[&Package]) -> Result<()> {
    for package in packages {
        let packed = format!("package/{}-{}.crate", package.name, package.version);
        let mut tar = workspace.command("tar");
        read(tar.arg("-xzf").arg(directory.join(packed)).current_dir(directory))?;
    }
    let root = fs::read_to_string(workspace.root().join("Cargo.toml"))?;
    let manifest = manifest(&root.parse()?, packages);
    fs::write(directory.join("Cargo.toml"), manifest.to_string())?;
    fs::copy(workspace.root().join("Cargo.lock"), directory.join("Cargo.lock"))?;
    Ok(())
}

fn manifest(root: &DocumentMut, packages: &[&Package]) -> DocumentMut {
    let (mut members, mut patches) = (toml_edit::Array::new(), Table::new());
    for package in packages {
        let folder = format!("{}-{}", package.name, package.version);
        let mut patch = toml_edit::InlineTable::new();
        patch.insert("path", folder.as_str().into());
        patches.insert(&package.name, value(patch));
        members.push(folder);
    }
    let mut manifest = DocumentMut::new();
    manifest["workspace"]["resolver"] = root["workspace"]["resolver"].clone();
    manifest["workspace"]["members"] = value(members);
    manifest["patch"]["crates-io"] = Item::Table(patches);
    manifest["profile"] = root["profile"].clone();
    manifest
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
