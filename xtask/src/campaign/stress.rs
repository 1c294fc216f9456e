//! The cases of `tests/tests/stress/`, one after the other, in release: real threads at full speed, and none may see a
//! promise of delivery broken.

use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use cargo_metadata::Message;
use cargo_metadata::camino::{Utf8Path, Utf8PathBuf};

use crate::campaign::report::Report;
use crate::workspace::{self, Workspace, read, shown};

/// How long each case repeats its round, in seconds.
const SECONDS: u64 = 10;

/// A case that takes so much longer hangs: its last round should have come to its end long ago.
const HANG: Duration = Duration::from_secs(120);

const BUILD: &str = "test --release --package rem-tests --test stress --no-run";

pub(crate) fn run(workspace: &Workspace) -> Result<Report> {
    let compiler = read(workspace.command("rustc").arg("--version"))?;
    workspace::run(&mut workspace.cargo(BUILD))?;
    let built = read(&mut workspace.cargo(&format!("{BUILD} --quiet --message-format json")))?;
    let program =
        program(&built, "stress").context("cargo does not say where it put the test `stress`")?;
    let list = read(workspace.command(&program).args(["--list", "--format", "terse"]))?;
    let cases = cases(&list);
    ensure!(!cases.is_empty(), "tests/tests/stress has no case");
    let mut figures = format!(
        "Each case repeated its round for {SECONDS} s, alone on the machine but for what else ran there: real threads, a \
         release build. What a round checks is said in `tests/tests/stress/`.\n\n\
         | case | rounds | events checked | held |\n| --- | --: | --: | --- |\n"
    );
    let (mut held, begun) = (true, Instant::now());
    for (at, case) in cases.iter().enumerate() {
        let left = (cases.len() - at) as u64 * SECONDS;
        println!("case {} of {}, {left} s to go: {case}", at + 1, cases.len());
        let said = stress(workspace, &program, case)?;
        held &= said.held;
        figures.push_str(&said.row(case));
    }
    writeln!(figures, "\nIn all {} s.", begun.elapsed().as_secs())?;
    Ok(Report { held, compiler: compiler.trim().to_owned(), figures })
}

/// Where cargo says that the program of the tests is. It is run without cargo, so that it can be ended.
pub(super) fn program(built: &str, test: &str) -> Option<Utf8PathBuf> {
    let messages = Message::parse_stream(built.as_bytes()).filter_map(Result::ok);
    messages
        .filter_map(|message| match message {
            Message::CompilerArtifact(artifact) if artifact.target.name == test => {
                artifact.executable
            }
            _ => None,
        })
        .last()
}

/// The cases that the test harness lists.
fn cases(list: &str) -> Vec<&str> {
    list.lines().filter_map(|line| line.strip_suffix(": test")).collect()
}

/// Runs one case; an error when it could not, and not when it failed.
fn stress(workspace: &Workspace, program: &Utf8Path, case: &str) -> Result<Said> {
    let mut command = workspace.command(program);
    command.args(["--exact", case, "--nocapture"]).env("REM_STRESS_SECONDS", SECONDS.to_string());
    let ended = within(&mut command, Duration::from_secs(SECONDS) + HANG)?;
    if !ended.as_ref().is_some_and(|(_, held)| *held) {
        let how = if ended.is_some() { "fails" } else { "hangs" };
        println!("    {case} {how}; to see it again:");
        println!(
            "    $ REM_STRESS_SECONDS={SECONDS} cargo test --release -p rem-tests --test stress -- --exact {case}"
        );
    }
    let (said, held) = ended.unwrap_or_default();
    Ok(Said::of(case, &said, held))
}

/// What the command wrote, and whether it ended well; `None` if it had to be ended.
pub(super) fn within(command: &mut Command, limit: Duration) -> Result<Option<(String, bool)>> {
    let until = Instant::now() + limit;
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .with_context(|| format!("cannot start {}", shown(command)))?;
    // A few lines: they fit into the pipe.
    while child.try_wait()?.is_none() {
        if Instant::now() > until {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(50));
    }
    let output = child.wait_with_output()?;
    Ok(Some((String::from_utf8(output.stdout)?, output.status.success())))
}

