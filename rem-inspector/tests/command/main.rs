//! The command `rem`, run as its users run it: upon journals, and upon a program that runs with an inspector.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

mod journals;
mod live;
mod mistakes;
mod words;

use std::path::{Path, PathBuf};
use std::time::Duration;

use assert_cmd::Command;
use rem_core::wire::{Codec, RawEvent};
use rem_core::{Bus, Timestamp};
use rem_journal::Journal;
use serde_json::Value;
use tempfile::TempDir;

/// The longest that a command may take.
const SOON: Duration = Duration::from_secs(30);

/// What a command said, and with which code it ended.
#[derive(Debug)]
struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Said {
    #[track_caller]
    fn good(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.out
    }

    /// Each line as JSON.
    #[track_caller]
    fn values(self) -> Vec<Value> {
        self.good().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn rem(arguments: &[&str]) -> Said {
    rem_with(arguments, "")
}

/// With what comes in.
fn rem_with(arguments: &[&str], stdin: &str) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rem"));
    command.env_remove("REM_TOKEN").timeout(SOON).args(arguments).write_stdin(stdin);
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said {
        code: output.status.code().expect("it ends by itself"),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.rem");
    (folder, path)
}

/// A journal of ten minutes: an order a minute, every third of the web, and two that are lost.
fn orders(path: &Path) {
    let bus = Bus::builder().history(Journal::open(path).unwrap()).build();
    let begun: Timestamp = "2026-01-01T09:00:00Z".parse().unwrap();
    for order in 0..10_u64 {
        let topic =
            if order % 5 == 4 { format!("order.{order}.lost") } else { "order.paid".into() };
        let data = RawEvent::new(
            Codec::Json,
            format!(r#"{{"order":{order},"price":{}}}"#, order * 10).into_bytes(),
        );
        let source = if order % 3 == 0 { "web" } else { "shop" };
        let event =
            bus.event(data).source(source).timestamp(begun + Duration::from_secs(60 * order));
        event.publish_to(topic).unwrap();
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
