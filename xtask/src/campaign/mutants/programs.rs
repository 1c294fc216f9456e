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

/// How often a program may be run until it passes where no mutant is on.
const TRIALS: usize = 3;

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
    /// Runs it where no mutant is on, which it must pass, and once more to see to which mutants it comes. What an earlier run of the
    /// campaign found of the same program is taken as it is.
    pub(super) fn measure(&mut self, workspace: &Workspace, limit: Duration) -> Result<()> {
        let [came, took] = ["reached", "took"].map(|name| self.path.with_extension(name));
        if let Some(seconds) = kept(&self.path, &took) {
            (self.took, self.reached) = (seconds, reached(&came));
            return Ok(());
        }
        for trial in 1.. {
            let begun = Instant::now();
            let ended = ended(&mut self.command(workspace), limit)?;
            self.took = begun.elapsed();
            if ended == Ended::Passed {
                break;
            }
            // Beside much else a test may run out of time.
            println!("{} does not pass with no mutant: {ended:?}", self.name);
            ensure!(trial < TRIALS, "{} does not pass with no mutant, {TRIALS} times", self.name);
        }
        let _ = fs::remove_file(&came);
        // What counts its allocations may fail here, and has come where it came.
        ended_whole(self.command(workspace).env(switch::REACHED, &came), limit * 2)?;
        self.reached = reached(&came);
        fs::write(&took, self.took.as_secs_f64().to_string())?;
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
            .env_remove(switch::REACHED)
            .stderr(Stdio::null());
        command
    }
}

/// How long a program took, if that was written since it was built.
fn kept(program: &Path, took: &Path) -> Option<Duration> {
    let changed = |path| fs::metadata(path).and_then(|file| file.modified()).ok();
    if changed(took)? < changed(program)? {
        return None;
    }
    Duration::try_from_secs_f64(fs::read_to_string(took).ok()?.parse().ok()?).ok()
}

/// The mutants that a file says a program came to; there is none if it came to none.
pub(super) fn reached(file: &Path) -> HashSet<usize> {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.lines().filter_map(|line| line.parse().ok()).collect()
}

/// Runs what starts others, to their end; if it hangs, none of them is left.
pub(super) fn ended_with_all(command: &mut Command, limit: Duration) -> Result<Ended> {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    watched(command, limit, false)
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
    // Those that it started, if they are a group of its own; there is none else of that number.
    let group = format!("-{}", child.id());
    let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
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
    use std::fs::File;

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
            ("echo 'test a ... ok'; echo 'test b::c ... FAILED'; exec sleep 600", failed("b::c")),
            ("exit 3", failed("exit status: 3")),
        ] {
            assert_eq!(ended(&mut shell(line), long).unwrap(), wanted, "{line}");
        }
        for line in ["exec sleep 600", "exec >&-; exec sleep 600"] {
            let ended = ended(&mut shell(line), Duration::from_millis(200)).unwrap();
            assert_eq!(ended, Ended::Hung, "{line}");
        }
        let whole = ended_whole(&mut shell("echo 'test b ... FAILED'; exit 1"), long).unwrap();
        assert_eq!(whole, failed("exit status: 1"));
    }

    #[test]
    fn what_was_measured_holds_until_the_program_is_another() {
        let directory = tempfile::tempdir().unwrap();
        let [program, took] = ["program", "program.took"].map(|name| directory.path().join(name));
        fs::write(&program, "").unwrap();
        assert_eq!(kept(&program, &took), None);
        fs::write(&took, "1.5").unwrap();
        assert_eq!(kept(&program, &took), Some(Duration::from_millis(1_500)));
        let later = std::time::SystemTime::now() + Duration::from_secs(9);
        File::options().append(true).open(&program).unwrap().set_modified(later).unwrap();
        assert_eq!(kept(&program, &took), None);
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
