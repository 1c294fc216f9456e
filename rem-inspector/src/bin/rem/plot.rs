//! A table as a picture of characters: bars for groups, lines over time for windows.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use console::Term;
use ratatui_core::buffer::{Buffer, Cell};
use ratatui_core::layout::{Constraint, Rect};
use ratatui_core::style::Color;
use ratatui_core::symbols::Marker;
use ratatui_core::text::Line;
use ratatui_core::widgets::Widget;
use ratatui_widgets::barchart::{Bar, BarChart};
use ratatui_widgets::chart::{Axis, Chart, Dataset, GraphType};
use rem_analysis::{Row, Table};
use rem_core::Timestamp;

use crate::failure::Failure;
use crate::output::{Out, plain};

/// How wide a plot is where no terminal says it, and at most.
const WIDTH: u16 = 80;
const WIDEST: u16 = 160;
const HEIGHT: u16 = 16;
/// How many bars, and how many lines.
const BARS: usize = 30;
const LINES: usize = 6;
/// How long a name may be.
const NAME: usize = 28;
/// Into how many windows a gap of time is filled, for what is 0 there.
const WINDOWS: usize = 100_000;
/// What the longest bar is: bars are whole numbers, and numbers are not.
const LONGEST: u64 = 1_000_000;
const COLORS: [Color; LINES] =
    [Color::Green, Color::Cyan, Color::Yellow, Color::Magenta, Color::Blue, Color::Red];

/// Which number of a row is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum What {
    Events,
    Rate,
    Sum,
    Mean,
    Min,
    Max,
    Percentile(f64),
}

impl What {
    /// # Errors
    /// For a word that is none of them, as clap shows it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        Ok(match text {
            "events" => Self::Events,
            "rate" => Self::Rate,
            "sum" => Self::Sum,
            "mean" => Self::Mean,
            "min" => Self::Min,
            "max" => Self::Max,
            _ => match text.strip_prefix('p').map(str::parse) {
                Some(Ok(percentile)) => Self::Percentile(percentile),
                _ => {
                    return Err(
                        "it is events, rate, sum, mean, min, max, or a percentile as p99".into()
                    );
                }
            },
        })
    }

    /// Whether it is of a number in the data.
    pub(crate) fn needs_a_number(self) -> bool {
        !matches!(self, Self::Events | Self::Rate)
    }

    #[expect(clippy::cast_precision_loss, reason = "nobody counts to 2^53 events")]
    fn of(self, row: &Row) -> Option<f64> {
        match self {
            Self::Events => Some(row.events() as f64),
            Self::Rate => row.rate(),
            Self::Sum => Some(row.sum()),
            Self::Mean => row.mean(),
            Self::Min => row.min(),
            Self::Max => row.max(),
            Self::Percentile(percentile) => row.percentile(percentile),
        }
    }

    /// What it is where there are no events, if it is anything.
    fn of_none(self) -> Option<f64> {
        matches!(self, Self::Events | Self::Rate | Self::Sum).then_some(0.0)
    }
}

/// Draws it, if there is something to compare; says so if not.
pub(crate) fn draw(table: &Table, what: What, out: &mut Out) -> Result<(), Failure> {
    let width = Term::stdout().size_checked().map_or(WIDTH, |(_, columns)| columns.min(WIDEST));
    if table.rows().iter().filter(|row| what.of(row).is_some()).count() < 2 {
        return out.told("nothing is drawn: a plot compares two groups or two windows at least");
    }
    let is_over_time = table.rows().iter().any(|row| row.window().is_some());
    let (buffer, told) =
        if is_over_time { lines(table, what, width) } else { bars(table, what, width) };
    out.text("")?;
    for y in 0..buffer.area.height {
        let row: Vec<&Cell> = (0..width).filter_map(|x| buffer.cell((x, y))).collect();
        out.text(&styled(&row))?;
    }
    told.map_or(Ok(()), |told| out.told(&told))
}

/// A bar for each group, in the table's order.
fn bars(table: &Table, what: What, width: u16) -> (Buffer, Option<String>) {
    let all: Vec<(String, f64)> =
        table.rows().iter().filter_map(|row| Some((name(row), what.of(row)?))).collect();
    let shown = &all[..all.len().min(BARS)];
    let most = shown.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    let bars: Vec<Bar<'_>> = shown
        .iter()
        .map(|(name, value)| {
            let bar = Bar::with_label(Line::from(name.as_str()), length(*value, most));
            bar.text_value(shown_number(*value))
        })
        .collect();
    let area = Rect::new(0, 0, width, u16::try_from(shown.len()).unwrap_or(u16::MAX));
    let mut buffer = Buffer::empty(area);
    let chart = BarChart::horizontal(bars).bar_gap(0).max(LONGEST);
    chart.bar_style(Color::Green).render(area, &mut buffer);
    let left = all.len() - shown.len();
    (buffer, (left > 0).then(|| format!("{left} more are not drawn")))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and what the longest is"
)]
#[expect(clippy::cast_precision_loss, reason = "a million")]
fn length(value: f64, most: f64) -> u64 {
    if most > 0.0 && value > 0.0 { (value / most * LONGEST as f64).round() as u64 } else { 0 }
}

