//! What a run has to say in a terminal.

use std::collections::BTreeMap;
use std::fmt::Write;

use comfy_table::{CellAlignment, Table, presets};
use indicatif::HumanCount;

use super::{CarrierTotals, Code, FlightEvent, Mean, Run, carrier_name};

/// How long the longest bar is, in characters and in eighths of one.
const BAR: usize = 40;
const EIGHTHS: f64 = 320.0;

/// Rows, rates, and what did not get through.
pub fn summary(run: &Run) -> String {
    let tally = &run.tally;
    let mut text = format!(
        "{} rows read = {} published + {} dropped by middleware + {} rejected\n\
         {} deliveries to handlers, {} failed\n\
         {:.2} s, {} events a second, gunzip and parsing included\n",
        HumanCount(tally.rows),
        HumanCount(tally.published),
        HumanCount(tally.dropped),
        HumanCount(tally.rejected),
        HumanCount(tally.delivered),
        HumanCount(tally.failed),
        run.elapsed.as_secs_f64(),
        HumanCount(whole(run.rate())),
    );
    for note in &tally.notes {
        let _ = writeln!(text, "  {note}");
    }
    let untold = (tally.dropped + tally.rejected).saturating_sub(tally.notes.len() as u64);
    if untold > 0 {
        let _ = writeln!(text, "  … and {} more", HumanCount(untold));
    }
    for failure in run.desks.failures() {
        let _ = writeln!(text, "  {failure}");
    }
    if let Some(damage) = &run.damage {
        let _ = writeln!(text, "  {damage}");
    }
    text
}

/// The carriers, the busiest first, and all of them together.
pub fn carriers(totals: &BTreeMap<Code, CarrierTotals>) -> Table {
    let mut carriers =
        table(&["carrier", "", "departed", "arrived", "cancelled", "delay, departing", "arriving"]);
    let mut rows: Vec<_> = totals.iter().collect();
    rows.sort_by_key(|(_, totals)| std::cmp::Reverse(totals.departed));
    let mut all = CarrierTotals::default();
    for (code, totals) in rows {
        all.departed += totals.departed;
        all.arrived += totals.arrived;
        all.cancelled += totals.cancelled;
        all.departure.join(totals.departure);
        all.arrival.join(totals.arrival);
        carriers.add_row(row(code.upper().as_str(), carrier_name(code.as_str()), totals));
    }
    carriers.add_row(row("all", "", &all));
    carriers
}

/// The carriers and the airports.
pub fn tables(run: &Run) -> String {
    let carriers = carriers(&run.desks.carriers());
    let mut airports = table(&["airport", "departed", "arrived", "cancelled"]);
    for (airport, movements) in run.desks.airports() {
        let counts = [movements.departed, movements.arrived, movements.cancelled];
        let counts = counts.map(|count| HumanCount(count).to_string());
        airports.add_row([vec![airport.to_uppercase()], counts.into()].concat());
    }
    let mut text = format!("{carriers}\n\n{airports}\n");
    if let Some((day, count)) = run.desks.worst_day() {
        let _ = writeln!(text, "\nmost cancellations in a day (UTC): {count} on {day}");
    }
    text
}

fn row(code: &str, name: &str, totals: &CarrierTotals) -> [String; 7] {
    [
        code.to_owned(),
        name.to_owned(),
        HumanCount(totals.departed).to_string(),
        HumanCount(totals.arrived).to_string(),
        HumanCount(totals.cancelled).to_string(),
        minutes(totals.departure),
        minutes(totals.arrival),
    ]
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_header(header.to_vec());
    for (at, column) in table.column_iter_mut().enumerate() {
        let is_text = matches!(header[at], "carrier" | "airport" | "");
        let alignment = if is_text { CellAlignment::Left } else { CellAlignment::Right };
        column.set_cell_alignment(alignment);
    }
    table
}

fn minutes(mean: Mean) -> String {
    mean.mean().map_or_else(|| "–".to_owned(), |mean| format!("{mean:.1} min"))
}

/// The mean delay at departure for each hour of the day, all carriers together.
pub fn delay_bars(run: &Run) -> String {
    let mut hours = [Mean::default(); 24];
    for by_hour in run.desks.delays().values() {
        for (all, one) in hours.iter_mut().zip(by_hour) {
            all.join(*one);
        }
    }
    let longest = hours.iter().filter_map(Mean::mean).fold(1.0, f64::max);
    let mut text = String::from(
        "mean delay at departure, by the hour in New York at which flights were to leave\n",
    );
    for (hour, mean) in hours.iter().enumerate() {
        let Some(delay) = mean.mean() else { continue };
        let bar = bar(delay / longest);
        let flights = HumanCount(mean.count);
        let _ = writeln!(text, "{hour:>2}:00 {bar:<BAR$} {delay:>5.1} min  {flights:>7} flights");
    }
    text
}

/// A bar of that share of the longest, to an eighth of a character.
fn bar(share: f64) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = usize::try_from(whole(share * EIGHTHS)).unwrap_or_default().min(8 * BAR);
    "█".repeat(eighths / 8) + PARTS[eighths % 8]
}

/// The nearest whole number; nothing below zero.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast saturates")]
fn whole(number: f64) -> u64 {
    number.max(0.0).round() as u64
}

/// The last cancellations at Newark, as the history told them.
pub fn cancellations(run: &Run) -> String {
    let events = &run.cancelled_at_ewr;
    let mut text =
        format!("the last {} cancellations at EWR that the history keeps\n", events.len());
    for event in events {
        let FlightEvent::Cancelled { to, flight, tail, .. } = &event.data else { continue };
        let carrier = event.topic().segments().nth(1).unwrap_or_default().to_uppercase();
        let tail = tail.map(|tail| tail.to_string()).unwrap_or_default();
        let (time, to) = (event.timestamp(), to.upper());
        let number = format!("{carrier} {flight}");
        let line = format!("  {time}  {number:<8} to {to}  {tail}");
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_have_the_length_of_their_share() {
        assert_eq!(bar(0.0), "");
        assert_eq!(bar(-1.0), "");
        assert_eq!(bar(1.0), "█".repeat(BAR));
        assert_eq!(bar(0.5).chars().count(), BAR / 2);
        assert_eq!(bar(1.0 / 320.0), "▏");
    }
}
