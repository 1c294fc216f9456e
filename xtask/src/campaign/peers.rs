//! What users of other event libraries leave behind: what one send takes there, each in its own runtime.
//!
//! No figure is held to one of another runtime: they call other functions, on other values. Beside each stands a loop by
//! hand in the same language, which is what its library can be measured by.

use std::fmt::Write as _;

use anyhow::{Context, Result, ensure};

use crate::campaign::report::Report;
use crate::foreign::{Foreign, Language};
use crate::workspace::{Workspace, read};

const HERE: &str = "benches/elsewhere";

pub(crate) fn run(workspace: &Workspace) -> Result<Report> {
    let compiler = read(workspace.command("rustc").arg("--version"))?;
    let installed = workspace.target_directory().join("campaign-peers");
    let foreign = Foreign::install(workspace, HERE, &installed)?;
    let mut figures = String::from(
        "One send of a small value to 1 and to 8 receivers, which add it up or look at it, in nanoseconds: medians of \
         rounds in which those of one runtime take turns. Nothing is promised of them, and those of one runtime say \
         nothing of another: compare each with the loop by hand in its own.\n",
    );
    let signals = read(
        &mut workspace.cargo("bench --quiet --package rem-benches --bench signals -- --table"),
    )?;
    for said in [
        signals,
        read(&mut foreign.program(Language::Python, "peers.py"))?,
        read(&mut foreign.program(Language::Node, "peers.mjs"))?,
    ] {
        figures += &table(&said)?;
    }
    Ok(Report { held: true, compiler: compiler.trim().to_owned(), figures })
}

/// What a program said, the runtime and then a line for each figure, as a table.
fn table(said: &str) -> Result<String> {
    let mut lines = said.lines().filter(|line| !line.trim().is_empty());
    let runtime = lines.next().context("a program that measures said nothing")?;
    let mut rows: Vec<(&str, [&str; 2])> = Vec::new();
    for line in lines {
        let mut fields = line.split('\t');
        let (Some(name), Some(count), Some(figure), None) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            anyhow::bail!("not a name, a number of receivers and a figure: `{line}`");
        };
        let at = match count {
            "1" => 0,
            "8" => 1,
            _ => anyhow::bail!("neither 1 nor 8 receivers: `{line}`"),
        };
        let row = rows.iter().position(|(found, _)| *found == name);
        let row = row.unwrap_or_else(|| {
            rows.push((name, [""; 2]));
            rows.len() - 1
        });
        rows[row].1[at] = figure;
    }
    ensure!(!rows.is_empty(), "`{runtime}` has measured nothing");
    let mut text = format!("\n| {runtime} | 1 receiver | 8 receivers |\n| --- | --: | --: |\n");
    for (name, [one, eight]) in rows {
        writeln!(text, "| {name} | {one} | {eight} |")?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_one_library_stand_in_one_row() {
        let said = "Python 3\nby hand\t1\t80\nBlinker\t1\t900\nby hand\t8\t459\nBlinker\t8\t4000\n";
        let table = table(said).unwrap();
        assert!(table.contains("| Python 3 | 1 receiver | 8 receivers |"), "{table}");
        assert!(table.contains("| by hand | 80 | 459 |\n| Blinker | 900 | 4000 |\n"), "{table}");
    }

    #[test]
    fn what_is_no_figure_is_refused() {
        for said in ["", "Python 3\n", "Python 3\nBlinker 900\n", "Python 3\nBlinker\t2\t900\n"] {
            assert!(table(said).is_err(), "{said}");
        }
    }
}
