//! The cases of `tests/tests/stress/`, one after the other, in release: real threads at full speed, and none may see a
//! promise of delivery broken.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use cargo_metadata::camino::Utf8Path;

use crate::campaign::program;
use crate::campaign::report::Report;
use crate::workspace::{Workspace, read};

/// How long each case repeats its round, in seconds.
const SECONDS: u64 = 10;

/// A case that takes so much longer hangs: its last round should have come to its end long ago.
const HANG: Duration = Duration::from_secs(120);

pub(crate) fn run(workspace: &Workspace) -> Result<Report> {
    let compiler = read(workspace.command("rustc").arg("--version"))?;
    let program = program::build(workspace, "stress")?;
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

/// The cases that the test harness lists.
fn cases(list: &str) -> Vec<&str> {
    list.lines().filter_map(|line| line.strip_suffix(": test")).collect()
}

/// Runs one case; an error when it could not, and not when it failed.
fn stress(workspace: &Workspace, program: &Utf8Path, case: &str) -> Result<Said> {
    let mut command = workspace.command(program);
    command.args(["--exact", case, "--nocapture"]).env("REM_STRESS_SECONDS", SECONDS.to_string());
    let ended = program::within(&mut command, Duration::from_secs(SECONDS) + HANG)?;
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
}
