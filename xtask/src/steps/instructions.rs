//! The instructions of the hot paths, counted under callgrind and held to what is kept: what else the machine does changes no count, so a
//! path that has become slower is seen before anybody measures it.
//!
//! The program that walks the paths is built from `Cargo.lock` by the toolchain that the repository names, with nothing of the
//! environment; what hashes has the same seeds in every run. Callgrind counts within one function of it, in one thread.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::workspace::{self, Workspace, read};

const PACKAGE: &str = "rem-benches";
const PROGRAM: &str = "instructions";
/// The function within which is counted.
const COUNTED: &str = "*instructions::counted*";
/// What is kept, for each architecture, system and clock in a file of its own, below the root.
const KEPT: &str = "benches/instructions";
/// `overwrite` keeps what was counted.
const OVERWRITE: &str = "REM_INSTRUCTIONS";
/// How far a count may be from what is kept, as a part of it.
const TOLERANCE: f64 = 0.03;

/// What is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    /// By what it was counted and built: with another, other counts are no wonder.
    valgrind: String,
    compiler: String,
    libc: String,
    /// Instructions a walk.
    paths: BTreeMap<String, f64>,
}

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let valgrind = valgrind(workspace)?;
    let program = build(workspace)?;
    let mut paths = BTreeMap::new();
    for path in read(workspace.command(&program).arg("--list"))?.lines() {
        let counted = count(workspace, &program, path).with_context(|| format!("`{path}`"))?;
        paths.insert(path.to_owned(), counted);
    }
    ensure!(!paths.is_empty(), "`{PROGRAM} --list` names no path");
    let compiler = read(workspace.command("rustc").arg("--version"))?.trim().to_owned();
    let counted = Kept { valgrind, compiler, libc: libc(workspace), paths };
    let file = format!("{KEPT}/{}.toml", platform());
    let kept = workspace.root().join(&file);
    if std::env::var_os(OVERWRITE).is_some_and(|what| what == "overwrite") {
        return keep(&kept, &counted).with_context(|| format!("cannot write {file}"));
    }
    let text = fs::read_to_string(&kept).with_context(|| {
        format!("there is no {file}: on this machine write it by `{OVERWRITE}=overwrite cargo xtask instructions`")
    })?;
    let kept: Kept = toml::from_str(&text).with_context(|| format!("{file} is malformed"))?;
    let (table, wrong) = compare(&kept, &counted);
    print!("{table}");
    if wrong.is_empty() {
        return Ok(());
    }
    let mut others = String::new();
    for (what, then, now) in [
        ("valgrind", &kept.valgrind, &counted.valgrind),
        ("the compiler", &kept.compiler, &counted.compiler),
        ("libc", &kept.libc, &counted.libc),
    ] {
        if then != now {
            write!(others, "; {what} was {then} and is {now}")?;
        }
    }
    bail!(
        "{} of {} paths are not as {file} has them: {}{others}",
        wrong.len(),
        counted.paths.len(),
        wrong.join("; ")
    )
}

/// What each path takes, in a line; and what is wrong with those that are not as they were.
fn compare(kept: &Kept, counted: &Kept) -> (String, Vec<String>) {
    let (mut table, mut wrong) = (String::new(), Vec::new());
    for (path, now) in &counted.paths {
        let Some(then) = kept.paths.get(path) else {
            wrong.push(format!("`{path}` is new"));
            continue;
        };
        let change = now / then - 1.0;
        writeln!(table, "    {path:<60} {now:>9.1} instructions, {:+.2} %", change * 100.0).ok();
        if change > TOLERANCE {
            wrong.push(format!(
                "`{path}` takes {now:.1} instructions, not {then:.1}: slower by {:.1} %",
                change * 100.0
            ));
        } else if change < -TOLERANCE {
            wrong.push(format!(
                "`{path}` takes {now:.1} instructions, not {then:.1}: faster by {:.1} %, so keep that, for what is kept lets it become \
                 as slow again",
                change * -100.0
            ));
        }
    }
    let gone = kept.paths.keys().filter(|path| !counted.paths.contains_key(*path));
    wrong.extend(gone.map(|path| format!("`{path}` is gone")));
    (table, wrong)
}

fn keep(file: &Path, counted: &Kept) -> Result<()> {
    fs::create_dir_all(file.parent().context("a file has a folder")?)?;
    let rounded = |figure: f64| (figure * 10.0).round() / 10.0;
    let paths = counted.paths.iter().map(|(path, now)| (path.clone(), rounded(*now))).collect();
    let rounded = Kept { paths, ..counted.clone() };
    let head = "# Instructions of the hot paths, counted by callgrind: kept by `REM_INSTRUCTIONS=overwrite cargo xtask instructions`, which\n\
                # a change that makes one slower by more than 3 % must give a reason for. `benches/src/bin/instructions.rs` has the paths.\n\n";
    Ok(fs::write(file, head.to_owned() + &toml::to_string(&rounded)?)?)
}

