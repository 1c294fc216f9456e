//! A journal on a file system that is full, where the machine lets one be mounted.
//!
//! That takes rights which containers and hardened kernels do not give, so no test can count on it; the tests have a disk that
//! is full for one process alone (`tests/tests/crash/full_disk.rs`).

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::campaign::program;
use crate::workspace::Workspace;

/// It takes a second; what takes so long hangs.
const HANG: Duration = Duration::from_secs(300);

const DURABILITIES: [&str; 3] = ["every_event", "every", "on_close"];

/// Has a script run in a namespace of its own, and all that is said of it told.
const NAMESPACE: &str = "exec unshare --map-root-user --mount sh -ec \"$0\" \"$@\" 2>&1";

/// A file system of 6 MiB, which nobody else sees and which goes with the last process in it.
const MOUNT: &str = "mount -t tmpfs -o size=6m rem .\ncd \"$PWD\"";

/// Fills it, for which the child says what has to be there, and has another process look at that.
const FILL: &str = "head -c 2097152 /dev/zero > ballast
kept=$(\"$0\" \"$1\" journal.rem ballast)
\"$0\" check journal.rem \"$kept\"";

/// What became of it.
#[derive(Debug, PartialEq)]
pub(super) struct Full {
    /// False where it was tried and fails.
    pub(super) held: bool,
    /// A paragraph for the report.
    pub(super) said: String,
}

/// Tries it in each durability, with the child that was built with the test.
pub(super) fn fill(workspace: &Workspace) -> Result<Full> {
    let full = if let Err(why) = within(workspace, MOUNT, "")? {
        Full::not_tried(&why)
    } else {
        let script = format!("{MOUNT}\n{FILL}");
        let ended = DURABILITIES
            .map(|durability| Ok((durability, within(workspace, &script, durability)?)));
        Full::of(&ended.into_iter().collect::<Result<Vec<_>>>()?)
    };
    println!("    {}", full.said);
    Ok(full)
}

/// What the script said: an error if it did not come to its end, or not well.
fn within(workspace: &Workspace, script: &str, durability: &str) -> Result<Result<String, String>> {
    let folder = workspace.target_directory().join("full-disk");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let child = workspace.target_directory().join("release/full_disk_child");
    let mut command = workspace.command("sh");
    command.current_dir(folder).args(["-c", NAMESPACE, script]).arg(child).arg(durability);
    Ok(match program::within(&mut command, HANG)? {
        Some((said, true)) => Ok(said.trim().to_owned()),
        Some((said, false)) => Err(said.trim().replace('\n', "; ")),
        None => Err("it hangs".to_owned()),
    })
}

impl Full {
    fn not_tried(why: &str) -> Self {
        let said = format!(
            "**Not tried: a full file system.** This machine lets none be mounted: {why}. It takes `unshare` and `mount` of \
             util-linux, and root or user namespaces (`user.max_user_namespaces`, \
             `kernel.apparmor_restrict_unprivileged_userns`)."
        );
        Self { held: true, said }
    }

    /// One that ends well and says nothing of what was kept has tried nothing.
    fn of(ended: &[(&str, Result<String, String>)]) -> Self {
        let mut kept = Vec::new();
        let mut faults = Vec::new();
        for (durability, ended) in ended {
            match ended.as_ref().map(|said| said.strip_suffix(" are there")) {
                Ok(Some(events)) => kept.push(format!("{events} of `{durability}`")),
                Ok(None) => faults.push(format!("`{durability}`: it says nothing")),
                Err(why) => faults.push(format!("`{durability}`: {why}")),
            }
        }
        let held = faults.is_empty() && !kept.is_empty();
        let said = if held {
            format!(
                "A file system of 6 MiB was filled by a journal until publishing was refused, was read, and was given room again: \
                 publishing went on, and each event that was taken was found by another process, {}.",
                kept.join(", ")
            )
        } else {
            format!("A journal on a file system that is full **fails**: {}.", faults.join("; "))
        };
        Self { held, said }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_tried_is_told_and_what_fails_or_says_nothing_is_no_success() {
        let full = Full::not_tried("mount: permission denied");
        assert!(full.held && full.said.contains("Not tried") && full.said.contains("denied"));
        let well = || ("every", Ok("315 are there".to_owned()));
        for (ended, held, told) in [
            (vec![well(), well()], true, "315 of `every`, 315 of `every`"),
            (vec![well(), ("on_close", Err("no room".to_owned()))], false, "`on_close`: no room"),
            (vec![well(), ("on_close", Ok(String::new()))], false, "it says nothing"),
            (vec![], false, "fails"),
        ] {
            let full = Full::of(&ended);
            assert!(full.held == held && full.said.contains(told), "{full:?}");
        }
    }
}
