//! What would be published: packed, unpacked and built, each crate upon the packed others.
//!
//! Given several crates at once, cargo puts them in order and serves the packed ones from a
//! registry of its own, so this needs no published version and proves what users would download.

use anyhow::{Context, Result, ensure};

use crate::workspace::{Workspace, read, shown};

/// What every published crate carries beside its code.
const LICENSES: &[&str] = &["LICENSE-MIT", "LICENSE-APACHE"];

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let packages: Vec<_> = workspace.published().map(|package| package.name.as_str()).collect();
    ensure!(!packages.is_empty(), "no package of the workspace may be published");
    for package in &packages {
        // A tree with changes not committed yet is what one tests before one commits.
        let list = format!("package --list --allow-dirty --package {package}");
        has_licenses(package, &read(&mut workspace.cargo(&list))?)?;
    }
    let mut command = workspace.cargo("package --allow-dirty");
    for package in &packages {
        command.args(["--package", package]);
    }
    println!("    $ {}", shown(&command));
    let output = command.output().with_context(|| format!("cannot start {}", shown(&command)))?;
    let said = String::from_utf8_lossy(&output.stderr);
    print!("{said}");
    ensure!(output.status.success(), "`{}` ended with {}", shown(&command), output.status);
    without_warning(&said)
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
        Some(line) => anyhow::bail!("cargo package is not clean: {line}"),
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
