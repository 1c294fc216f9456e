//! What a first build of the facade costs its user: clean, in release, on two cores.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::campaign::report::Report;
use crate::workspace::{self, Workspace};

const LIMIT: Duration = Duration::from_secs(30);

/// The sources are fetched before the clock starts: a network is not what is measured.
pub(crate) fn run(workspace: &Workspace) -> Result<Report> {
    let compiler = workspace::read(workspace.command("rustc").arg("--version"))?;
    workspace::run(&mut workspace.cargo("fetch"))?;
    let directory = workspace.target_directory().join("campaign-build");
    if directory.exists() {
        fs::remove_dir_all(&directory)?;
    }
    let mut build = workspace.cargo("build --release --package rem-bus --jobs 2");
    let begun = Instant::now();
    workspace::run(build.env("CARGO_TARGET_DIR", &directory))?;
    let took = begun.elapsed();
    fs::remove_dir_all(&directory)?;
    Ok(Report { held: took <= LIMIT, compiler: compiler.trim().to_owned(), figures: verdict(took) })
}

fn verdict(took: Duration) -> String {
    let (took, limit) = (took.as_secs_f64(), LIMIT.as_secs());
    format!("A clean release build of rem-bus took {took:.1} s; {limit} s are allowed.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_names_both_figures() {
        let verdict = verdict(Duration::from_millis(12_340));
        assert!(verdict.contains("12.3 s") && verdict.contains("30 s"), "{verdict}");
    }
}
