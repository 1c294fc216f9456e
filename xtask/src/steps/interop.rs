//! What REM writes, read by the SDKs of others: each in its own language, pinned in `tests/interop`, installed below `target/`.
//!
//! A check that accepts everything proves nothing, so each is given a document too that it must refuse.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::workspace::{self, Workspace, read, shown};

/// Where the checks are, and what they need, with exact versions.
const HERE: &str = "tests/interop";
const PYTHON_PINS: &[&str] = &["requirements.txt"];
const NODE_PINS: &[&str] = &["package.json", "package-lock.json"];

/// What one program of the tests writes, and who reads it.
struct Written {
    /// The directory that it is written to, below `target/interop`.
    what: &'static str,
    writer: &'static str,
    /// Each is given the directory.
    checks: &'static [(Language, &'static str)],
}

const WRITTEN: &[Written] = &[
    Written {
        what: "events",
        writer: "interop_events",
        checks: &[(Language::Python, "cloud_events.py"), (Language::Node, "cloud_events.mjs")],
    },
    Written {
        what: "catalogue",
        writer: "interop_catalogue",
        checks: &[(Language::Node, "async_api.mjs")],
    },
];

#[derive(Clone, Copy)]
enum Language {
    Python,
    Node,
}

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let lock = fs::read_to_string(workspace.root().join(HERE).join("package-lock.json"))?;
    names_no_registry(&lock)?;
    let installed = workspace.target_directory().join("interop");
    python(workspace, &installed.join("python"))?;
    node(workspace, &installed.join("node"))?;
    for Written { what, writer, checks } in WRITTEN {
        let written = installed.join(what);
        if written.exists() {
            fs::remove_dir_all(&written)?;
        }
        let mut write = workspace.cargo("run --quiet --package rem-tests --bin");
        workspace::run(write.arg(writer).arg("--").arg(&written))?;
        for (language, program) in *checks {
            accepted(workspace, &installed, *language, program, &written)?;
        }
    }
    Ok(())
}

/// What was written is read, and what is beside it in `refused` is not.
fn accepted(
    workspace: &Workspace,
    installed: &Path,
    language: Language,
    program: &str,
    written: &Path,
) -> Result<()> {
    workspace::run(&mut check(workspace, installed, language, program, written))?;
    let mut refused = check(workspace, installed, language, program, &written.join("refused"));
    let said = refused.output()?;
    let said = (said.status.success(), String::from_utf8_lossy(&said.stdout).into_owned());
    ensure!(
        matches!(&said, (false, said) if said.trim() == "0 valid, 1 invalid"),
        "`{}` does not refuse what is wrong, and so proves nothing: {}",
        shown(&refused),
        said.1.trim()
    );
    Ok(())
}

/// One check of one directory or file.
fn check(
    workspace: &Workspace,
    installed: &Path,
    language: Language,
    program: &str,
    subject: &Path,
) -> Command {
    let mut command = match language {
        Language::Python => workspace.command(python_of(&installed.join("python"))),
        Language::Node => workspace.command("node"),
    };
    command.arg(workspace.root().join(HERE).join(program)).arg(subject);
    if matches!(language, Language::Node) {
        command.current_dir(installed.join("node"));
    }
    command
}

fn python_of(environment: &Path) -> PathBuf {
    let place = if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" };
    environment.join(place)
}

/// A virtual environment with the pinned packages.
fn python(workspace: &Workspace, environment: &Path) -> Result<()> {
    once(workspace, environment, PYTHON_PINS, || {
        read(workspace.command("python3").args(["-m", "venv"]).arg(environment)).context(
            "Python 3 with its module venv is needed, on Debian the package python3-venv",
        )?;
        let mut pip = workspace.command(python_of(environment));
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        pip.args(["--require-hashes", "--requirement"]);
        workspace::run(pip.arg(workspace.root().join(HERE).join("requirements.txt")))
    })
}

/// A directory with the pinned packages in `node_modules`.
fn node(workspace: &Workspace, directory: &Path) -> Result<()> {
    once(workspace, directory, NODE_PINS, || {
        for file in NODE_PINS {
            fs::copy(workspace.root().join(HERE).join(file), directory.join(file))?;
        }
        let mut npm = workspace.command(if cfg!(windows) { "npm.cmd" } else { "npm" });
        npm.current_dir(directory).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
        read(&mut npm).map(drop).context("Node.js with npm is needed, on Debian the package npm")
    })
}

/// Installs anew unless what the pins say is there already.
fn once(
    workspace: &Workspace,
    directory: &Path,
    pins: &[&str],
    install: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let mut wanted = String::new();
    for pin in pins {
        wanted += &fs::read_to_string(workspace.root().join(HERE).join(pin))?;
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

/// A lock file is for everyone, whichever registry they fetch from: the hashes say what is meant.
fn names_no_registry(lock: &str) -> Result<()> {
    let named = lock.lines().find(|line| line.contains("\"resolved\""));
    ensure!(
        named.is_none(),
        "{HERE}/package-lock.json names a registry: {}; write it by \
         `npm install --package-lock-only --omit-lockfile-registry-resolved`",
        named.unwrap_or_default().trim()
    );
    ensure!(lock.contains("\"integrity\""), "{HERE}/package-lock.json has no hashes");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_file_has_hashes_and_names_no_registry() {
        let lock = "\"version\": \"1.0.0\",\n\"integrity\": \"sha512-x\",\n";
        assert!(names_no_registry(lock).is_ok());
        let named = format!("{lock}\"resolved\": \"https://example.com/x.tgz\",\n");
        let error = names_no_registry(&named).unwrap_err().to_string();
        assert!(error.contains("https://example.com/x.tgz"), "{error}");
        assert!(names_no_registry("\"version\": \"1.0.0\"").is_err());
    }
}
