//! The failures F1 to F15 of a mesh at full length, one after the other, in release: servers and processes that are killed, partitions of
//! half a minute, disks that fail; and after each a ledger. The tests are in `tests/tests/nats/on_a_server/faults/`, short there.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use cargo_metadata::camino::Utf8PathBuf;

use crate::campaign::program;
use crate::campaign::report::Report;
use crate::steps::{interop, servers};
use crate::workspace::{Workspace, read};

/// What takes so long hangs: the longest, of partitions, takes some five minutes.
const HANG: Duration = Duration::from_secs(900);

/// Where the tests are that need servers, and the one that does not.
const SERVERS: &str = "nats";
const DISK: &str = "mesh";

/// One failure.
struct Case {
    name: &'static str,
    what: &'static str,
    /// The target, and what the tests' names begin with.
    tests: Option<(&'static str, &'static str)>,
}

const fn over_servers(name: &'static str, what: &'static str, tests: &'static str) -> Case {
    Case { name, what, tests: Some((SERVERS, tests)) }
}

const CASES: &[Case] = &[
    over_servers(
        "F1",
        "the server is killed under the outbox",
        "on_a_server::faults::servers::f1_",
    ),
    over_servers("F2", "who leads of three is killed", "on_a_server::faults::servers::f2_"),
    over_servers("F3", "the server is killed under `Fast`", "on_a_server::faults::servers::f3_"),
    over_servers("F4", "the publisher's process is killed", "on_a_server::faults::deaths::f4_"),
    over_servers("F5", "the importer's process is killed", "on_a_server::faults::deaths::f5_"),
    over_servers("F6", "partitions of 30 s, each way", "on_a_server::faults::partitions::f6_"),
    over_servers("F7", "readers that are slow, or never read", "on_a_server::faults::readers::f7_"),
    over_servers("F8", "who consumes is started again", "on_a_server::faults::readers::f8_"),
    over_servers("F9", "the stream lets go of what waits", "on_a_server::faults::readers::f9_"),
    over_servers("F10", "sent again behind the window", "on_a_server::faults::again::f10_"),
    Case {
        name: "F11",
        what: "the disk fails below the outbox",
        tests: Some((DISK, "disk::f11_")),
    },
    over_servers("F12", "a ring of three bridges", "on_a_server::faults::bridges::f12_"),
    over_servers("F13", "what a server lacks", "on_a_server::faults::floor::f13_"),
    over_servers("F14", "clocks that differ, ids that do not", "on_a_server::faults::again::f14_"),
    Case { name: "F15", what: "readers in Python and Node.js", tests: None },
];

pub(crate) fn run(workspace: &Workspace) -> Result<Report> {
    let compiler = read(workspace.command("rustc").arg("--version"))?;
    servers::run(workspace)?;
    let programs = [SERVERS, DISK].map(|test| Ok((test, program::build(workspace, test)?)));
    let programs = programs.into_iter().collect::<Result<Vec<_>>>()?;
    let (mut held, mut deaths, begun) = (true, 0, Instant::now());
    let mut figures = String::from(
        "Events are published all the while, and in the end a ledger of them is held against what came: none is missing that may \
         not be, none comes twice or out of order where that is promised. A release build; servers, cables (a proxy on the \
         loopback) and processes of the test's own. What each checks is said in `docs/promises.md`, and in the tests.\n\n\
         | | failure | on | faults | events | what came of it | held |\n| --- | --- | --- | --: | --: | --- | --- |\n",
    );
    for (at, case) in CASES.iter().enumerate() {
        println!("{} ({} of {}): {}", case.name, at + 1, CASES.len(), case.what);
        let started = Instant::now();
        let told = match case.tests {
            Some((target, tests)) => of_tests(workspace, case.name, &programs, target, tests)?,
            None => of_readers(workspace),
        };
        println!(
            "    {} in {} s",
            if told.held { "held" } else { "BROKEN" },
            started.elapsed().as_secs()
        );
        held &= told.held;
        deaths += told.deaths(case.name);
        told.rows(case, &mut figures)?;
    }
    writeln!(figures, "\n{deaths} processes were killed. In all {} s.", begun.elapsed().as_secs())?;
    Ok(Report { held, compiler: compiler.trim().to_owned(), figures })
}

/// What the tests of a case told.
#[derive(Debug, Default, PartialEq)]
struct Told {
    said: Vec<Said>,
    held: bool,
}

/// A line of a case: `F1 on 2.9.10: 3 faults, 400 events; 5 sent again`.
#[derive(Debug, PartialEq)]
struct Said {
    on: String,
    faults: u64,
    events: u64,
    more: String,
}

