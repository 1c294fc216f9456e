//! `benches/RESULTS.md`: what was found, for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result, ensure};

use crate::bench::found::{Found, Results, Row};
use crate::bench::machine::Circumstances;
use crate::bench::parts::PARTS;
use crate::bench::plots::{Plot, plots};
use crate::bench::reasons::{self, Reasons};
use crate::bench::tables::{Table, shown, tables};
use crate::workspace::Workspace;

pub(crate) const PATH: &str = "benches/RESULTS.md";

/// The page, written.
pub(crate) struct Page {
    text: String,
    unexplained: Vec<String>,
}

impl Page {
    /// Fails when a reason is for what is not there.
    pub(crate) fn new(results: &Results, reasons: &Reasons) -> Result<Self> {
        let parts: Vec<_> = PARTS
            .iter()
            .map(|part| part.name)
            .filter(|name| results.parts.contains_key(*name))
            .collect();
        let (tables, plots) = (tables(results, &parts), plots(results, &parts));
        is_needed(results, &tables, &plots, reasons)?;
        let mut page = Self { text: HEAD.to_owned(), unexplained: Vec::new() };
        page.circumstances(results);
        page.bars(results, &parts, reasons);
        page.text.push_str(PEERS);
        for table in tables.iter().filter(|table| !table.is_elsewhere()) {
            table.write(&mut page.text, reasons, &mut page.unexplained);
        }
        page.growth(&plots, reasons);
        page.text.push_str(BEHIND);
        for table in tables.iter().filter(|table| table.is_elsewhere()) {
            table.write(&mut page.text, reasons, &mut page.unexplained);
        }
        page.absent(reasons);
        page.medians(results, &parts);
        Ok(page)
    }

    /// What REM loses, and nobody says why.
    pub(crate) fn unexplained(&self) -> &[String] {
        &self.unexplained
    }

    pub(crate) fn write(&self, workspace: &Workspace) -> Result<()> {
        fs::write(workspace.root().join(PATH), &self.text)
            .with_context(|| format!("cannot write {PATH}"))
    }

    fn circumstances(&mut self, results: &Results) {
        let mut groups = BTreeMap::<&Circumstances, Vec<(&str, &Found)>>::new();
        for (name, found) in &results.parts {
            groups.entry(&found.under).or_default().push((name, found));
        }
        for (under, parts) in groups {
            let Circumstances {
                day, commit, compiler, processor, cores, memory, system, load, ..
            } = under;
            let seconds: u64 = parts.iter().map(|(_, found)| found.seconds).sum();
            let names: Vec<_> = parts.iter().map(|(name, _)| *name).collect();
            writeln!(
                self.text,
                "\n| {} | |\n| --- | --- |\n| day | {day} (UTC) |\n| commit | {commit} |\n\
                 | processor | {processor}, {cores} cores |\n| memory | {memory} |\n\
                 | system | {system}; load {load} before it began |\n| compiler | {compiler} |\n\
                 | measuring took | {seconds} s |",
                names.join(", ")
            )
            .ok();
            let versions = under.versions.iter().map(|(name, version)| format!("{name} {version}"));
            let versions: Vec<_> = versions.collect();
            writeln!(self.text, "| of others | {} |", versions.join(", ")).ok();
            if let Some(rounds) = parts.iter().filter_map(|(_, found)| found.rounds).min() {
                let trial = if rounds < 11 {
                    "; fewer than 11 are a trial, and no figures to go by"
                } else {
                    ""
                };
                writeln!(self.text, "| rounds | {rounds}, as was asked for{trial} |").ok();
            }
        }
    }

    fn bars(&mut self, results: &Results, parts: &[&str], reasons: &Reasons) {
        let all: Vec<_> = parts
            .iter()
            .flat_map(|part| results.parts[*part].rows.iter().map(move |row| (*part, row)))
            .filter_map(|(part, row)| Bar::of(part, row))
            .collect();
        let held = all.iter().filter(|bar| bar.holds).count();
        writeln!(
            self.text,
            "\n## Bars\n\nWhat each figure may be at the most, or must be at the least, was set before it was measured. \
             {held} of {} hold.\n\n| | of | work | figure | bar |\n| --- | --- | --- | --: | --- |",
            all.len()
        )
        .ok();
        for Bar { part, work, figure, limit, holds } in &all {
            let verdict = if *holds { "holds" } else { "**missed**" };
            writeln!(self.text, "| {verdict} | {part} | {work} | {figure} | {limit} |").ok();
        }
        let mut begun = false;
        for bar in all.iter().filter(|bar| !bar.holds) {
            let Bar { part, work, .. } = bar;
            let why = reasons.missed(part, work).unwrap_or_else(|| {
                self.unexplained.push(format!("`{part}` misses its bar for `{work}`"));
                "nobody has said why yet."
            });
            if !std::mem::replace(&mut begun, true) {
                self.text.push('\n');
            }
            writeln!(self.text, "- **Missed**, {part}: {work}: {why}").ok();
        }
    }

