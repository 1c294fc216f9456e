//! A table as text: aligned for people, and as CSV.

use std::fmt;

use comfy_table::{CellAlignment, ContentArrangement, presets};

use crate::table::{Row, Table};

/// What stands for what is not there.
const NOTHING: &str = "–";
const OTHERS: &str = "(others)";

/// Aligned columns, and below them what was counted and is in no sum.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(names(self));
        let left = usize::from(self.windowed) * 2 + self.groups.len();
        for row in &self.rows {
            table.add_row(cells(self, row, rounded, NOTHING));
        }
        for (place, column) in table.column_iter_mut().enumerate() {
            column.set_padding((u16::from(place > 0), 1));
            if place >= left {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        for line in table.lines() {
            writeln!(f, "{}", line.trim_end())?;
        }
        write!(f, "{} events", self.events)?;
        for (count, what) in [
            (self.absent, "without the number"),
            (self.not_numbers, "with something else in its place"),
            (self.unreadable, "with data that cannot be read"),
            (self.in_others, "among the others"),
        ] {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        Ok(())
    }
}

pub(crate) fn csv(table: &Table, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    line(&names(table), f)?;
    table
        .rows
        .iter()
        .try_for_each(|row| line(&cells(table, row, |number| number.to_string(), ""), f))
}

fn line(cells: &[String], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (place, cell) in cells.iter().enumerate() {
        if place > 0 {
            f.write_str(",")?;
        }
        if cell.contains(['"', ',', '\n', '\r']) {
            write!(f, "\"{}\"", cell.replace('"', "\"\""))?;
        } else {
            f.write_str(cell)?;
        }
    }
    f.write_str("\n")
}

fn names(table: &Table) -> Vec<String> {
    let mut names = Vec::new();
    if table.windowed {
        names.extend(["start".to_owned(), "end".to_owned()]);
    }
    names.extend(table.groups.iter().cloned());
    names.extend(["events".to_owned(), "rate".to_owned()]);
    if table.number.is_some() {
        names.extend(["numbers", "sum", "mean", "min", "max"].map(str::to_owned));
        names.extend(table.percentiles.iter().map(|wanted| format!("p{wanted}")));
    }
    names
}

fn cells(table: &Table, row: &Row, number: fn(f64) -> String, nothing: &str) -> Vec<String> {
    let mut cells = Vec::new();
    if let Some(window) = row.window() {
        cells.extend([window.start().to_string(), window.end().to_string()]);
    }
    for (place, label) in row.group().iter().enumerate() {
        let missing = if row.is_others() && place == 0 { OTHERS } else { nothing };
        cells.push(label.as_deref().unwrap_or(missing).to_owned());
    }
    let maybe = |found: Option<f64>| found.map_or(nothing.to_owned(), number);
    cells.extend([row.events().to_string(), maybe(row.rate())]);
    if table.number.is_some() {
        cells.extend([row.numbers().to_string(), number(row.sum())]);
        cells.extend([row.mean(), row.min(), row.max()].map(maybe));
        cells.extend(row.percentiles().map(maybe));
    }
    cells
}

/// At most three decimals, and none where they are zero.
fn rounded(number: f64) -> String {
    let text = format!("{number:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match text {
        // What is less than half of the last decimal, and not nothing.
        "0" | "-0" if number != 0.0 => format!("{number:.1e}"),
        "-0" => "0".to_owned(),
        text => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        for (number, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (100.0, "100"),
            (-12.5, "-12.5"),
            (0.0625, "0.062"),
            (0.0001, "1.0e-4"),
            (1.0 / 3.0, "0.333"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(rounded(number), text);
        }
    }
}
