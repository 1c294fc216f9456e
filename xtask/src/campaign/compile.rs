//! What the compiler's look at patterns and event types costs their user: the time of `cargo check`, of one small
//! package, with them and without.
//!
//! The package is written below the target directory, one program a source file, and depends on the facade as a user's
//! does. What it depends on is checked before the clock starts; then a program's file is written anew and checked, and so
//! each in turn, round by round, so that what else the machine does meets all of them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::campaign::report::Report;
use crate::workspace::{self, Workspace};

mod programs;
mod kinds;

use programs::Program;

const ROUNDS: usize = 11;

/// What 500 patterns of a type may add to the check of the same file without them.
const PATTERNS_LIMIT: Duration = Duration::from_secs(5);

/// What the derive on an enum of 200 variants may add to serde's two.
const DERIVE_LIMIT: Duration = Duration::from_secs(1);

pub(crate) fn run(workspace: &Workspace) -> Result<Report> {
    let compiler = workspace::read(workspace.command("rustc").arg("--version"))?;
    let programs = programs::all();
    let package = Package::write(workspace, &programs)?;
    let mut figures = Figures::default();
    for round in 0..=ROUNDS {
        let begun = Instant::now();
        for program in programs.iter().filter(|program| program.is_due(round)) {
            let took = package.check(workspace, program)?;
            // The first round is not counted: it finds the disk's caches cold.
            if round > 0 {
                figures.times.entry(program.name.clone()).or_default().push(took);
            }
        }
        let (took, left) = (begun.elapsed().as_secs_f64(), ROUNDS - round);
        println!("round {round} of {ROUNDS} took {took:.0} s, {left} more to go");
    }
    let (held, figures) = figures.report(&programs)?;
    Ok(Report { held, compiler: compiler.trim().to_owned(), figures })
}

/// The package whose programs are checked.
struct Package {
    directory: PathBuf,
}

impl Package {
    fn write(workspace: &Workspace, programs: &[Program]) -> Result<Self> {
        let package = Self { directory: workspace.target_directory().join("campaign-compile") };
        fs::create_dir_all(package.directory.join("src/bin"))?;
        let manifest = package.directory.join("Cargo.toml");
        fs::write(manifest, programs::manifest(workspace.root()))?;
        // The versions that the workspace has: they are on this machine already.
        let lock = package.directory.join("Cargo.lock");
        fs::copy(workspace.root().join("Cargo.lock"), lock)?;
        for program in programs {
            package.renew(program)?;
        }
        Ok(package)
    }

    /// Writes the program's file, so that cargo sees a change.
    fn renew(&self, program: &Program) -> Result<()> {
        let file = self.directory.join("src/bin").join(&program.name).with_extension("rs");
        fs::write(&file, &program.source)
            .with_context(|| format!("cannot write {}", file.display()))
    }

    /// How long `cargo check` takes for the program alone.
    fn check(&self, workspace: &Workspace, program: &Program) -> Result<Duration> {
        self.renew(program)?;
        let mut check = workspace.cargo("check --quiet --offline --bin");
        check.arg(&program.name).arg("--manifest-path").arg(self.directory.join("Cargo.toml"));
        check.env("CARGO_INCREMENTAL", "0");
        check.env("CARGO_TARGET_DIR", self.directory.join("target"));
        let begun = Instant::now();
        workspace::read(&mut check)?;
        Ok(begun.elapsed())
    }
}

/// What each program took, round by round.
#[derive(Default)]
struct Figures {
    times: BTreeMap<String, Vec<Duration>>,
}

impl Figures {
    /// Whether the limits hold, and the tables.
    fn report(mut self, programs: &[Program]) -> Result<(bool, String)> {
        for times in self.times.values_mut() {
            times.sort_unstable();
        }
        let mut held = true;
        let mut text = format!(
            "`cargo check` of one program of a package that depends on the facade, everything else checked before, \
             without incremental compilation: medians of {ROUNDS} rounds in which the programs take turns, the \
             least and the most behind them. A kind alone takes its turn in rounds 1, 6 and 11. What a program adds \
             is the difference of two medians.\n\n\
             The event type has 100 variants, whose topics begin and end alike; a quarter of them are templates. \
             Each pattern selects some of its topics: the mix, in turn, one of the first four, of the middle and of \
             the last; the kinds alone one of the last, so that all before it are looked at.\n\n\
             | program | check | adds | at most |\n| --- | --: | --: | --: |\n"
        );
        for program in programs {
            let times = self.of(&program.name)?;
            let (least, median, most) = (times[0], times[times.len() / 2], times[times.len() - 1]);
            write!(
                text,
                "| {} | {:.2} s ({:.2} to {:.2}) |",
                program.what,
                median.as_secs_f64(),
                least.as_secs_f64(),
                most.as_secs_f64()
            )?;
            let Some(base) = &program.base else {
                text.push_str(" | |\n");
                continue;
            };
            let base = self.of(base)?;
            let adds = median.saturating_sub(base[base.len() / 2]);
            let limit = program.limit.map_or(String::new(), |limit| {
                held &= adds < limit;
                format!("{} s", limit.as_secs())
            });
            writeln!(text, " {:.2} s | {limit} |", adds.as_secs_f64())?;
        }
        Ok((held, text))
    }

    fn of(&self, name: &str) -> Result<&[Duration]> {
        let times = self.times.get(name).with_context(|| format!("no program `{name}`"))?;
        Ok(times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(name: &str, base: Option<&str>, limit: Option<u64>) -> Program {
        Program {
            name: name.to_owned(),
            what: format!("the program {name}"),
            source: String::new(),
            base: base.map(str::to_owned),
            limit: limit.map(Duration::from_secs),
            every: 1,
        }
    }

    fn figures(with: [u64; 3]) -> Figures {
        let times = |list: [u64; 3]| list.map(Duration::from_millis).to_vec();
        let times = [("base", times([900, 200, 100])), ("with", times(with))];
        Figures { times: times.map(|(name, times)| (name.to_owned(), times)).into() }
    }

    #[test]
    fn a_program_is_held_to_what_its_median_adds() {
        let programs = [program("base", None, None), program("with", Some("base"), Some(1))];
        let (held, text) = figures([9_000, 300, 1_100]).report(&programs).unwrap();
        assert!(held, "{text}");
        assert!(
            text.contains("| the program with | 1.10 s (0.30 to 9.00) | 0.90 s | 1 s |"),
            "{text}"
        );
        assert!(text.contains("| the program base | 0.20 s (0.10 to 0.90) | | |"), "{text}");
        let (held, text) = figures([1_200, 100, 1_300]).report(&programs).unwrap();
        assert!(!held, "{text}");
    }
}
