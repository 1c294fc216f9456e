//! What the dependencies are worth, by tools that are too heavy for a test: cargo-deny (`deny.toml`), the oldest versions that the
//! manifests allow, and cargo-semver-checks against a commit.

use std::fmt::Write as _;
use std::process::Command;

use anyhow::{Context, Result};

use super::copy::copy;
use super::{nightly, tool};
use crate::campaign::report::Report;
use crate::workspace::{self, Workspace, read, shown};

const DENY: &str = "0.20.2";
const SEMVER: &str = "0.51.0";

/// What users' code is held to: moved on with each release, to its commit.
const BASELINE: &str = "742cb0ac8c733b1ec79cd6a7f35273e4c856539b";

/// How cargo-deny says that it has no database of advisories.
const NO_ADVISORIES: &str = "failed to fetch advisory database";

pub(crate) fn run(workspace: &Workspace) -> Result<Report> {
    let compiler = read(workspace.command("rustc").arg("--version"))?;
    let checks: [(&str, Check); 4] = [
        ("licences, bans and sources, by cargo-deny", deny),
        ("known vulnerabilities, by cargo-deny", advisories),
        ("the oldest versions that the manifests name compile", minimal),
        ("no change that breaks users, by cargo-semver-checks", semver),
    ];
    let mut figures = String::from("| check | verdict |\n| --- | --- |\n");
    let mut held = true;
    for (what, check) in checks {
        println!("{what}");
        let verdict = check(workspace)?;
        held &= verdict != Verdict::Fails;
        writeln!(figures, "| {what} | {} |", verdict.told())?;
    }
    writeln!(figures, "\nUsers' code is held to commit {BASELINE}.")?;
    Ok(Report { held, compiler: compiler.trim().to_owned(), figures })
}

type Check = fn(&Workspace) -> Result<Verdict>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Holds,
    Fails,
    /// What it needs cannot be had here, which is said.
    NotChecked,
}

impl Verdict {
    fn told(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Fails => "**fails**",
            Self::NotChecked => "not checked: what it needs could not be fetched",
        }
    }
}

/// Runs it to its end, and shows what it says.
fn verdict(command: &mut Command) -> Result<Verdict> {
    println!("    $ {}", shown(command));
    let status = command.status().with_context(|| format!("cannot start {}", shown(command)))?;
    Ok(if status.success() { Verdict::Holds } else { Verdict::Fails })
}

fn deny(workspace: &Workspace) -> Result<Verdict> {
    let program = tool::install(workspace, "cargo-deny", DENY)?;
    let mut command = workspace.command(program);
    command.args([
        "--all-features",
        "check",
        "--hide-inclusion-graph",
        "bans",
        "licenses",
        "sources",
    ]);
    verdict(&mut command)
}

fn advisories(workspace: &Workspace) -> Result<Verdict> {
    let program = tool::install(workspace, "cargo-deny", DENY)?;
    let mut command = workspace.command(program);
    let output = command.args(["--all-features", "check", "advisories"]).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    println!("{}", said.trim());
    Ok(of_advisories(output.status.success(), &said))
}

fn of_advisories(well: bool, said: &str) -> Verdict {
    match well {
        true => Verdict::Holds,
        false if said.contains(NO_ADVISORIES) => Verdict::NotChecked,
        false => Verdict::Fails,
    }
}

/// In a copy, for it changes the lock file.
fn minimal(workspace: &Workspace) -> Result<Verdict> {
    let directory = workspace.target_directory().join("dependencies");
    let tree = copy(workspace, directory.join("minimal"))?;
    let mut update = nightly::command(workspace, "cargo update -Z direct-minimal-versions");
    workspace::run(update.current_dir(&tree))?;
    let mut check = workspace.cargo("check --all-features --locked");
    for package in workspace.published() {
        check.args(["--package", package.name.as_str()]);
    }
    verdict(check.current_dir(&tree).env("CARGO_TARGET_DIR", directory.join("build")))
}

fn semver(workspace: &Workspace) -> Result<Verdict> {
    let program = tool::install(workspace, "cargo-semver-checks", SEMVER)?;
    let mut command = workspace.command(program);
    command.args(["semver-checks", "check-release", "--baseline-rev", BASELINE, "--all-features"]);
    for package in workspace.published() {
        command.args(["--package", package.name.as_str()]);
    }
    // By itself it has a directory for each crate, and builds there anew whatever that depends on.
    let build = workspace.target_directory().join("dependencies").join("semver");
    verdict(command.env("CARGO_TARGET_DIR", build))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_database_nothing_is_said_of_vulnerabilities() {
        let no_network = "error: failed to fetch advisory database: an IO error occurred";
        assert_eq!(of_advisories(false, no_network), Verdict::NotChecked);
        assert_eq!(of_advisories(false, "error[vulnerability]: x"), Verdict::Fails);
        assert_eq!(of_advisories(true, "advisories ok"), Verdict::Holds);
        assert!(Verdict::NotChecked.told().starts_with("not checked"));
    }
}
