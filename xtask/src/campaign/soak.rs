//! Ten minutes of a busy program: `tests/tests/soak/`, in release, with the account of its events and of its memory.

use std::time::Duration;

use anyhow::Result;

use crate::campaign::program;
use crate::campaign::report::Report;
use crate::workspace::{Workspace, read};

const SECONDS: u64 = 600;

/// So much longer it takes only if it hangs.
const HANG: Duration = Duration::from_secs(300);

const CASE: &str = "each_event_is_accounted_for_and_memory_stays_as_it_was";

pub(crate) fn run(workspace: &Workspace) -> Result<Report> {
    let compiler = read(workspace.command("rustc").arg("--version"))?;
    let program = program::build(workspace, "soak")?;
    let mut command = workspace.command(&program);
    command.args(["--exact", CASE, "--nocapture"]).env("REM_SOAK_SECONDS", SECONDS.to_string());
    let ended = program::within(&mut command, Duration::from_secs(SECONDS) + HANG)?;
    let hangs = ended.is_none();
    let (said, held) = ended.unwrap_or_default();
    let said = figures(&said);
    if !held {
        println!("    it {}; to see it again:", if hangs { "hangs" } else { "fails" });
        println!(
            "    $ REM_SOAK_SECONDS={SECONDS} cargo test --release -p rem-tests --test soak -- --exact {CASE}"
        );
    }
    let figures = format!(
        "{SECONDS} s in a release build: four publishers at full speed, a thousand subscriptions of five kinds that come and go, \
         handlers that panic, stall and publish, child buses that are opened and closed, a journal that keeps the newest. Each \
         event was accounted for by every subscriber, and by the journal when it was opened again. Memory is flat if the most \
         that the process held in the last fifth of the time is at most a tenth and 16 MiB above the most of the second fifth.\n\n\
         {}",
        said.unwrap_or("It did not come to its end.")
    );
    Ok(Report { held: held && said.is_some(), compiler: compiler.trim().to_owned(), figures })
}

/// What it says at its end; a run that says nothing has accounted for nothing.
fn figures(said: &str) -> Option<&str> {
    said.lines().find_map(|line| line.split_once("soak: ").map(|(_, figures)| figures))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_says_at_its_end_is_read() {
        let said = "running 1 test\ntest a ... soak: 12 events, memory not measured\nok\n";
        assert_eq!(figures(said), Some("12 events, memory not measured"));
        assert_eq!(figures("running 0 tests\n"), None);
    }
}
