//! The tests that run `unsafe` code, under `AddressSanitizer`: no access to memory that is gone or was never given, and no
//! memory that is lost.
//!
//! The standard library is not rebuilt, and its own code is not watched; ours, and what it is generic over, is. Before
//! anything else a program with a known fault is built by the same compiler and must be found out.

use std::fs;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use cargo_metadata::TargetKind;

use crate::campaign::nightly;
use crate::campaign::report::Report;
use crate::steps::unit;
use crate::tidy::UNSAFE_PACKAGES;
use crate::workspace::{self, Workspace, shown};

const TARGET: &str = "x86_64-unknown-linux-gnu";
const FLAGS: &str = "-Zsanitizer=address";

/// The tests of the whole that publish, cast and drop events; and whether what they lose is told. Two keep something on
/// purpose: a handler that holds its own bus, a panic whose payload panics once more.
const WHOLE: &[(&str, bool)] = &[
    ("handlers", true),
    ("lifetimes", false),
    ("past_to_live", true),
    ("queues", true),
    ("stress", true),
    ("topology", true),
    ("whole", false),
];

/// How long each case of stress goes on, in seconds.
const STRESS: &str = "2";

/// What the compiler looks at before a program runs, tested with data that stays for good, as constants do: it holds no
/// `unsafe`, and what it keeps would be told as lost.
const SKIPPED: &str = "event::check::";

/// Reads what was freed.
const FAULTY: &str = r#"fn main() {
    let value = Box::into_raw(Box::new(std::env::args().count()));
    unsafe {
        drop(Box::from_raw(value));
        println!("{}", std::ptr::read_volatile(value));
    }
}
"#;

pub(crate) fn run(workspace: &Workspace) -> Result<Report> {
    let compiler = nightly::compiler(workspace)?;
    finds_a_known_fault(workspace)?;
    let programs = programs(workspace)?;
    // All are built before the first runs, so that what does not compile is told at once.
    for program in &programs {
        workspace::run(&mut cargo(workspace, program, "--no-run"))?;
    }
    let mut figures = format!(
        "The packages that hold `unsafe` code, and those tests of the whole that publish, cast and drop events; debug \
         builds, with `{FLAGS}`; each case of stress for {STRESS} s. A program with a known fault was found out first. Left \
         out: the tests of `{SKIPPED}…`, which run no `unsafe` code and keep constants for good.\n\n\
         | tests | passed | leaks told | seconds | found |\n| --- | --: | --- | --: | --- |\n"
    );
    let mut held = true;
    for (at, program) in programs.iter().enumerate() {
        println!("program {} of {}: {}", at + 1, programs.len(), program.tests);
        let begun = Instant::now();
        let mut command = cargo(workspace, program, &format!("-- --skip {SKIPPED}"));
        let said = Said::of(&mut command)?;
        if !said.held() {
            held = false;
            println!("{}\n    it was: {FLAGS} {}", said.output, shown(&command));
        }
        figures.push_str(&said.row(program, begun.elapsed().as_secs()));
    }
    Ok(Report { held, compiler, figures })
}

/// What cargo is to test.
struct Program {
    /// As cargo is told.
    tests: String,
    tells_leaks: bool,
}

/// All of the packages that hold `unsafe` code, and what is listed of the whole.
fn programs(workspace: &Workspace) -> Result<Vec<Program>> {
    let program = |tests, tells_leaks| Program { tests, tells_leaks };
    let mut programs = Vec::new();
    for package in UNSAFE_PACKAGES {
        programs.push(program(format!("--package {package} --lib"), true));
        for test in workspace.targets(package, &TargetKind::Test)? {
            programs.push(program(format!("--package {package} --test {test}"), true));
        }
    }
    for (test, tells_leaks) in WHOLE {
        programs.push(program(format!("--package {} --test {test}", unit::PACKAGE), *tells_leaks));
    }
    Ok(programs)
}

fn cargo(workspace: &Workspace, program: &Program, more: &str) -> Command {
    let Program { tests, tells_leaks } = program;
    let line = format!("cargo test --quiet --target {TARGET} --all-features {tests} {more}");
    let leaks = u8::from(*tells_leaks);
    let options = format!("detect_leaks={leaks}:detect_stack_use_after_return=1");
    let mut command = nightly::command(workspace, &line);
    command
        .env("RUSTFLAGS", FLAGS)
        .env("CARGO_TARGET_DIR", workspace.target_directory().join("sanitize"))
        .env("ASAN_OPTIONS", options)
        .env("REM_STRESS_SECONDS", STRESS);
    command
}

