//! The command line, as clap has it.

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Arg, ArgAction, Command, value_parser};

use crate::failure::CODES;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Yellow.on_default().bold())
    .usage(AnsiColor::Yellow.on_default().bold())
    .literal(AnsiColor::Green.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

pub(crate) fn command() -> Command {
    Command::new("rem")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Asks a journal, or a program that runs with an inspector, from a terminal.")
        .styles(STYLES)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .after_help(CODES)
        .subcommands([
            matching(),
            watch(),
            query(),
            stats(),
            replay(),
            export(),
            import(),
            publish(),
            inspect(),
            catalogue(),
            verify(),
            completions(),
        ])
}

fn matching() -> Command {
    Command::new("match")
        .about("Says whether a pattern selects a topic, and why; ends with 1 if it does not")
        .arg(Arg::new("PATTERN").required(true).help("A pattern, or a set of them: 'order.*.paid'"))
        .arg(Arg::new("TOPIC").required(true).num_args(1..).help("One topic or more"))
        .arg(json())
}

fn watch() -> Command {
    Command::new("watch")
        .about("Shows events as they are published; connects again where it was when it has to")
        .arg(inspector())
        .arg(patterns())
        .arg(
            option("rate", "N", "At most so many a second; what is above is sampled, and told")
                .value_parser(value_parser!(u16).range(1..=2_000)),
        )
        .arg(flag("all", "Every event, none sampled").conflicts_with("rate"))
        .arg(number("after", "Begins behind this number"))
        .arg(number("count", "Ends after so many events"))
        .args(filters())
        .args([token(), json()])
}

fn query() -> Command {
    Command::new("query")
        .about("Shows events of the past, oldest first, or what they add up to; ends with 1 if there are none")
        .arg(source())
        .arg(patterns())
        .args(ranges())
        .args(filters())
        .arg(
            option("group-by", "GROUP", "Counts by: topic, source, segment:N (from 0), field:PATH, metadata:NAME")
                .action(ArgAction::Append),
        )
        .arg(option("every", "TIME", "… and by windows of this length, as 1m, 1h"))
        .arg(option("of", "PATH", "Sums, means and percentiles of this number in the data, as price.amount"))
        .arg(
            option("percentiles", "P,…", "Which percentiles of it, as 50,99")
                .value_delimiter(',')
                .value_parser(value_parser!(f64))
                .requires("of"),
        )
        .arg(flag("csv", "The table for spreadsheets").conflicts_with("json"))
        .args([token(), json()])
}

fn stats() -> Command {
    Command::new("stats")
        .about("Counts what there is: events, topics, the range of the history")
        .args([source(), token(), json()])
}

fn replay() -> Command {
    Command::new("replay")
        .about("Shows the past once more, at the speed it had or at any other")
        .arg(source())
        .arg(patterns())
        .args(ranges())
        .args(filters())
        .arg(
            option(
                "speed",
                "TIMES",
                "1 as it was, 10 ten times as fast; as fast as it can unless told",
            )
            .value_parser(speed),
        )
        .arg(
            option(
                "into",
                "JOURNAL",
                "Publishes the events into this journal in place of showing them",
            )
            .value_parser(value_parser!(PathBuf)),
        )
        .arg(flag("quiet", "No progress bar"))
        .args([token(), json()])
}

fn export() -> Command {
    Command::new("export")
        .about("Writes events as JSON lines, each a cloud event, as `import` and others read them")
        .arg(source())
        .arg(patterns())
        .args(ranges())
        .args(filters())
        .arg(
            option("output", "FILE", "Where to; to the terminal unless told")
                .short('o')
                .value_parser(value_parser!(PathBuf)),
        )
        .arg(flag(
            "unmasked",
            "Fields marked `#[event(redact)]` too: which they are, a journal does not know",
        ))
        .args([token(), json()])
}

fn import() -> Command {
    Command::new("import")
        .about("Reads JSON lines of cloud events into a journal, which is made if there is none")
        .arg(
            Arg::new("FILE")
                .required(true)
                .help("The file, or - for what comes in")
                .value_parser(value_parser!(PathBuf)),
        )
        .arg(journal("into", "The journal").required(true))
        .arg(
            option("skip-bad", "N", "Goes on behind so many places that cannot be read")
                .value_parser(value_parser!(usize)),
        )
        .arg(json())
}

fn publish() -> Command {
    Command::new("publish")
        .about("Publishes one event into a journal, and waits until it is on the disk")
        .arg(Arg::new("TOPIC").required(true).help("The topic"))
        .arg(Arg::new("JSON").required(true).help("The data, or - for what comes in"))
        .arg(journal("into", "The journal, which is made if there is none").required(true))
        .arg(option("from", "NAME", "Who publishes it"))
        .arg(json())
}

fn inspect() -> Command {
    Command::new("inspect")
        .about("Serves the page of an inspector upon a journal that no program writes, until it is ended")
        .arg(
            Arg::new("JOURNAL")
                .required(true)
                .help("The file")
                .value_parser(value_parser!(PathBuf)),
        )
        .arg(
            option("address", "ADDRESS", "Where; port 0 takes a free one, and other machines need a token")
                .default_value("127.0.0.1:7878"),
        )
        .arg(flag(
            "unmasked",
            "Data too: which of its fields are marked `#[event(redact)]`, a journal does not know",
        ))
        .arg(
            option("token", "TOKEN", "Lets in only who has it: at least 16 printable signs")
                .env("REM_TOKEN")
                .hide_env_values(true),
        )
        .arg(json())
}

fn catalogue() -> Command {
    Command::new("catalogue")
        .about("Lists the event types of a running program, or the topics of a journal")
        .args([source(), token(), json()])
}

fn verify() -> Command {
    Command::new("verify")
        .about("Checks every byte of a journal; ends with 1 if something is damaged")
        .arg(
            Arg::new("JOURNAL")
                .required(true)
                .help("The file")
                .value_parser(value_parser!(PathBuf)),
        )
        .args([flag("quiet", "No progress bar"), json()])
}

fn completions() -> Command {
    Command::new("completions")
        .about("Writes completions for a shell: rem completions bash > ~/.local/share/bash-completion/completions/rem")
        .arg(
            Arg::new("SHELL")
                .required(true)
                .help("The shell")
                .value_parser(value_parser!(clap_complete::Shell)),
        )
}

fn source() -> Arg {
    Arg::new("SOURCE")
        .required(true)
        .help("A journal, or the address of a running inspector, http://127.0.0.1:7878")
}

fn inspector() -> Arg {
    Arg::new("SOURCE")
        .required(true)
        .help("The address of a running inspector, http://127.0.0.1:7878")
}

fn patterns() -> Arg {
    Arg::new("PATTERN").num_args(0..).help("Only topics that one of these selects; all unless told")
}

/// Which part of the past.
fn ranges() -> [Arg; 6] {
    [
        number("after", "Only greater numbers"),
        number("before", "Only smaller numbers"),
        option(
            "since",
            "TIME",
            "Only from then on: 2026-11-29T14:00:00Z, or 10m for ten minutes ago",
        ),
        option("until", "TIME", "Only up to then"),
        number("last", "Only the newest so many").conflicts_with("first"),
        number("first", "Only the oldest so many"),
    ]
}

/// Which events beside their topics.
fn filters() -> [Arg; 3] {
    [
        option("source", "NAME", "Only events of this source"),
        option("story", "ID", "Only events of this correlation"),
        option("search", "TEXT", "Only events with this text in their data, in any case"),
    ]
}

fn json() -> Arg {
    flag("json", "JSON, one value a line, for programs")
}

fn token() -> Arg {
    option("token", "TOKEN", "The inspector's token, unless it is in the address")
        .env("REM_TOKEN")
        .hide_env_values(true)
}

fn journal(name: &'static str, help: &'static str) -> Arg {
    option(name, "JOURNAL", help).value_parser(value_parser!(PathBuf))
}

fn option(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help)
}

fn number(name: &'static str, help: &'static str) -> Arg {
    option(name, "N", help).value_parser(value_parser!(u64))
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).help(help).action(ArgAction::SetTrue)
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if speed.is_finite() && speed > 0.0 => Ok(speed),
        _ => Err("a speed is a number above 0: 1 as it was, 10 ten times as fast".into()),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_one() {
        super::command().debug_assert();
    }
}
