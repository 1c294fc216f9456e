//! What a run has to say in a terminal.

use std::fmt::Write;

use comfy_table::{CellAlignment, Table, presets};

use super::{GithubEvent, Run};

/// Topics, subscriptions, and what did not get through.
pub fn report(run: &Run) -> String {
    let mut text = String::new();
    let topics = run.subscribers.topics();
    let topics: Vec<_> = topics.iter().map(|(topic, count)| (topic.as_str(), *count)).collect();
    let counts: Vec<_> = run.subscribers.counts().collect();
    let _ = writeln!(text, "{}\n", table("topic", &topics));
    let _ = writeln!(text, "{}\n", table("subscription", &counts));
    text.push_str("the last events about issues, asked of the history\n");
    for event in &run.last_issues {
        if let GithubEvent::Issues(_) = &event.data {
            let source = event.source().unwrap_or("nobody");
            let _ = writeln!(text, "  {} {} from {source}", event.timestamp(), event.topic());
        }
    }
    let (lines, published, rejected) = (run.lines, run.published, run.rejected);
    let unknown = run.unknown_lines();
    let _ = writeln!(
        text,
        "\n{lines} lines read = {published} published + {unknown} of unknown types + {rejected} rejected"
    );
    for note in &run.notes {
        let _ = writeln!(text, "  {note}");
    }
    if !run.unknown.is_empty() {
        text.push_str("unknown types:\n");
        for line in wrapped(run.unknown.iter().map(|(kind, count)| format!("{kind} ×{count}"))) {
            let _ = writeln!(text, "  {line}");
        }
    }
    if run.other_unknown > 0 {
        let _ = writeln!(text, "  and {} lines of others", run.other_unknown);
    }
    text
}

fn table(name: &str, rows: &[(&str, u64)]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_header([name, "events"]);
    if let Some(column) = table.column_mut(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for (name, count) in rows {
        table.add_row([(*name).to_owned(), count.to_string()]);
    }
    table
}

/// Words in lines of at most a hundred characters.
fn wrapped(words: impl Iterator<Item = String>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.len() + word.len() < 98 => {
                line.push_str(", ");
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}
