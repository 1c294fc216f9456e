//! Flights from process to process: you will see three processes that are joined over a server of NATS, how one of them is killed in the
//! middle and comes back, and a table in which the totals of all three are the same.
//!
//! `cargo run --release --features nats --bin mesh`, and `-- --help` for whose server it takes.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program speaks in a terminal")]

mod roles;
mod said;
mod server;
mod story;

use std::error::Error;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, value_parser};

type Ended<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let found = command().get_matches();
    let role = found.get_one::<String>("role");
    let ended = match role {
        Some(role) => roles::play(role, &found),
        None => story(&found),
    };
    match ended {
        Ok(code) => code,
        Err(error) => {
            eprintln!(
                "mesh: {}{error}",
                role.map_or(String::new(), |role| format!("the {role}: "))
            );
            ExitCode::FAILURE
        }
    }
}

fn command() -> Command {
    Command::new("mesh")
        .about(
            "Passes flights from New York between three processes over a server of NATS: a tower publishes them, a desk \
             keeps them and gives notice of those that are called off, a board counts. The desk is killed in the middle \
             and started again.",
        )
        .arg(
            option("nats", "URL", "The server, with JetStream: nats://127.0.0.1:4222. One is started unless told")
                .value_parser(value_parser!(String)),
        )
        .arg(
            option("rows", "N", "How many events of the year are published")
                .default_value("20000")
                .value_parser(value_parser!(NonZeroUsize)),
        )
        // What a process that is started by this one is told.
        .arg(Arg::new("role").long("role").hide(true))
        .arg(Arg::new("mesh").long("mesh").hide(true).default_value("flights"))
        .arg(Arg::new("folder").long("folder").hide(true).value_parser(value_parser!(PathBuf)))
        .after_help(
            "Without --nats it starts a server with a port and a folder of its own, which goes with it: that in \
             REM_NATS_MODERN or REM_NATS_FLOOR, that of `cargo xtask servers`, or the program nats-server in PATH.\n\
             It ends with 1 if a total is wrong.",
        )
}

fn option(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help)
}

fn story(found: &ArgMatches) -> Ended<ExitCode> {
    let rows = found.get_one::<NonZeroUsize>("rows").copied().map_or(1, NonZeroUsize::get);
    let server = server::Server::by(found.get_one::<String>("nats").cloned())?;
    println!("the server: {server}");
    let table = story::tell(server.url(), rows)?;
    println!("\n{table}");
    Ok(if table.is_right() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
