//! `cargo xtask bench`: runs the benchmarks one after another, keeps what they found in `benches/results/results.json`, and makes
//! `benches/RESULTS.md` and its plots of that.
//!
//! Parts that were not run this time stay as they were, each with its day and machine.

mod elsewhere;
pub(crate) mod found;
mod machine;
mod page;
pub(crate) mod parts;
mod plots;
pub(crate) mod reasons;
mod run;
mod tables;

use anyhow::{Context, Result, ensure};

use crate::bench::found::Results;
use crate::bench::parts::{PARTS, Part};
use crate::bench::reasons::Reasons;
use crate::workspace::Workspace;

/// What of it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Asked {
    /// These parts; all, if there is none.
    pub(crate) only: Vec<String>,
    /// How many rounds, in place of each benchmark's own number.
    pub(crate) rounds: Option<u32>,
    /// Those too that take long.
    pub(crate) long: bool,
    /// The page anew, of what was kept.
    pub(crate) page: bool,
}

/// The parts, a line each.
pub(crate) fn list() -> String {
    let lines = PARTS.iter().map(|part| {
        let long = if part.long { " (with --long)" } else { "" };
        format!("  {:<19} {}{long}", part.name, part.what)
    });
    format!("Parts:\n{}", lines.collect::<Vec<_>>().join("\n"))
}

/// Measures, and writes the page; false when a part failed, or something is lost and nobody says why.
pub(crate) fn run(workspace: &Workspace, asked: &Asked) -> Result<bool> {
    let mut results = Results::read(workspace)?;
    let reasons = Reasons::read(workspace)?;
    let mut failed = Vec::new();
    if !asked.page {
        let chosen = chosen(asked)?;
        failed = run::run(workspace, &chosen, asked.rounds, &mut results)?;
    }
    ensure!(!results.parts.is_empty(), "nothing was measured yet: `cargo xtask bench`");
    let page = page::Page::new(&results, &reasons)?;
    plots::draw(workspace, &results)?;
    page.write(workspace)?;
    println!("\nwritten to {} and {}", page::PATH, found::PATH);
    for (part, error) in &failed {
        println!("{part} FAILED: {error:#}");
    }
    for unexplained in page.unexplained() {
        println!("nobody says why in {}: {unexplained}", reasons::PATH);
    }
    Ok(failed.is_empty() && page.unexplained().is_empty())
}

fn chosen(asked: &Asked) -> Result<Vec<&'static Part>> {
    if asked.only.is_empty() {
        return Ok(PARTS.iter().filter(|part| asked.long || !part.long).collect());
    }
    let find = |name: &String| {
        let found = PARTS.iter().find(|part| part.name == name);
        found.with_context(|| format!("no part `{name}`\n{}", list()))
    };
    asked.only.iter().map(find).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use cargo_metadata::TargetKind;

    use super::*;

    #[test]
    fn a_part_is_chosen_by_name_and_what_takes_long_by_a_flag() {
        let names = |asked: &Asked| -> Vec<_> {
            chosen(asked).unwrap().iter().map(|part| part.name).collect()
        };
        let only = Asked { only: vec!["growth".into(), "peers".into()], ..Asked::default() };
        assert_eq!(names(&only), ["growth", "peers"]);
        let (short, long) = (Asked::default(), Asked { long: true, ..Asked::default() });
        assert!(names(&short).len() < names(&long).len());
        assert_eq!(names(&long).len(), PARTS.len());
        let wrong = Asked { only: vec!["grwth".into()], ..Asked::default() };
        let error = chosen(&wrong).unwrap_err().to_string();
        assert!(error.contains("grwth") && error.contains("growth"), "{error}");
    }

    #[test]
    fn each_benchmark_is_a_part_and_each_part_a_benchmark() {
        let workspace = Workspace::open().unwrap();
        let benches = workspace.targets(parts::PACKAGE, &TargetKind::Bench).unwrap();
        let there: HashSet<_> = benches.iter().map(String::as_str).collect();
        let measured: HashSet<_> = PARTS.iter().filter_map(|part| part.bench).collect();
        assert_eq!(measured, there);
        let names: HashSet<_> = PARTS.iter().map(|part| part.name).collect();
        assert_eq!(names.len(), PARTS.len(), "a name is given twice");
    }
}