    fn growth(&mut self, plots: &[Plot<'_>], reasons: &Reasons) {
        self.text.push_str(GROWTH);
        for plot in plots {
            let Plot { name, along, unit, lines } = plot;
            writeln!(self.text, "\n### {name}\n\n![{name}](results/{})\n", plot.file()).ok();
            let names: Vec<_> = lines.iter().map(|(line, _)| *line).collect();
            writeln!(self.text, "| {along} | {} |", names.join(" | ")).ok();
            writeln!(self.text, "| --: |{}", " --: |".repeat(lines.len())).ok();
            let mut places: Vec<f64> =
                lines.iter().flat_map(|(_, points)| points.iter().map(|(at, _)| *at)).collect();
            places.sort_by(f64::total_cmp);
            places.dedup();
            for place in places {
                write!(self.text, "| {} |", shown_place(place)).ok();
                for (_, points) in lines {
                    let point = points.iter().find(|(at, _)| at.total_cmp(&place).is_eq());
                    let point = point.map_or_else(String::new, |(_, figure)| shown(*figure));
                    write!(self.text, " {point} |").ok();
                }
                self.text.push('\n');
            }
            writeln!(self.text, "\nIn {unit}.").ok();
            for (line, from, to) in plot.lost() {
                let why = reasons.lost(name, line).unwrap_or_else(|| {
                    self.unexplained.push(format!("`{line}` is faster in `{name}`"));
                    "nobody has said why yet."
                });
                let (from, to) = (shown_place(from), shown_place(to));
                let places = if from == to { from } else { format!("{from} to {to}") };
                writeln!(self.text, "\n**REM loses** to {line}, at {places}: {why}").ok();
            }
        }
    }

    fn absent(&mut self, reasons: &Reasons) {
        self.text.push_str("\n## Who is not here\n\n| | why |\n| --- | --- |\n");
        for reasons::Absent { name, why } in &reasons.absent {
            writeln!(self.text, "| {name} | {why} |").ok();
        }
    }

    fn medians(&mut self, results: &Results, parts: &[&str]) {
        self.text.push_str("\n## All medians\n");
        for part in parts {
            let rows: Vec<_> = results.parts[*part]
                .rows
                .iter()
                .filter_map(|row| match row {
                    Row::Median { name, figure, unit } => Some((name, figure, unit)),
                    _ => None,
                })
                .collect();
            if rows.is_empty() {
                continue;
            }
            writeln!(
                self.text,
                "\n<details><summary>{part}</summary>\n\n| | | |\n| --- | --: | --- |"
            )
            .ok();
            for (name, figure, unit) in rows {
                writeln!(self.text, "| {name} | {} | {unit} |", shown(*figure)).ok();
            }
            self.text.push_str("\n</details>\n");
        }
    }
}

/// Where on an axis: a whole number, mostly.
fn shown_place(place: f64) -> String {
    shown(place).trim_end_matches(".00").trim_end_matches(".0").to_owned()
}

struct Bar<'a> {
    part: &'a str,
    work: &'a str,
    figure: String,
    limit: String,
    holds: bool,
}

impl<'a> Bar<'a> {
    fn of(part: &'a str, row: &'a Row) -> Option<Self> {
        let Row::Bar { work, figure, limit, at_most, unit } = row else { return None };
        let (side, holds) =
            if *at_most { ("at most", figure <= limit) } else { ("at least", figure >= limit) };
        let limit = format!("{side} {} {unit}", shown(*limit));
        let limit = limit.trim_end().to_owned();
        Some(Self { part, work, figure: shown(*figure), limit, holds })
    }
}