/// An error if a fault goes unseen: then the compiler, the machine or the flags are no good, and all else says nothing.
fn finds_a_known_fault(workspace: &Workspace) -> Result<()> {
    let directory = workspace.target_directory().join("sanitize");
    fs::create_dir_all(&directory)?;
    let (source, program) = (directory.join("faulty.rs"), directory.join("faulty"));
    fs::write(&source, FAULTY)?;
    let mut compile = nightly::command(workspace, &format!("rustc --target {TARGET} {FLAGS}"));
    workspace::run(compile.arg(&source).arg("-o").arg(&program))?;
    let said = Said::of(&mut workspace.command(&program))?;
    let found = said.found.as_deref();
    ensure!(
        found.is_some_and(|found| found.contains("heap-use-after-free")),
        "AddressSanitizer does not find a use of freed memory: {found:?}"
    );
    Ok(())
}

/// What a program said.
#[derive(Debug, Default, PartialEq)]
struct Said {
    output: String,
    ended_well: bool,
    passed: u64,
    /// The sanitizer's summary.
    found: Option<String>,
}

impl Said {
    fn of(command: &mut Command) -> Result<Self> {
        let output =
            command.output().with_context(|| format!("cannot start {}", shown(command)))?;
        let text = [output.stdout, output.stderr].concat();
        Ok(Self::read(&String::from_utf8_lossy(&text), output.status.success()))
    }

    fn read(output: &str, ended_well: bool) -> Self {
        let passed = output.lines().filter_map(|line| {
            let (_, rest) = line.split_once("test result: ok. ")?;
            rest.split_once(" passed")?.0.parse::<u64>().ok()
        });
        let found = output.lines().find_map(|line| {
            let (_, summary) = line.split_once("SUMMARY: AddressSanitizer: ")?;
            Some(summary.trim().to_owned())
        });
        Self { passed: passed.sum(), found, output: output.to_owned(), ended_well }
    }

    /// One that passes no test has shown nothing.
    fn held(&self) -> bool {
        self.ended_well && self.found.is_none() && self.passed > 0
    }

    fn row(&self, program: &Program, seconds: u64) -> String {
        let Program { tests, tells_leaks } = program;
        let leaks = if *tells_leaks { "yes" } else { "no" };
        let found = match (&self.found, self.held()) {
            (Some(found), _) => format!("**{found}**"),
            (None, true) => "nothing".to_owned(),
            (None, false) => "**a test fails, or none ran**".to_owned(),
        };
        format!("| `{tests}` | {} | {leaks} | {seconds} | {found} |\n", self.passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lib() -> Program {
        Program { tests: "--lib".to_owned(), tells_leaks: true }
    }

    #[test]
    fn what_the_sanitizer_says_is_read() {
        let said = Said::read("test result: ok. 12 passed; 0 failed\n", true);
        assert_eq!((said.passed, said.held()), (12, true));
        assert_eq!(said.row(&lib(), 3), "| `--lib` | 12 | yes | 3 | nothing |\n");

        let leak = "test result: ok. 12 passed; 0 failed\n\
                    SUMMARY: AddressSanitizer: 24 byte(s) leaked in 1 allocation(s).\n";
        let said = Said::read(leak, false);
        assert!(!said.held());
        assert!(said.row(&lib(), 3).contains("**24 byte(s) leaked in 1 allocation(s).**"));
    }

    #[test]
    fn a_failure_and_no_test_at_all_are_told() {
        for (output, ended_well) in [
            ("test result: FAILED. 11 passed; 1 failed\n", false),
            ("test result: ok. 0 passed; 0 failed\n", true),
            ("", true),
        ] {
            let said = Said::read(output, ended_well);
            assert!(!said.held(), "{output}");
            assert!(said.row(&lib(), 0).contains("**a test fails, or none ran**"));
        }
    }

    #[test]
    fn the_packages_with_unsafe_code_and_tests_that_are_there_are_run() {
        let workspace = Workspace::open().unwrap();
        let programs = programs(&workspace).unwrap();
        assert!(programs.iter().any(|program| program.tests == "--package rem-core --lib"));
        let there = workspace.targets(unit::PACKAGE, &TargetKind::Test).unwrap();
        for (test, _) in WHOLE {
            assert!(there.iter().any(|known| known == test), "{test} is not among {there:?}");
        }
    }
}
