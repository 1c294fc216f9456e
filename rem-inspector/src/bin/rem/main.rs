//! The command `rem`: a journal, a running inspector or a mesh over NATS, asked from a terminal.
#![forbid(unsafe_code)]

mod cli;
mod commands;
mod failure;
mod local;
mod nats;
mod output;
mod plot;
mod remote;
mod shown;
mod source;
mod target;
mod wanted;

use std::process::ExitCode;

use failure::Failure;

fn main() -> ExitCode {
    let matches = cli::command().get_matches();
    match commands::run(&matches) {
        Ok(code) => code,
        // Who reads what is written has gone, as `head` does: that is no failure.
        Err(failure) if failure.is_broken_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            output::failure(&failure);
            failure.code()
        }
    }
}

/// What a command ends with.
type Ended = Result<ExitCode, Failure>;
