//! The guide as a book: `docs/` by mdBook, below `target/book`, beside the API's docs in `target/doc`.
//!
//! The chapters are what the API's docs show as [`rem::guides`], so that their code is tested there; their links are those of rustdoc.
//! Here they are made links of a book: [`pages`] reads the chapters, [`api`] finds what a path of the API leads to, [`sources`] shows
//! the tests that hold a promise, and [`site`] follows every link of what came of it.
//!
//! [`rem::guides`]: https://docs.rs/rem-bus

mod pages;
mod api;
mod sources;
mod site;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::book::api::Api;
use crate::book::pages::Chapters;
use crate::book::sources::Sources;
use crate::steps;
use crate::workspace::{self, Workspace, read};

/// What makes the book, as a program of its own: no crate of it is in our lock file.
const MDBOOK: &str = "0.5.4";

/// The step: builds the book and looks at what came of it.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let chapters = Chapters::read(workspace.root())?;
    steps::cargo::doc(workspace)?;
    let api = Api::new(&workspace.target_directory().join("doc"));
    let mut sources = Sources::new(workspace.root());

    let built = workspace.target_directory().join("book");
    let written = workspace.target_directory().join("book-source");
    for old in [&built, &written] {
        if old.exists() {
            fs::remove_dir_all(old).with_context(|| format!("cannot remove {}", old.display()))?;
        }
    }
    chapters.write(&written.join("src"), &api, &mut sources)?;
    sources.write(&written.join("src"))?;
    let settings = "docs/book.toml";
    fs::copy(workspace.root().join(settings), written.join("book.toml")).context(settings)?;

    let mdbook = installed(workspace)?;
    let mut make = workspace.command(mdbook);
    workspace::run(make.arg("build").arg(&written).arg("--dest-dir").arg(&built))?;
    let followed = site::check(&built)?;
    println!("    {} chapters, {followed} links: {}/index.html", chapters.len(), built.display());
    Ok(())
}

/// The program, below `target/tools`. Without optimisation: it is built in a third of the time, and has one small book to make.
fn installed(workspace: &Workspace) -> Result<PathBuf> {
    let tools = workspace.target_directory().join("tools");
    let program = tools.join("bin").join(format!("mdbook{}", env::consts::EXE_SUFFIX));
    if is_there(workspace, &program) {
        return Ok(program);
    }
    let mut install = workspace.cargo(&format!(
        "install --debug --locked --version ={MDBOOK} --no-default-features --features search --force mdbook --root"
    ));
    let build = tools.join("build-mdbook");
    install.arg(&tools).arg("--target-dir").arg(&build);
    install.env("CARGO_PROFILE_DEV_DEBUG", "0").env("CARGO_INCREMENTAL", "0");
    workspace::run(&mut install)?;
    fs::remove_dir_all(build)?;
    if !is_there(workspace, &program) {
        bail!("{} is not mdBook {MDBOOK} after it was installed", program.display());
    }
    Ok(program)
}

fn is_there(workspace: &Workspace, program: &Path) -> bool {
    program.is_file()
        && read(workspace.command(program).arg("--version"))
            .is_ok_and(|said| said.trim() == format!("mdbook v{MDBOOK}"))
}
