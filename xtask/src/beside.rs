//! Steps that build in directories of their own, run beside the others: a step alone leaves a core idle for a third of its time.
//!
//! Each is a process of this program, and what it says is kept until it has ended, so that no two steps talk at once.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::test::Step;
use crate::workspace::Workspace;

/// Steps that run one after another, beside whatever else runs.
pub(crate) struct Beside {
    ended: Receiver<Ended>,
}

/// One of them, after it ended.
pub(crate) struct Ended {
    pub(crate) step: &'static Step,
    pub(crate) passed: bool,
    pub(crate) took: Duration,
    /// All that it said.
    pub(crate) said: String,
}

impl Beside {
    /// Begins with the first of the steps.
    pub(crate) fn start(workspace: &Workspace, steps: Vec<&'static Step>) -> Result<Self> {
        let directory = workspace.target_directory().join("beside");
        fs::create_dir_all(&directory)?;
        // A copy: the tests build this program anew where it is.
        let program = directory.join(format!("xtask{}", std::env::consts::EXE_SUFFIX));
        let own = std::env::current_exe()?;
        fs::copy(&own, &program).with_context(|| format!("cannot copy {}", own.display()))?;
        Ok(Self::of(steps, program, directory))
    }

    fn of(steps: Vec<&'static Step>, program: PathBuf, directory: PathBuf) -> Self {
        let (tell, ended) = mpsc::channel();
        thread::spawn(move || {
            for step in steps {
                let begun = Instant::now();
                let log = directory.join(format!("{}.log", step.name));
                let result = run(&program, step, &log);
                let mut said = fs::read_to_string(&log).unwrap_or_default();
                if let Err(error) = &result {
                    said.extend(["    beside the others: ", &format!("{error:#}"), "\n"]);
                }
                let ended = Ended { step, passed: result.is_ok(), took: begun.elapsed(), said };
                if tell.send(ended).is_err() {
                    return;
                }
            }
        });
        Self { ended }
    }

    /// Those that have ended since it was asked last.
    pub(crate) fn ended(&self) -> impl Iterator<Item = Ended> + '_ {
        self.ended.try_iter()
    }

    /// The others, each as it ends.
    pub(crate) fn rest(self) -> impl Iterator<Item = Ended> {
        self.ended.into_iter()
    }
}

fn run(program: &Path, step: &Step, log: &Path) -> Result<()> {
    let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    let mut command = Command::new(program);
    command.arg(step.name).stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
    let status = command.status().with_context(|| format!("cannot start {}", program.display()))?;
    ensure!(status.success(), "`xtask {}` ended with {status}", step.name);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test::step;

    #[test]
    #[cfg(unix)]
    fn what_ends_well_what_fails_and_what_cannot_start_is_told_with_its_words() {
        let directory = tempfile::tempdir().unwrap();
        let steps = || vec![step("tidy").unwrap(), step("fmt").unwrap()];
        let ended = |program: &str| -> Vec<_> {
            let beside = Beside::of(steps(), program.into(), directory.path().to_owned());
            beside
                .rest()
                .map(|Ended { step, passed, said, .. }| (step.name, passed, said))
                .collect()
        };
        let told = [("tidy", true, "tidy\n".to_owned()), ("fmt", true, "fmt\n".to_owned())];
        assert_eq!(ended("echo"), told);
        for (program, why) in [("false", "ended with exit status: 1"), ("/none", "cannot start")] {
            let ended = ended(program);
            assert_eq!(ended.len(), 2, "{ended:?}");
            assert!(
                ended.iter().all(|(_, passed, said)| !passed && said.contains(why)),
                "{ended:?}"
            );
        }
    }
}
