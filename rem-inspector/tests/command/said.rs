//! The command `rem`, run as its users run it: what it says, and with which code it ends.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

/// The longest that a command may take.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// What the command reads of an environment, which may be that of who tests.
const FOREIGN: [&str; 8] = [
    "REM_TOKEN",
    "NATS_CREDS",
    "NATS_NKEY",
    "NATS_USER",
    "NATS_PASSWORD",
    "NATS_CA",
    "NATS_CERT",
    "NATS_KEY",
];

/// What a command said, and with which code it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    #[track_caller]
    pub(crate) fn good(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.out
    }

    /// Each line as JSON.
    #[track_caller]
    pub(crate) fn values(self) -> Vec<Value> {
        self.good().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

pub(crate) fn rem(arguments: &[&str]) -> Said {
    run(None, &[], arguments, "")
}

/// In that folder.
pub(crate) fn rem_in(folder: &Path, arguments: &[&str]) -> Said {
    run(Some(folder), &[], arguments, "")
}

/// With what comes in.
pub(crate) fn rem_with(arguments: &[&str], stdin: &str) -> Said {
    run(None, &[], arguments, stdin)
}

/// With variables of the environment.
pub(crate) fn rem_as(variables: &[(&str, &str)], arguments: &[&str]) -> Said {
    run(None, variables, arguments, "")
}

fn run(folder: Option<&Path>, variables: &[(&str, &str)], arguments: &[&str], stdin: &str) -> Said {
    let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_rem"));
    for name in FOREIGN {
        command.env_remove(name);
    }
    command.current_dir(folder.unwrap_or(Path::new(".")));
    command.envs(variables.iter().copied());
    command.timeout(SOON).args(arguments).write_stdin(stdin);
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said {
        code: output.status.code().expect("it ends by itself"),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

/// A command that goes on, ended with the test.
pub(crate) struct Running(pub(crate) Child);

impl Running {
    /// With the lines that it writes, each as JSON.
    pub(crate) fn start(arguments: &[&str]) -> (Self, impl Iterator<Item = Value> + use<>) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rem"));
        for name in FOREIGN {
            command.env_remove(name);
        }
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        (Self(child), lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
