//! Copies of the tree below `target`, in which a campaign may change what it wants to.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::workspace::{Workspace, read};

/// Makes `to` a copy of what git knows or would add, as it is now; gives it back. What has not changed is not written, so that it
/// is not built again.
pub(super) fn copy(workspace: &Workspace, to: PathBuf) -> Result<PathBuf> {
    copy_but(workspace, to, &HashSet::new())
}

/// The same, but for files that whoever calls it writes himself, each with another text.
pub(super) fn copy_but(
    workspace: &Workspace,
    to: PathBuf,
    others: &HashSet<String>,
) -> Result<PathBuf> {
    let mut list = workspace.command("git");
    list.args(["ls-files", "--cached", "--others", "--exclude-standard"]);
    let mut kept = HashSet::new();
    for path in read(&mut list).context("git says what belongs to the tree")?.lines() {
        let from = workspace.root().join(path);
        if from.is_file() {
            if !others.contains(path) {
                write(&to.join(path), &fs::read(&from)?)?;
            }
            kept.insert(to.join(path));
        }
    }
    remove_others(&to, &kept)?;
    Ok(to)
}

/// Writes a file that is not so already.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|found| found == bytes) {
        return Ok(());
    }
    let directory = path.parent().context("a file is in a directory")?;
    fs::create_dir_all(directory)
        .and_then(|()| fs::write(path, bytes))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Removes what tests or earlier copies have left.
fn remove_others(directory: &Path, kept: &HashSet<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() && !path.is_symlink() {
            remove_others(&path, kept)?;
        } else if !kept.contains(&path) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_is_not_written_and_what_is_no_more_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str| directory.path().join(name);
        write(&file("a/b.rs"), b"1").unwrap();
        write(&file("c.rs"), b"2").unwrap();
        let written = fs::metadata(file("c.rs")).unwrap().modified().unwrap();
        write(&file("c.rs"), b"2").unwrap();
        assert_eq!(fs::metadata(file("c.rs")).unwrap().modified().unwrap(), written);
        remove_others(directory.path(), &HashSet::from([file("c.rs")])).unwrap();
        assert!(!file("a/b.rs").exists() && file("c.rs").exists());
        write(&file("c.rs"), b"3").unwrap();
        assert_eq!(fs::read(file("c.rs")).unwrap(), b"3");
    }
}
