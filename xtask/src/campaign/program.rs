//! A test of the whole as a program, built in release and run without cargo, so that it can be ended.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use cargo_metadata::Message;
use cargo_metadata::camino::Utf8PathBuf;

use crate::workspace::{self, Workspace, read, shown};

/// Builds the test of that name, and says where it is.
pub(crate) fn build(workspace: &Workspace, test: &str) -> Result<Utf8PathBuf> {
    let arguments = format!("test --release --package rem-tests --test {test} --no-run");
    workspace::run(&mut workspace.cargo(&arguments))?;
    let built = read(&mut workspace.cargo(&format!("{arguments} --quiet --message-format json")))?;
    program(&built, test)
        .with_context(|| format!("cargo does not say where it put the test `{test}`"))
}

/// Where cargo says that the program of the tests is.
pub(crate) fn program(built: &str, test: &str) -> Option<Utf8PathBuf> {
    let messages = Message::parse_stream(built.as_bytes()).filter_map(Result::ok);
    messages
        .filter_map(|message| match message {
            Message::CompilerArtifact(artifact) if artifact.target.name == test => {
                artifact.executable
            }
            _ => None,
        })
        .last()
}

/// What the command wrote, and whether it ended well; `None` if it had to be ended.
pub(crate) fn within(command: &mut Command, limit: Duration) -> Result<Option<(String, bool)>> {
    let until = Instant::now() + limit;
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .with_context(|| format!("cannot start {}", shown(command)))?;
    // A few lines: they fit into the pipe.
    while child.try_wait()?.is_none() {
        if Instant::now() > until {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(50));
    }
    let output = child.wait_with_output()?;
    Ok(Some((String::from_utf8(output.stdout)?, output.status.success())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_the_one_that_cargo_names() {
        let of = |name, executable| {
            format!(
                r#"{{"reason":"compiler-artifact","package_id":"path+file:///a#0.1.0","manifest_path":"/a/Cargo.toml","target":{{"kind":["test"],"crate_types":["bin"],"name":"{name}","src_path":"/a.rs","edition":"2024","doc":false,"doctest":false,"test":true}},"profile":{{"opt_level":"3","debuginfo":0,"debug_assertions":false,"overflow_checks":false,"test":true}},"features":[],"filenames":[],"executable":{executable},"fresh":true}}"#
            )
        };
        let built = format!("{}\n{}\n", of("rem_bus", "null"), of("stress", r#""/a/stress-1""#));
        assert_eq!(program(&built, "stress").unwrap(), "/a/stress-1");
        assert_eq!(program(&of("other", r#""/a/other""#), "stress"), None);
    }

    #[test]
    fn what_hangs_is_ended() {
        let mut sleeps = Command::new("sleep");
        sleeps.arg("600");
        assert_eq!(within(&mut sleeps, Duration::from_millis(100)).unwrap(), None);
        let mut says = Command::new("echo");
        let said = within(says.arg("a"), Duration::from_secs(60)).unwrap();
        assert_eq!(said, Some(("a\n".to_owned(), true)));
    }
}
