//! What users of other event libraries leave behind: what one send takes there, each in its own runtime.
//!
//! No figure is held to one of another runtime: they call other functions, on other values. Beside each stands a loop by
//! hand in the same language, which is what its library can be measured by.

use anyhow::{Context, Result, bail, ensure};

use crate::bench::found::Row;
use crate::foreign::{Foreign, Language};
use crate::workspace::{Workspace, read};

const HERE: &str = "benches/elsewhere";

/// Tables of these begin with this.
pub(crate) const ELSEWHERE: &str = "Elsewhere: ";

pub(crate) fn run(workspace: &Workspace, rounds: Option<u32>) -> Result<Vec<Row>> {
    let installed = workspace.target_directory().join("bench-elsewhere");
    let foreign = Foreign::install(workspace, HERE, &installed)?;
    let mut rows = Vec::new();
    for (language, program) in [(Language::Python, "peers.py"), (Language::Node, "peers.mjs")] {
        let mut command = foreign.program(language, program);
        if let Some(rounds) = rounds {
            command.env("REM_BENCH_ROUNDS", rounds.to_string());
        }
        rows.extend(figures(&read(&mut command)?)?);
    }
    Ok(rows)
}

/// What a program said, the runtime and then a line for each figure.
fn figures(said: &str) -> Result<Vec<Row>> {
    let mut lines = said.lines().filter(|line| !line.trim().is_empty());
    let runtime = lines.next().context("a program that measures said nothing")?;
    let mut rows = Vec::new();
    for line in lines {
        let mut fields = line.split('\t');
        let (Some(name), Some(count), Some(figure), None) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            bail!("not a name, a number of receivers and a figure: `{line}`");
        };
        let receivers = match count {
            "1" => "1 receiver",
            "8" => "8 receivers",
            _ => bail!("neither 1 nor 8 receivers: `{line}`"),
        };
        rows.push(Row::Figure {
            table: format!("{ELSEWHERE}{runtime}, {receivers}"),
            name: name.to_owned(),
            figure: figure.parse().with_context(|| format!("no figure: `{line}`"))?,
            unit: "ns".to_owned(),
        });
    }
    ensure!(!rows.is_empty(), "`{runtime}` has measured nothing");
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_stand_in_a_table_of_their_runtime() {
        let said = "Python 3\nby hand\t1\t80\nBlinker\t8\t4000\n";
        let rows = figures(said).unwrap();
        let told = rows.iter().map(|row| match row {
            Row::Figure { table, name, figure, .. } => (table.as_str(), name.as_str(), *figure),
            _ => panic!("no figure"),
        });
        let expected = [
            ("Elsewhere: Python 3, 1 receiver", "by hand", 80.0),
            ("Elsewhere: Python 3, 8 receivers", "Blinker", 4_000.0),
        ];
        assert_eq!(told.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_is_no_figure_is_refused() {
        for said in [
            "",
            "Python 3\n",
            "Python 3\nBlinker 900\n",
            "Python 3\nBlinker\t2\t900\n",
            "Python 3\nBlinker\t8\tmany\n",
        ] {
            assert!(figures(said).is_err(), "{said}");
        }
    }
}
