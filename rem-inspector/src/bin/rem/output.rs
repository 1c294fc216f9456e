//! What is written: in colour where a terminal is, plain elsewhere; JSON for programs.

use std::io::{self, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::Value;

use crate::failure::Failure;

const NUMBER: Style = Style::new().dimmed();
const TOPIC: Style = AnsiColor::Green.on_default();
const SOURCE: Style = AnsiColor::Cyan.on_default();
const WRONG: Style = AnsiColor::Red.on_default().bold();
const TOLD: Style = AnsiColor::Yellow.on_default();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(crate) const BAD: Style = WRONG;

/// What is written to.
pub(crate) struct Out {
    to: AutoStream<io::StdoutLock<'static>>,
    pub(crate) is_json: bool,
}

impl Out {
    pub(crate) fn new(is_json: bool) -> Self {
        let choice = if is_json { ColorChoice::Never } else { AutoStream::choice(&io::stdout()) };
        Self { to: AutoStream::new(io::stdout().lock(), choice), is_json }
    }

    /// A value as JSON, on a line of its own.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(value).map_err(io::Error::other)?;
        Ok(writeln!(self.to, "{text}")?)
    }

    /// Text with a style.
    pub(crate) fn line(&mut self, style: Style, head: &str, rest: &str) -> Result<(), Failure> {
        Ok(writeln!(self.to, "{style}{head}{style:#}{rest}")?)
    }

    pub(crate) fn text(&mut self, text: &str) -> Result<(), Failure> {
        Ok(writeln!(self.to, "{text}")?)
    }

    /// An event, on a line.
    pub(crate) fn event(&mut self, event: &Value) -> Result<(), Failure> {
        if self.is_json {
            return self.json(event);
        }
        let text = |name: &str| plain(event[name].as_str().unwrap_or_default());
        let number =
            event["sequence"].as_u64().map_or_else(|| "-".into(), |number| format!("#{number}"));
        let (time, topic, source) = (text("time"), text("topic"), text("source"));
        let source =
            if source.is_empty() { String::new() } else { format!(" {SOURCE}{source}{SOURCE:#}") };
        let data = data(event);
        Ok(writeln!(
            self.to,
            "{NUMBER}{number} {time}{NUMBER:#} {TOPIC}{topic}{TOPIC:#}{source} {data}"
        )?)
    }

    /// Something that is told beside events.
    pub(crate) fn told(&mut self, text: &str) -> Result<(), Failure> {
        Ok(writeln!(self.to, "{TOLD}{text}{TOLD:#}")?)
    }

    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.to.flush()?)
    }
}

/// The data of an event, or what there is in its place.
fn data(event: &Value) -> String {
    let instead = ["cut", "shown", "hidden", "base64", "unreadable"];
    let found = instead.iter().find_map(|name| Some((name, event.get(*name)?)));
    match found {
        Some((name, value)) => format!("({name}: {})", plain(&value.to_string())),
        // JSON escapes what moves a cursor.
        None => event["data"].to_string(),
    }
}

/// Without what would move a terminal's cursor.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// What has become of so many events: `3 events are imported`.
pub(crate) fn are(count: u64, what: &str) -> String {
    if count == 1 { format!("1 event is {what}") } else { format!("{count} events are {what}") }
}

/// Why a command has ended.
pub(crate) fn failure(failure: &Failure) {
    // There is nobody else to be told.
    let _ = writeln!(anstream::stderr(), "{WRONG}rem:{WRONG:#} {failure}");
}

/// Something that is told beside the answer.
pub(crate) fn note(text: &str) {
    let _ = writeln!(anstream::stderr(), "{TOLD}rem:{TOLD:#} {text}");
}

/// A bar for people, where a terminal is.
pub(crate) fn bar(is_quiet: bool, of: u64) -> ProgressBar {
    if is_quiet {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(of);
    let style = ProgressStyle::with_template("{bar:40} {percent:>3} %  {pos} of {len}, {eta} left");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar
}
