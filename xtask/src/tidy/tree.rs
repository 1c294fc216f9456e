//! What the rules look at: the text of every file that git knows or would add, and the packages.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use cargo_metadata::{DependencyKind, TargetKind};

use crate::tidy::tokens::{self, Token, find};
use crate::workspace::{Workspace, read};

/// The tree as the rules see it.
#[derive(Default)]
pub(crate) struct Tree {
    files: Vec<SourceFile>,
    packages: Vec<Package>,
}

impl Tree {
    /// Reads the working copy.
    pub(crate) fn read(workspace: &Workspace) -> Result<Self> {
        let mut list = workspace.command("git");
        list.args(["ls-files", "--cached", "--others", "--exclude-standard"]);
        let list = read(&mut list).context("tidy asks git what belongs to the tree")?;
        let mut tree = Self { files: Vec::new(), packages: packages(workspace) };
        let mut paths: Vec<_> = list.lines().filter(|path| is_text(path)).collect();
        paths.sort_unstable();
        for path in paths {
            let absolute = workspace.root().join(path);
            // A file deleted and not yet committed is still in the index.
            if absolute.is_file() && !absolute.is_symlink() {
                let text = fs::read_to_string(&absolute);
                let text = text.with_context(|| format!("cannot read {path} as UTF-8"))?;
                tree.files.push(SourceFile { path: path.to_owned(), text });
            }
        }
        Ok(tree)
    }

    /// A tree of these files, for tests of rules.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)], packages: Vec<Package>) -> Self {
        let file = |(path, text): &(&str, &str)| SourceFile {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
        };
        Self { files: files.iter().map(file).collect(), packages }
    }

    pub(crate) fn files(&self) -> &[SourceFile] {
        &self.files
    }

    pub(crate) fn file(&self, path: &str) -> Option<&SourceFile> {
        self.files.iter().find(|file| file.path == path)
    }

    /// The Rust files.
    pub(crate) fn rust(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.iter().filter(|file| file.has_extension("rs"))
    }

    /// The manifests of cargo.
    pub(crate) fn manifests(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.iter().filter(|file| file.path.rsplit('/').next() == Some("Cargo.toml"))
    }

    pub(crate) fn packages(&self) -> &[Package] {
        &self.packages
    }
}

/// Data files are no business of rules on text.
fn is_text(path: &str) -> bool {
    const EXTENSIONS: &[&str] =
        &["rs", "toml", "md", "sh", "yml", "yaml", "html", "css", "js", "mjs", "py"];
    let extension = Path::new(path).extension().and_then(|extension| extension.to_str());
    path == ".ci/run" || extension.is_some_and(|extension| EXTENSIONS.contains(&extension))
}

/// One file of the tree.
pub(crate) struct SourceFile {
    /// From the root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl SourceFile {
    pub(crate) fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|found| found == extension)
    }

    /// Whether all of it is test code.
    pub(crate) fn is_test(&self) -> bool {
        let mut parts = self.path.split('/');
        parts.any(|part| part == "tests" || part == "tests.rs" || part == "benches")
    }

    /// Its lines, counted from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.split('\n').enumerate().map(|(index, line)| (index + 1, line))
    }

    /// Its Rust tokens without comments; `None` when it is not Rust, which the compiler tells.
    pub(crate) fn tokens(&self) -> Option<Vec<Token>> {
        tokens::of(&self.text)
    }

    /// The function of that name, if it stands there as a test, whatever other attributes it has.
    pub(crate) fn test(&self, name: &str) -> Option<Test> {
        let tokens = self.tokens()?;
        find(&tokens, &format!("fn {name} (")).find_map(|at| {
            let before =
                tokens[..at].iter().rposition(|token| matches!(token.text.as_str(), "}" | ";"));
            let attributes = &tokens[before.map_or(0, |end| end + 1)..at];
            let is_test = ["# [ test ]", "# [ tokio : : test"]
                .iter()
                .any(|test| find(attributes, test).next().is_some());
            let ignored = attributes.iter().any(|token| token.text == "ignore");
            is_test.then_some(if ignored { Test::Ignored } else { Test::Runs })
        })
    }
}

/// A function that is a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Test {
    Runs,
    Ignored,
}

/// One package of the workspace.
pub(crate) struct Package {
    pub(crate) name: String,
    /// Where the code of its library begins, or of its program where it has no library.
    pub(crate) entry: Option<String>,
    /// What it needs to be built.
    pub(crate) dependencies: Vec<String>,
    /// What it needs to be tested.
    pub(crate) dev_dependencies: Vec<String>,
}

fn packages(workspace: &Workspace) -> Vec<Package> {
    let package = |package: &cargo_metadata::Package| {
        let names = |dev: bool| {
            let kinds = package.dependencies.iter();
            let kinds = kinds.filter(|d| (d.kind == DependencyKind::Development) == dev);
            kinds.map(|dependency| dependency.name.clone()).collect()
        };
        let of_kind = |kinds: &[TargetKind]| {
            let found = package.targets.iter().find(|t| t.kind.iter().any(|k| kinds.contains(k)));
            let path = found?.src_path.as_std_path().strip_prefix(workspace.root()).ok()?;
            Some(path.to_string_lossy().replace('\\', "/"))
        };
        let library = of_kind(&[TargetKind::Lib, TargetKind::ProcMacro]);
        Package {
            name: package.name.to_string(),
            entry: library.or_else(|| of_kind(&[TargetKind::Bin])),
            dependencies: names(false),
            dev_dependencies: names(true),
        }
    };
    workspace.packages().iter().map(package).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_holds_this_file_and_the_packages() {
        let tree = Tree::read(&Workspace::open().unwrap()).unwrap();
        let this = tree.file("xtask/src/tidy/tree.rs").unwrap();
        assert_eq!(this.text, include_str!("tree.rs"));
        let xtask = tree.packages().iter().find(|package| package.name == "xtask").unwrap();
        assert_eq!(xtask.entry.as_deref(), Some("xtask/src/main.rs"));
        assert!(tree.manifests().any(|manifest| manifest.path == "Cargo.toml"));
    }

    #[test]
    fn a_test_is_a_function_that_is_marked_as_one() {
        let text = "#[test]\n#[cfg(x)]\nfn a() {}\n#[tokio::test(flavor = \"x\")]\nasync fn b() {}\nfn c() {}\n#[test]\n#[ignore]\nfn d() {}\nmod m { #[cfg_attr(x, ignore)]\n#[test]\nfn e() {} }\n";
        let file = SourceFile { path: String::new(), text: text.to_owned() };
        let found = ["a", "b", "c", "d", "e", "f"].map(|name| file.test(name));
        let (runs, ignored) = (Some(Test::Runs), Some(Test::Ignored));
        assert_eq!(found, [runs, runs, None, ignored, ignored, None]);
    }

    #[test]
    fn data_is_not_text() {
        assert!(is_text("README.md") && is_text(".ci/run"));
        assert!(!is_text("data/flights.csv.gz") && !is_text("tests/ui/x.stderr"));
    }
}
