//! The project's own chores: `cargo xtask test` proves the tree, `cargo xtask --help` lists the rest.
//!
//! To read it in order: [`cli`] turns the command line into a [`cli::Chore`]; `test.rs` holds the
//! table of steps, cheapest first, and runs them, some by `beside.rs`; each step lives in a file below [`steps`];
//! [`tidy`] holds the rules that no other tool checks; [`book`] makes the guide a book; [`mod@bench`] measures how fast REM is, and
//! [`campaign`] holds what else is measured and so is no part of a test.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a command-line program speaks on standard output")]

mod cli;
mod test;
mod beside;
mod steps;
mod tidy;
mod book;
mod bench;
mod campaign;
mod foreign;
mod workspace;

use std::process::ExitCode;

use crate::cli::Chore;
use crate::workspace::Workspace;

fn main() -> ExitCode {
    match run(&cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Does one chore; `Ok(false)` when it ran and what it looked at is not in order.
fn run(chore: &Chore) -> anyhow::Result<bool> {
    let workspace = Workspace::open()?;
    match chore {
        Chore::Test { core, fail_fast } => Ok(test::run_all(&workspace, *core, *fail_fast)),
        Chore::Step(step) => Ok(test::run_one(&workspace, step)),
        Chore::Bench(asked) => bench::run(&workspace, asked),
        Chore::Campaign(name) => campaign::run(&workspace, name.as_deref()),
    }
}
