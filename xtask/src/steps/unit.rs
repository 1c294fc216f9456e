//! Unit and integration tests of every package; those of the compiler's messages are the step `ui`, those that need a server of
//! NATS the step `nats`.

use anyhow::Result;

use crate::steps::ui;
use crate::workspace::{self, WHOLE, Workspace, read};

/// The package of the tests of the whole.
pub(crate) const PACKAGE: &str = "rem-tests";

/// The module, in targets of that name, of tests that need more than Rust.
const SERVERS: &str = "on_a_server";

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    if read(&mut workspace.cargo("nextest --version")).is_ok() {
        return nextest(workspace);
    }
    println!(
        "    cargo-nextest is not installed (`cargo install --locked cargo-nextest`): slower without"
    );
    workspace::run(&mut workspace.cargo(&without_nextest()))
}

fn nextest(workspace: &Workspace) -> Result<()> {
    let mut command = workspace.cargo(&format!("nextest run {}", chosen()));
    command.args(["--filterset", &format!("not test(/^{SERVERS}::/)")]);
    if workspace.ci() {
        command.args(["--profile", "ci", "--show-progress", "none"]);
    }
    workspace::run(&mut command)
}

/// All packages but the one of the compiler's messages.
fn chosen() -> String {
    format!("{WHOLE} --exclude {}", ui::PACKAGE)
}

fn without_nextest() -> String {
    format!("test {} --no-fail-fast --lib --bins --tests -- --skip {SERVERS}::", chosen())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_nextest_the_same_is_left_out() {
        let command = without_nextest();
        assert!(command.contains("--exclude rem-ui "), "{command}");
        assert!(command.ends_with("-- --skip on_a_server::"), "{command}");
    }
}
