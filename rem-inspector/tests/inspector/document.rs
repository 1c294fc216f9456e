//! The document of the API is true: its routes are there, and its examples have the members that answers have.

use std::collections::BTreeSet;
use std::fs;

use rem_core::Event;
use serde_json::Value;

use crate::support::{Order, Stream, ask, get, inspected, placed, wait_for};

fn document() -> String {
    fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/API.md")).unwrap()
}

/// The examples below a heading, as far as they are JSON when what stands for something has been put in.
fn examples(document: &str, heading: &str) -> Vec<Value> {
    let section =
        document.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no {heading}")).1;
    let section = section.split("\n## ").next().unwrap();
    let blocks = section.split("```json\n").skip(1).map(|block| block.split("```").next().unwrap());
    let whole =
        |block: &str| block.replace("EVENT", "{}").replace("TIME", "\"\"").replace("[ … ]", "[]");
    blocks
        .map(|block| {
            serde_json::from_str(&whole(block)).unwrap_or_else(|error| panic!("{heading}: {error}"))
        })
        .collect()
}

/// The names of all members, those of the first item for lists; `{}` stands for anything.
fn members(value: &Value, at: &str, out: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                out.insert(format!("{at}.{name}"));
                members(value, &format!("{at}.{name}"), out);
            }
        }
        Value::Array(items) => {
            items.iter().take(1).for_each(|item| members(item, &format!("{at}[]"), out));
        }
        _ => {}
    }
}

fn names(value: &Value) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    members(value, "", &mut out);
    out
}

#[test]
fn examples_have_the_members_that_answers_have() {
    let (bus, inspector) = inspected();
    bus.middleware("**", rem_core::middleware::filter("all", |_| true)).unwrap();
    let _eu = bus.child("eu").unwrap();
    let _sub = bus
        .subscription("order.placed")
        .concurrency(2)
        .task(async |_: rem_core::Received<Order>| ())
        .unwrap();
    let _typo = bus.subscribe("ordr", |_: &Event| ()).unwrap();
    bus.event(placed(1)).metadata("tenant", "acme").publish().unwrap();
    let mut stream = Stream::open(inspector.address(), "/api/stream?stats=true", None);
    stream.until("stats");
    bus.event(placed(2)).metadata("tenant", "acme").publish().unwrap();
    wait_for("it is counted", || stream.until("stats").data["topics"] != Value::Array(vec![]));
    let document = document();
    for (heading, path) in [
        ("## `GET /api/about`", "/api/about"),
        ("## `GET /api/topics`", "/api/topics"),
        ("## `GET /api/types`", "/api/types"),
        ("## `GET /api/events`", "/api/events"),
        ("### `EVENT`", "/api/events/1"),
        ("## `GET /api/events/{event}`", "/api/events/2"),
        ("## `GET /api/pattern`", "/api/pattern?pattern=order.*.paid&topic=order.1.lost"),
        ("## `GET /api/story/{event}`", "/api/story/2"),
        ("## `GET /api/subscriptions`", "/api/subscriptions"),
        ("## `GET /api/history`", "/api/history"),
        ("## `GET /api/moment`", "/api/moment?sequence=1"),
    ] {
        let mut answer = get(&inspector, path);
        if heading.contains("EVENT") {
            answer = answer["event"].take();
        }
        let (told, given) = (names(&examples(&document, heading)[0]), names(&answer));
        // What is an example's own: the names of metadata and of data, ids, what stands for an event, members that few have.
        let own = |name: &&String| {
            let free = [
                ".metadata.",
                ".data.",
                ".handlings.",
                ".durable.",
                ".captures.",
                ".event.",
                ".events[].",
            ];
            free.iter().any(|free| name.contains(free))
        };
        let told: BTreeSet<_> = told.iter().filter(|name| !own(name)).collect();
        let given: BTreeSet<_> = given.iter().filter(|name| !own(name)).collect();
        // Of a list that is empty in the answer nothing is known.
        let is_known = |name: &&&String| {
            let mut lists = name.match_indices("[]").map(|(at, _)| format!("{}[]", &name[..at]));
            lists.all(|list| given.iter().any(|other| other.starts_with(&list)))
        };
        let missing: Vec<_> = told.difference(&given).filter(is_known).collect();
        assert!(missing.is_empty(), "{heading}: told and not given {missing:?}");
        let top = |name: &&&String| name.matches('.').count() == 1;
        let untold: Vec<_> = given.difference(&told).filter(|name| top(name)).collect();
        assert!(untold.is_empty(), "{heading}: given and not told {untold:?}");
    }
}

#[test]
fn every_route_that_is_told_is_there() {
    let (bus, inspector) = inspected();
    bus.publish(placed(1)).unwrap();
    let document = document();
    let mut seen = 0;
    for (method, path) in document.split('`').filter_map(|code| code.split_once(' ')) {
        if !path.starts_with("/api/") || !["GET", "POST", "DELETE"].contains(&method) {
            continue;
        }
        let path =
            path.replace("{event}", "1").replace("{id}", "replay-1").replace("{name}", "total");
        // A stream is there if it says what is wrong about a parameter.
        let path = if path == "/api/stream" { "/api/stream?rate=0".into() } else { path };
        let answer = ask(inspector.address(), method, &path, &[], "");
        let known =
            answer.status < 400 || !["no_such_path", "method"].contains(&answer.kind().as_str());
        assert!(known || cfg!(not(feature = "projections")), "{method} {path}: {answer:?}");
        seen += 1;
    }
    assert!(seen > 15, "{seen} routes are told");
}
