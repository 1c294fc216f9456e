//! The protocols that threads share, under loom: every interleaving, up to a bound, of small cases.

use anyhow::{Result, ensure};

use crate::workspace::{self, Workspace, read};

/// How often a thread may be stopped against its will in one interleaving; loom's authors find that
/// two or three show nearly every fault.
const PREEMPTIONS: &str = "2";

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let tests = "test --quiet --package rem-core --package rem-effects --package rem-journal --package rem-mesh --package rem-partition --package rem-projections --profile loom --lib loom";
    let command = |arguments: &str| {
        let mut command = workspace.cargo(arguments);
        command
            .env("RUSTFLAGS", "--cfg rem_loom")
            .env("LOOM_MAX_PREEMPTIONS", PREEMPTIONS)
            // Other flags are another build; in the common directory each would undo the other.
            .env("CARGO_TARGET_DIR", workspace.target_directory().join("loom"));
        command
    };
    let list = read(&mut command(&format!("{tests} -- --list")))?;
    println!("    {} cases", cases(&list));
    ensure!(cases(&list) > 0, "no crate has a test whose path holds `loom`");
    workspace::run(&mut command(tests))
}

/// How many tests a list of the test harness names.
fn cases(list: &str) -> usize {
    list.lines().filter(|line| line.ends_with(": test")).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_case_is_seen() {
        assert_eq!(cases("0 tests, 0 benchmarks\n"), 0);
        assert_eq!(cases("loom::join: test\nloom::ring: test\n\n2 tests, 0 benchmarks\n"), 2);
    }
}
