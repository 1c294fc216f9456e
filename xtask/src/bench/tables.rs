//! Figures as tables of Markdown: each beside the one that it is measured by, which is its table's first.

use std::fmt::Write as _;

use crate::bench::elsewhere::ELSEWHERE;
use crate::bench::found::{Results, Row};
use crate::bench::reasons::Reasons;

/// Those that do the same work.
pub(crate) struct Table<'a> {
    pub(crate) name: &'a str,
    unit: &'a str,
    rows: Vec<(&'a str, f64)>,
}

/// How much is too little to be a difference.
const ALIKE: f64 = 0.02;

/// Whether so much of REM's time is less.
pub(crate) fn is_faster(ratio: f64) -> bool {
    ratio < 1.0 - ALIKE
}

/// All tables, in the order in which the parts name them.
pub(crate) fn tables<'a>(results: &'a Results, parts: &[&str]) -> Vec<Table<'a>> {
    let mut tables: Vec<Table<'a>> = Vec::new();
    let found = parts.iter().filter_map(|part| results.parts.get(*part));
    for row in found.flat_map(|found| &found.rows) {
        let Row::Figure { table: name, name: who, figure, unit } = row else { continue };
        let row = (who.as_str(), *figure);
        match tables.iter_mut().find(|table| table.name == name) {
            Some(table) => table.rows.push(row),
            None => tables.push(Table { name, unit, rows: vec![row] }),
        }
    }
    tables
}

impl Table<'_> {
    pub(crate) fn is_elsewhere(&self) -> bool {
        self.name.starts_with(ELSEWHERE)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.rows.iter().any(|(who, _)| *who == name)
    }

    /// Who is faster than the first, which is REM.
    fn faster(&self) -> impl Iterator<Item = (&str, f64)> {
        let first = self.rows.first().map_or(0.0, |(_, figure)| *figure);
        let ratios = self.rows.iter().map(move |(who, figure)| (*who, figure / first));
        ratios.filter(|(_, ratio)| is_faster(*ratio))
    }

    /// The table, and below it why REM loses to whom; what nobody says why is added to `unexplained`.
    pub(crate) fn write(
        &self,
        text: &mut String,
        reasons: &Reasons,
        unexplained: &mut Vec<String>,
    ) {
        let (first, base) = self.rows.first().copied().unwrap_or_default();
        let name = self.name.strip_prefix(ELSEWHERE).unwrap_or(self.name);
        writeln!(text, "\n| {name} | {} | × {first} |\n| --- | --: | --: |", self.unit).ok();
        for (who, figure) in &self.rows {
            let ratio = figure / base;
            let lost =
                if !self.is_elsewhere() && is_faster(ratio) { ", **REM loses**" } else { "" };
            writeln!(text, "| {who} | {} | {ratio:.2}{lost} |", shown(*figure)).ok();
        }
        if self.is_elsewhere() {
            return;
        }
        let mut begun = false;
        for (who, ratio) in self.faster() {
            let why = reasons.lost(self.name, who).unwrap_or_else(|| {
                unexplained.push(format!("`{who}` is faster in `{}`", self.name));
                "nobody has said why yet."
            });
            if !std::mem::replace(&mut begun, true) {
                text.push('\n');
            }
            writeln!(text, "- **REM loses** to {who}, {:.2} × as fast: {why}", 1.0 / ratio).ok();
        }
    }
}

/// Three digits, and none after the point where they would say nothing.
pub(crate) fn shown(figure: f64) -> String {
    match figure.abs() {
        0.0..10.0 => format!("{figure:.2}"),
        10.0..100.0 => format!("{figure:.1}"),
        _ => grouped(&format!("{figure:.0}")),
    }
}

/// With a comma between each three digits.
fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_faster_is_told_with_the_reason_or_that_there_is_none() {
        let rows = vec![("REM", 100.0), ("bus", 50.0), ("flume", 99.5), ("evno", 80.0)];
        let table = Table { name: "One thread", unit: "ns", rows };
        let reasons = "[[lost]]\ntable = \"One\"\nto = \"bus\"\nwhy = \"it has one sender.\"\n";
        let (mut text, mut unexplained) = (String::new(), Vec::new());
        table.write(&mut text, &Reasons::parse(reasons).unwrap(), &mut unexplained);
        assert!(text.contains("| bus | 50.0 | 0.50, **REM loses** |"), "{text}");
        assert!(text.contains("to bus, 2.00 × as fast: it has one sender."), "{text}");
        assert!(text.contains("to evno, 1.25 × as fast: nobody has said why"), "{text}");
        assert!(!text.contains("to flume"), "a hundredth is no difference: {text}");
        assert_eq!(unexplained, ["`evno` is faster in `One thread`"]);
    }

    #[test]
    fn runtimes_are_not_held_against_rem() {
        let rows = vec![("a loop by hand", 80.0), ("Blinker", 40.0)];
        let table = Table { name: "Elsewhere: Python 3, 1 receiver", unit: "ns", rows };
        let (mut text, mut unexplained) = (String::new(), Vec::new());
        table.write(&mut text, &Reasons::default(), &mut unexplained);
        assert!(text.contains("| Python 3, 1 receiver | ns | × a loop by hand |"), "{text}");
        assert!(!text.contains("loses") && unexplained.is_empty(), "{text}");
    }

    #[test]
    fn figures_have_three_digits() {
        for (figure, text) in [
            (1.234, "1.23"),
            (12.34, "12.3"),
            (123.4, "123"),
            (1_234.5, "1,234"),
            (1e6, "1,000,000"),
        ] {
            assert_eq!(shown(figure), text);
        }
        assert_eq!(shown(-1_234.0), "-1,234");
    }
}
