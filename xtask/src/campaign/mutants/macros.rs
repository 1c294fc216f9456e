//! Mutants of the macros, whose code the compiler runs while it builds what uses them: so a test of theirs is built with the mutant on,
//! and each mistake of `tests/ui` is told to the compiler, which should say the same as without.
//!
//! The macros themselves are built once, with all switches.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use cargo_metadata::Message;

use super::programs::{self, Ended, Program};
use super::switch::{ON, REACHED};
use super::together::cargo;
use super::verdict::Fate;
use super::{PACKAGES, directory};
use crate::steps::{ui, unit};
use crate::workspace::Workspace;

pub(super) const PACKAGE: &str = "rem-macros";

/// The tests of what the macros write.
pub(super) const TESTS: &[&str] = &[
    "macros_bare",
    "macros_cfg",
    "macros_generics",
    "macros_hygiene",
    "macros_names",
    "macros_nested",
    "macros_patterns",
    "macros_round_trip",
    "macros_schema",
    "macros_templates",
    "aliases",
    "custom_crate_path",
    "groups",
    "handlers",
    "lints",
    "marks",
    "schema",
    "unknown",
    "versions",
    "wire",
];

/// Put at the end of a test: cargo then builds it anew when another mutant is on.
const TRACKED: &str = r#"
#[allow(unused_qualifications)]
const _: () = {
    let _ = ::core::option_env!("REM_MUTANT");
};
"#;

/// The tests as files of a tree, with texts for which cargo builds them anew for each mutant.
pub(super) fn tracked(tree: &Path) -> Result<BTreeMap<String, String>> {
    let text = |test: &&str| {
        let paths = [format!("tests/tests/{test}.rs"), format!("tests/tests/{test}/main.rs")];
        let path = paths.into_iter().find(|path| tree.join(path).is_file());
        let path = path.with_context(|| format!("there is no test `{test}`"))?;
        let text = fs::read_to_string(tree.join(&path))?;
        Ok((path, text + TRACKED))
    };
    TESTS.iter().map(text).collect()
}

/// What uses the macros, built and looked at without a mutant.
pub(super) struct Users<'a> {
    workspace: &'a Workspace,
    tree: &'a Path,
    tests: Vec<Test>,
    mistakes: Vec<Mistake>,
    /// The libraries that they use, as the compiler is told.
    libraries: Vec<String>,
}

/// A test, and to which mutants the compiler comes when it builds it.
struct Test {
    name: &'static str,
    took: Duration,
    reached: HashSet<usize>,
    program: Program,
}

/// A wrong use, and what the compiler says to it.
struct Mistake {
    file: PathBuf,
    took: Duration,
    reached: HashSet<usize>,
    said: String,
}

impl<'a> Users<'a> {
    /// Of a tree that is built, as `built` says.
    pub(super) fn measured(workspace: &'a Workspace, tree: &'a Path, built: &str) -> Result<Self> {
        let libraries = libraries(built)?;
        let mut users = Self { workspace, tree, tests: vec![], mistakes: vec![], libraries };
        for name in TESTS {
            let test = users.test(name)?;
            println!("test {name} is built in {:.1} s", test.took.as_secs_f64());
            users.tests.push(test);
        }
        users.tests.sort_by_key(|test| test.took);
        let wrong = fs::read_dir(tree.join("tests/ui/wrong"))?;
        let wrong = wrong.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
        for file in wrong.into_iter().filter(|path| path.extension().is_some_and(|ext| ext == "rs"))
        {
            let mistake = users.mistake(file)?;
            users.mistakes.push(mistake);
        }
        users.mistakes.sort_by_key(|mistake| mistake.took);
        println!("{} mistakes are told as ever", users.mistakes.len());
        Ok(users)
    }

    /// Runs all that come to a mutant, until one says something else.
    pub(super) fn try_one(&self, number: usize) -> Result<Fate> {
        let mut fate = Fate::Unreached;
        for test in self.tests.iter().filter(|test| test.reached.contains(&number)) {
            let by = || format!("{}/{}", unit::PACKAGE, test.name);
            let mut build = self.build(test.name);
            build.env(ON, number.to_string()).stderr(Stdio::null());
            match programs::ended_with_all(&mut build, limit(test.took))? {
                Ended::Passed => {}
                Ended::Failed(_) => return Ok(Fate::Caught { by: by() + ", which is not built" }),
                Ended::Hung => return Ok(Fate::Hung { by: by() + ", which is not built" }),
            }
            match test.program.run(self.workspace, number)? {
                Ended::Passed => fate = Fate::Missed,
                Ended::Failed(test) => return Ok(Fate::Caught { by: format!("{}: {test}", by()) }),
                Ended::Hung => return Ok(Fate::Hung { by: by() }),
            }
        }
        for mistake in self.mistakes.iter().filter(|mistake| mistake.reached.contains(&number)) {
            let file = mistake.file.file_name().unwrap_or_default().to_string_lossy();
            let by = || format!("{}: {file}", ui::PACKAGE);
            let on = (ON, &*number.to_string());
            match self.said(&mistake.file, on, limit(mistake.took))? {
                Some(said) if said == mistake.said => fate = Fate::Missed,
                Some(_) => return Ok(Fate::Caught { by: by() }),
                None => return Ok(Fate::Hung { by: by() }),
            }
        }
        Ok(fate)
    }

