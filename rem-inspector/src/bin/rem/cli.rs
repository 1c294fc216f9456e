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

/// Into what events are published.
const INTO: &str =
    "The journal, which is made if there is none; or a mesh, as nats://127.0.0.1:4222";

pub(crate) fn command() -> Command {
    Command::new("rem")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Asks a journal, a program that runs with an inspector, or a mesh over NATS, from a terminal.")
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
        .arg(live())
        .arg(patterns())
        .arg(
            option("rate", "N", "At most so many a second; what is above is sampled, and told")
                .value_parser(value_parser!(u16).range(1..=2_000)),
        )
        .arg(flag("all", "Every event, none sampled").conflicts_with("rate"))
        .arg(number("after", "Begins behind this number: of a mesh, of its stream"))
        .arg(number("count", "Ends after so many events"))
        .args(filters())
        .args([token(), json()])
        .args(mesh())
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
        .arg(
            option(
                "plot",
                "WHAT",
                "Draws it below the table, bars by group or lines over windows: events, rate, sum, mean, min, max or p99; events unless told, \
                 or the mean of what `--of` names",
            )
            .num_args(0..=1)
            .default_missing_value("")
            .conflicts_with_all(["json", "csv"]),
        )
        .args([token(), json()])
        .args(mesh())
}

fn stats() -> Command {
    Command::new("stats")
        .about("Counts what there is: events, topics, the range of the history")
        .args([source(), quiet(), token(), json()])
        .args(mesh())
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
            into("Publishes the events into this journal, or on a mesh, as nats://127.0.0.1:4222, in place of showing them"),
        )
        .args([quiet(), token(), json()])
        .args(mesh())
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
            "Fields marked `#[event(redact)]` too: which they are, neither a journal nor a mesh knows",
        ))
        .args([token(), json()])
        .args(mesh())
}

fn import() -> Command {
    Command::new("import")
        .about("Reads JSON lines of cloud events into a journal, or publishes them on a mesh")
        .arg(
            Arg::new("FILE")
                .required(true)
                .help("The file, or - for what comes in")
                .value_parser(value_parser!(PathBuf)),
        )
        .arg(into(INTO).required(true))
        .arg(
            option("skip-bad", "N", "Goes on behind so many places that cannot be read")
                .value_parser(value_parser!(usize)),
        )
        .arg(json())
        .args(mesh())
}

fn publish() -> Command {
    Command::new("publish")
        .about("Publishes one event into a journal, and waits until it is on the disk; or on a mesh, until the server has it")
        .arg(Arg::new("TOPIC").required(true).help("The topic"))
        .arg(Arg::new("JSON").required(true).help("The data, or - for what comes in"))
        .arg(into(INTO).required(true))
        .arg(option("from", "NAME", "Who publishes it"))
        .arg(json())
        .args(mesh())
}

fn inspect() -> Command {
    Command::new("inspect")
        .about("Serves the page of an inspector upon a journal that no program writes, or upon a mesh, until it is ended")
        .arg(
            Arg::new("SOURCE")
                .value_name("JOURNAL")
                .required_unless_present("nats")
                .help("The file"),
        )
        .arg(
            option("nats", "URL", "A mesh in its place, as nats://127.0.0.1:4222: joins it by a node that listens")
                .conflicts_with("SOURCE"),
        )
        .arg(number("last", "Begins with the newest so many that the mesh's stream keeps; 1000 unless told"))
        .arg(number("keep", "Keeps so many events of the mesh to be looked at, and a GiB at most; 100000 unless told"))
        .arg(
            option("address", "ADDRESS", "Where; port 0 takes a free one, and other machines need a token")
                .default_value("127.0.0.1:7878"),
        )
        .arg(flag(
            "unmasked",
            "Data too: which of its fields are marked `#[event(redact)]`, neither a journal nor a mesh knows",
        ))
        .arg(
            option("token", "TOKEN", "Lets in only who has it: at least 16 printable characters of ASCII")
                .env("REM_TOKEN")
                .hide_env_values(true),
        )
        .arg(json())
        .args(mesh())
}

fn catalogue() -> Command {
    Command::new("catalogue")
        .about("Lists the event types of a running program, or the topics of a journal and of what a mesh keeps")
        .args([source(), quiet(), token(), json()])
        .args(mesh())
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
        .args([quiet(), json()])
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
        .help("A journal; a running inspector, as http://127.0.0.1:7878; or what a mesh keeps, as nats://127.0.0.1:4222")
}

fn live() -> Arg {
    Arg::new("SOURCE")
        .required(true)
        .help("A running inspector, as http://127.0.0.1:7878, or a mesh, as nats://127.0.0.1:4222")
}

/// A mesh over NATS, and who is let in there: as the command of NATS has it.
fn mesh() -> [Arg; 9] {
    let file = |name, help| option(name, "FILE", help).value_parser(value_parser!(PathBuf));
    let all = [
        option("mesh", "NAME", "Its name; `main` unless told"),
        file("creds", "A JWT and the seed of an nkey, as `nsc` writes them").env("NATS_CREDS"),
        file("nkey", "The seed of an nkey").env("NATS_NKEY"),
        option("user", "NAME", "A user, unless it is in the address").env("NATS_USER"),
        option("password", "PASSWORD", "The user's password").env("NATS_PASSWORD"),
        file(
            "tlsca",
            "Trusts who these certificates stand for, in place of whom the system trusts",
        )
        .env("NATS_CA"),
        file("tlscert", "Is known by this certificate").env("NATS_CERT"),
        file("tlskey", "The key of the certificate").env("NATS_KEY"),
        flag("tlsfirst", "Begins with TLS before the server has said a word"),
    ];
    all.map(|arg| arg.help_heading("A mesh over NATS").hide_env_values(true))
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

fn into(help: &'static str) -> Arg {
    option("into", "JOURNAL", help)
}

fn quiet() -> Arg {
    flag("quiet", "No progress bar")
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
