//! Each benchmark once: criterion, run by `cargo test`, calls every function a single time. What they keep for programs is read, so
//! that `cargo xtask bench` does not find out after a quarter of an hour that it cannot be.

use std::fs;

use anyhow::{Result, ensure};
use cargo_metadata::TargetKind;

use crate::bench::found::{self, Row};
use crate::bench::parts::PACKAGE;
use crate::bench::reasons::{self, Reasons};
use crate::workspace::{self, Workspace};

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let benches = workspace.targets(PACKAGE, &TargetKind::Bench)?;
    ensure!(!benches.is_empty(), "package `{PACKAGE}` has no benchmark: benches/benches/NAME.rs");
    let kept = workspace.target_directory().join("bench-once.jsonl");
    fs::write(&kept, "")?;
    let mut command = workspace.cargo(&format!("test {}", workspace::WHOLE));
    command.args(benches.iter().flat_map(|bench| ["--bench", bench]));
    workspace::run(command.env("REM_BENCH_RESULTS", &kept))?;
    check(&found::rows(&fs::read_to_string(kept)?)?, &Reasons::read(workspace)?)
}

/// Whether there are rows of each kind, and whether those are there who are said to win.
fn check(rows: &[Row], reasons: &Reasons) -> Result<()> {
    let kind = |row: &Row| match row {
        Row::Bar { .. } => "bar",
        Row::Figure { .. } => "figure",
        Row::Median { .. } => "median",
        Row::Point { .. } => "point",
    };
    for wanted in ["bar", "figure", "median", "point"] {
        ensure!(rows.iter().any(|row| kind(row) == wanted), "no benchmark has told a {wanted}");
    }
    let has_figure = |begins: &str, to: &str| {
        rows.iter().any(|row| match row {
            Row::Figure { table: among, name, .. } | Row::Point { plot: among, line: name, .. } => {
                among.starts_with(begins) && name == to
            }
            _ => false,
        })
    };
    // Bars that hang on counted instructions are not told here.
    let idle: Vec<_> = reasons.idle(has_figure, |_, _| true).collect();
    ensure!(
        idle.is_empty(),
        "{} is about what is not measured: {}",
        reasons::PATH,
        idle.join(", ")
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_that_is_missing_and_a_reason_for_nobody_are_told() {
        let lines = r#"{"kind":"bar","work":"w","figure":1.0,"limit":2.0,"at_most":true,"unit":"ns"}
{"kind":"figure","table":"One thread, 1","name":"bus","figure":3.0,"unit":"ns"}
{"kind":"median","name":"floor","figure":3.0,"unit":"ns"}
{"kind":"point","plot":"p","line":"l","along":"a","at":1.0,"figure":3.0,"unit":"ns"}
"#;
        let rows = found::rows(lines).unwrap();
        assert!(check(&rows, &Reasons::default()).is_ok());
        let error = check(&rows[..3], &Reasons::default()).unwrap_err().to_string();
        assert!(error.contains("no benchmark has told a point"), "{error}");
        let reason = |to: &str| {
            let text = format!("[[lost]]\ntable = \"One\"\nto = \"{to}\"\nwhy = \"x\"\n");
            check(&rows, &Reasons::parse(&text).unwrap())
        };
        assert!(reason("bus").is_ok());
        assert!(reason("flume").unwrap_err().to_string().contains("`flume` in `One`"));
    }
}
