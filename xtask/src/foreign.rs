//! Programs in other languages, with the packages they need: pinned beside them, installed below `target/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::workspace::{self, Workspace, read};

/// What is needed, with exact versions and hashes.
const PYTHON_PINS: &[&str] = &["requirements.txt"];
const NODE_PINS: &[&str] = &["package.json", "package-lock.json"];

/// The packager of Node.js.
pub(crate) const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

#[derive(Debug, Clone, Copy)]
pub(crate) enum Language {
    Python,
    Node,
}

/// Programs that stand in one directory with their pins, installed.
pub(crate) struct Foreign<'a> {
    workspace: &'a Workspace,
    /// Below the root.
    here: &'static str,
    installed: PathBuf,
}

impl<'a> Foreign<'a> {
    /// Installs what the pins in `here` say, unless it is there already.
    pub(crate) fn install(
        workspace: &'a Workspace,
        here: &'static str,
        installed: &Path,
    ) -> Result<Self> {
        let foreign = Self { workspace, here, installed: installed.to_owned() };
        let lock = fs::read_to_string(foreign.here().join("package-lock.json"))?;
        names_no_registry(here, &lock)?;
        python_packages(workspace, here, &installed.join("python"))?;
        foreign.node(&installed.join("node"))?;
        Ok(foreign)
    }

    /// One of the programs, to be given arguments and run.
    pub(crate) fn program(&self, language: Language, name: &str) -> Command {
        self.program_at(language, &self.here().join(name))
    }

    /// A program that stands elsewhere.
    fn program_at(&self, language: Language, path: &Path) -> Command {
        let mut command = match language {
            Language::Python => self.workspace.command(python_of(&self.installed.join("python"))),
            Language::Node => self.workspace.command("node"),
        };
        command.arg(path);
        if matches!(language, Language::Node) {
            command.current_dir(self.installed.join("node"));
        }
        command
    }

    /// A program that is written first: beside its packages, for that is where modules look for them.
    pub(crate) fn written(&self, language: Language, stem: &str, text: &str) -> Result<Command> {
        let path = match language {
            Language::Python => self.installed.join("python").join(format!("{stem}.py")),
            Language::Node => self.installed.join("node").join(format!("{stem}.mjs")),
        };
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(self.program_at(language, &path))
    }

    fn here(&self) -> PathBuf {
        self.workspace.root().join(self.here)
    }

    /// A directory with the pinned packages in `node_modules`.
    fn node(&self, directory: &Path) -> Result<()> {
        once(&self.here(), directory, NODE_PINS, || {
            for file in NODE_PINS {
                fs::copy(self.here().join(file), directory.join(file))?;
            }
            let mut npm = self.workspace.command(NPM);
            npm.current_dir(directory).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
            read(&mut npm)
                .map(drop)
                .context("Node.js with npm is needed, on Debian the package npm")
        })
    }
}

/// A directory with the packages that the pins in `here`, below the root, say.
pub(crate) fn node_packages(
    workspace: &Workspace,
    here: &'static str,
    directory: &Path,
) -> Result<()> {
    let foreign = Foreign { workspace, here, installed: directory.to_owned() };
    names_no_registry(here, &fs::read_to_string(foreign.here().join("package-lock.json"))?)?;
    foreign.node(directory)
}

/// A virtual environment with the packages that the pins in `here`, below the root, say.
pub(crate) fn python_packages(workspace: &Workspace, here: &str, environment: &Path) -> Result<()> {
    let here = workspace.root().join(here);
    once(&here, environment, PYTHON_PINS, || {
        read(workspace.command("python3").args(["-m", "venv"]).arg(environment)).context(
            "Python 3 with its module venv is needed, on Debian the package python3-venv",
        )?;
        let mut pip = workspace.command(python_of(environment));
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        pip.args(["--require-hashes", "--requirement"]);
        workspace::run(pip.arg(here.join("requirements.txt")))
    })
}

/// Installs anew unless what the pins say is there already.
fn once(
    here: &Path,
    directory: &Path,
    pins: &[&str],
    install: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let mut wanted = String::new();
    for pin in pins {
        wanted += &fs::read_to_string(here.join(pin))?;
    }
    let stamp = directory.join("installed");
    if fs::read_to_string(&stamp).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    if directory.exists() {
        fs::remove_dir_all(directory)?;
    }
    fs::create_dir_all(directory)?;
    install()?;
    Ok(fs::write(stamp, wanted)?)
}

fn python_of(environment: &Path) -> PathBuf {
    let place = if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" };
    environment.join(place)
}

/// A lock file is for everyone, whichever registry they fetch from: the hashes say what is meant.
fn names_no_registry(here: &str, lock: &str) -> Result<()> {
    let named = lock.lines().find(|line| line.contains("\"resolved\""));
    ensure!(
        named.is_none(),
        "{here}/package-lock.json names a registry: {}; write it by \
         `npm install --package-lock-only --omit-lockfile-registry-resolved`",
        named.unwrap_or_default().trim()
    );
    ensure!(lock.contains("\"integrity\""), "{here}/package-lock.json has no hashes");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_file_has_hashes_and_names_no_registry() {
        let names_no_registry = |lock: &str| names_no_registry("here", lock);
        let lock = "\"version\": \"1.0.0\",\n\"integrity\": \"sha512-x\",\n";
        assert!(names_no_registry(lock).is_ok());
        let named = format!("{lock}\"resolved\": \"https://example.com/x.tgz\",\n");
        let error = names_no_registry(&named).unwrap_err().to_string();
        assert!(error.contains("https://example.com/x.tgz"), "{error}");
        assert!(names_no_registry("\"version\": \"1.0.0\"").is_err());
    }
}
