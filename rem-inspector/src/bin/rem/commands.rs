//! What each command does.

mod catalogue;
mod export;
mod import;
mod inspect;
mod matching;
mod publish;
mod query;
mod replay;
mod stats;
mod verify;
mod watch;

use std::io;
use std::process::ExitCode;

use clap::ArgMatches;

use crate::{Ended, cli};

pub(crate) fn run(matches: &ArgMatches) -> Ended {
    match matches.subcommand() {
        Some(("match", matches)) => matching::run(matches),
        Some(("watch", matches)) => watch::run(matches),
        Some(("query", matches)) => query::run(matches),
        Some(("stats", matches)) => stats::run(matches),
        Some(("replay", matches)) => replay::run(matches),
        Some(("export", matches)) => export::run(matches),
        Some(("import", matches)) => import::run(matches),
        Some(("publish", matches)) => publish::run(matches),
        Some(("inspect", matches)) => inspect::run(matches),
        Some(("catalogue", matches)) => catalogue::run(matches),
        Some(("verify", matches)) => verify::run(matches),
        Some(("completions", matches)) => {
            if let Some(shell) = matches.get_one::<clap_complete::Shell>("SHELL") {
                clap_complete::generate(*shell, &mut cli::command(), "rem", &mut io::stdout());
            }
            Ok(ExitCode::SUCCESS)
        }
        _ => Ok(ExitCode::from(2)),
    }
}

/// Yes, or no.
fn answer(yes: bool) -> ExitCode {
    ExitCode::from(u8::from(!yes))
}
