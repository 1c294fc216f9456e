//! Runs the parts, one after another, with a progress bar. What each says is kept in `target/bench/NAME.log`.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use cargo_metadata::{Message, TargetKind};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::bench::elsewhere;
use crate::bench::found::{self, Found, Results, Row};
use crate::bench::machine::Circumstances;
use crate::bench::parts::{PACKAGE, Part};
use crate::steps::servers;
use crate::workspace::{self, Workspace, read};

/// Those that need a server of NATS.
const SERVED: &[&str] = &["nats", "scale"];

/// Runs them, and keeps after each what it found; gives those that failed. The others are run all the same.
pub(crate) fn run(
    workspace: &Workspace,
    parts: &[&'static Part],
    rounds: Option<u32>,
    results: &mut Results,
) -> Result<Vec<(&'static str, anyhow::Error)>> {
    if parts.iter().any(|part| SERVED.contains(&part.name)) {
        servers::run(workspace)?;
    }
    let folder = workspace.target_directory().join("bench");
    fs::create_dir_all(&folder)?;
    let programs = build(workspace, parts)?;
    let under = Circumstances::now(workspace)?;
    let bar = bar(workspace, parts.iter().map(|part| part.about).sum());
    let (mut failed, mut done) = (Vec::new(), 0);
    for part in parts {
        bar.set_message(format!("{}: {}", part.name, part.what));
        let begun = Instant::now();
        let measured = measure(workspace, part, &programs, rounds, &folder, |seconds| {
            bar.set_position(done + seconds.min(part.about));
        });
        done += part.about;
        bar.set_position(done);
        let seconds = begun.elapsed().as_secs();
        match measured {
            Ok(rows) => {
                bar.suspend(|| {
                    println!("    {:<19} {} rows in {seconds} s", part.name, rows.len());
                });
                let found = Found { under: under.clone(), rounds, seconds, rows };
                results.parts.insert(part.name.to_owned(), found);
                results.write(workspace)?;
            }
            Err(error) => {
                bar.suspend(|| println!("    {:<19} FAILED: {error:#}", part.name));
                failed.push((part.name, error));
            }
        }
    }
    bar.finish_and_clear();
    Ok(failed)
}

/// By seconds, as far as they are known before. Where nobody watches, the lines after each part say enough.
fn bar(workspace: &Workspace, seconds: u64) -> ProgressBar {
    let bar = ProgressBar::new(seconds);
    if workspace.ci() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let style = ProgressStyle::with_template("{elapsed_precise} {bar:30} {percent:>3} % {msg}");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// The programs that the parts are of.
fn build(workspace: &Workspace, parts: &[&Part]) -> Result<HashMap<String, PathBuf>> {
    let wanted: BTreeSet<_> = parts.iter().filter_map(|part| part.bench).collect();
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let cargo = |more: &str| {
        let arguments = format!("bench --no-run --package {PACKAGE} --features inspector {more}");
        let mut command = workspace.cargo(&arguments);
        command.args(wanted.iter().flat_map(|bench| ["--bench", bench]));
        command
    };
    workspace::run(&mut cargo(""))?;
    let built = read(&mut cargo("--quiet --message-format json"))?;
    let messages = Message::parse_stream(built.as_bytes()).filter_map(Result::ok);
    let programs = messages.filter_map(|message| match message {
        Message::CompilerArtifact(artifact)
            if artifact.target.kind.contains(&TargetKind::Bench) =>
        {
            Some((artifact.target.name, artifact.executable?.into_std_path_buf()))
        }
        _ => None,
    });
    Ok(programs.collect())
}

fn measure(
    workspace: &Workspace,
    part: &Part,
    programs: &HashMap<String, PathBuf>,
    rounds: Option<u32>,
    folder: &Path,
    tell: impl Fn(u64),
) -> Result<Vec<Row>> {
    let Some(bench) = part.bench else { return elsewhere::run(workspace, rounds) };
    let program = programs.get(bench);
    let program = program.with_context(|| format!("cargo does not say where it put `{bench}`"))?;
    let (log, rows) = (folder.join(format!("{}.log", part.name)), folder.join(part.name));
    let rows = rows.with_extension("jsonl");
    if rows.exists() {
        fs::remove_file(&rows)?;
    }
    let mut command = workspace.command(program);
    // As `cargo bench` runs it, which is where it looks for its files.
    command.current_dir(workspace.root().join("benches")).arg("--bench").args(part.arguments);
    command.env("REM_BENCH_RESULTS", &rows);
    if let Some(rounds) = rounds {
        command.env("REM_BENCH_ROUNDS", rounds.to_string());
    }
    wait(&mut command, &log, tell)?;
    ensure!(rows.exists(), "it has told nothing; what it said is in {}", log.display());
    let found = found::rows(&fs::read_to_string(&rows)?)?;
    let said = fs::read_to_string(&log)?;
    if let Some(line) = said.lines().find(|line| line.contains("NOT counted")) {
        bail!("{line}");
    }
    Ok(found)
}

fn wait(command: &mut Command, log: &Path, tell: impl Fn(u64)) -> Result<()> {
    let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    let begun = Instant::now();
    let child = command.stdout(file.try_clone()?).stderr(file).spawn();
    let mut child = child.context("cannot start it")?;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        thread::sleep(Duration::from_millis(250));
        tell(begun.elapsed().as_secs());
    };
    ensure!(status.success(), "it ended with {status}; what it said is in {}", log.display());
    Ok(())
}
