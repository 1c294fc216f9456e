//! A recorder that is killed in the middle: you will see how a first process records flights into a journal until it is
//! ended hard, how a second one finds nearly all of that, goes on where the first was ended, and comes to the totals that a
//! plain count of the file gives.
//!
//! `cargo run --release --bin recorder`, and `-- --help` for how to kill it yourself.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program speaks in a terminal")]

use std::error::Error;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};

use clap::{Arg, ArgMatches, Command, value_parser};
use indicatif::{HumanBytes, HumanCount};
use rem_examples::recorder::{self, Progress, Settings};
use rem_examples::{Bar, flights};

/// After how many events the first process of the story is ended: in the middle of the year, and of a part of it after as
/// many as it has rows, for most have two.
const MIDDLE: u64 = 333_333;

fn main() -> ExitCode {
    let found = command().get_matches();
    let ended = match found.get_one::<PathBuf>("FOLDER") {
        Some(folder) => go(folder, &found),
        None => story(&found),
    };
    match ended {
        Ok(code) => code,
        Err(error) => {
            eprintln!("recorder: {error}");
            ExitCode::FAILURE
        }
    }
}

fn command() -> Command {
    Command::new("recorder")
        .about("Records a year of flights from New York into a journal, one file that survives any crash.")
        .arg(
            Arg::new("FOLDER")
                .help("Where the journal is kept, as flights.rem; what it has is not recorded again")
                .long_help(
                    "The folder in which the journal is kept, as flights.rem; it is made if it is not there. What the \
                     journal has already is not recorded again. Without a folder, the whole story: in a folder that goes \
                     with it, a recorder is started, ends itself hard, and is started again.",
                )
                .value_parser(value_parser!(PathBuf)),
        )
        .arg(
            option("kill-after", "N", "Ends itself hard after so many events, as a crash would")
                .value_parser(value_parser!(NonZeroU64)),
        )
        .arg(
            option("file", "FILE", "A file of flights, .csv or .csv.gz; the year 2013 unless told")
                .value_parser(value_parser!(PathBuf)),
        )
        .arg(option("limit", "ROWS", "Ends after so many rows").value_parser(value_parser!(u64)))
        .after_help(
            "It ends with 1 if the totals are not those of the file.\n\
             To see it yourself, twice: recorder target/recorder --kill-after 100000",
        )
}

fn option(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help)
}

/// The whole story: a process that is ended in the middle, and one that goes on.
fn story(found: &ArgMatches) -> Result<ExitCode, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let myself = std::env::current_exe()?;
    let file = found.get_one::<PathBuf>("file").map(std::path::absolute).transpose()?;
    let again = || {
        let mut command = process::Command::new(&myself);
        // What the system keeps of a process that ends so, a core, goes with the folder.
        command.arg(folder.path()).current_dir(folder.path());
        if let Some(file) = &file {
            command.arg("--file").arg(file);
        }
        if let Some(limit) = found.get_one::<u64>("limit") {
            command.arg("--limit").arg(limit.to_string());
        }
        command
    };
    let told = found.get_one::<NonZeroU64>("kill-after").map(|after| after.get());
    let after = told.or(found.get_one("limit").copied()).unwrap_or(MIDDLE);
    println!("A recorder is started.");
    let first = again().args(["--kill-after", &after.to_string()]).status()?;
    if first.success() {
        return Err(format!("it was to be ended after {after} events, and has recorded all").into());
    }
    println!("It is gone ({first}), and has closed nothing. Another is started.");
    let second = again().status()?;
    folder.close()?;
    Ok(if second.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Records into a folder, and compares.
fn go(folder: &Path, found: &ArgMatches) -> Result<ExitCode, Box<dyn Error>> {
    std::fs::create_dir_all(folder)?;
    let settings = Settings {
        path: found.get_one("file").cloned().unwrap_or_else(|| flights::YEAR.into()),
        journal: folder.join("flights.rem"),
        limit: found.get_one("limit").copied(),
    };
    let kill_after = found.get_one("kill-after").copied().map(NonZeroU64::get);
    let bar = Bar::new()?;
    let recording = recorder::record(&settings, |progress| {
        let Progress { published, rows, bytes, size, time } = progress;
        if published % 4_096 == 1 {
            let (at, of) = settings.limit.map_or((bytes, size), |limit| (rows, limit));
            bar.show(at, of, time);
        }
        if Some(published) == kill_after {
            bar.end();
            println!("  {} events are published. Now it ends, hard.", HumanCount(published));
            // No destructor runs, nothing is flushed: the end of a process that fails.
            process::abort();
        }
    })?;
    bar.end();

    let tally = &recording.tally;
    println!(
        "  the journal had {} events; {} more were published in {:.1} s, and are on the disk",
        HumanCount(recording.found),
        HumanCount(tally.published),
        recording.elapsed.as_secs_f64(),
    );
    for note in &tally.notes {
        println!("  {note}");
    }
    println!(
        "  {} take {}",
        settings.journal.display(),
        HumanBytes(settings.journal.metadata()?.len())
    );
    println!("\n{}\n", flights::carriers(&recording.totals));
    let counted = recorder::count(&settings.path, settings.limit)?;
    if counted != recording.totals {
        println!("{}\n", flights::carriers(&counted));
        return Err("the totals are not those of the file, which stand below them".into());
    }
    println!("These are the totals of a plain count of the file.");
    Ok(ExitCode::SUCCESS)
}