fn of_tests(
    workspace: &Workspace,
    name: &str,
    programs: &[(&str, Utf8PathBuf)],
    target: &str,
    tests: &str,
) -> Result<Told> {
    let program = programs.iter().find(|(test, _)| *test == target);
    let (_, program) = program.with_context(|| format!("no program of the test `{target}`"))?;
    let list = read(workspace.command(program).args(["--list", "--format", "terse"]))?;
    let found = list.lines().filter_map(|line| line.strip_suffix(": test"));
    let found: Vec<_> = found.filter(|test| test.starts_with(tests)).collect();
    ensure!(!found.is_empty(), "{name}: no test begins with `{tests}`");
    let mut told = Told { held: true, ..Told::default() };
    for test in found {
        let mut command = workspace.command(program);
        command.args(["--exact", test, "--nocapture"]).env("REM_FAULTS", "full");
        let ended = program::within(&mut command, HANG)?;
        if !ended.as_ref().is_some_and(|(_, held)| *held) {
            let how = if ended.is_some() { "fails" } else { "hangs" };
            println!("    {test} {how}; to see it again:");
            println!(
                "    $ REM_FAULTS=full cargo test --release -p rem-tests --test {target} -- --exact {test}"
            );
        }
        let (said, held) = ended.unwrap_or_default();
        told.said.extend(said.lines().filter_map(|line| Said::read(name, line)));
        told.held &= held;
    }
    // One that ends well and says nothing has checked nothing.
    told.held &= !told.said.is_empty();
    Ok(told)
}

/// The readers in other languages, each of which fails when it reads anything otherwise than it was written.
fn of_readers(workspace: &Workspace) -> Told {
    let said = match interop::talks(workspace) {
        Ok(said) => said,
        Err(error) => {
            println!("    {error:#}");
            return Told::default();
        }
    };
    let said = said.into_iter().map(|(language, said)| {
        let events = said.split(' ').next().and_then(|count| count.parse().ok()).unwrap_or(0);
        Said { on: format!("{language:?}"), faults: 0, events, more: said }
    });
    let said: Vec<_> = said.collect();
    Told { held: said.iter().all(|said| said.events > 0), said }
}

impl Told {
    /// How many processes were killed, where faults are that.
    fn deaths(&self, name: &str) -> u64 {
        let kills = matches!(name, "F1" | "F2" | "F3" | "F4" | "F5");
        if kills { self.said.iter().map(|said| said.faults).sum() } else { 0 }
    }

    fn rows(&self, Case { name, what, .. }: &Case, into: &mut String) -> Result<()> {
        let held = if self.held { "yes" } else { "**no**" };
        if self.said.is_empty() {
            writeln!(into, "| {name} | {what} | – | – | – | – | {held} |")?;
        }
        for Said { on, faults, events, more } in &self.said {
            writeln!(into, "| {name} | {what} | {on} | {faults} | {events} | {more} | {held} |")?;
        }
        Ok(())
    }
}

impl Said {
    fn read(name: &str, line: &str) -> Option<Self> {
        let (_, said) = line.split_once(&format!("{name} on "))?;
        let (on, said) = said.split_once(": ")?;
        let (counts, more) = said.split_once("; ")?;
        let (faults, events) = counts.split_once(" faults, ")?;
        Some(Self {
            on: on.to_owned(),
            faults: faults.parse().ok()?,
            events: events.strip_suffix(" events")?.parse().ok()?,
            more: more.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "test a ... F1 on 2.9.10: 3 faults, 400 events; 5 sent again, 2 known";

    fn said() -> Said {
        let (on, more) = ("2.9.10".to_owned(), "5 sent again, 2 known".to_owned());
        Said { on, faults: 3, events: 400, more }
    }

    #[test]
    fn what_a_case_says_is_read() {
        assert_eq!(Said::read("F1", LINE), Some(said()));
        for line in ["F11 on redb: 3 faults, 4 events; x", "F1 on 2.9.10: fails", "running 1 test"]
        {
            assert_eq!(Said::read("F1", line), None, "{line}");
        }
    }

    #[test]
    fn a_row_says_whether_it_held_and_what_was_killed_is_added_up() {
        let told = Told { said: vec![said(), said()], held: true };
        assert_eq!((told.deaths("F1"), told.deaths("F6")), (6, 0));
        let mut rows = String::new();
        told.rows(&CASES[0], &mut rows).unwrap();
        assert!(rows.starts_with(
            "| F1 | the server is killed under the outbox | 2.9.10 | 3 | 400 | 5 sent"
        ));
        assert_eq!(rows.lines().count(), 2);
        let mut rows = String::new();
        Told::default().rows(&CASES[0], &mut rows).unwrap();
        assert!(rows.ends_with("| **no** |\n"), "{rows}");
    }

    #[test]
    fn there_are_fifteen_failures_in_their_order() {
        let names: Vec<_> = CASES.iter().map(|case| case.name.to_owned()).collect();
        assert_eq!(names, (1..=15).map(|number| format!("F{number}")).collect::<Vec<_>>());
    }
}
