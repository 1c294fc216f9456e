//! How cost grows, as plots: files of SVG beside the results, a line for each contender.

use std::fs;

use anyhow::{Context, Result, anyhow};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::bench::found::{FOLDER, Results, Row};
use crate::bench::tables::{is_faster, shown};
use crate::workspace::Workspace;

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

const SIZE: (i32, i32) = (860, 460);
const LEFT: i32 = 80;
const RIGHT: i32 = 30;
const TOP: i32 = 64;
/// Below the axis: its numbers, its name, and a row for each line.
const BOTTOM: i32 = 64;
const KEY: i32 = 22;

const INK: RGBColor = RGBColor(0x22, 0x2b, 0x36);
const FAINT: RGBColor = RGBColor(0x6b, 0x76, 0x84);
const GRID: RGBColor = RGBColor(0xe4, 0xe6, 0xea);
/// Told apart by people of any colour vision (Okabe and Ito); REM comes first.
const COLOURS: [RGBColor; 6] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0xe6, 0x9f, 0x00),
];

/// The points of one plot.
pub(crate) struct Plot<'a> {
    pub(crate) name: &'a str,
    pub(crate) along: &'a str,
    pub(crate) unit: &'a str,
    /// By name, in the order in which they came, each from left to right.
    pub(crate) lines: Vec<(&'a str, Vec<(f64, f64)>)>,
}

/// All plots, in the order in which the parts name them.
pub(crate) fn plots<'a>(results: &'a Results, parts: &[&str]) -> Vec<Plot<'a>> {
    let mut plots: Vec<Plot<'a>> = Vec::new();
    let found = parts.iter().filter_map(|part| results.parts.get(*part));
    for row in found.flat_map(|found| &found.rows) {
        let Row::Point { plot: name, line, along, at, figure, unit } = row else { continue };
        let at_plot = plots.iter().position(|plot| plot.name == name);
        let at_plot = at_plot.unwrap_or_else(|| {
            plots.push(Plot { name, along, unit, lines: Vec::new() });
            plots.len() - 1
        });
        let lines = &mut plots[at_plot].lines;
        match lines.iter_mut().find(|(known, _)| known == line) {
            Some((_, points)) => points.push((*at, *figure)),
            None => lines.push((line, vec![(*at, *figure)])),
        }
    }
    plots
}

/// Draws all of them anew.
pub(crate) fn draw(workspace: &Workspace, results: &Results) -> Result<()> {
    let parts: Vec<_> = results.parts.keys().map(String::as_str).collect();
    let folder = workspace.root().join(FOLDER);
    fs::create_dir_all(&folder)?;
    for plot in plots(results, &parts) {
        let svg = plot.svg().with_context(|| format!("the plot `{}`", plot.name))?;
        fs::write(folder.join(plot.file()), svg)?;
    }
    Ok(())
}

/// From a value to a place on an axis.
#[derive(Debug, Clone, Copy)]
struct Axis {
    least: f64,
    most: f64,
    is_log: bool,
    from: i32,
    to: i32,
}

impl Axis {
    /// An axis by powers of ten where values are further apart than twenty times.
    fn over(values: impl Iterator<Item = f64> + Clone, from: i32, to: i32) -> Self {
        let least = values.clone().fold(f64::INFINITY, f64::min);
        let most = values.fold(0.0, f64::max);
        let is_log = least > 0.0 && most / least > 20.0;
        let (least, most) =
            if is_log { (least, most.max(least * 1.01)) } else { (0.0, most.max(1e-9)) };
        Self { least, most, is_log, from, to }
    }

    fn place(self, value: f64) -> i32 {
        let part = if self.is_log {
            (value / self.least).ln() / (self.most / self.least).ln()
        } else {
            (value - self.least) / (self.most - self.least)
        };
        let length = f64::from(self.to - self.from);
        #[expect(clippy::cast_possible_truncation, reason = "some hundred dots")]
        let dots = (part * length).round() as i32;
        self.from + dots
    }

    /// Where it has numbers.
    fn marks(self) -> Vec<f64> {
        if self.is_log {
            let powers = (-3..12).map(|power| 10_f64.powi(power));
            let steps: &[f64] =
                if self.most / self.least < 200.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
            let marks = powers.flat_map(|power| steps.iter().map(move |step| step * power));
            let within =
                marks.filter(|mark| (self.least * 0.999..=self.most * 1.001).contains(mark));
            return within.collect();
        }
        let rough = self.most / 5.0;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
        let step = step.into_iter().find(|step| *step >= rough).unwrap_or(rough);
        std::iter::successors(Some(0.0), |mark| Some(mark + step))
            .take_while(|mark| *mark <= self.most * 1.001)
            .collect()
    }
}

