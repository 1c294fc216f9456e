//! Every word of the command: its help, its usual answers, the same as JSON, and its mistakes, each with its code. Kept beside this
//! file; `INSTA_UPDATE=always cargo test --all-features --package rem-inspector --test command snapshots` takes over what is said now.

use std::fmt::Write as _;
use std::path::Path;

use rem_core::{Bus, Ring, Timestamp};
use rem_macros::EventType;
use serde::{Deserialize, Serialize};

use super::said::{Said, rem_in};
use super::{folder, orders};

/// All of them.
const COMMANDS: [&str; 12] = [
    "match",
    "watch",
    "query",
    "stats",
    "replay",
    "export",
    "import",
    "publish",
    "inspect",
    "catalogue",
    "verify",
    "completions",
];

/// What commands say that run in a folder, one after the other.
fn said(folder: &Path, commands: &[&[&str]]) -> String {
    let mut told = String::new();
    for arguments in commands {
        let Said { code, out, err } = rem_in(folder, arguments);
        let quoted = arguments.iter().map(|it| {
            let is_plain = it.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:=,".contains(c));
            if is_plain && !it.is_empty() { (*it).to_owned() } else { format!("'{it}'") }
        });
        let line = format!("$ rem {}", quoted.collect::<Vec<_>>().join(" "));
        writeln!(told, "{}", line.trim_end()).unwrap();
        for (text, mark) in [(&out, ""), (&err, "! ")] {
            for line in text.lines() {
                writeln!(told, "{}", format!("{mark}{line}").trim_end()).unwrap();
            }
        }
        if code != 0 {
            writeln!(told, "[{code}]").unwrap();
        }
        told.push('\n');
    }
    told
}

/// Holds it against what is kept, but for what is another each time.
macro_rules! is_kept {
    ($name:expr, $said:expr) => {
        insta::with_settings!({
            filters => vec![
                (r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "[id]"),
                (r"127\.0\.0\.1:\d{5}\b", "127.0.0.1:[port]"),
                (r"202\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", "[now]"),
                (r"(\bbytes\W+)\d+", "$1[n]"),
                (r"(#?\b)\d+ bytes", "$1[n] bytes"),
            ],
            omit_expression => true,
            prepend_module_to_snapshot => false,
        }, { insta::assert_snapshot!($name, $said) });
    };
}

#[test]
fn help() {
    let (folder, _) = folder();
    is_kept!("help", said(folder.path(), &[&["--help"]]));
    for command in COMMANDS {
        is_kept!(format!("help-{command}"), said(folder.path(), &[&[command, "--help"]]));
    }
}

#[test]
fn patterns() {
    let (folder, _) = folder();
    let commands: [&[&str]; 4] = [
        &["match", "order.{id}.paid", "order.42.paid"],
        &["match", "order.*.paid", "order.1.paid", "order.1.lost", "a..b"],
        &["match", "order.{id}", "order.7", "--json"],
        &["match", "order.>.paid", "order.paid"],
    ];
    is_kept!("match", said(folder.path(), &commands));
}

