//! The programs of tests: built once, run for each mutant until the first test fails.

use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use cargo_metadata::Message;

use super::switch;
use crate::workspace::{Workspace, shown};

/// One program of tests.
#[derive(Debug, Clone)]
pub(super) struct Program {
    /// The package and the target.
    pub(super) name: String,
    pub(super) package: String,
    path: PathBuf,
    /// Where cargo would run it.
    directory: PathBuf,
    /// How long it takes where no mutant is on.
    took: Duration,
    /// The mutants that it comes to.
    reached: HashSet<usize>,
}

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Passed,
    /// The test, or how the program ended.
    Failed(String),
    Hung,
}

/// The programs that a build says it has made.
pub(super) fn of(messages: &str) -> Vec<Program> {
    let messages = Message::parse_stream(messages.as_bytes()).filter_map(Result::ok);
    let program = |message| {
        let Message::CompilerArtifact(artifact) = message else { return None };
        let path = artifact.executable.filter(|_| artifact.profile.test)?;
        let directory = artifact.manifest_path.parent()?.as_std_path().to_owned();
        let package = artifact.manifest_path.parent()?.file_name()?.to_owned();
        let name = match artifact.target.name.replace('-', "_") {
            name if name == package.replace('-', "_") => package.clone(),
            name => format!("{package}/{name}"),
        };
        let (took, reached) = (Duration::ZERO, HashSet::new());
        Some(Program { name, package, path: path.into_std_path_buf(), directory, took, reached })
    };
    messages.filter_map(program).collect()
}

impl Program {
    /// Runs it where no mutant is on, which it must pass, and once more to see to which mutants it comes.
    pub(super) fn measure(&mut self, workspace: &Workspace, limit: Duration) -> Result<()> {
        let begun = Instant::now();
        let ended = ended(&mut self.command(workspace), limit)?;
        ensure!(ended == Ended::Passed, "{} does not pass with no mutant: {ended:?}", self.name);
        self.took = begun.elapsed();
        let file = self.path.with_extension("reached");
        let _ = fs::remove_file(&file);
        // What counts its allocations may fail here, and has come where it came.
        ended_whole(self.command(workspace).env(switch::REACHED, &file), limit * 2)?;
        let reached = fs::read_to_string(&file).unwrap_or_default();
        self.reached = reached.lines().filter_map(|line| line.parse().ok()).collect();
        Ok(())
    }

    pub(super) fn comes_to(&self, mutant: usize) -> bool {
        self.reached.contains(&mutant)
    }

    pub(super) fn took(&self) -> Duration {
        self.took
    }

    /// Runs it with a mutant on, for at most a minute more than ten times what it takes.
    pub(super) fn run(&self, workspace: &Workspace, mutant: usize) -> Result<Ended> {
        let mut command = self.command(workspace);
        command.env(switch::ON, mutant.to_string());
        ended(&mut command, Duration::from_secs(60) + self.took * 10)
    }

    fn command(&self, workspace: &Workspace) -> Command {
        let mut command = workspace.command(&self.path);
        command
            .current_dir(&self.directory)
            .env("CARGO_MANIFEST_DIR", &self.directory)
            .env_remove(switch::ON)
            .env_remove(switch::REACHED);
        command
    }
}

/// Runs it to its end, or to the first test that fails.
fn ended(command: &mut Command, limit: Duration) -> Result<Ended> {
    watched(command, limit, true)
}

fn ended_whole(command: &mut Command, limit: Duration) -> Result<Ended> {
    watched(command, limit, false)
}

fn watched(command: &mut Command, limit: Duration, first: bool) -> Result<Ended> {
    let until = Instant::now() + limit;
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot start {}", shown(command)))?;
    let out = child.stdout.take().context("its output is piped")?;
    let (tell, lines) = mpsc::channel();
    // Not joined: what the program has started may hold the pipe for longer than it lives.
    thread::spawn(move || {
        let lines = BufReader::new(out).lines().map_while(Result::ok);
        lines.map_while(|line| tell.send(line).ok()).for_each(drop);
    });
    loop {
        let left = until.saturating_duration_since(Instant::now());
        match lines.recv_timeout(left) {
            Ok(line) => {
                if let Some(test) = failed(&line).filter(|_| first) {
                    end(&mut child)?;
                    return Ok(Ended::Failed(test.to_owned()));
                }
            }
            Err(RecvTimeoutError::Timeout) => {
                end(&mut child)?;
                return Ok(Ended::Hung);
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    // It may have closed its output and go on.
    while Instant::now() < until {
        if let Some(status) = child.try_wait()? {
            let held = status.success();
            return Ok(if held { Ended::Passed } else { Ended::Failed(status.to_string()) });
        }
        thread::sleep(Duration::from_millis(10));
    }
    end(&mut child)?;
    Ok(Ended::Hung)
}

fn end(child: &mut Child) -> Result<()> {
    let _ = child.kill(); // it may have ended by itself
    child.wait()?;
    Ok(())
}

/// The test that a line says has failed.
fn failed(line: &str) -> Option<&str> {
    line.strip_prefix("test ")?.strip_suffix(" ... FAILED")
}

/// Where a path lies below a directory, with `/`.
pub(super) fn below(path: &Path, directory: &Path) -> Option<String> {
    Some(path.strip_prefix(directory).ok()?.to_string_lossy().replace('\\', "/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(line: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", line]);
        command
    }

    #[test]
    #[cfg(unix)]
    fn a_run_ends_with_the_first_test_that_fails_or_with_its_limit() {
        let long = Duration::from_secs(600);
        let failed = |test: &str| Ended::Failed(test.to_owned());
        for (line, wanted) in [
            ("echo 'test a ... ok'", Ended::Passed),
            ("echo 'test a ... ok'; echo 'test b::c ... FAILED'; sleep 600", failed("b::c")),
            ("exit 3", failed("exit status: 3")),
        ] {
            assert_eq!(ended(&mut shell(line), long).unwrap(), wanted, "{line}");
        }
        for line in ["sleep 600", "exec >&-; sleep 600"] {
            let ended = ended(&mut shell(line), Duration::from_millis(200)).unwrap();
            assert_eq!(ended, Ended::Hung, "{line}");
        }
        let whole = ended_whole(&mut shell("echo 'test b ... FAILED'; exit 1"), long).unwrap();
        assert_eq!(whole, failed("exit status: 1"));
    }

    #[test]
    fn programs_are_those_that_cargo_built_for_tests() {
        let of_target = |name: &str, test: bool, executable: &str| {
            format!(
                r#"{{"reason":"compiler-artifact","package_id":"path+file:///t/rem-core#0.1.0","manifest_path":"/t/rem-core/Cargo.toml","target":{{"kind":["test"],"crate_types":["bin"],"name":"{name}","src_path":"/a.rs","edition":"2024","doc":false,"doctest":false,"test":true}},"profile":{{"opt_level":"0","debuginfo":0,"debug_assertions":true,"overflow_checks":true,"test":{test}}},"features":[],"filenames":[],"executable":{executable},"fresh":true}}"#
            )
        };
        let built = [
            of_target("rem_core", true, r#""/t/rem_core-1""#),
            of_target("interleave", true, r#""/t/interleave-1""#),
            of_target("xtask", false, r#""/t/xtask""#),
            of_target("rem_core", false, "null"),
        ];
        let programs = of(&built.join("\n"));
        let names: Vec<_> = programs.iter().map(|program| program.name.as_str()).collect();
        assert_eq!(names, ["rem-core", "rem-core/interleave"]);
        assert_eq!(programs[0].directory, Path::new("/t/rem-core"));
    }
}
