//! The real bus under shuttle: what its threads do beside one another, by a few hundred seeds a case.

use std::process::Command;

use anyhow::{Result, ensure};

use crate::workspace::{self, Workspace, read};

/// The tests, and how they are built.
pub(crate) const TESTS: &str = "test --package rem-core --test interleave";

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let list = read(&mut command(workspace, &format!("{TESTS} --quiet -- --list")))?;
    let cases = cases(&list).len();
    println!("    {cases} cases");
    ensure!(cases > 0, "rem-core/tests/interleave has no case");
    workspace::run(&mut command(workspace, &format!("{TESTS} --quiet")))
}

/// A command of cargo in whose builds seeds fix what threads do.
pub(crate) fn command(workspace: &Workspace, arguments: &str) -> Command {
    let mut command = workspace.cargo(arguments);
    command
        .env("RUSTFLAGS", "--cfg rem_shuttle")
        // Other flags are another build; in the common directory each would undo the other.
        .env("CARGO_TARGET_DIR", workspace.target_directory().join("interleave"));
    command
}

/// The cases that the test harness lists.
pub(crate) fn cases(list: &str) -> Vec<&str> {
    list.lines().filter_map(|line| line.strip_suffix(": test")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_case_is_seen() {
        assert!(cases("0 tests, 0 benchmarks\n").is_empty());
        assert_eq!(cases("a::b: test\nc: test\n\n2 tests, 0 benchmarks\n"), ["a::b", "c"]);
    }
}
