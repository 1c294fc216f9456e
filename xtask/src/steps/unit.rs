//! Unit and integration tests of every package; those of the compiler's messages are the step `ui`, those that need a server of
//! NATS the step `nats`.

use anyhow::Result;
use cargo_metadata::TargetKind;

use crate::steps::ui;
use crate::workspace::{self, Workspace, read};

/// The module, in targets of that name, of tests that need more than Rust.
const SERVERS: &str = "on_a_server";

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let targets = workspace.targets(ui::PACKAGE, &TargetKind::Test)?;
    if read(&mut workspace.cargo("nextest --version")).is_ok() {
        return nextest(workspace, &targets);
    }
    println!(
        "    cargo-nextest is not installed (`cargo install --locked cargo-nextest`): slower without"
    );
    let commands = without_nextest(&targets);
    // All of them, whatever the first says; then the first failure.
    let ended: Vec<_> =
        commands.iter().map(|arguments| workspace::run(&mut workspace.cargo(arguments))).collect();
    ended.into_iter().collect()
}

fn nextest(workspace: &Workspace, targets: &[String]) -> Result<()> {
    let mut command = workspace.cargo(&format!("nextest run {}", workspace::WHOLE));
    let mut left_out = vec![format!("test(/^{SERVERS}::/)")];
    if targets.iter().any(|target| target == ui::TARGET) {
        left_out.push(format!("(package({}) and binary({}))", ui::PACKAGE, ui::TARGET));
    }
    let filter = format!("not ({})", left_out.join(" or "));
    command.args(["--filterset", &filter]);
    if workspace.ci() {
        command.args(["--profile", "ci", "--show-progress", "none"]);
    }
    workspace::run(&mut command)
}

/// `cargo test` cannot leave one target out, so the package of the ui tests is run target by target.
fn without_nextest(targets: &[String]) -> Vec<String> {
    let package = ui::PACKAGE;
    let others = format!(
        "test --workspace --exclude {package} --all-features --no-fail-fast --lib --bins --tests"
    );
    let mut own = format!("test --package {package} --all-features --no-fail-fast --lib");
    for target in targets.iter().filter(|target| *target != ui::TARGET) {
        own += " --test ";
        own += target;
    }
    let skip = format!(" -- --skip {SERVERS}::");
    vec![others + &skip, own + &skip]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_nextest_only_ui_is_left_out() {
        let targets = ["lints", "ui", "whole"].map(str::to_owned);
        let [others, own] = without_nextest(&targets).try_into().unwrap();
        assert!(others.contains("--exclude rem-tests"), "{others}");
        assert!(own.contains("--lib --test lints --test whole -- "), "{own}");
        assert!(others.ends_with("--skip on_a_server::") && own.ends_with("--skip on_a_server::"));
    }
}
