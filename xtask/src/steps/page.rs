//! The page of the inspector: built from its sources and compared with what the repository carries, and used in a browser.
//!
//! The sources stand in `rem-inspector/page`. They are copied below `target/page` with the packages that are pinned there, so that
//! nothing is written into the clone; pictures of what the tests saw are left in `target/page/pictures`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::foreign;
use crate::workspace::{self, Workspace, read};

/// The sources, and what is built of them, below the root.
const SOURCES: &str = "rem-inspector/page";
const ASSETS: &str = "rem-inspector/assets";
/// `overwrite` takes over what was built.
const OVERWRITE: &str = "REM_PAGE";
/// What of the sources is copied; the pins are installed.
const COPIED: &[&str] =
    &["index.html", "package.json", "src", "test", "tsconfig.json", "vite.config.ts"];

/// The browser of Debian, and where one of one's own is named.
const CHROMIUM: &str = "/usr/bin/chromium";
const OWN: &str = "REM_CHROMIUM";

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let here = prepare(workspace)?;
    npm(workspace, &here, &["run", "--silent", "check"])?;
    npm(workspace, &here, &["run", "--silent", "logic"])?;
    npm(
        workspace,
        &here,
        &["run", "--silent", "build", "--", "--outDir", "built", "--logLevel", "warn"],
    )?;
    let (built, kept) = (here.join("built"), workspace.root().join(ASSETS));
    if std::env::var_os(OVERWRITE).is_some_and(|what| what == "overwrite") {
        anew(&kept)?;
        copy(&built, &kept)?;
    }
    is_fresh(&built, &kept)?;
    let browser = browser(workspace)?;
    workspace::run(&mut workspace.cargo(&format!("build {} --bins", workspace::WHOLE)))?;
    let mut tests = command(workspace, &here, &["run", "--silent", "test"]);
    tests
        .env("REM_PAGE_PROGRAMS", workspace.target_directory().join("debug"))
        .env("REM_PAGE_PICTURES", here.join("pictures"))
        .env("REM_PAGE_SVG", here.join("flights.svg"))
        .env(OWN, browser);
    workspace::run(&mut tests)
}

/// The sources with their packages, below `target`.
fn prepare(workspace: &Workspace) -> Result<PathBuf> {
    let here = workspace.target_directory().join("page");
    foreign::node_packages(workspace, SOURCES, &here)?;
    let sources = workspace.root().join(SOURCES);
    for name in COPIED {
        let (from, to) = (sources.join(name), here.join(name));
        if from.is_dir() {
            anew(&to)?;
        }
        copy(&from, &to).with_context(|| format!("cannot copy {}", from.display()))?;
    }
    Ok(here)
}

fn npm(workspace: &Workspace, here: &Path, arguments: &[&str]) -> Result<()> {
    workspace::run(&mut command(workspace, here, arguments))
}

fn command(workspace: &Workspace, here: &Path, arguments: &[&str]) -> std::process::Command {
    let mut npm = workspace.command(foreign::NPM);
    npm.current_dir(here).args(arguments);
    npm
}

/// Whether both hold the same files, each byte of them.
fn is_fresh(built: &Path, kept: &Path) -> Result<()> {
    let (new, old) = (names(built)?, names(kept)?);
    ensure!(!new.is_empty(), "nothing was built in {}", built.display());
    let stale: Vec<_> = new
        .iter()
        .chain(old.iter().filter(|name| !new.contains(name)))
        .filter(|name| fs::read(built.join(name)).ok() != fs::read(kept.join(name)).ok())
        .map(String::as_str)
        .collect();
    ensure!(
        stale.is_empty(),
        "{ASSETS} is not what {SOURCES} makes: {}; run `{OVERWRITE}=overwrite cargo xtask page`",
        stale.join(", ")
    );
    Ok(())
}

/// A browser: one's own, or that of Debian, which is installed if it is not there.
fn browser(workspace: &Workspace) -> Result<PathBuf> {
    let own = std::env::var_os(OWN).map(PathBuf::from);
    let program = own.clone().unwrap_or_else(|| CHROMIUM.into());
    if own.is_none() && !program.exists() {
        for arguments in [
            &["update", "--quiet"][..],
            &["install", "--yes", "--quiet", "--no-install-recommends", "chromium"],
        ] {
            let mut apt = workspace.command("apt-get");
            apt.env("DEBIAN_FRONTEND", "noninteractive").args(arguments);
            read(&mut apt).with_context(|| {
                format!("the tests need Chromium: install it, or name one in {OWN}")
            })?;
        }
    }
    let version = read(workspace.command(&program).arg("--version"))
        .with_context(|| format!("name a Chromium in {OWN}"))?;
    println!("    {}", version.trim());
    Ok(program)
}

fn names(directory: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(directory)
        .with_context(|| format!("there is no {}", directory.display()))?
        .collect::<std::io::Result<Vec<_>>>()?;
    let mut names: Vec<_> =
        entries.iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if !from.is_dir() {
        return Ok(fs::copy(from, to).map(drop)?);
    }
    fs::create_dir_all(to)?;
    for name in names(from)? {
        copy(&from.join(&name), &to.join(&name))?;
    }
    Ok(())
}

fn anew(directory: &Path) -> Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory)?;
    }
    Ok(fs::create_dir_all(directory)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_was_not_built_anew_is_told() {
        let scratch = tempfile::tempdir().unwrap();
        let (built, kept) = (scratch.path().join("built"), scratch.path().join("kept"));
        for directory in [&built, &kept] {
            fs::create_dir(directory).unwrap();
        }
        assert!(is_fresh(&built, &kept).is_err(), "nothing is no page");
        fs::write(built.join("a.js"), "1").unwrap();
        let missing = is_fresh(&built, &kept).unwrap_err().to_string();
        assert!(missing.contains("a.js") && missing.contains("overwrite"), "{missing}");
        fs::write(kept.join("a.js"), "1").unwrap();
        assert!(is_fresh(&built, &kept).is_ok());
        fs::write(kept.join("a.js"), "2").unwrap();
        assert!(is_fresh(&built, &kept).is_err(), "another byte");
        fs::write(kept.join("a.js"), "1").unwrap();
        fs::write(kept.join("old.js"), "1").unwrap();
        assert!(is_fresh(&built, &kept).unwrap_err().to_string().contains("old.js"));
    }
}
