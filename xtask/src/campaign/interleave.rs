//! The cases of `rem-core/tests/interleave/`, one after the other, in release: seeds that no run had before, and none may fail.

use std::fmt::Write as _;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, ensure};
use cargo_metadata::camino::{Utf8Path, Utf8PathBuf};

use super::program::{program, within};
use crate::campaign::report::Report;
use crate::steps::interleave::{TESTS, cases, command};
use crate::workspace::{self, Workspace, read};

/// How long each case takes new seeds, in seconds.
const SECONDS: u64 = 10;

/// How many seeds a case is given at once.
const SEEDS: u64 = 500;

/// So many take longer only if one hangs: the time of what waits there takes none.
const HANG: Duration = Duration::from_secs(120);

/// Cases with seeds of their own: what these show is that a fault is found, and the other is a campaign of its own.
const OWN: &[&str] = &["failures::", "simulation::"];

pub(crate) fn run(workspace: &Workspace) -> Result<Report> {
    let compiler = read(workspace.command("rustc").arg("--version"))?;
    let program = build(workspace)?;
    let list = read(workspace.command(&program).args(["--list", "--format", "terse"]))?;
    let cases: Vec<_> = cases(&list)
        .into_iter()
        .filter(|case| !OWN.iter().any(|own| case.starts_with(own)))
        .collect();
    ensure!(!cases.is_empty(), "rem-core/tests/interleave has no case");
    let first = first_seed()?;
    let mut figures = format!(
        "Each case took seeds for {SECONDS} s, from {first} on, in a release build: each seed once evenly, and twice with three \
         preemptions (PCT). What a run checks is said in `rem-core/tests/interleave/`.\n\n\
         | case | seeds | runs | held |\n| --- | --: | --: | --- |\n"
    );
    let (mut held, begun) = (true, Instant::now());
    for (at, case) in cases.iter().enumerate() {
        let left = (cases.len() - at) as u64 * SECONDS;
        println!("case {} of {}, {left} s to go: {case}", at + 1, cases.len());
        let took = take(workspace, &program, case, first)?;
        held &= took.failed.is_none() && took.runs > 0;
        figures.push_str(&took.row(case));
    }
    writeln!(figures, "\nIn all {} s.", begun.elapsed().as_secs())?;
    Ok(Report { held, compiler: compiler.trim().to_owned(), figures })
}

/// Builds the cases in release, and says where their program is.
pub(super) fn build(workspace: &Workspace) -> Result<Utf8PathBuf> {
    let line = format!("{TESTS} --release --no-run");
    workspace::run(&mut command(workspace, &line))?;
    let built = read(&mut command(workspace, &format!("{line} --quiet --message-format json")))?;
    program(&built, "interleave").context("cargo does not say where it put the test `interleave`")
}

/// Where no run began before: by the time, which is random enough for that.
pub(super) fn first_seed() -> Result<u64> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    Ok(now.as_secs() * 1_000_000)
}

/// What a case did with its seeds.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Took {
    pub(super) seeds: u64,
    runs: u64,
    /// The seeds among which one fails.
    pub(super) failed: Option<String>,
}

/// Runs one case for its time, or until a seed fails.
fn take(workspace: &Workspace, program: &Utf8Path, case: &str, first: u64) -> Result<Took> {
    let (mut took, begun) = (Took::default(), Instant::now());
    while begun.elapsed() < Duration::from_secs(SECONDS) && took.failed.is_none() {
        took.more(workspace, program, case, first)?;
    }
    Ok(took)
}

impl Took {
    /// Runs a case with the seeds that follow, counted from the first.
    pub(super) fn more(
        &mut self,
        workspace: &Workspace,
        program: &Utf8Path,
        case: &str,
        first: u64,
    ) -> Result<()> {
        let from = first + self.seeds;
        let seeds = format!("{from}..{}", from + SEEDS);
        let mut command = workspace.command(program);
        command.args(["--exact", case, "--nocapture"]).env("REM_SEED", &seeds);
        let ended = within(&mut command, HANG)?;
        let ended = ended.and_then(|(said, held)| held.then_some(said));
        self.add(&seeds, ended.as_deref());
        Ok(())
    }

    /// What a case said of some more seeds; `None` if one failed, or hung.
    fn add(&mut self, seeds: &str, said: Option<&str>) {
        match said.and_then(runs) {
            Some(runs) => {
                self.seeds += SEEDS;
                self.runs += runs;
            }
            None => self.failed = Some(seeds.to_owned()),
        }
    }

    pub(super) fn row(&self, case: &str) -> String {
        let Self { seeds, runs, failed } = self;
        let held = failed.as_ref().map_or("yes".to_owned(), |seeds| format!("**no**, of {seeds}"));
        format!("| {case} | {seeds} | {runs} | {held} |\n")
    }
}

/// How often the body ran. A case that ends well and does not say has run nothing.
fn runs(said: &str) -> Option<u64> {
    let runs = said.lines().filter_map(|line| line.strip_suffix(" runs"));
    let runs = runs.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok());
    Some(runs.sum()).filter(|runs| *runs > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_case_says_is_read() {
        assert_eq!(runs("running 1 test\n1500 runs\ntest a ... ok\n"), Some(1_500));
        assert_eq!(runs("test a ... 20 runs\nok\n"), Some(20));
        assert_eq!(runs("running 1 test\ntest a ... ok\n"), None);
        assert_eq!(runs("0 runs\n"), None);
    }

    #[test]
    fn a_case_holds_until_a_seed_fails() {
        let mut took = Took::default();
        took.add("0..500", Some("1500 runs\n"));
        assert_eq!(took.row("a"), "| a | 500 | 1500 | yes |\n");
        took.add("500..1000", Some("running 0 tests\n"));
        assert_eq!(took.row("a"), "| a | 500 | 1500 | **no**, of 500..1000 |\n");
        let mut took = Took::default();
        took.add("0..500", None);
        assert_eq!(took.failed.as_deref(), Some("0..500"));
    }
}