/// A line for each group, over the windows.
fn lines(table: &Table, what: What, width: u16) -> (Buffer, Option<String>) {
    let mut groups: BTreeMap<String, (u64, BTreeMap<Timestamp, f64>)> = BTreeMap::new();
    let (mut first, mut last, mut step) = (None, None, None);
    for row in table.rows() {
        let (Some(window), Some(value)) = (row.window(), what.of(row)) else { continue };
        let (events, points) = groups.entry(name(row)).or_default();
        *events += row.events();
        points.insert(window.start(), value);
        first =
            first.map_or(Some(window.start()), |first: Timestamp| Some(first.min(window.start())));
        last = last.max(Some(window.start()));
        step = Some(window.end().since(window.start()));
    }
    let (Some(first), Some(last), Some(step)) = (first, last, step) else {
        return (Buffer::empty(Rect::ZERO), None);
    };
    let mut all: Vec<_> = groups.into_iter().collect();
    all.sort_by_key(|(_, (events, _))| std::cmp::Reverse(*events));
    let left = all.len().saturating_sub(LINES);
    all.truncate(LINES);
    if let Some(none) = what.of_none() {
        let starts = std::iter::successors(Some(first), |time| Some(*time + step));
        for start in starts.take_while(|start| *start <= last).take(WINDOWS) {
            for (_, (_, points)) in &mut all {
                points.entry(start).or_insert(none);
            }
        }
    }
    let seconds = |time: Timestamp| time.since(first).as_secs_f64();
    let drawn: Vec<(String, Vec<(f64, f64)>)> = all
        .into_iter()
        .map(|(name, (_, points))| {
            (name, points.into_iter().map(|(time, value)| (seconds(time), value)).collect())
        })
        .collect();
    let values = || drawn.iter().flat_map(|(_, points)| points.iter().map(|(_, value)| *value));
    let (lowest, most) = (values().fold(0.0, f64::min), values().fold(0.0, f64::max));
    let most = if most > lowest { most } else { lowest + 1.0 };
    let datasets = drawn.iter().zip(COLORS).map(|((name, points), color)| {
        let dataset = Dataset::default().marker(Marker::Braille).graph_type(GraphType::Line);
        let dataset = dataset.data(points).style(color);
        if drawn.len() > 1 { dataset.name(name.as_str()) } else { dataset }
    });
    let middle = first + last.since(first) / 2;
    let x = Axis::default().bounds([0.0, seconds(last).max(1.0)]);
    let x = x.labels(moments([first, middle, last]));
    let y = Axis::default().bounds([lowest, most]);
    let y = y.labels([lowest, f64::midpoint(lowest, most), most].map(shown_number));
    let chart = Chart::new(datasets.collect()).x_axis(x).y_axis(y);
    let area = Rect::new(0, 0, width, HEIGHT);
    let mut buffer = Buffer::empty(area);
    let room = (Constraint::Percentage(60), Constraint::Percentage(80));
    chart.hidden_legend_constraints(room).render(area, &mut buffer);
    (buffer, (left > 0).then(|| format!("{left} groups of fewer events are not drawn")))
}

/// Times as they stand below a plot: of those of one day the first alone has it.
fn moments(times: [Timestamp; 3]) -> [String; 3] {
    let [first, middle, last] = times.map(|time| time.to_string());
    match (first.split_once('T'), last.split_once('T')) {
        (Some((day, _)), Some((same, end))) if day == same => {
            let middle = middle.split_once('T').map_or(middle.clone(), |(_, time)| time.into());
            [first.clone(), middle, end.to_owned()]
        }
        _ => [first, String::new(), last],
    }
}

/// What a row is told apart by.
fn name(row: &Row) -> String {
    if row.is_others() {
        return "(others)".into();
    }
    let labels = row.group().iter().map(|label| label.as_deref().unwrap_or("(none)"));
    let name = plain(&labels.collect::<Vec<_>>().join(" "));
    match name.char_indices().nth(NAME) {
        Some((at, _)) => format!("{}…", &name[..at]),
        None => name,
    }
}

fn shown_number(value: f64) -> String {
    let rounded = (value * 100.0).round() / 100.0;
    format!("{rounded}")
}

/// The characters of a line, with their colours; without the empty ones at its end.
fn styled(cells: &[&Cell]) -> String {
    let end = cells.iter().rposition(|cell| cell.symbol() != " ").map_or(0, |last| last + 1);
    let mut line = String::new();
    for run in cells[..end].chunk_by(|one, two| one.fg == two.fg) {
        let style = color_of(run[0].fg).map_or(Style::new(), AnsiColor::on_default);
        let text: String = run.iter().map(|cell| cell.symbol()).collect();
        // Nothing of it fails: it is written to a text.
        let _ = write!(line, "{style}{text}{style:#}");
    }
    line
}

fn color_of(color: Color) -> Option<AnsiColor> {
    Some(match color {
        Color::Green => AnsiColor::Green,
        Color::Cyan => AnsiColor::Cyan,
        Color::Yellow => AnsiColor::Yellow,
        Color::Magenta => AnsiColor::Magenta,
        Color::Blue => AnsiColor::Blue,
        Color::Red => AnsiColor::Red,
        _ => return None,
    })
}
