//! Journals: written, asked, added up, exported, imported, checked.

use std::fs;

use serde_json::json;

use super::{folder, orders, rem, rem_with, text};

#[test]
fn what_is_published_is_found_again() {
    let (_folder, path) = folder();
    let path = text(&path);
    let said =
        rem(&["publish", "order.paid", r#"{"order": 42}"#, "--into", path, "--from", "shop"]);
    assert_eq!(said.good(), "`order.paid` is published under the number 1\n");
    let said =
        rem_with(&["publish", "order.paid", "-", "--into", path, "--json"], r#"{"order":43}"#);
    let published = said.values().remove(0);
    assert_eq!(published["topic"], "order.paid");
    let found = rem(&["query", path, "--json"]).values();
    assert_eq!(found.len(), 2);
    assert_eq!((&found[0]["data"], &found[0]["source"]), (&json!({ "order": 42 }), &json!("shop")));
    assert_eq!(
        (&found[1]["sequence"], &found[1]["id"]),
        (&published["sequence"], &published["id"])
    );
    let shown = rem(&["query", path]).good();
    assert!(shown.lines().next().unwrap().ends_with("order.paid shop {\"order\":42}"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "no colour where no terminal is");
}

#[test]
fn a_query_chooses() {
    let (_folder, path) = folder();
    orders(&path);
    let path = text(&path);
    let numbers = |arguments: &[&str]| -> Vec<u64> {
        let said = rem(&[&["query", path, "--json"], arguments].concat());
        said.values().iter().map(|event| event["sequence"].as_u64().unwrap()).collect()
    };
    assert_eq!(numbers(&["order.*.lost"]), [5, 10]);
    assert_eq!(numbers(&["order.paid", "order.4.lost", "--first", "5"]), [1, 2, 3, 4, 5]);
    assert_eq!(numbers(&["order", "!order.paid"]), [5, 10]);
    assert_eq!(numbers(&["--last", "2"]), [9, 10]);
    assert_eq!(numbers(&["--after", "3", "--before", "6"]), [4, 5]);
    assert_eq!(numbers(&["--since", "2026-01-01T09:08:00Z"]), [9, 10]);
    assert_eq!(numbers(&["--until", "2026-01-01T09:01:00Z"]), [1, 2]);
    assert_eq!(numbers(&["--source", "web", "--last", "1"]), [10]);
    assert_eq!(numbers(&["--search", "ORDER\":7"]), [8]);
    let none = rem(&["query", path, "user"]);
    assert_eq!((none.code, none.out.as_str()), (1, ""));
    let none = rem(&["query", path, "--since", "10m"]);
    assert_eq!(none.code, 1, "they are older than ten minutes");
}

#[test]
fn a_query_adds_up_by_groups_and_windows() {
    let (_folder, path) = folder();
    orders(&path);
    let path = text(&path);
    let table = rem(&["query", path, "--group-by", "source", "--of", "price", "--csv"]).good();
    let rows: Vec<&str> = table.lines().collect();
    assert_eq!(rows.len(), 3, "{table}");
    assert!(rows.iter().any(|row| row.contains("shop") && row.contains(",6,")), "{table}");
    let windows = rem(&["query", path, "--every", "5m", "--json"]).values();
    assert_eq!(windows.iter().map(|row| &row["events"]).collect::<Vec<_>>(), [5, 5]);
    let shown = rem(&["query", path, "--group-by", "segment:1", "--group-by", "source"]).good();
    assert!(shown.contains("paid") && shown.contains("web"), "{shown}");
    let percentiles = rem(&["query", path, "--of", "price", "--percentiles", "50,99"]).good();
    assert!(percentiles.contains("90"), "{percentiles}");
}

#[test]
fn what_is_exported_is_imported_as_it_was() {
    let (folder, path) = folder();
    orders(&path);
    let (file, other) = (folder.path().join("orders.jsonl"), folder.path().join("other.rem"));
    let masked = rem(&["export", text(&path)]);
    assert_eq!(masked.code, 2);
    assert!(masked.err.contains("--unmasked"), "{masked:?}");
    let said =
        rem(&["export", text(&path), "order.paid", "--unmasked", "-o", text(&file), "--json"])
            .values();
    assert_eq!(
        (&said[0]["events"], &said[0]["from"], &said[0]["to"]),
        (&json!(8), &json!(1), &json!(9))
    );
    assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 8);
    assert_eq!(
        rem(&["import", text(&file), "--into", text(&other)]).good(),
        "8 events are imported\n"
    );
    let of = |path| -> Vec<_> {
        let events = rem(&["query", path, "order.paid", "--json"]).values();
        events
            .into_iter()
            .map(|it| {
                (it["id"].clone(), it["time"].clone(), it["source"].clone(), it["data"].clone())
            })
            .collect()
    };
    assert_eq!(of(text(&path)), of(text(&other)));
    let lines = rem(&["export", text(&path), "--unmasked", "--first", "1"]).good();
    assert_eq!(
        rem_with(&["import", "-", "--into", text(&other)], &lines).good(),
        "1 event is imported\n"
    );
    let broken = format!("{{\"specversion\":\n{lines}");
    let refused = rem_with(&["import", "-", "--into", text(&other)], &broken);
    assert_eq!(refused.code, 4);
    assert!(refused.err.contains("line 1"), "{refused:?}");
    let skipped = rem_with(&["import", "-", "--into", text(&other), "--skip-bad", "1"], &broken);
    assert!(skipped.err.contains("line 1"), "{skipped:?}");
    assert_eq!(skipped.good(), "1 event is imported\n");
}

#[test]
fn a_replay_shows_the_past_or_writes_it_again() {
    let (folder, path) = folder();
    orders(&path);
    let shown = rem(&["replay", text(&path), "order.*.lost", "--json"]).values();
    assert_eq!(shown.len(), 2);
    // Nine minutes of then in some hundredths of a second.
    assert_eq!(rem(&["replay", text(&path), "--speed", "20000", "--json"]).values().len(), 10);
    let other = folder.path().join("again.rem");
    let said =
        rem(&["replay", text(&path), "order.paid", "--into", text(&other), "--quiet"]).good();
    assert_eq!(said, "8 events are replayed\n");
    let (was, is) = (
        rem(&["query", text(&path), "order.paid", "--json"]).values(),
        rem(&["query", text(&other), "--json"]).values(),
    );
    assert_eq!(is.len(), 8);
    for (was, is) in was.iter().zip(&is) {
        assert_eq!((&was["id"], &was["time"], &was["data"]), (&is["id"], &is["time"], &is["data"]));
    }
}

#[test]
fn stats_and_the_catalogue_tell_what_there_is() {
    let (_folder, path) = folder();
    orders(&path);
    let stats = rem(&["stats", text(&path), "--json"]).values().remove(0);
    assert_eq!(
        (&stats["events"], &stats["from"], &stats["to"]),
        (&json!(10), &json!(1), &json!(10))
    );
    assert_eq!(stats["topics"][0], json!(["order.paid", 8]));
    assert_eq!(stats["first"], "2026-01-01T09:00:00Z");
    let shown = rem(&["stats", text(&path)]).good();
    assert!(
        shown.starts_with("events         10\n") && shown.contains("8 order.paid\n"),
        "{shown}"
    );
    assert_eq!(rem(&["catalogue", text(&path)]).good(), "order.4.lost\norder.9.lost\norder.paid\n");
}

#[test]
fn a_journal_is_checked_and_what_is_damaged_is_told() {
    let (_folder, path) = folder();
    orders(&path);
    let sound = rem(&["verify", text(&path), "--json"]).values().remove(0);
    assert_eq!(
        (&sound["sound"], &sound["records"], &sound["damaged"]),
        (&json!(true), &json!(10), &json!(0))
    );
    assert!(rem(&["verify", text(&path)]).good().starts_with("sound: 10 events"));
    let mut bytes = fs::read(&path).unwrap();
    let data = br#"{"order":7,"#;
    let at = bytes.windows(data.len()).position(|window| window == data).unwrap();
    bytes[at + 9] = b'8';
    fs::write(&path, bytes).unwrap();
    let damaged = rem(&["verify", text(&path)]);
    assert_eq!(damaged.code, 1, "{damaged:?}");
    assert!(
        damaged.out.starts_with("damaged: ") && damaged.out.contains("rem export"),
        "{damaged:?}"
    );
}
