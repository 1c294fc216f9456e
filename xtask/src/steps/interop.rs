//! What REM writes, read by the SDKs of others: each in its own language, pinned in `tests/interop`, installed below `target/`; and
//! what the guide shows of other libraries, run as it stands.
//!
//! A check that accepts everything proves nothing, so each is given a document too that it must refuse.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::foreign::{Foreign, Language};
use crate::steps::servers;
use crate::workspace::{self, Workspace, shown};

/// Where the checks are, and what they need, with exact versions.
const HERE: &str = "tests/interop";

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
    Written {
        what: "parquet",
        writer: "interop_parquet",
        checks: &[(Language::Python, "parquet.py")],
    },
];

/// Who talks over a server of NATS, with whom, and how many of the two modes of CloudEvents they know there.
const TALKS: &str = "interop_nats";
const SPOKEN: &[(Language, &str, &str)] =
    &[(Language::Python, "nats.py", "2"), (Language::Node, "nats.mjs", "1")];

/// Pages of the guide that show programs with other libraries, in which language, and what such a block begins with. The libraries are
/// those that are measured beside ours.
const SHOWN: &[(&str, Language, &str)] = &[
    ("docs/coming-from-blinker.md", Language::Python, "```python\n"),
    ("docs/coming-from-eventemitter2.md", Language::Node, "```javascript\n"),
];
const ELSEWHERE: &str = "benches/elsewhere";

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    shown_in_the_guide(workspace)?;
    servers::run(workspace)?;
    let installed = workspace.target_directory().join("interop");
    let foreign = Foreign::install(workspace, HERE, &installed)?;
    workspace::run(&mut workspace.cargo(&format!("build {} --bins", workspace::WHOLE)))?;
    for Written { what, writer, checks } in WRITTEN {
        let written = installed.join(what);
        if written.exists() {
            fs::remove_dir_all(&written)?;
        }
        workspace::run(workspace.command(workspace.built(writer)).arg(&written))?;
        for (language, program) in *checks {
            accepted(&foreign, *language, program, &written)?;
        }
    }
    for talk in SPOKEN {
        workspace::run(&mut said_with(workspace, &foreign, talk))?;
    }
    Ok(())
}

/// Runs what the guide shows: each block is a program that fails when what it says does not hold.
fn shown_in_the_guide(workspace: &Workspace) -> Result<()> {
    let installed = workspace.target_directory().join("elsewhere");
    let foreign = Foreign::install(workspace, ELSEWHERE, &installed)?;
    for (page, language, begins) in SHOWN {
        let text = fs::read_to_string(workspace.root().join(page))?;
        let blocks: Vec<&str> = blocks(&text, begins).collect();
        ensure!(!blocks.is_empty(), "{page} shows no program: there is no `{}`", begins.trim());
        for (at, block) in blocks.into_iter().enumerate() {
            let stem = format!("shown_{at}");
            workspace::run(&mut foreign.written(*language, &stem, block)?)
                .with_context(|| format!("block {} in {page}", at + 1))?;
        }
    }
    Ok(())
}

/// The code between a line that begins so and the one that ends it.
fn blocks<'a>(text: &'a str, begins: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(begins).skip(1).filter_map(|rest| rest.split("```").next())
}

/// The talks alone: what each said, in the order of the languages.
pub(crate) fn talks(workspace: &Workspace) -> Result<Vec<(Language, String)>> {
    servers::run(workspace)?;
    let installed = workspace.target_directory().join("interop");
    let foreign = Foreign::install(workspace, HERE, &installed)?;
    workspace::run(&mut workspace.cargo(&format!("build {} --bins", workspace::WHOLE)))?;
    let said = SPOKEN.iter().map(|talk| {
        let said = workspace::read(&mut said_with(workspace, &foreign, talk))?;
        Ok((talk.0, said.trim().to_owned()))
    });
    said.collect()
}

fn said_with(
    workspace: &Workspace,
    foreign: &Foreign<'_>,
    (language, program, modes): &(Language, &str, &str),
) -> Command {
    let with = foreign.program(*language, program);
    let mut talk = workspace.command(workspace.built(TALKS));
    talk.arg(modes).arg(with.get_program()).args(with.get_args());
    if let Some(directory) = with.get_current_dir() {
        talk.current_dir(directory);
    }
    talk
}

/// What was written is read, and what is beside it in `refused` is not.
fn accepted(
    foreign: &Foreign<'_>,
    language: Language,
    program: &str,
    written: &Path,
) -> Result<()> {
    workspace::run(foreign.program(language, program).arg(written))?;
    let mut refused = foreign.program(language, program);
    let said = refused.arg(written.join("refused")).output()?;
    let said = (said.status.success(), String::from_utf8_lossy(&said.stdout).into_owned());
    ensure!(
        !said.0 && refuses_all(&said.1),
        "`{}` does not refuse what is wrong, and so proves nothing: {}",
        shown(&refused),
        said.1.trim()
    );
    Ok(())
}

/// What a check says of documents none of which it accepts.
fn refuses_all(said: &str) -> bool {
    let refused =
        said.trim().strip_prefix("0 valid, ").and_then(|said| said.strip_suffix(" invalid"));
    refused.is_some_and(|count| count.parse::<u32>().is_ok_and(|count| count > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_a_language_are_found_and_no_others() {
        let text = "a\n```python\nx = 1\n```\n```rust\nlet x;\n```\n```python\ny\n```\n";
        assert_eq!(blocks(text, "```python\n").collect::<Vec<_>>(), ["x = 1\n", "y\n"]);
    }

    #[test]
    fn a_check_that_accepts_anything_or_looks_at_nothing_proves_nothing() {
        for (said, refuses) in [
            ("0 valid, 1 invalid\n", true),
            ("0 valid, 2 invalid\n", true),
            ("1 valid, 1 invalid\n", false),
            ("0 valid, 0 invalid\n", false),
            ("Traceback", false),
        ] {
            assert_eq!(refuses_all(said), refuses, "{said}");
        }
    }
}
