//! The plot: mean delay at departure, a cell for each hour and carrier.

use std::error::Error;
use std::fs;
use std::path::Path;

use indicatif::HumanCount;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::{Code, Delays, Mean, carrier_name};

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Drawn = Result<(), Box<dyn Error>>;

/// A mean of fewer flights says nothing, and is left grey.
const ENOUGH: u64 = 20;

const CELL: (i32, i32) = (40, 30);
const LEFT: i32 = 170;
const TOP: i32 = 112;
/// Behind the last hour: the mean of all hours and the number of flights.
const RIGHT: i32 = 150;
/// Below the last carrier: all carriers, the hours, the axis's name, the legend.
const BOTTOM: i32 = 140;

const INK: RGBColor = RGBColor(0x22, 0x2b, 0x36);
const FAINT: RGBColor = RGBColor(0x6b, 0x76, 0x84);
const GREY: RGBColor = RGBColor(0xf0, 0xf1, 0xf3);

/// Early is blue, on time nearly white, late orange to dark red: told apart by people of any colour vision too.
const SCALE: [(f64, RGBColor); 6] = [
    (-10.0, RGBColor(0x5a, 0x9b, 0xd0)),
    (0.0, RGBColor(0xf7, 0xf6, 0xf0)),
    (10.0, RGBColor(0xfb, 0xd0, 0x87)),
    (20.0, RGBColor(0xf2, 0x8e, 0x3c)),
    (30.0, RGBColor(0xcf, 0x4a, 0x1e)),
    (45.0, RGBColor(0x7a, 0x10, 0x1a)),
];

/// Draws the plot as an SVG file; makes the folder if there is none.
///
/// # Errors
/// A file that cannot be written, and delays of no flight at all.
pub fn heat_map(path: &Path, delays: &Delays) -> Drawn {
    let map = Map::new(delays).ok_or("there is no departure to plot")?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let (width, height) = map.size();
    let root =
        SVGBackend::new(path, (u32::try_from(width)?, u32::try_from(height)?)).into_drawing_area();
    root.fill(&WHITE)?;
    map.title(&root)?;
    map.cells(&root)?;
    map.axes(&root)?;
    map.legend(&root)?;
    root.present()?;
    Ok(())
}

/// What is drawn: carriers from the one with most flights to the one with fewest, and the hours that have any.
struct Map {
    rows: Vec<(String, [Mean; 24])>,
    hours: std::ops::RangeInclusive<usize>,
    flights: u64,
}

impl Map {
    fn new(delays: &Delays) -> Option<Self> {
        let mut all = [Mean::default(); 24];
        for (sum, one) in delays.values().flat_map(|by_hour| by_hour.iter().enumerate()) {
            all[sum].join(*one);
        }
        let first = all.iter().position(|mean| mean.count > 0)?;
        let last = all.iter().rposition(|mean| mean.count > 0)?;
        let mut rows: Vec<_> =
            delays.iter().map(|(code, by_hour)| (label(*code), *by_hour)).collect();
        rows.sort_by_key(|(_, by_hour)| std::cmp::Reverse(total(by_hour).count));
        rows.push(("All carriers".to_owned(), all));
        Some(Self { rows, hours: first..=last, flights: total(&all).count })
    }

    fn size(&self) -> (i32, i32) {
        (LEFT + self.width() + RIGHT, TOP + self.height() + BOTTOM)
    }

    fn width(&self) -> i32 {
        CELL.0 * count(self.hours.clone().count())
    }

    /// All carriers stand a little apart.
    fn height(&self) -> i32 {
        CELL.1 * count(self.rows.len()) + 8
    }

    fn row_top(&self, row: usize) -> i32 {
        TOP + CELL.1 * count(row) + if row + 1 == self.rows.len() { 8 } else { 0 }
    }

    fn title(&self, root: &Area<'_>) -> Drawn {
        let title = "Departure delay by hour and carrier";
        let flights = HumanCount(self.flights);
        let below = format!("Mean minutes after schedule of {flights} flights from New York");
        write(root, title, (LEFT, 38), 26, INK, HPos::Left)?;
        write(root, &below, (LEFT, 66), 15, FAINT, HPos::Left)
    }

    fn cells(&self, root: &Area<'_>) -> Drawn {
        for (row, (name, by_hour)) in self.rows.iter().enumerate() {
            let top = self.row_top(row);
            let middle = top + CELL.1 / 2;
            write(root, name, (LEFT - 12, middle), 14, INK, HPos::Right)?;
            for (column, hour) in self.hours.clone().enumerate() {
                cell(root, (LEFT + CELL.0 * count(column), top), by_hour[hour])?;
            }
            let all = total(by_hour);
            let end = LEFT + self.width();
            let mean = all.mean().unwrap_or_default();
            write(root, &format!("{mean:.1}"), (end + 52, middle), 14, INK, HPos::Right)?;
            let flights = HumanCount(all.count).to_string();
            write(root, &flights, (end + 126, middle), 14, FAINT, HPos::Right)?;
        }
        Ok(())
    }

