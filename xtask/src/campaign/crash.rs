//! A process that publishes into a journal, killed again and again at moments drawn from a seed; after each, what it had
//! told is compared with what is there. The test is `tests/tests/crash/`, here in release and with more kills. And one that
//! not every machine can run: a journal on a file system that is full.

mod full_disk;

use std::env;
use std::fmt::Write as _;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};

use crate::campaign::program;
use crate::campaign::report::Report;
use crate::workspace::{Workspace, read};

/// How often a process is killed.
const KILLS: u64 = 200;

/// A kill takes a fraction of a second, and the check behind it; what takes so long hangs.
const HANG: Duration = Duration::from_secs(1_800);

const CASE: &str = "what_was_acknowledged_is_there_after_every_crash";

pub(crate) fn run(workspace: &Workspace) -> Result<Report> {
    let compiler = read(workspace.command("rustc").arg("--version"))?;
    let program = program::build(workspace, "crash")?;
    let seed = match env::var("REM_CRASH_SEED") {
        Ok(seed) => seed.parse().context("REM_CRASH_SEED is no number")?,
        Err(_) => SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs(),
    };
    println!("{KILLS} kills, drawn from the seed {seed}: a few minutes");
    let mut command = workspace.command(&program);
    command.args(["--exact", CASE, "--nocapture"]);
    command.env("REM_CRASH_KILLS", KILLS.to_string()).env("REM_CRASH_SEED", seed.to_string());
    let begun = Instant::now();
    let ended = program::within(&mut command, HANG)?;
    let took = begun.elapsed().as_secs();
    let said = ended.as_ref().map_or("", |(said, _)| said);
    let rows: Vec<_> = said.lines().filter_map(Row::read).collect();
    let kills: u64 = rows.iter().map(|row| row.figures[0]).sum();
    // One that ends well and has killed nobody has checked nothing.
    let held = ended.as_ref().is_some_and(|(_, held)| *held) && kills == KILLS;
    if !held {
        let how = if ended.is_some() { "fails" } else { "hangs" };
        println!("    it {how}; to see it again:");
        println!(
            "    $ REM_CRASH_KILLS={KILLS} REM_CRASH_SEED={seed} cargo test --release -p rem-tests --test crash -- --exact {CASE}"
        );
    }
    let mut figures = format!(
        "Seed {seed}; {took} s; a release build. A process publishes with one to four threads into a journal, keeps positions \
         and snapshots in it, and tells of each step through a pipe. It is ended by SIGKILL while it opens the journal, while it \
         publishes or while it closes; some are let come to their end. A journal has up to twelve such lives, in each \
         durability in turn, and is looked at after each. What is checked is said in `tests/tests/crash/`.\n\n\
         | durability | retention | kills | closed well | acknowledged | of these let go by a rule | published, not \
         acknowledged and lost | acknowledged and lost |\n\
         | --- | --- | --: | --: | --: | --: | --: | --: |\n"
    );
    let lost = if held { "0" } else { "?" };
    for Row { pace, retains, figures: counts } in &rows {
        let [kills, closes, acknowledged, let_go, gone, ..] = counts;
        writeln!(
            figures,
            "| {pace} | {retains} | {kills} | {closes} | {acknowledged} | {let_go} | {gone} | {lost} |"
        )?;
    }
    ensure!(kills > 0 || !held, "no process was killed");
    let full = full_disk::fill(workspace)?;
    let held = held && full.held;
    writeln!(figures, "\n{kills} kills in all.\n")?;
    figures.push_str(
        "Beside that two durable subscriptions follow the journal in each life. One handles every event and tells of it, by the \
         event's id: at least once, in order, and no position is stored above what was told. The other adds up some of them and \
         keeps the sum with its position: exactly once, at each look. When all lives of a journal are over both handle what is \
         left.\n\n\
         | durability | retention | handled and told | of these again, after a kill | added to the sum | skipped, or in the sum \
         twice or never |\n\
         | --- | --- | --: | --: | --: | --: |\n",
    );
    for Row { pace, retains, figures: [.., handled, again, added] } in &rows {
        writeln!(figures, "| {pace} | {retains} | {handled} | {again} | {added} | {lost} |")?;
    }
    writeln!(figures, "\n{}", full.said)?;
    Ok(Report { held, compiler: compiler.trim().to_owned(), figures })
}

/// What was told of the lives of one kind.
#[derive(Debug, PartialEq)]
struct Row<'a> {
    pace: &'a str,
    retains: &'static str,
    /// Kills, closes, acknowledged, let go, lost, found, handled, again, added.
    figures: [u64; 9],
}

impl<'a> Row<'a> {
    /// Reads `every true: 1 kills, 2 closes, 3 acknowledged, 4 let go, 5 lost, 6 found, 7 handled, 8 again, 9 added`.
    fn read(line: &'a str) -> Option<Self> {
        const WORDS: [&str; 9] = [
            " kills",
            " closes",
            " acknowledged",
            " let go",
            " lost",
            " found",
            " handled",
            " again",
            " added",
        ];
        let (kind, counts) = line.split_once(": ")?;
        let (pace, retains) = kind.split_once(' ')?;
        let retains = if retains.parse().ok()? { "yes" } else { "no" };
        let mut parts = counts.split(", ");
        let mut figures = [0; 9];
        for (figure, word) in figures.iter_mut().zip(WORDS) {
            *figure = parts.next()?.strip_suffix(word)?.parse().ok()?;
        }
        Some(Self { pace, retains, figures })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_test_says_is_read() {
        let line = "every true: 1 kills, 2 closes, 3 acknowledged, 4 let go, 5 lost, 6 found, 7 handled, 8 again, 9 added";
        let row = Row { pace: "every", retains: "yes", figures: [1, 2, 3, 4, 5, 6, 7, 8, 9] };
        assert_eq!(Row::read(line), Some(row));
        for line in ["seed: 17", "test a ... ok", "every 1: 1 kills", "every true: 1 kills"] {
            assert_eq!(Row::read(line), None, "{line}");
        }
    }
}
