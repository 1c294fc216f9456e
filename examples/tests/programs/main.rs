//! Programs as their readers meet them: what they say, what they leave, and how they end.
#![expect(clippy::unwrap_used, reason = "helpers of tests, where a panic is the failure")]

use std::process::{Command, Output};

mod analysis;
mod flights;
mod said;

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What it says on standard output, when all is well.
fn said(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let (out, err) = (text(&stdout), text(&stderr));
    assert!(status.success(), "{out}{err}");
    assert_eq!(err, "", "{out}");
    out
}
