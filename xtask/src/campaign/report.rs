//! What a campaign found, kept in `docs/campaigns/NAME.md`: dated, and with what the figures hang on.

use std::env::consts::{ARCH, OS};
use std::fs;
use std::thread::available_parallelism;
use std::time::SystemTime;

use anyhow::{Context, Result};

use crate::workspace::Workspace;

const DIRECTORY: &str = "docs/campaigns";

/// What one run of a campaign found.
pub(crate) struct Report {
    /// Whether what is promised holds.
    pub(crate) held: bool,
    /// The compiler that built what was measured, as `rustc --version` says it.
    pub(crate) compiler: String,
    /// The figures, in Markdown.
    pub(crate) figures: String,
}

impl Report {
    /// Puts the report in the place of the last one; gives its path below the root.
    pub(crate) fn write(&self, workspace: &Workspace, name: &str, what: &str) -> Result<String> {
        let path = format!("{DIRECTORY}/{name}.md");
        let file = workspace.root().join(&path);
        let cores = available_parallelism().context("cannot count the cores")?.get();
        let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let (day, _) = now.split_once('T').context("a time of RFC 3339 has a `T`")?;
        fs::create_dir_all(workspace.root().join(DIRECTORY))
            .and_then(|()| fs::write(&file, self.markdown(name, what, day, cores)))
            .with_context(|| format!("cannot write {path}"))?;
        Ok(path)
    }

    fn markdown(&self, name: &str, what: &str, day: &str, cores: usize) -> String {
        let Self { held, compiler, figures } = self;
        let held = if *held { "yes" } else { "**no**" };
        format!(
            "# Campaign `{name}`\n\n\
             Measures {what}. The last run, written by its command:\n\n\
             - day: {day} (UTC)\n\
             - command: `cargo xtask campaign {name}`\n\
             - machine: {cores} cores, {ARCH}, {OS}\n\
             - compiler: {compiler}\n\
             - the promise holds: {held}\n\n\
             {}\n",
            figures.trim_end()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_says_what_its_figures_hang_on() {
        let compiler = "rustc 1.95.0".to_owned();
        let report = Report { held: false, compiler, figures: "12.3 s\n\n".to_owned() };
        let text = report.markdown("build", "the time of a build", "2026-01-02", 2);
        for part in ["`cargo xtask campaign build`", "2026-01-02", "2 cores", "rustc 1.95.0"] {
            assert!(text.contains(part), "{text}");
        }
        assert!(text.contains("the promise holds: **no**"), "{text}");
        assert!(text.ends_with("\n\n12.3 s\n"), "{text}");
    }
}