/// A reason for a figure that there is not, of a part that was run, was left behind by a change.
fn is_needed(
    results: &Results,
    tables: &[Table<'_>],
    plots: &[Plot<'_>],
    reasons: &Reasons,
) -> Result<()> {
    // Where a part was not run yet, its tables are not known.
    let all_run =
        PARTS.iter().filter(|part| !part.long).all(|part| results.parts.contains_key(part.name));
    let has_figure = |table: &str, to: &str| {
        let mut of_that_name = tables.iter().filter(|found| found.name.starts_with(table));
        let mut plots = plots.iter().filter(|found| found.name.starts_with(table));
        !all_run || of_that_name.any(|found| found.has(to)) || plots.any(|found| found.has(to))
    };
    let has_bar = |part: &str, work: &str| {
        let known = results.parts.get(part);
        known.is_none_or(|found| {
            let mut rows = found.rows.iter();
            rows.any(|row| matches!(row, Row::Bar { work: known, .. } if known.starts_with(work)))
        })
    };
    let idle: Vec<_> = reasons.idle(has_figure, has_bar).collect();
    ensure!(
        idle.is_empty(),
        "{} has reasons for what was not measured: {}",
        reasons::PATH,
        idle.join(", ")
    );
    Ok(())
}

const HEAD: &str = "# Results

Written by `cargo xtask bench`, of `benches/results/results.json`; not by hand. Run it on a machine that does nothing else, and the page is
of that machine: it takes a quarter of an hour, `--only` makes a part of it and leaves the rest as it was, `--page` writes the page anew.

Every figure is a median of rounds, at least 11, in each of which all that are compared take turns, so that a slow moment is felt by all.
They run in one process, on the same data; what each did is checked, not only timed. A ratio is that of two medians of
the same run; in the parts `nats` and `partition` it is the median of the ratios of the rounds. Built by `cargo bench`: optimised, with thin
LTO, for no processor in particular. `ns` are nanoseconds.
";

const PEERS: &str = "
## Beside peers

In each table all do the same work, in the same run. The first row is REM, and ratios are what the others take of its time: above 1
REM is faster. What one has that others have not, an id, a time, a topic, patterns, counts of what was lost, is paid for within its figure.
";

const GROWTH: &str = "
## How cost grows
";

const BEHIND: &str = "
## What you leave behind

One send of a small value to 1 and to 8 receivers, which add it up, with the event libraries of other languages, each in its own runtime.
No figure of one runtime says anything of another: they call other functions, on other values. Compare each with the loop by hand in
its own.
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::found::rows;

    fn results(lines: &str) -> Results {
        let under = Circumstances {
            day: "2026-01-02".into(),
            commit: "abc".into(),
            compiler: "rustc 1".into(),
            processor: "EPYC".into(),
            cores: 2,
            memory: "23 GiB".into(),
            system: "Linux 6".into(),
            load: "0.01".into(),
            versions: BTreeMap::from([("tokio".into(), "1.2.3".into())]),
        };
        let found = Found { under, rounds: Some(3), seconds: 7, rows: rows(lines).unwrap() };
        Results { parts: BTreeMap::from([("publish".into(), found)]) }
    }

    const LINES: &str = r#"{"kind":"bar","work":"fast","figure":1.5,"limit":2.0,"at_most":true,"unit":"ns"}
{"kind":"bar","work":"slow","figure":1.5,"limit":2.0,"at_most":false,"unit":"× floor"}
{"kind":"median","name":"floor","figure":90.0,"unit":"ns"}
{"kind":"point","plot":"P","line":"REM","along":"things","at":1.0,"figure":3.0,"unit":"ns"}
{"kind":"point","plot":"P","line":"REM","along":"things","at":10.0,"figure":4.0,"unit":"ns"}
{"kind":"figure","table":"T","name":"REM","figure":10.0,"unit":"ns"}
{"kind":"figure","table":"T","name":"bus","figure":5.0,"unit":"ns"}
"#;

    #[test]
    fn the_page_says_what_was_found_under_which_circumstances() {
        let page = Page::new(&results(LINES), &Reasons::default()).unwrap();
        for part in [
            "EPYC, 2 cores",
            "tokio 1.2.3",
            "3, as was asked for; fewer than 11 are a trial",
            "1 of 2 hold",
            "| holds | publish | fast | 1.50 | at most 2.00 ns |",
            "| **missed** | publish | slow | 1.50 | at least 2.00 × floor |",
            "| bus | 5.00 | 0.50, **REM loses** |",
            "![P](results/p.svg)",
            "| 10 | 4.00 |",
            "| floor | 90.0 | ns |",
        ] {
            assert!(page.text.contains(part), "{part}: {}", page.text);
        }
        assert_eq!(page.unexplained().len(), 2, "{:?}", page.unexplained());
    }

    #[test]
    fn what_is_lost_is_explained_and_no_reason_is_left_behind() {
        let reason = "[[missed]]\npart = \"publish\"\nwork = \"slow\"\nwhy = \"it waits.\"\n\
                      [[lost]]\ntable = \"T\"\nto = \"bus\"\nwhy = \"it has no id.\"\n";
        let page = Page::new(&results(LINES), &Reasons::parse(reason).unwrap()).unwrap();
        assert!(page.unexplained().is_empty(), "{:?}", page.unexplained());
        assert!(page.text.contains("publish: slow: it waits."), "{}", page.text);
        let stale = Reasons::parse(&reason.replace("slow", "old")).unwrap();
        let error = Page::new(&results(LINES), &stale).err().unwrap().to_string();
        assert!(error.contains("`old` of `publish`"), "{error}");
    }
}
