//! GitHub's webhooks as typed events: you will see how many of each topic there were, what each way of
//! subscribing got, and which lines are of types that nobody here knows.
//!
//! `cargo run --release --bin github`, or with a file of `CloudEvents`, a JSON object a line, as argument.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program speaks in a terminal")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, Command, value_parser};
use rem_examples::github;

fn main() -> ExitCode {
    let found = Command::new("github")
        .about("Runs GitHub's webhooks, as CloudEvents, through typed events")
        .arg(
            Arg::new("FILE")
                .help("A file of CloudEvents, a JSON object a line; the documented webhooks unless told")
                .value_parser(value_parser!(PathBuf)),
        )
        .get_matches();
    let path = found.get_one("FILE").cloned().unwrap_or_else(|| PathBuf::from(github::WEBHOOKS));
    match github::run(&path) {
        Ok(run) => {
            print!("{}", github::report(&run));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("github: {error}");
            ExitCode::FAILURE
        }
    }
}
