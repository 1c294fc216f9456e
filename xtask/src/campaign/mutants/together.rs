//! As many mutants as can be, in one build, each behind its switch.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use cargo_metadata::Message;

use super::known::Known;
use super::ledger::Ledger;
use super::list::{Genre, Mutant};
use super::macros::Users;
use super::programs::{self, Ended, Program, below};
use super::switch::{self, MODULE, Switched};
use super::verdict::Fate;
use super::{PACKAGES, builds, directory, macros};
use crate::campaign::copy::{copy_but, write};
use crate::steps::unit;
use crate::workspace::{Workspace, shown};

/// Packages upon them whose own tests come where no test of the whole does.
const UPON: &[&str] = &["rem-journal", "rem-projections", "rem-effects", "rem-mesh"];

/// Tests that need servers, and those of whole programs, which take minutes and come to nothing that the others do not.
const LEFT_OUT: &[&str] = &["nats", "crash", "flights", "github", "bounded_files"];

/// How often what does not compile is taken out: the compiler tells some of it only when other faults are gone.
const ROUNDS: usize = 12;

/// What no program of tests takes, where no mutant is on.
const LONG: Duration = Duration::from_secs(1_200);

/// Tries those that can stand behind switches; gives the others.
pub(super) fn run<'a>(
    workspace: &Workspace,
    plain: &Path,
    sample: &'a [Mutant],
    known: &Known,
    ledger: &mut Ledger,
) -> Result<Vec<&'a Mutant>> {
    let (mut files, mut apart) = (BTreeMap::<&str, Vec<_>>::new(), HashSet::new());
    for (number, mutant) in sample.iter().enumerate() {
        files.entry(mutant.file.as_str()).or_default().push((number, mutant));
    }
    let texts = files.keys().map(|file| Ok((*file, fs::read_to_string(plain.join(file))?)));
    let texts = texts.collect::<Result<BTreeMap<_, _>>>()?;
    let of_macros = macros::tracked(plain)?;
    let changed =
        files.keys().map(|file| (*file).to_owned()).chain(PACKAGES.iter().map(|of| root(of)));
    let changed = changed.chain(of_macros.keys().cloned()).collect();
    let tree = copy_but(workspace, directory(workspace).join("switched"), &changed)?;
    of_macros.iter().try_for_each(|(file, text)| write(&tree.join(file), text.as_bytes()))?;
    let mut unviable = HashSet::new();
    let built = build(workspace, (plain, &tree), &files, &texts, &mut apart, &mut unviable)?;
    for (number, mutant) in
        sample.iter().enumerate().filter(|(number, _)| unviable.contains(number))
    {
        let text = &texts[mutant.file.as_str()];
        if ledger.settled(mutant, text, known).is_none() {
            println!("mutant: {}: {}", mutant.name, Fate::Unviable.told());
            ledger.keep(mutant, text, Fate::Unviable)?;
        }
        apart.remove(&number);
    }

    let open = |(number, mutant): (usize, &'a Mutant)| {
        let left = apart.contains(&number) || unviable.contains(&number);
        let text = texts.get(mutant.file.as_str()).filter(|_| !left)?;
        ledger.settled(mutant, text, known).is_none().then_some((number, mutant, text))
    };
    let mut open: Vec<_> = sample.iter().enumerate().filter_map(open).collect();
    let is_of_macros = |mutant: &Mutant| mutant.package == macros::PACKAGE;
    // These last, for what uses the macros takes long to be looked at.
    open.sort_by_key(|(_, mutant, _)| is_of_macros(mutant));
    if !open.is_empty() {
        let programs = measured(workspace, programs::of(&built))?;
        let mut users = None;
        for (at, (number, mutant, text)) in open.iter().enumerate() {
            let mut fate = try_one(workspace, &programs, *number, mutant)?;
            if is_of_macros(mutant) && fate.survives() {
                let users = match &mut users {
                    Some(users) => users,
                    none => none.insert(Users::measured(workspace, &tree, &built)?),
                };
                fate = users.try_one(*number)?;
            }
            println!("mutant {} of {}: {}: {}", at + 1, open.len(), mutant.name, fate.told());
            ledger.keep(mutant, text, fate)?;
        }
    }
    let apart = sample.iter().enumerate().filter(|(number, _)| apart.contains(number));
    Ok(apart.map(|(_, mutant)| mutant).collect())
}

