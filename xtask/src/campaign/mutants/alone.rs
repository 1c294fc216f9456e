//! Mutants that cannot stand behind a switch: cargo-mutants changes the code, builds and tests, one mutant at a time.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use super::known::Known;
use super::ledger::Ledger;
use super::list::Mutant;
use super::verdict::Fate;
use super::{builds, directory, macros};
use crate::steps::{ui, unit};
use crate::workspace::{Workspace, read};

/// How long the tests of one mutant may run, and its build, in seconds.
const TESTS: &str = "240";
const BUILD: &str = "900";

/// Tests, as cargo is told, from the nearest on: what one of them catches is not tried with the next.
struct Stage {
    package: &'static str,
    /// Whether unit tests are among them.
    unit: bool,
    tests: &'static [&'static str],
}

/// What runs the code of a package.
fn stages(package: &str) -> Result<&'static [Stage]> {
    const CORE: &[&str] = &[
        "macros_schema",
        "macros_templates",
        "whole",
        "queues",
        "handlers",
        "tasks",
        "lifetimes",
        "durable",
        "signals",
        "middleware",
        "requests",
        "effects",
        "partition",
    ];
    Ok(match package {
        "rem-macros" => &[
            Stage { package: "rem-macros", unit: true, tests: &[] },
            Stage { package: unit::PACKAGE, unit: false, tests: macros::TESTS },
            Stage { package: ui::PACKAGE, unit: false, tests: &["ui"] },
        ],
        "rem-patterns" => &[
            Stage { package: "rem-patterns", unit: true, tests: &["patterns"] },
            Stage { package: "rem-core", unit: true, tests: &[] },
            Stage { package: unit::PACKAGE, unit: false, tests: CORE },
        ],
        "rem-core" => &[
            Stage { package: "rem-core", unit: true, tests: &[] },
            Stage { package: unit::PACKAGE, unit: false, tests: CORE },
        ],
        _ => bail!("nobody has said which tests run the code of {package}"),
    })
}

pub(super) fn run(
    workspace: &Workspace,
    tool: &Path,
    tree: &Path,
    mutants: &[&Mutant],
    known: &Known,
    ledger: &mut Ledger,
) -> Result<()> {
    for (at, mutant) in mutants.iter().enumerate() {
        let text = fs::read_to_string(tree.join(&mutant.file))?;
        if ledger.settled(mutant, &text, known).is_some() {
            continue;
        }
        let mut fate = Fate::Missed;
        for stage in stages(&mutant.package)? {
            fate = try_one(workspace, tool, tree, mutant, stage)?;
            if fate != Fate::Missed {
                break;
            }
        }
        println!("mutant {} of {} alone: {}: {}", at + 1, mutants.len(), mutant.name, fate.told());
        ledger.keep(mutant, &text, fate)?;
        // A run that was ended has left its change in the copy; the next one begins with a new one.
    }
    Ok(())
}

fn try_one(
    workspace: &Workspace,
    tool: &Path,
    tree: &Path,
    mutant: &Mutant,
    stage: &Stage,
) -> Result<Fate> {
    let out = directory(workspace).join("alone");
    let mut command = workspace.command(tool);
    command
        .args(["mutants", "--in-place", "--no-config", "--no-times", "--baseline", "skip"])
        .args(["--timeout", TESTS, "--build-timeout", BUILD, "--all-features"])
        .args(["--re", &format!("^{}$", escaped(&mutant.name))])
        // Deleted fields are tried whatever the name is (27.1.0): at least no more of them than the file has.
        .args(["--file", &mutant.file])
        .args(["--package", &mutant.package, "--test-package", stage.package])
        .arg("--output")
        .arg(&out)
        .arg("--dir")
        .arg(tree)
        .arg("--")
        .args(stage.unit.then_some("--lib"))
        .args(stage.tests.iter().flat_map(|test| ["--test", test]))
        .env("CARGO_TARGET_DIR", builds(workspace))
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_PROFILE_TEST_DEBUG", "0")
        .env("CARGO_INCREMENTAL", "1")
        .stdout(Stdio::null())
        .stderr(Stdio::inherit());
    let _ = command.status().context("cannot start cargo-mutants")?; // its verdict is in its files
    let told = |file: &str| fs::read_to_string(out.join("mutants.out").join(file));
    let by = || format!("{}, alone", stage.package);
    for (file, fate) in [
        ("caught.txt", Fate::Caught { by: by() }),
        ("timeout.txt", Fate::Hung { by: by() }),
        ("missed.txt", Fate::Missed),
        ("unviable.txt", Fate::Unviable),
    ] {
        if told(file)?.lines().any(|line| line == mutant.name) {
            return Ok(fate);
        }
    }
    let version = read(workspace.command(tool).args(["mutants", "--version"]))?;
    bail!("{} does not say what became of `{}`", version.trim(), mutant.name);
}

/// A text as a regular expression that matches it.
fn escaped(text: &str) -> String {
    let special = |c: char| r"\.+*?()|[]{}^$#&-~".contains(c);
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::mutants::PACKAGES;

    #[test]
    fn a_name_is_taken_to_the_letter() {
        assert_eq!(escaped("a.rs:1: f -> (x<y>)"), r"a\.rs:1: f \-> \(x<y>\)");
    }

    /// Also that the tests are there.
    #[test]
    fn of_each_package_it_is_said_which_tests_run_its_code() {
        let workspace = Workspace::open().unwrap();
        for package in PACKAGES {
            let stages = stages(package).unwrap();
            assert_eq!(stages[0].package, *package, "its own come first");
            for Stage { package, tests, .. } in stages {
                let found = workspace.targets(package, &cargo_metadata::TargetKind::Test).unwrap();
                assert!(tests.iter().all(|test| found.iter().any(|found| found == test)));
            }
        }
        assert!(stages("xtask").is_err());
    }
}