/// The program, by its own profile: nothing of the environment changes how it is built.
fn build(workspace: &Workspace) -> Result<PathBuf> {
    let arguments = format!(
        "build --locked --profile {PROGRAM} --package {PACKAGE} --features {PROGRAM} --bin {PROGRAM}"
    );
    let mut cargo = workspace.cargo(&arguments);
    for name in ["CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS"] {
        cargo.env_remove(name);
    }
    cargo.env("RUSTFLAGS", "--cfg rem_fixed_seeds");
    workspace::run(&mut cargo)?;
    let program = format!("{PROGRAM}{}", std::env::consts::EXE_SUFFIX);
    Ok(workspace.target_directory().join(PROGRAM).join(program))
}

/// Instructions a walk of one path.
fn count(workspace: &Workspace, program: &Path, path: &str) -> Result<f64> {
    let mut command = workspace.command("valgrind");
    // What the environment has lies on the stack, and moves what stands there.
    let search = std::env::var_os("PATH");
    command.env_clear().envs(search.map(|search| ("PATH", search)));
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--collect-atstart=no"]);
    command.arg(format!("--toggle-collect={COUNTED}")).arg(program).arg(path);
    let output = command.output().context("cannot start valgrind")?;
    let (said, told) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "it ended with {}: {}", output.status, told.trim());
    let walks = said.trim().parse::<u32>().context("it does not say how often it walked")?;
    each(&told, walks)
}

/// What callgrind collected, for each of so many.
fn each(told: &str, walks: u32) -> Result<f64> {
    let collected = told.lines().find_map(|line| line.split_once("Collected : "));
    let collected = collected.and_then(|(_, number)| number.trim().parse::<u32>().ok());
    let collected = collected.with_context(|| format!("callgrind names no number:\n{told}"))?;
    ensure!(
        walks > 0 && collected > walks,
        "callgrind has counted {collected} instructions in {walks} walks: is `{COUNTED}` inlined?"
    );
    Ok(f64::from(collected) / f64::from(walks))
}

/// What counts hang on beside the code. A bus reads the processor's counter where the system itself does, and asks the system where
/// it does not.
fn platform() -> String {
    let source = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    let is_counted = fs::read_to_string(source).is_ok_and(|source| source.trim() == "tsc");
    let clock = if is_counted { "tsc" } else { "no-tsc" };
    format!("{}-{}-{clock}", std::env::consts::ARCH, std::env::consts::OS)
}

/// Its version. It is installed, where there is none and Debian's `apt-get` is.
fn valgrind(workspace: &Workspace) -> Result<String> {
    let version = |workspace: &Workspace| read(workspace.command("valgrind").arg("--version"));
    if version(workspace).is_err() {
        for arguments in [
            &["update", "--quiet"][..],
            &["install", "--yes", "--quiet", "--no-install-recommends", "valgrind"],
        ] {
            let mut apt: Command = workspace.command("apt-get");
            apt.env("DEBIAN_FRONTEND", "noninteractive").args(arguments);
            read(&mut apt).context("instructions are counted by valgrind: install it")?;
        }
    }
    let version = version(workspace).context("instructions are counted by valgrind: install it")?;
    println!("    {}", version.trim());
    Ok(version.trim().to_owned())
}

/// The allocator and what copies memory are of it.
fn libc(workspace: &Workspace) -> String {
    let said = read(workspace.command("getconf").arg("GNU_LIBC_VERSION"));
    said.map_or_else(|_| "unknown".to_owned(), |said| said.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(paths: &[(&str, f64)]) -> Kept {
        let paths = paths.iter().map(|(path, figure)| ((*path).to_owned(), *figure)).collect();
        let text = |text: &str| text.to_owned();
        Kept { valgrind: text("v"), compiler: text("c"), libc: text("l"), paths }
    }

    #[test]
    fn a_path_that_moved_by_more_than_the_tolerance_is_wrong_either_way() {
        let then = kept(&[("publish", 1_000.0)]);
        for (now, says) in [
            (1_029.0, None),
            (1_031.0, Some("slower by 3.1 %")),
            (971.0, None),
            (969.0, Some("faster by 3.1 %")),
        ] {
            let (_, wrong) = compare(&then, &kept(&[("publish", now)]));
            match says {
                None => assert!(wrong.is_empty(), "{wrong:?}"),
                Some(says) => assert!(wrong.len() == 1 && wrong[0].contains(says), "{wrong:?}"),
            }
        }
    }

    #[test]
    fn a_path_that_came_or_went_is_wrong() {
        let (one, two) = (kept(&[("a", 1.0)]), kept(&[("a", 1.0), ("b", 1.0)]));
        assert_eq!(compare(&one, &two).1, ["`b` is new"]);
        assert_eq!(compare(&two, &one).1, ["`b` is gone"]);
    }

    #[test]
    fn what_is_kept_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("instructions/x.toml");
        keep(&file, &kept(&[("publish, 1 handler", 123.456)])).unwrap();
        let read: Kept = toml::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        assert_eq!(read, kept(&[("publish, 1 handler", 123.5)]));
    }

    #[test]
    fn nothing_counted_is_no_count() {
        assert!((each("==1== Collected : 4000\n", 1_000).unwrap() - 4.0).abs() < 1e-9);
        assert!(each("==1== Collected : 0\n", 1_000).is_err());
        assert!(each("==1== Bus error\n", 1_000).is_err());
    }
}
