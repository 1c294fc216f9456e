//! The workspace as cargo sees it, and commands run at its root.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use cargo_metadata::{Metadata, MetadataCommand, Package, TargetKind};

/// What is built for tests, in every step: cargo unites the features of what it builds together, so that a step which names
/// a package alone builds all that stands below it once more.
pub(crate) const WHOLE: &str = "--workspace --all-features";

/// The repository: where it is, and what packages it has.
pub(crate) struct Workspace {
    metadata: Metadata,
    ci: bool,
}

impl Workspace {
    /// Reads the manifests; fails with cargo's own words when one is malformed.
    pub(crate) fn open() -> Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
        let metadata = MetadataCommand::new()
            .manifest_path(&manifest)
            .no_deps()
            .exec()
            .with_context(|| format!("cannot read the workspace at {}", manifest.display()))?;
        Ok(Self { metadata, ci: env::var("CI").is_ok_and(|value| value == "true") })
    }

    /// Where the root manifest lies.
    pub(crate) fn root(&self) -> &Path {
        self.metadata.workspace_root.as_std_path()
    }

    /// Where cargo builds.
    pub(crate) fn target_directory(&self) -> PathBuf {
        self.metadata.target_directory.clone().into_std_path_buf()
    }

    /// Where a program is after it was built as the tests are.
    pub(crate) fn built(&self, program: &str) -> PathBuf {
        let executable = format!("{program}{}", env::consts::EXE_SUFFIX);
        self.target_directory().join("debug").join(executable)
    }

    /// Whether nobody watches: no colour, no progress, every failure told.
    pub(crate) fn ci(&self) -> bool {
        self.ci
    }

    /// Every package of the workspace.
    pub(crate) fn packages(&self) -> &[Package] {
        &self.metadata.packages
    }

    /// The package of that name.
    pub(crate) fn package(&self, name: &str) -> Result<&Package> {
        let found = self.packages().iter().find(|package| package.name.as_str() == name);
        found.with_context(|| format!("the workspace has no package `{name}`"))
    }

    /// The packages that may be published, for cargo to put in order.
    pub(crate) fn published(&self) -> impl Iterator<Item = &Package> {
        self.packages().iter().filter(|package| {
            package.publish.as_ref().is_none_or(|registries| !registries.is_empty())
        })
    }

    /// The names of a package's targets of one kind, sorted.
    pub(crate) fn targets(&self, package: &str, kind: &TargetKind) -> Result<Vec<String>> {
        let targets = self.package(package)?.targets.iter();
        let mut names: Vec<_> = targets
            .filter(|target| target.kind.contains(kind))
            .map(|target| target.name.clone())
            .collect();
        names.sort();
        Ok(names)
    }

    /// A command at the root, its output shown as it comes.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.root()).stdin(Stdio::null());
        if self.ci {
            command
                .env("CARGO_TERM_COLOR", "never")
                .env("CARGO_TERM_PROGRESS_WHEN", "never")
                .env("CARGO_INCREMENTAL", "0")
                .env("NO_COLOR", "1");
        }
        command
    }

    /// `cargo` of the toolchain that runs us, with arguments split at spaces.
    pub(crate) fn cargo(&self, arguments: &str) -> Command {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = self.command(cargo);
        command.args(arguments.split_whitespace());
        if self.ci {
            // It builds once, from nothing: what a second build would save is not written.
            command.env("CARGO_INCREMENTAL", "0");
        }
        command
    }
}

/// Shows the command, runs it, and fails when it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    println!("    $ {}", shown(command));
    let status = command.status().with_context(|| format!("cannot start {}", shown(command)))?;
    ensure!(status.success(), "`{}` ended with {status}", shown(command));
    Ok(())
}

/// Runs the command in silence and gives its standard output; fails, with what it said, when it fails.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start {}", shown(command)))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` ended with {}: {}", shown(command), output.status, said.trim());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args()).map(OsStr::to_string_lossy);
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_knows_what_it_publishes() {
        let workspace = Workspace::open().unwrap();
        let published: Vec<_> =
            workspace.published().map(|package| package.name.as_str()).collect();
        assert!(published.contains(&"rem-bus"), "{published:?}");
        assert!(!published.contains(&"xtask"), "{published:?}");
        assert!(workspace.package("no-such-package").is_err());
    }

    #[test]
    fn a_command_that_fails_is_an_error_with_its_words() {
        let workspace = Workspace::open().unwrap();
        let error = read(&mut workspace.cargo("no-such-subcommand")).unwrap_err().to_string();
        assert!(error.contains("no-such-subcommand"), "{error}");
        assert!(error.contains("no such command"), "{error}");
    }
}
