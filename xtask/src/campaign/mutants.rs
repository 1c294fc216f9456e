//! Mutants: small changes of the code, each of which a test should catch. A seeded sample of what cargo-mutants finds to change
//! in three crates.
//!
//! Cargo-mutants builds the tree once for each mutant, which for the core is minutes. So as many of the sample as can be are
//! built [`together`]: each stands in the code behind a switch, and one build has them all; the tests say which of them they come
//! to, and of a mutant only those programs run that do, until the first failure. The code of the macros is run by the compiler: what
//! uses them is compiled with the mutant on ([`macros`]). What cannot stand behind a switch (constants, what has another type) is
//! left to cargo-mutants, one at a time ([`alone`]).
//!
//! What became of each is kept at once, in a file beside the report, so that a run that was ended goes on, here or elsewhere; a mutant that
//! was caught is not tried again until its file changes, nor one of which it is known why it survives; any other survivor is tried in each
//! run.

mod alone;
mod known;
mod ledger;
mod list;
mod macros;
mod programs;
mod switch;
mod together;
mod verdict;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::campaign::copy::copy;
use crate::campaign::report::Report;
use crate::workspace::{Workspace, read};
use known::Known;
use ledger::Ledger;
use list::Mutant;
use verdict::{Fate, Tally};

/// The packages whose code is changed.
const PACKAGES: &[&str] = &["rem-patterns", "rem-macros", "rem-core"];

/// How many mutants are drawn. Some do not compile; so many are left that a test can catch.
const DRAWN: usize = 400;
const AT_LEAST: usize = 300;

/// What draws them: with the same seed, the same mutants, as long as their functions are there.
const SEED: u64 = 11;

/// How many of a hundred must be caught.
const CAUGHT: usize = 95;

/// Where all of the campaign is.
fn directory(workspace: &Workspace) -> PathBuf {
    workspace.target_directory().join("mutants")
}

/// Where it builds.
fn builds(workspace: &Workspace) -> PathBuf {
    directory(workspace).join("build")
}

pub(crate) fn run(workspace: &Workspace) -> Result<Report> {
    let compiler = read(workspace.command("rustc").arg("--version"))?;
    let begun = Instant::now();
    let tool = list::tool(workspace)?;
    let plain = copy(workspace, directory(workspace).join("plain"))?;
    let found = list::all(workspace, &tool, &plain, PACKAGES)?;
    let (total, sample) = (found.len(), list::sample(found, DRAWN, SEED));
    println!("    {} of {total} mutants", sample.len());
    let mut ledger = Ledger::open(&workspace.root().join(ledger::PATH))?;
    let known = Known::read(&workspace.root().join(known::PATH))?;

    let apart = together::run(workspace, &plain, &sample, &known, &mut ledger)?;
    alone::run(workspace, &tool, &plain, &apart, &known, &mut ledger)?;

    let fates = sample.iter().map(|mutant| {
        let fate = ledger.fate(mutant).context("each mutant of the sample was tried")?;
        Ok((mutant, fate))
    });
    let fates = fates.collect::<Result<Vec<(&Mutant, &Fate)>>>()?;
    let tally = Tally::of(&fates, &known);
    let seconds = begun.elapsed().as_secs();
    let figures = tally.figures(total, SEED, seconds);
    Ok(Report {
        held: tally.holds(AT_LEAST, CAUGHT),
        compiler: compiler.trim().to_owned(),
        figures,
    })
}