    fn test(&self, name: &'static str) -> Result<Test> {
        let file = directory(self.workspace).join("reached");
        let _ = fs::remove_file(&file); // of the last one
        let begun = Instant::now();
        let mut build = self.build(name);
        // No mutant's number, and so no mutant, yet another one than in the last build.
        build.env(ON, format!("none, {:?}", std::time::SystemTime::now())).env(REACHED, &file);
        let output = build.stderr(Stdio::inherit()).output()?;
        ensure!(output.status.success(), "`{name}` is not built with no mutant");
        let took = begun.elapsed();
        let mut made = programs::of(&String::from_utf8(output.stdout)?);
        // Programs are named by their package's directory.
        made.retain(|program| program.name.ends_with(&format!("/{name}")));
        let mut program = made.pop().with_context(|| format!("cargo made no `{name}`"))?;
        program.measure(self.workspace, Duration::from_secs(1_200))?;
        Ok(Test { name, took, reached: programs::reached(&file), program })
    }

    fn build(&self, test: &str) -> Command {
        let packages = [PACKAGES, &[unit::PACKAGE]].concat();
        let mut build = cargo(self.workspace, self.tree, "test --no-run", &packages);
        build.args(["--test", test]);
        build
    }

    fn mistake(&self, file: PathBuf) -> Result<Mistake> {
        let reached = directory(self.workspace).join("reached");
        let _ = fs::remove_file(&reached); // of the last one
        let begun = Instant::now();
        let on = (REACHED, &*reached.to_string_lossy());
        let said = self.said(&file, on, Duration::from_secs(600))?;
        let said = said.context("the compiler does not end with no mutant")?;
        let kept = fs::read_to_string(file.with_extension("stderr"))?;
        // Not all of them: here everything is built with all features, and some that a feature would mend are other errors then.
        let mut errors = kept.lines().filter(|line| line.starts_with("error"));
        let is_told = errors.any(|error| said.contains(error));
        ensure!(is_told, "{} is told otherwise:\n{said}", file.display());
        Ok(Mistake { file, took: begun.elapsed(), reached: programs::reached(&reached), said })
    }

    /// What the compiler says, if it comes to its end.
    fn said(&self, file: &Path, variable: (&str, &str), limit: Duration) -> Result<Option<String>> {
        let to = directory(self.workspace).join("said");
        let mut compiler = self.workspace.command("rustc");
        compiler
            .args(["--edition", "2024", "--crate-type", "bin", "--crate-name", "wrong"])
            .args(["--emit", "metadata", "-o"])
            .arg(directory(self.workspace).join("wrong.rmeta"))
            .args(&self.libraries)
            .arg(file)
            .env_remove(ON)
            .env(variable.0, variable.1)
            .stderr(File::create(&to)?);
        let ended = programs::ended_with_all(&mut compiler, limit)?;
        Ok(if ended == Ended::Hung { None } else { Some(fs::read_to_string(&to)?) })
    }
}

/// How long a build may take with a mutant on.
fn limit(took: Duration) -> Duration {
    Duration::from_secs(120) + took * 10
}

/// What a compiler is told so that it finds what the mistakes use.
fn libraries(built: &str) -> Result<Vec<String>> {
    let mut words = Vec::new();
    for name in ["rem", "serde"] {
        let found =
            Message::parse_stream(built.as_bytes()).filter_map(Result::ok).find_map(|message| {
                let Message::CompilerArtifact(artifact) = message else { return None };
                let derive = || artifact.features.iter().any(|feature| feature == "derive");
                let is_it = artifact.target.name == name
                    && !artifact.profile.test
                    && (name == "rem" || derive());
                artifact
                    .filenames
                    .into_iter()
                    .find(|file| is_it && file.extension() == Some("rlib"))
            });
        let path = found.with_context(|| format!("cargo has built no `{name}`"))?;
        let below = path.parent().context("a file is in a directory")?;
        words.extend(["--extern".to_owned(), format!("{name}={path}")]);
        words.extend(["-L".to_owned(), format!("dependency={below}")]);
    }
    Ok(words)
}
