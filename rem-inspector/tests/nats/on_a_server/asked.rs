//! What a mesh's stream keeps, asked as a journal is.

use serde_json::{Value, json};

use super::{Shop, on_both, text, with_streams};
use crate::said::{rem, rem_in};

#[test]
fn what_a_mesh_keeps_is_asked_as_a_journal_is() {
    on_both(|version| {
        let (server, folder) = (with_streams(version), tempfile::tempdir().unwrap());
        let shop = Shop::open(&folder.path().join("shop.rem"), &server);
        shop.orders(1..=10);
        let url = server.url();
        let all = rem(&["query", &url, "--json"]).values();
        assert_eq!(all.len(), 10);
        assert_eq!(
            (&all[4]["topic"], &all[4]["data"], &all[4]["source"], &all[4]["time"]),
            (
                &json!("order.5.lost"),
                &json!({ "order": 5, "price": 50 }),
                &json!("shop"),
                &json!("2026-01-01T09:05:00Z")
            )
        );
        let numbers = |arguments: &[&str]| -> Vec<u64> {
            let events = rem(&[&["query", &url, "--json"], arguments].concat()).values();
            events.iter().map(|event| event["sequence"].as_u64().unwrap()).collect()
        };
        assert_eq!(numbers(&["order.*.lost"]), [5, 10]);
        assert_eq!(numbers(&["order", "!order.paid"]), [5, 10]);
        assert_eq!(numbers(&["--after", "3", "--before", "6"]), [4, 5]);
        assert_eq!(numbers(&["--first", "2", "--source", "web"]), [3, 6]);
        assert_eq!(numbers(&["--last", "2"]), [9, 10]);
        assert_eq!(numbers(&["--last", "3", "order.paid", "--before", "6"]), [2, 3, 4]);
        assert_eq!(numbers(&["--since", "2026-01-01T09:09:00Z"]), [9, 10]);
        assert_eq!(numbers(&["--until", "2026-01-01T09:02:00Z"]), [1, 2]);
        assert_eq!(numbers(&["--search", "PRICE\":70"]), [7]);
        assert_eq!(rem(&["query", &url, "user"]).code, 1);
        assert_eq!(rem(&["query", &url, "--last", "0"]).code, 1);
        let story = all[6]["correlation"].as_str().unwrap();
        assert_eq!(numbers(&["--story", story]), [7]);

        let by_source = rem(&["query", &url, "--group-by", "source", "--of", "price", "--json"]);
        let sums: f64 = by_source.values().iter().filter_map(|row| row["sum"].as_f64()).sum();
        assert!((sums - 550.0).abs() < f64::EPSILON, "{sums}");

        let stats = rem(&["stats", &url, "--json"]).values().remove(0);
        assert_eq!(
            [&stats["mesh"], &stats["events"], &stats["from"], &stats["to"], &stats["topics"][0]],
            [&json!("main"), &json!(10), &json!(1), &json!(10), &json!(["order.paid", 8])]
        );
        assert_eq!(rem(&["catalogue", &url]).good(), "order.10.lost\norder.5.lost\norder.paid\n");
        let hidden = rem(&["export", &url]);
        assert!(hidden.code == 2 && hidden.err.contains("--unmasked"), "{hidden:?}");
        let lines = rem(&["export", &url, "--unmasked", "--first", "3"]).good();
        assert_eq!(lines.lines().count(), 3);

        let kept = folder.path().join("kept.rem");
        let said = rem_in(folder.path(), &["replay", &url, "--into", "kept.rem", "--quiet"]).good();
        assert_eq!(said, "10 events are replayed\n");
        let of =
            |event: &Value| (event["id"].clone(), event["time"].clone(), event["data"].clone());
        let copied = rem(&["query", text(&kept), "--json"]).values();
        assert_eq!(
            copied.iter().map(of).collect::<Vec<_>>(),
            all.iter().map(of).collect::<Vec<_>>()
        );
    });
}

#[test]
fn more_than_a_page_is_read_and_the_newest_of_it_are_found() {
    let version = rem_nats::testing::Version::Modern;
    let (server, folder) = (with_streams(version), tempfile::tempdir().unwrap());
    let file = folder.path().join("many.jsonl");
    let line = |number: u64| {
        let topic = if number.is_multiple_of(1_000) { "rare" } else { "usual" };
        format!(
            r#"{{"specversion":"1.0","id":"{number}","source":"/many","type":"{topic}","data":{number}}}"#
        )
    };
    let lines = (0..3_500).map(line).collect::<Vec<_>>().join("\n");
    std::fs::write(&file, lines).unwrap();
    // One that keeps a stream, so that what is sent is stored.
    let shop = Shop::open(&folder.path().join("shop.rem"), &server);
    let sent = rem(&["import", text(&file), "--into", &server.url(), "--json"]).values().remove(0);
    assert_eq!((&sent["events"], &sent["sent"]), (&json!(3_500), &json!(3_500)));
    drop(shop);
    let url = server.url();
    let data = |arguments: &[&str]| -> Vec<u64> {
        let events = rem(&[&["query", &url, "--json"], arguments].concat()).values();
        events.iter().map(|event| event["data"].as_u64().unwrap()).collect()
    };
    assert_eq!(data(&[]), (0..3_500).collect::<Vec<_>>());
    assert_eq!(data(&["--last", "2", "rare"]), [2_000, 3_000]);
    assert_eq!(data(&["--last", "9", "rare"]), [0, 1_000, 2_000, 3_000]);
    assert_eq!(data(&["--last", "2600"]), (900..3_500).collect::<Vec<_>>());
}

#[test]
fn a_mesh_without_a_stream_says_what_to_do_instead() {
    on_both(|version| {
        for server in [with_streams(version), rem_nats::testing::Server::start(version).unwrap()] {
            for command in ["query", "stats", "catalogue", "replay"] {
                let said = rem(&[command, &server.url()]);
                assert_eq!((said.code, said.out.as_str()), (4, ""), "{command}: {said:?}");
                assert!(said.err.contains("`rem watch` shows what is live"), "{said:?}");
            }
            let asked = rem(&["inspect", "--nats", &server.url(), "--last", "5"]);
            assert_eq!((asked.code, asked.out.as_str()), (4, ""), "{asked:?}");
        }
    });
}