    fn axes(&self, root: &Area<'_>) -> Drawn {
        let end = LEFT + self.width();
        write(root, "mean", (end + 52, TOP - 14), 13, FAINT, HPos::Right)?;
        write(root, "flights", (end + 126, TOP - 14), 13, FAINT, HPos::Right)?;
        let bottom = TOP + self.height() + 16;
        for (column, hour) in self.hours.clone().enumerate() {
            let middle = LEFT + CELL.0 * count(column) + CELL.0 / 2;
            write(root, &hour.to_string(), (middle, bottom), 14, INK, HPos::Center)?;
        }
        let name = "hour in New York at which the flight was to leave";
        write(root, name, (LEFT + self.width() / 2, bottom + 26), 14, FAINT, HPos::Center)
    }

    /// The scale as a bar of small steps, with its numbers below.
    fn legend(&self, root: &Area<'_>) -> Drawn {
        const WIDTH: i32 = 330;
        let (low, high) = (SCALE[0].0, SCALE[SCALE.len() - 1].0);
        let (left, top) = (LEFT + (self.width() - WIDTH) / 2, TOP + self.height() + 70);
        for x in 0..WIDTH {
            let minutes = low + (high - low) * f64::from(x) / f64::from(WIDTH);
            let corners = [(left + x, top), (left + x + 1, top + 14)];
            root.draw(&Rectangle::new(corners, colour(minutes).filled()))?;
        }
        for (minutes, _) in SCALE {
            let x = left + rounded(f64::from(WIDTH) * (minutes - low) / (high - low));
            write(root, &format!("{minutes:.0}"), (x, top + 28), 13, INK, HPos::Center)?;
        }
        write(root, "early", (left - 12, top + 7), 13, FAINT, HPos::Right)?;
        write(root, "minutes late", (left + WIDTH + 12, top + 7), 13, FAINT, HPos::Left)?;
        let end = LEFT + self.width();
        let square = [(end + 22, top), (end + 36, top + 14)];
        root.draw(&Rectangle::new(square, GREY.filled()))?;
        write(root, &format!("under {ENOUGH} flights"), (end + 42, top + 7), 13, FAINT, HPos::Left)
    }
}

fn cell(root: &Area<'_>, (left, top): (i32, i32), mean: Mean) -> Drawn {
    if mean.count == 0 {
        return Ok(());
    }
    let minutes = mean.mean().filter(|_| mean.count >= ENOUGH);
    let fill = minutes.map_or(GREY, colour);
    let corners = [(left + 1, top + 1), (left + CELL.0 - 1, top + CELL.1 - 1)];
    root.draw(&Rectangle::new(corners, fill.filled()))?;
    let Some(minutes) = minutes else { return Ok(()) };
    let RGBColor(red, green, blue) = fill;
    // Perceived lightness (ITU-R BT.601): dark cells have light numbers.
    let lightness = 299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue);
    let ink = if lightness > 140_000 { INK } else { WHITE };
    let middle = (left + CELL.0 / 2, top + CELL.1 / 2);
    // Minus zero is zero.
    write(root, &format!("{:.0}", minutes.round() + 0.0), middle, 13, ink, HPos::Center)
}

fn write(
    root: &Area<'_>,
    text: &str,
    at: (i32, i32),
    size: u32,
    ink: RGBColor,
    anchor: HPos,
) -> Drawn {
    let style = ("sans-serif", size).into_font().color(&ink).pos(Pos::new(anchor, VPos::Center));
    root.draw(&Text::new(text.to_owned(), at, style))?;
    Ok(())
}

fn label(code: Code) -> String {
    format!("{}  {}", carrier_name(code.as_str()), code.upper())
}

fn total(by_hour: &[Mean; 24]) -> Mean {
    let mut total = Mean::default();
    for mean in by_hour {
        total.join(*mean);
    }
    total
}

/// The colour of a delay: between the two of the scale that it lies between.
fn colour(minutes: f64) -> RGBColor {
    let at = minutes.clamp(SCALE[0].0, SCALE[SCALE.len() - 1].0);
    let upper = SCALE.iter().position(|(step, _)| at <= *step).unwrap_or(SCALE.len() - 1).max(1);
    let ((low, from), (high, to)) = (SCALE[upper - 1], SCALE[upper]);
    let share = (at - low) / (high - low);
    let mix = |from: u8, to: u8| {
        let mixed = f64::from(from) + (f64::from(to) - f64::from(from)) * share;
        u8::try_from(rounded(mixed)).unwrap_or(u8::MAX)
    };
    RGBColor(mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "pixels and colours are small, and a cast saturates"
)]
fn rounded(number: f64) -> i32 {
    number.round() as i32
}

fn count(things: usize) -> i32 {
    i32::try_from(things).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_follow_the_scale() {
        for (minutes, expected) in SCALE {
            assert_eq!(colour(minutes), expected, "{minutes}");
        }
        assert_eq!(colour(-500.0), SCALE[0].1);
        assert_eq!(colour(500.0), SCALE[SCALE.len() - 1].1);
    }
}