impl Plot<'_> {
    pub(crate) fn has(&self, line: &str) -> bool {
        self.lines.iter().any(|(name, _)| *name == line)
    }

    /// Whose lines are somewhere below the first, which is REM; and from where to where.
    pub(crate) fn lost(&self) -> Vec<(&str, f64, f64)> {
        let Some(((_, first), others)) = self.lines.split_first() else { return Vec::new() };
        let of_rem = |at: f64| first.iter().find(|(place, _)| place.total_cmp(&at).is_eq());
        let others = others.iter().filter(|(name, _)| !name.starts_with("REM"));
        let lost = others.filter_map(|(name, points)| {
            let below = points
                .iter()
                .filter(|(at, figure)| of_rem(*at).is_some_and(|(_, rem)| is_faster(figure / rem)));
            let places: Vec<_> = below.map(|(at, _)| *at).collect();
            Some((*name, *places.first()?, *places.last()?))
        });
        lost.collect()
    }

    /// What its file is called.
    pub(crate) fn file(&self) -> String {
        let words: String =
            self.name.chars().map(|sign| if sign.is_alphanumeric() { sign } else { ' ' }).collect();
        words.to_lowercase().split_whitespace().collect::<Vec<_>>().join("-") + ".svg"
    }

    fn svg(&self) -> Result<String> {
        let rows = i32::try_from(self.lines.len())?;
        let height = SIZE.1 + rows * KEY;
        let mut text = String::new();
        {
            let size = (u32::try_from(SIZE.0)?, u32::try_from(height)?);
            let root = SVGBackend::with_string(&mut text, size).into_drawing_area();
            self.draw(&root).map_err(|error| anyhow!("{error}"))?;
            root.present()?;
        }
        Ok(text)
    }

    fn draw(&self, root: &Area<'_>) -> Result<(), Box<dyn std::error::Error>> {
        root.fill(&WHITE)?;
        write(root, self.name, (LEFT, 24), 20, INK, HPos::Left)?;
        write(root, self.unit, (LEFT, 46), 14, FAINT, HPos::Left)?;
        let points = || self.lines.iter().flat_map(|(_, points)| points.iter().copied());
        let bottom = SIZE.1 - BOTTOM;
        let across = Axis::over(points().map(|(at, _)| at), LEFT, SIZE.0 - RIGHT);
        let up = Axis::over(points().map(|(_, figure)| figure), bottom, TOP);
        for mark in across.marks() {
            let at = across.place(mark);
            root.draw(&PathElement::new([(at, TOP), (at, bottom)], GRID))?;
            write(root, &marked(mark), (at, bottom + 14), 13, INK, HPos::Center)?;
        }
        for mark in up.marks() {
            let at = up.place(mark);
            root.draw(&PathElement::new([(LEFT, at), (SIZE.0 - RIGHT, at)], GRID))?;
            write(root, &marked(mark), (LEFT - 8, at), 13, INK, HPos::Right)?;
        }
        let middle = (LEFT + SIZE.0 - RIGHT) / 2;
        write(root, self.along, (middle, bottom + 38), 14, FAINT, HPos::Center)?;
        let keys = (bottom + BOTTOM + 4..).step_by(KEY.unsigned_abs() as usize);
        for (((line, points), colour), key) in
            self.lines.iter().zip(COLOURS.iter().cycle()).zip(keys)
        {
            let style = colour.stroke_width(2);
            let places: Vec<_> =
                points.iter().map(|(at, figure)| (across.place(*at), up.place(*figure))).collect();
            for place in &places {
                root.draw(&Circle::new(*place, 3, colour.filled()))?;
            }
            root.draw(&PathElement::new(places, style))?;
            root.draw(&PathElement::new([(LEFT, key), (LEFT + 26, key)], style))?;
            write(root, line, (LEFT + 36, key), 14, INK, HPos::Left)?;
        }
        Ok(())
    }
}

/// A number of an axis.
fn marked(mark: f64) -> String {
    let text = shown(mark);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

fn write(
    root: &Area<'_>,
    text: &str,
    place: (i32, i32),
    size: u32,
    colour: RGBColor,
    anchor: HPos,
) -> Result<(), Box<dyn std::error::Error>> {
    let anchor = Pos::new(anchor, VPos::Center);
    let style = ("sans-serif", size).into_font().color(&colour).pos(anchor);
    Ok(root.draw_text(text, &style, place)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(points: &[(f64, f64)]) -> Plot<'static> {
        let lines = vec![("REM", points.to_vec()), ("by hand", points.to_vec())];
        Plot { name: "A publish, beside 1,000", along: "subscriptions", unit: "ns", lines }
    }

    #[test]
    fn a_plot_has_its_lines_its_axes_and_a_name_for_its_file() {
        let plot = plot(&[(1.0, 90.0), (1_000.0, 95.0), (1_000_000.0, 120.0)]);
        assert_eq!(plot.file(), "a-publish-beside-1-000.svg");
        let svg = plot.svg().unwrap();
        for part in ["REM", "by hand", "subscriptions", "1,000,000", ">ns"] {
            assert!(svg.replace('\n', "").contains(part), "{part}: {svg}");
        }
        assert_eq!(svg.matches("<circle").count(), 6);
    }

    #[test]
    fn lines_below_the_first_are_told_with_where() {
        let mut plot = plot(&[(1.0, 90.0), (10.0, 90.0), (100.0, 90.0)]);
        assert!(plot.lost().is_empty(), "alike");
        plot.lines[1].1 = vec![(1.0, 95.0), (10.0, 80.0), (100.0, 70.0)];
        assert_eq!(plot.lost(), [("by hand", 10.0, 100.0)]);
        plot.lines[1].0 = "REM, in another way";
        assert!(plot.lost().is_empty(), "it is REM too");
    }

    #[test]
    fn an_axis_is_by_powers_of_ten_where_values_are_far_apart() {
        let far = Axis::over([1.0, 1_000_000.0].into_iter(), 0, 600);
        assert_eq!((far.place(1.0), far.place(1_000.0), far.place(1e6)), (0, 300, 600));
        assert_eq!(far.marks().len(), 7);
        let near = Axis::over([1.0, 4.0].into_iter(), 0, 400);
        assert_eq!((near.place(0.0), near.place(1.0), near.place(4.0)), (0, 100, 400));
        assert_eq!(near.marks(), [0.0, 1.0, 2.0, 3.0, 4.0]);
    }

    #[test]
    fn one_point_alone_is_a_plot_too() {
        assert!(plot(&[(1.0, 0.0)]).svg().is_ok());
        assert!(plot(&[(5.0, 3.0)]).svg().is_ok());
    }
}