/// What a case told of its run.
#[derive(Debug, PartialEq)]
struct Said {
    /// Rounds and events, if it came to its end.
    figures: Option<(u64, u64)>,
    held: bool,
}

impl Said {
    /// A case that ends well and says nothing has checked nothing: then it has not held.
    fn of(case: &str, output: &str, held: bool) -> Self {
        let name = case.rsplit("::").next().unwrap_or(case);
        let figures = output.lines().find_map(|line| {
            let (_, counts) = line.split_once(&format!("{name}: "))?;
            let (rounds, events) = counts.strip_suffix(" events")?.split_once(" rounds, ")?;
            Some((rounds.parse().ok()?, events.parse().ok()?))
        });
        Self { figures, held: held && figures.is_some_and(|(_, events)| events > 0) }
    }

    fn row(&self, case: &str) -> String {
        let held = if self.held { "yes" } else { "**no**" };
        let (rounds, events) = match self.figures {
            Some((rounds, events)) => (rounds.to_string(), events.to_string()),
            None => ("–".to_owned(), "–".to_owned()),
        };
        format!("| {case} | {rounds} | {events} | {held} |\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cases_of_a_list_are_found() {
        let list = "ends::nothing: test\nrings::a_ring: test\n\n2 tests, 0 benchmarks\n";
        assert_eq!(cases(list), ["ends::nothing", "rings::a_ring"]);
        assert!(cases("0 tests, 0 benchmarks\n").is_empty());
    }

    #[test]
    fn the_program_is_the_one_that_cargo_names() {
        let of = |name, executable| {
            format!(
                r#"{{"reason":"compiler-artifact","package_id":"path+file:///a#0.1.0","manifest_path":"/a/Cargo.toml","target":{{"kind":["test"],"crate_types":["bin"],"name":"{name}","src_path":"/a.rs","edition":"2024","doc":false,"doctest":false,"test":true}},"profile":{{"opt_level":"3","debuginfo":0,"debug_assertions":false,"overflow_checks":false,"test":true}},"features":[],"filenames":[],"executable":{executable},"fresh":true}}"#
            )
        };
        let built = format!("{}\n{}\n", of("rem_bus", "null"), of("stress", r#""/a/stress-1""#));
        assert_eq!(program(&built, "stress").unwrap(), "/a/stress-1");
        assert_eq!(program(&of("other", r#""/a/other""#), "stress"), None);
    }

    #[test]
    fn what_a_case_says_is_read() {
        let output = "\nrunning 1 test\na_ring: 12 rounds, 3456 events\n.\n";
        let said = Said::of("rings::a_ring", output, true);
        assert_eq!(said, Said { figures: Some((12, 3_456)), held: true });
        assert_eq!(said.row("rings::a_ring"), "| rings::a_ring | 12 | 3456 | yes |\n");
    }

    #[test]
    fn a_case_that_fails_or_checks_nothing_has_not_held() {
        for (output, ended_well) in [
            ("a_ring: 12 rounds, 3456 events\n", false),
            ("a_ring: 12 rounds, 0 events\n", true),
            ("running 0 tests\n", true),
        ] {
            let said = Said::of("rings::a_ring", output, ended_well);
            assert!(!said.held, "{output}");
            assert!(said.row("rings::a_ring").ends_with("| **no** |\n"));
        }
    }

    #[test]
    fn what_hangs_is_ended() {
        let mut sleeps = Command::new("sleep");
        sleeps.arg("600");
        assert_eq!(within(&mut sleeps, Duration::from_millis(100)).unwrap(), None);
        let mut says = Command::new("echo");
        let said = within(says.arg("a"), Duration::from_secs(60)).unwrap();
        assert_eq!(said, Some(("a\n".to_owned(), true)));
    }
}
