//! Campaigns: what is measured, takes long or depends on the machine, and so is no part of a test.
//!
//! To add one, add an entry to [`CAMPAIGNS`] and a file below `campaign/`.

use anyhow::{Context, Result};

use crate::workspace::Workspace;

mod build;

/// One campaign of `cargo xtask campaign NAME`.
struct Campaign {
    name: &'static str,
    /// What it measures, in one line.
    what: &'static str,
    /// Measures and tells; false when the figure is worse than what is promised.
    run: fn(&Workspace) -> Result<bool>,
}

const CAMPAIGNS: &[Campaign] = &[Campaign {
    name: "build",
    what: "the time of a clean release build of the facade: at most 30 s on 2 cores",
    run: build::run,
}];

/// Runs the campaign of that name; without a name, lists them.
pub(crate) fn run(workspace: &Workspace, name: Option<&str>) -> Result<bool> {
    let Some(name) = name else {
        println!("{}", list());
        return Ok(true);
    };
    let found = CAMPAIGNS.iter().find(|campaign| campaign.name == name);
    let campaign = found.with_context(|| format!("no campaign `{name}`\n{}", list()))?;
    (campaign.run)(workspace)
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
