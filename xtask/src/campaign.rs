//! Campaigns: what is measured, takes long or depends on the machine, and so is no part of a test.
//!
//! To add one, add an entry to [`CAMPAIGNS`] and a file below `campaign/`. The runner keeps what the
//! last run found in `docs/campaigns/NAME.md`.

use anyhow::{Context, Result};

use crate::campaign::report::Report;
use crate::workspace::Workspace;

mod build;
mod compile;
mod copy;
mod crash;
mod dependencies;
mod faults;
mod fuzz;
mod interleave;
mod mutants;
mod nightly;
mod program;
mod report;
mod sanitize;
mod simulation;
mod soak;
mod stress;
mod tool;

/// One campaign of `cargo xtask campaign NAME`.
struct Campaign {
    name: &'static str,
    /// What it measures, in one line.
    what: &'static str,
    /// Measures; an error when it could not.
    run: fn(&Workspace) -> Result<Report>,
}

const CAMPAIGNS: &[Campaign] = &[
    Campaign {
        name: "build",
        what: "the time of a clean release build of the facade: at most 30 s on 2 cores",
        run: build::run,
    },
    Campaign {
        name: "compile",
        what: "what `cargo check` takes for 500 patterns of a type: at most 5 s; for a derive on 200 variants: at most 1 s",
        run: compile::run,
    },
    Campaign {
        name: "crash",
        what: "whether a journal breaks its word when its process is killed at any moment, 200 times: never",
        run: crash::run,
    },
    Campaign {
        name: "dependencies",
        what: "whether licences, versions and what users build on are as they are said to be, by tools too heavy for a test",
        run: dependencies::run,
    },
    Campaign {
        name: "faults",
        what: "whether a mesh breaks its word when servers, cables and processes fail under it, F1 to F15 at full length: never",
        run: faults::run,
    },
    Campaign {
        name: "fuzz",
        what: "whether an input breaks a fuzz target within a minute: none may",
        run: fuzz::run,
    },
    Campaign {
        name: "interleave",
        what: "whether a promise is broken under some interleaving of threads, by seeds that no run had before: none may",
        run: interleave::run,
    },
    Campaign {
        name: "mutants",
        what: "of small changes of the code in three crates, how many a test catches: at least 95 of a hundred, the others with reasons",
        run: mutants::run,
    },
    Campaign {
        name: "sanitize",
        what: "whether AddressSanitizer finds a fault while the tests of the crate with `unsafe` code run: none",
        run: sanitize::run,
    },
    Campaign {
        name: "simulation",
        what: "whether an event is lost, repeated or out of order in ten thousand programs that seeds choose, with their interleavings: none may",
        run: simulation::run,
    },
    Campaign {
        name: "soak",
        what: "whether a bus that is busy for ten minutes loses an event or grows: neither",
        run: soak::run,
    },
    Campaign {
        name: "stress",
        what: "whether a promise of delivery is broken while real threads run at full speed for minutes: none may",
        run: stress::run,
    },
];

/// Runs the campaign of that name and keeps what it found; without a name, lists them.
/// False when what was found is worse than what is promised.
pub(crate) fn run(workspace: &Workspace, name: Option<&str>) -> Result<bool> {
    let Some(name) = name else {
        println!("{}", list());
        return Ok(true);
    };
    let found = CAMPAIGNS.iter().find(|campaign| campaign.name == name);
    let campaign = found.with_context(|| format!("no campaign `{name}`\n{}", list()))?;
    let report = (campaign.run)(workspace)?;
    let path = report.write(workspace, campaign.name, campaign.what)?;
    println!("\n{}\n\nwritten to {path}", report.figures.trim_end());
    Ok(report.held)
}

/// The campaigns, a line each.
pub(crate) fn list() -> String {
    let lines = CAMPAIGNS.iter().map(|campaign| format!("  {}  {}", campaign.name, campaign.what));
    format!("Campaigns:\n{}", lines.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_campaign_is_refused_with_the_list() {
        let workspace = Workspace::open().unwrap();
        let error = run(&workspace, Some("nonsense")).unwrap_err().to_string();
        assert!(error.contains("nonsense") && error.contains("build"), "{error}");
    }
}
