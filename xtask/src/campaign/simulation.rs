//! Ten thousand small programs under the seeded scheduler: `rem-core/tests/interleave/simulation.rs`, in release.

use std::time::Instant;

use anyhow::Result;

use super::interleave::{Took, build, first_seed};
use crate::campaign::report::Report;
use crate::workspace::{Workspace, read};

/// How many programs, each by its seed.
const SEEDS: u64 = 10_000;

const CASE: &str = "simulation::each_event_is_accounted_for_whatever_the_program";

pub(crate) fn run(workspace: &Workspace) -> Result<Report> {
    let compiler = read(workspace.command("rustc").arg("--version"))?;
    let program = build(workspace)?;
    let (mut took, first, begun) = (Took::default(), first_seed()?, Instant::now());
    while took.seeds < SEEDS && took.failed.is_none() {
        took.more(workspace, &program, CASE, first)?;
        println!("{} of {SEEDS} seeds in {} s", took.seeds, begun.elapsed().as_secs());
    }
    let figures = format!(
        "Each seed chose a small program and what its threads did beside one another, from {first} on, in a release build: \
         publishers, handlers that panic and that publish, queues of each kind, tasks that try again, child buses that come and \
         go, subscriptions and streams that are dropped under way, a clock that jumps, and a close. At its end each event was \
         accounted for.\n\n\
         | case | seeds | runs | held |\n| --- | --: | --: | --- |\n{}\nIn all {} s.",
        took.row(CASE),
        begun.elapsed().as_secs()
    );
    let held = took.failed.is_none() && took.seeds >= SEEDS;
    Ok(Report { held, compiler: compiler.trim().to_owned(), figures })
}
