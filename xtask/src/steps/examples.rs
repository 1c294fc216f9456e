//! Every program of the package `examples`, run to its end as a reader would; not built in release, for that is half of all
//! that they need built once more.
//!
//! One that needs a server is run by the step that has servers, and named here.
//!
//! A program passes when it ends with 0 within the limit, has said something, and has left the
//! clone as it was.

use std::fs::File;
use std::io::{Read, Seek};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use cargo_metadata::TargetKind;

use crate::workspace::{self, Workspace, read};

const PACKAGE: &str = "rem-examples";

/// How long one program may run.
const LIMIT: Duration = Duration::from_secs(120);

/// Programs that take a shorter form than the one their reader runs, and its arguments.
const SHORT: &[(&str, &[&str])] = &[("recorder", &["--limit", "40000"])];

/// Programs that need more than Rust, and the step that has it and runs them.
const ELSEWHERE: &[(&str, &str)] = &[("mesh", "nats")];

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let names = workspace.targets(PACKAGE, &TargetKind::Bin)?;
    ensure!(!names.is_empty(), "package `{PACKAGE}` has no program: examples/src/bin/NAME.rs");
    let listed = SHORT.iter().map(|(name, _)| name).chain(ELSEWHERE.iter().map(|(name, _)| name));
    for name in listed {
        ensure!(names.iter().any(|found| found == name), "no example `{name}`: mend the lists");
    }
    let (elsewhere, here): (Vec<_>, Vec<_>) =
        names.iter().partition(|name| step_of(name).is_some());
    build(workspace)?;
    for name in &here {
        run_one(workspace, name).with_context(|| format!("example `{name}`"))?;
    }
    for name in elsewhere {
        println!("    {name} is run by the step `{}`", step_of(name).unwrap_or_default());
    }
    println!("    {} examples ran to their end", here.len());
    Ok(())
}

/// Those that are left to the step of that name.
pub(crate) fn run_in(workspace: &Workspace, step: &str) -> Result<()> {
    build(workspace)?;
    for (name, _) in ELSEWHERE.iter().filter(|(_, other)| *other == step) {
        run_one(workspace, name).with_context(|| format!("example `{name}`"))?;
    }
    Ok(())
}

fn build(workspace: &Workspace) -> Result<()> {
    workspace::run(&mut workspace.cargo(&format!("build {} --bins", workspace::WHOLE)))
}

/// The step that runs a program in place of this one.
fn step_of(name: &str) -> Option<&'static str> {
    ELSEWHERE.iter().find(|(program, _)| *program == name).map(|(_, step)| *step)
}

fn run_one(workspace: &Workspace, name: &str) -> Result<()> {
    let before = untracked(workspace)?;
    let arguments =
        SHORT.iter().find(|(short, _)| *short == name).map_or(&[][..], |(_, short)| short);
    let mut command = workspace.command(workspace.built(name));
    command.args(arguments);
    println!("    $ cargo run --bin {}", shown(name, arguments));

    // Into files and not into pipes: a program that says much never waits for us.
    let (out, err) = (scratch(workspace, name, "stdout")?, scratch(workspace, name, "stderr")?);
    let begun = Instant::now();
    let child = command.stdout(out.try_clone()?).stderr(err.try_clone()?).spawn();
    let ended = wait(child.context("cannot start it; was it built?")?, LIMIT);
    let (out, err) = (text(out)?, text(err)?);
    let verdict = ended.and_then(|success| judge(success, &out, &err));
    if verdict.is_err() {
        print!("{out}{err}");
    }
    verdict?;

    let after = untracked(workspace)?;
    ensure!(before == after, "it left files in the clone:\n{after}write below target/ instead");
    println!("      {:.1} s, {} lines", begun.elapsed().as_secs_f64(), out.lines().count());
    Ok(())
}

/// Whether it ended well, within the limit; after the limit it is ended and an error.
fn wait(mut child: Child, limit: Duration) -> Result<bool> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        if begun.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            bail!("it still ran after {} s; give it a short form in `SHORT`", limit.as_secs());
        }
        thread::sleep(Duration::from_millis(10));
    }
}

fn judge(success: bool, out: &str, err: &str) -> Result<()> {
    ensure!(success, "it ended with a failure");
    ensure!(!out.trim().is_empty(), "it said nothing on standard output");
    ensure!(!err.contains("panicked at"), "a thread of it panicked");
    Ok(())
}

/// The files that git neither knows nor ignores.
fn untracked(workspace: &Workspace) -> Result<String> {
    read(workspace.command("git").args(["ls-files", "--others", "--exclude-standard"]))
}

fn scratch(workspace: &Workspace, name: &str, stream: &str) -> Result<File> {
    let directory = workspace.target_directory().join("examples");
    std::fs::create_dir_all(&directory)?;
    let path = directory.join(format!("{name}.{stream}"));
    let file = File::options().create(true).truncate(true).read(true).write(true).open(&path);
    file.with_context(|| format!("cannot write {}", path.display()))
}

fn text(mut file: File) -> Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn shown(name: &str, arguments: &[&str]) -> String {
    if arguments.is_empty() {
        name.to_owned()
    } else {
        format!("{name} -- {}", arguments.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn silence_failure_and_panics_are_refused() {
        assert!(judge(true, "done\n", "").is_ok());
        assert!(judge(false, "done\n", "").is_err());
        assert!(judge(true, " \n", "").is_err());
        assert!(judge(true, "done\n", "thread 'x' panicked at src/x.rs:1:1").is_err());
    }

    #[test]
    #[cfg(unix)]
    fn a_program_that_does_not_end_is_ended() {
        let child = Command::new("sleep").arg("600").spawn().unwrap();
        let error = wait(child, Duration::from_millis(50)).unwrap_err().to_string();
        assert!(error.contains("still ran"), "{error}");
        assert!(wait(Command::new("true").spawn().unwrap(), LIMIT).unwrap());
        assert!(!wait(Command::new("false").spawn().unwrap(), LIMIT).unwrap());
    }

    #[test]
    fn a_program_is_left_to_a_step_that_there_is() {
        for (name, step) in ELSEWHERE {
            assert_eq!(step_of(name), Some(*step));
            assert!(crate::test::step(step).is_some(), "no step `{step}` runs {name}");
        }
        assert_eq!(step_of("flights"), None);
    }

    #[test]
    fn a_short_form_is_shown_as_one_types_it() {
        assert_eq!(shown("flights", &[]), "flights");
        assert_eq!(shown("flights", &["--rows", "9"]), "flights -- --rows 9");
    }
}
