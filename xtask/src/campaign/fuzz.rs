//! The fuzz targets of `fuzz/`, a minute each: no input may make one panic, hang or eat the memory.
//!
//! cargo-fuzz builds with a sanitizer, which only a nightly compiler offers. A run begins from the
//! inputs in `fuzz/regressions/` and from what earlier runs on this machine learnt.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::campaign::nightly;
use crate::campaign::report::Report;
use crate::workspace::{self, Workspace, read, shown};

/// How long each target runs, in seconds.
const SECONDS: u32 = 60;

/// An input that takes longer than this many seconds is a finding.
const HANG: u32 = 10;

pub(crate) fn run(workspace: &Workspace) -> Result<Report> {
    let compiler = nightly::compiler(workspace)?;
    if read(&mut nightly(workspace, "cargo fuzz --version")).is_err() {
        workspace::run(&mut workspace.cargo("install --locked cargo-fuzz"))
            .context("cargo-fuzz is missing and could not be installed")?;
    }
    let list = read(&mut nightly(workspace, "cargo fuzz list"))?;
    let targets: Vec<_> = list.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    ensure!(!targets.is_empty(), "fuzz/Cargo.toml has no target: a `[[bin]]` each");

    let mut figures = format!(
        "Each target ran for {SECONDS} s.\n\n\
         | target | inputs | inputs a second | edges covered | found |\n\
         | --- | --: | --: | --: | --- |\n"
    );
    let mut held = true;
    for target in targets {
        let said = fuzz(workspace, target)?;
        figures.push_str(&said.row(target));
        if let Some(artefact) = &said.artefact {
            held = false;
            println!("\n{}\n", advice(target, artefact));
        }
    }
    Ok(Report { held, compiler, figures })
}

fn nightly(workspace: &Workspace, line: &str) -> Command {
    let mut command = nightly::command(workspace, line);
    command.env("CARGO_TARGET_DIR", workspace.target_directory().join("fuzz"));
    command
}

/// Runs one target, showing what it says; an error when it ended badly and left no input.
fn fuzz(workspace: &Workspace, target: &str) -> Result<Said> {
    let corpus = format!("fuzz/corpus/{target}");
    let regressions = format!("fuzz/regressions/{target}");
    for directory in [&corpus, &regressions] {
        fs::create_dir_all(workspace.root().join(directory))?;
    }
    let limits = format!("-max_total_time={SECONDS} -timeout={HANG} -print_final_stats=1");
    let line = format!("cargo fuzz run {target} {corpus} {regressions} -- {limits}");
    let mut command = nightly(workspace, &line);
    println!("    $ {}", shown(&command));
    let mut child = command.stderr(Stdio::piped()).spawn()?;
    let mut said = Said::default();
    for line in BufReader::new(child.stderr.take().context("stderr is piped")?).lines() {
        let line = line?;
        said.hear(&line);
        println!("{line}");
    }
    let status = child.wait()?;
    if status.success() {
        said.artefact = None; // an input that was only slow is written too
    } else if said.artefact.is_none() {
        bail!("`{}` ended with {status} and left no input: see above", shown(&command));
    }
    Ok(said)
}

/// What a target told of its run.
#[derive(Debug, Default, PartialEq)]
struct Said {
    inputs: String,
    speed: String,
    covered: String,
    /// The file that holds the input it failed on.
    artefact: Option<String>,
}

impl Said {
    fn hear(&mut self, line: &str) {
        if let Some(inputs) = line.strip_prefix("stat::number_of_executed_units:") {
            inputs.trim().clone_into(&mut self.inputs);
        } else if let Some(speed) = line.strip_prefix("stat::average_exec_per_sec:") {
            speed.trim().clone_into(&mut self.speed);
        } else if let Some((_, path)) = line.split_once("Test unit written to ") {
            let from = path.find("fuzz/artifacts/").unwrap_or(0);
            self.artefact = Some(path[from..].trim().to_owned());
        } else if let Some((_, rest)) = line.split_once(" cov: ") {
            rest.split(' ').next().unwrap_or_default().clone_into(&mut self.covered);
        }
    }

    fn row(&self, target: &str) -> String {
        let Self { inputs, speed, covered, artefact } = self;
        let found = artefact.as_deref().map_or("nothing".to_owned(), |path| format!("`{path}`"));
        format!("| {target} | {inputs} | {speed} | {covered} | {found} |\n")
    }
}

fn advice(target: &str, artefact: &str) -> String {
    format!(
        "{target} fails on the input in {artefact}. To see it again:\n  \
         cargo +nightly fuzz run {target} {artefact}\n\
         To keep it, so that an ordinary test replays it, name it after the mistake:\n  \
         cp {artefact} fuzz/regressions/{target}/NAME"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_of_a_run_are_read() {
        let mut said = Said::default();
        for line in [
            "#2\tINITED cov: 12 ft: 13 corp: 1/1b exec/s: 0 rss: 40Mb",
            "#4096\tpulse  cov: 345 ft: 1346 corp: 11/21b lim: 43 exec/s: 2048 rss: 44Mb",
            "stat::number_of_executed_units: 123456",
            "stat::average_exec_per_sec:     2023",
        ] {
            said.hear(line);
        }
        let row = "| pattern_parse | 123456 | 2023 | 345 | nothing |\n";
        assert_eq!(said.row("pattern_parse"), row);
    }

    #[test]
    fn a_failing_input_is_told_without_the_machines_path() {
        let mut said = Said::default();
        let directory = "/somewhere/rem/fuzz/artifacts/topic_escape/";
        said.hear(&format!(
            "artifact_prefix='{directory}'; Test unit written to {directory}crash-0a"
        ));
        assert_eq!(said.artefact.as_deref(), Some("fuzz/artifacts/topic_escape/crash-0a"));
        let advice = advice("topic_escape", said.artefact.as_deref().unwrap());
        assert!(advice.contains("fuzz/regressions/topic_escape/NAME"), "{advice}");
    }
}