/// Builds the programs of tests, without what does not compile behind a switch, which comes to `apart`. The value of a function that
/// does not compile as a `return` would not as its body either: that mutant is `unviable`.
fn build(
    workspace: &Workspace,
    (plain, tree): (&Path, &Path),
    files: &BTreeMap<&str, Vec<(usize, &Mutant)>>,
    texts: &BTreeMap<&str, String>,
    apart: &mut HashSet<usize>,
    unviable: &mut HashSet<usize>,
) -> Result<String> {
    // What an earlier run found, so that it is not found again round by round.
    let memory = directory(workspace).join("apart.txt");
    let known = fs::read_to_string(&memory).unwrap_or_default();
    let known: HashSet<_> = known.lines().filter_map(|line| line.split_once('\t')).collect();
    for (number, mutant) in files.values().flatten() {
        for (word, into) in [("apart", &mut *apart), ("unviable", &mut *unviable)] {
            if known.contains(&(word, mutant.id.as_str())) {
                into.insert(*number);
            }
        }
    }
    for package in PACKAGES {
        let root = root(package);
        if !files.contains_key(root.as_str()) {
            let text = fs::read_to_string(plain.join(&root))?;
            write(&tree.join(&root), (text + MODULE).as_bytes())?;
        }
    }
    for round in 1..=ROUNDS {
        let mut places = BTreeMap::new();
        for (file, mutants) in files {
            let mutants = mutants
                .iter()
                .filter(|(number, _)| !apart.contains(number) && !unviable.contains(number));
            let Switched { mut text, places: found, left } =
                switch::switched(&texts[file], &mutants.copied().collect::<Vec<_>>())
                    .with_context(|| format!("{file} cannot be read"))?;
            apart.extend(left);
            if file.ends_with("/src/lib.rs") {
                text.push_str(MODULE);
            }
            write(&tree.join(file), text.as_bytes())?;
            places.insert(*file, found);
        }
        // The packages alone first: what does not compile in them would not let the rest begin.
        let mut check = cargo(workspace, tree, "check --profile test", PACKAGES);
        check.arg("--lib");
        let all = [PACKAGES, &[unit::PACKAGE]].concat();
        let mut own = cargo(workspace, tree, "test --no-run", &all);
        own.args(["--lib", "--test", "patterns", "--test", "interleave"]);
        own.args(wide(workspace)?.iter().flat_map(|test| ["--test", test]));
        let mut upon = cargo(workspace, tree, "test --no-run", UPON);
        upon.args(["--lib", "--tests"]);
        let Err(said) = output(&mut check)? else {
            let said = [output(&mut own)?, output(&mut upon)?];
            let said = said.into_iter().collect::<Result<Vec<_>, _>>();
            return said.map(|built| built.concat()).map_err(|said| anyhow!("{}", errors(&said)));
        };
        let faulty = faulty(&said, tree, &places);
        ensure!(!faulty.is_empty(), "no mutant is at fault:\n{}", errors(&said));
        println!("    round {round}: {} cannot stand behind a switch", faulty.len());
        let is_value = |number: &usize| {
            let mut all = files.values().flatten();
            all.any(|(found, mutant)| found == number && mutant.genre == Genre::FnValue)
        };
        for (number, within) in faulty {
            if within && is_value(&number) {
                unviable.insert(number)
            } else {
                apart.insert(number)
            };
        }
        let lines = files.values().flatten().filter_map(|(number, mutant)| {
            let word = match number {
                _ if apart.contains(number) => "apart",
                _ if unviable.contains(number) => "unviable",
                _ => return None,
            };
            Some(format!("{word}\t{}\n", mutant.id))
        });
        fs::write(&memory, lines.collect::<String>())?;
    }
    bail!("after {ROUNDS} rounds some mutants still do not compile");
}

/// The root of a package's library.
fn root(package: &str) -> String {
    format!("{package}/src/lib.rs")
}

/// The tests of the whole that come to the packages.
fn wide(workspace: &Workspace) -> Result<Vec<String>> {
    let mut tests = workspace.targets(unit::PACKAGE, &cargo_metadata::TargetKind::Test)?;
    tests.retain(|test| !LEFT_OUT.contains(&test.as_str()));
    Ok(tests)
}

pub(super) fn cargo(workspace: &Workspace, tree: &Path, what: &str, packages: &[&str]) -> Command {
    let mut command = workspace.cargo(&format!("{what} --all-features --message-format json"));
    command
        .args(packages.iter().flat_map(|package| ["--package", package]))
        .current_dir(tree)
        .env("CARGO_TARGET_DIR", builds(workspace))
        .env("CARGO_INCREMENTAL", "0")
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_PROFILE_TEST_DEBUG", "0");
    command
}

/// What a build says, well ended or not.
fn output(command: &mut Command) -> Result<Result<String, String>> {
    println!("    $ {}", shown(command));
    let output = command.stderr(std::process::Stdio::inherit()).output()?;
    let said = String::from_utf8(output.stdout)?;
    Ok(if output.status.success() { Ok(said) } else { Err(said) })
}

/// Where each mutant of a file stands in it.
type Places = Vec<(usize, Range<usize>)>;