#[test]
fn journals() {
    let (folder, path) = folder();
    orders(&path);
    let query: [&[&str]; 11] = [
        &["query", "orders.rem", "--last", "3"],
        &["query", "orders.rem", "order.*.lost", "--json"],
        &["query", "orders.rem", "user"],
        &["query", "orders.rem", "--group-by", "topic"],
        &["query", "orders.rem", "--group-by", "source", "--of", "price", "--percentiles", "50,99"],
        &["query", "orders.rem", "--group-by", "source", "--of", "price", "--json"],
        &["query", "orders.rem", "--group-by", "source", "--of", "price", "--csv"],
        &["query", "orders.rem", "--every", "5m"],
        &["query", "orders.rem", "--csv"],
        &["query", "orders.rem", "--since", "yesterday"],
        &["query", "none.rem"],
    ];
    is_kept!("query", said(folder.path(), &query));
    let plots: [&[&str]; 9] = [
        &["query", "orders.rem", "--group-by", "topic", "--plot"],
        &["query", "orders.rem", "--group-by", "source", "--of", "price", "--plot"],
        &["query", "orders.rem", "--every", "1m", "--of", "price", "--plot", "sum"],
        &["query", "orders.rem", "--every", "2m", "--group-by", "source", "--plot"],
        &["query", "orders.rem", "--every", "1h", "--plot"],
        &["query", "orders.rem", "--plot"],
        &["query", "orders.rem", "--every", "1m", "--plot", "size"],
        &["query", "orders.rem", "--every", "1m", "--plot", "mean"],
        &["query", "orders.rem", "--every", "1m", "--of", "price", "--plot", "p99"],
    ];
    is_kept!("query-plot", said(folder.path(), &plots));
    let told: [&[&str]; 8] = [
        &["stats", "orders.rem"],
        &["stats", "orders.rem", "--json"],
        &["stats", "none.rem"],
        &["catalogue", "orders.rem"],
        &["catalogue", "orders.rem", "--json"],
        &["verify", "orders.rem"],
        &["verify", "orders.rem", "--json"],
        &["verify", "http://127.0.0.1:7878"],
    ];
    is_kept!("stats-catalogue-verify", said(folder.path(), &told));
    let replayed: [&[&str]; 6] = [
        &["replay", "orders.rem", "order.*.lost"],
        &["replay", "orders.rem", "order.*.lost", "--json"],
        &["replay", "orders.rem", "user"],
        &["replay", "orders.rem", "--into", "again.rem", "--quiet"],
        &["replay", "orders.rem", "--into", "again.rem", "--quiet", "--json"],
        &["replay", "orders.rem", "--speed", "0"],
    ];
    is_kept!("replay", said(folder.path(), &replayed));
    let moved: [&[&str]; 9] = [
        &["export", "orders.rem"],
        &["export", "orders.rem", "--unmasked", "--last", "1"],
        &["export", "orders.rem", "--unmasked", "-o", "orders.jsonl"],
        &["export", "orders.rem", "--unmasked", "-o", "orders.jsonl", "--json"],
        &["export", "orders.rem", "--unmasked", "-o", "none/orders.jsonl"],
        &["import", "orders.jsonl", "--into", "other.rem"],
        &["import", "orders.jsonl", "--into", "other.rem", "--json"],
        &["import", "none.jsonl", "--into", "other.rem"],
        &["import", "orders.jsonl", "--into", "http://127.0.0.1:7878"],
    ];
    is_kept!("export-import", said(folder.path(), &moved));
    let published: [&[&str]; 6] = [
        &["publish", "order.paid", r#"{"order":42}"#, "--into", "new.rem", "--from", "shop"],
        &["publish", "order.paid", "43", "--into", "new.rem", "--json"],
        &["publish", "order.*", "{}", "--into", "new.rem"],
        &["publish", "order.paid", "{order}", "--into", "new.rem"],
        &["publish", "order.paid", "{}"],
        &["publish", "order.paid", "{}", "--into", "http://127.0.0.1:7878"],
    ];
    is_kept!("publish", said(folder.path(), &published));
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(crate = rem_core, namespace = "order")]
enum Order {
    /// Somebody wants something.
    Placed {
        /// Which it is.
        order: u64,
        #[event(redact)]
        card: String,
    },
}

#[test]
fn programs() {
    let (folder, _) = folder();
    let bus = Bus::builder().history(Ring::events(100)).build();
    let time: Timestamp = "2026-01-01T09:00:00Z".parse().unwrap();
    for order in 1..=2 {
        let event = bus.event(Order::Placed { order, card: "4929".into() });
        event.timestamp(time).publish().unwrap();
    }
    let _heard = bus.subscribe("order", |_: &rem_core::Event| {}).unwrap();
    let inspector = rem_inspector::serve(&bus, "127.0.0.1:0").unwrap();
    let url = inspector.url();
    let commands: [&[&str]; 11] = [
        &["watch", &url, "--after", "0", "--count", "2"],
        &["watch", &url, "--after", "0", "--count", "1", "--json"],
        &["watch", "orders.rem"],
        &["query", &url],
        &["query", &url, "order.>.x"],
        &["stats", &url],
        &["stats", &url, "--json"],
        &["catalogue", &url],
        &["export", &url, "--first", "1"],
        &["replay", &url, "--first", "1"],
        &["inspect", &url],
    ];
    is_kept!("programs", said(folder.path(), &commands));
    assert!(inspector.close(super::said::SOON));
    is_kept!("programs-gone", said(folder.path(), &[&["query", &url], &["watch", &url]]));
}

#[test]
fn mistakes() {
    let (folder, path) = folder();
    orders(&path);
    let commands: [&[&str]; 12] = [
        &[],
        &["mtch", "a", "a"],
        &["query", "orders.rem", "a..b"],
        &["query", "orders.rem", "!a"],
        &["query", "orders.rem", "--story", "7"],
        &["query", "orders.rem", "--first", "1", "--last", "1"],
        &["query", "orders.rem", "--group-by", "size"],
        &["query", "orders.rem", "--every", "soon"],
        &["inspect", "orders.rem", "--address", "0.0.0.0:0"],
        &["inspect", "--nats", "orders.rem"],
        &["query", "https://example.org"],
        &["completions", "tcsh"],
    ];
    is_kept!("mistakes", said(folder.path(), &commands));
}