/// Of each error the mutant that stands there, the innermost if several do; or else the nearest, for what a function gives may be
/// told where it is declared.
///
/// Says of each whether all its errors stand within it.
fn faulty(said: &str, tree: &Path, places: &BTreeMap<&str, Places>) -> BTreeMap<usize, bool> {
    let mut faulty = BTreeMap::new();
    for message in Message::parse_stream(said.as_bytes()).filter_map(Result::ok) {
        let Message::CompilerMessage(message) = message else { continue };
        if !matches!(message.message.level, cargo_metadata::diagnostic::DiagnosticLevel::Error) {
            continue;
        }
        let spans = message.message.spans.iter();
        let mut spans: Vec<_> = spans.map(|span| (!span.is_primary, span)).collect();
        spans.sort_by_key(|(second, _)| *second);
        let at = spans.iter().find_map(|(_, span)| {
            let path = Path::new(&span.file_name);
            let file = below(path, tree).unwrap_or_else(|| span.file_name.replace('\\', "/"));
            let (start, end) = (span.byte_start as usize, span.byte_end as usize);
            let away = |range: &Range<usize>| match () {
                () if range.end < start => start - range.end,
                () if end < range.start => range.start - end,
                () => 0,
            };
            let nearest = places.get(file.as_str())?.iter();
            let nearest = nearest.min_by_key(|(_, range)| (away(range), range.len()));
            nearest.map(|(number, range)| (*number, away(range) == 0))
        });
        if let Some((number, within)) = at {
            *faulty.entry(number).or_insert(true) &= within;
        }
    }
    faulty
}

/// What the compiler said, as it shows it.
fn errors(said: &str) -> String {
    let messages = Message::parse_stream(said.as_bytes()).filter_map(Result::ok);
    let shown = messages.filter_map(|message| match message {
        Message::CompilerMessage(message) => message.message.rendered,
        _ => None,
    });
    shown.collect::<Vec<_>>().join("\n")
}

/// The programs with how long each takes and where it comes, quickest first.
fn measured(workspace: &Workspace, mut programs: Vec<Program>) -> Result<Vec<Program>> {
    let count = programs.len();
    for (at, program) in programs.iter_mut().enumerate() {
        program.measure(workspace, LONG)?;
        let took = program.took().as_secs_f64();
        println!("program {} of {count}: {} passes in {took:.1} s", at + 1, program.name);
    }
    programs.sort_by_key(Program::took);
    Ok(programs)
}

/// Runs the programs that come to a mutant, those of its own package first.
fn try_one(
    workspace: &Workspace,
    programs: &[Program],
    number: usize,
    mutant: &Mutant,
) -> Result<Fate> {
    let mut coming: Vec<_> = programs.iter().filter(|program| program.comes_to(number)).collect();
    if coming.is_empty() {
        return Ok(Fate::Unreached);
    }
    coming.sort_by_key(|program| program.package != mutant.package);
    for program in coming {
        match program.run(workspace, number)? {
            Ended::Passed => {}
            Ended::Failed(test) => {
                return Ok(Fate::Caught { by: format!("{}: {test}", program.name) });
            }
            Ended::Hung => return Ok(Fate::Hung { by: program.name.clone() }),
        }
    }
    Ok(Fate::Missed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mutant_at_fault_is_the_innermost_where_the_error_is() {
        let error = |file: &str, start: usize, end: usize, level: &str| {
            serde_json::json!({
                "reason": "compiler-message", "package_id": "path+file:///t/a#0.1.0", "manifest_path": "/t/a/Cargo.toml",
                "target": { "kind": ["lib"], "crate_types": ["lib"], "name": "a", "src_path": "/a.rs", "edition": "2024",
                    "doc": true, "doctest": true, "test": true },
                "message": { "message": "mismatched types", "code": null, "level": level, "rendered": "no", "children": [],
                    "spans": [{ "file_name": file, "byte_start": start, "byte_end": end, "line_start": 1, "line_end": 1,
                        "column_start": 1, "column_end": 2, "is_primary": true, "text": [], "label": null,
                        "suggested_replacement": null, "suggestion_applicability": null, "expansion": null }] },
            })
            .to_string()
        };
        let places = vec![(7, 10..50), (8, 20..30), (9, 60..70), (10, 200..300)];
        let places = BTreeMap::from([("a/b.rs", places)]);
        let said = [
            error("a/b.rs", 25, 27, "error"),
            error("a/b.rs", 62, 63, "warning"),
            error("/t/a/b.rs", 40, 41, "error"),
            error("a/c.rs", 25, 27, "error"),
        ];
        let found = |said: &[String]| faulty(&said.join("\n"), Path::new("/t"), &places);
        assert_eq!(found(&said), BTreeMap::from([(7, true), (8, true)]));
        assert_eq!(found(&[error("a/b.rs", 160, 170, "error")]), BTreeMap::from([(10, false)]));
        assert!(found(&said[1..2]).is_empty());
    }
}
