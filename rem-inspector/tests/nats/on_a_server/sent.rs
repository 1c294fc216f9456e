//! What is published on a mesh by the command.

use rem_core::testing::Recorder;
use rem_core::{Bus, Event};
use rem_nats::testing::Server;
use serde_json::json;

use super::{LIMIT, Shop, node, on_both, text, with_streams};
use crate::said::{rem, rem_with};

#[test]
fn what_is_published_is_heard_by_the_nodes_and_stored_where_there_is_a_stream() {
    on_both(|version| {
        let (server, folder) = (with_streams(version), tempfile::tempdir().unwrap());
        let url = server.url();
        let office = Bus::new();
        let recorder = Recorder::new(&office);
        let _heard = office.subscribe("order", |_: &Event| {}).unwrap();
        let _mesh = node(&office, &url, "office").import("order").join_blocking().unwrap();

        let said =
            rem(&["publish", "order.paid", r#"{"order":7}"#, "--into", &url, "--from", "me"]);
        assert!(said.err.is_empty(), "{said:?}");
        assert_eq!(
            said.good(),
            "`order.paid` is published on the mesh `main`, which has no stream that can be read: who listens now has it\n"
        );
        let event = recorder.wait_for("order.paid", LIMIT).unwrap();
        assert_eq!(event.source(), Some("me"));

        let _shop = Shop::open(&folder.path().join("shop.rem"), &server);
        let stored =
            rem_with(&["publish", "order.lost", "-", "--into", &url, "--json"], "[1]").values();
        assert_eq!(
            (&stored[0]["mesh"], &stored[0]["sequence"], &stored[0]["topic"]),
            (&json!("main"), &json!(1), &json!("order.lost"))
        );
        let event = recorder.wait_for("order.lost", LIMIT).unwrap();
        assert_eq!(json!(event.id()), stored[0]["id"]);

        let other = rem(&["publish", "order.paid", "1", "--into", &url, "--mesh", "other"]);
        assert!(other.good().contains("on the mesh `other`"));
        for (arguments, says) in [
            (&["publish", "local.a", "1", "--into", &url][..], "never leaves"),
            (&["publish", "a", "1", "--into", "http://127.0.0.1:1"], "only looks"),
            (&["publish", "a", "1", "--into", &url, "--mesh", "a b"], "no name of a mesh"),
        ] {
            let said = rem(arguments);
            assert!(said.code == 2 && said.err.contains(says), "{arguments:?}: {said:?}");
        }
    });
}

#[test]
fn a_journal_is_replayed_on_a_mesh_as_it_was() {
    on_both(|version| {
        let (server, folder) = (with_streams(version), tempfile::tempdir().unwrap());
        let (url, path) = (server.url(), folder.path().join("shop.rem"));
        let shop = Shop::open(&path, &server);
        shop.orders(1..=5);
        let before = rem(&["query", &url, "--json"]).values();
        shop.close();
        let said = rem(&["replay", text(&path), "--into", &url, "--quiet", "--json"]).values();
        assert_eq!(said, [json!({ "replayed": 5, "sent": 5 })]);
        let after = rem(&["query", &url, "--after", "5", "--json"]).values();
        assert_eq!(after.len(), 5, "who knew them before is another node's window");
        for (was, is) in before.iter().zip(&after) {
            assert_eq!(
                (&was["id"], &was["time"], &was["data"]),
                (&is["id"], &is["time"], &is["data"])
            );
        }
    });
}

#[test]
fn a_server_that_refuses_what_is_sent_is_told() {
    on_both(|version| {
        let config = r#"authorization { users: [ { user: ann, password: pw, permissions: { publish: ["_INBOX.>"], subscribe: [">"] } } ] }"#;
        let server = Server::builder(version).config(config).start().unwrap();
        let url = server.url().replace("nats://", "nats://ann:pw@");
        let said = rem(&["publish", "order.paid", "1", "--into", &url]);
        assert_eq!((said.code, said.out.as_str()), (4, ""), "{said:?}");
        assert!(said.err.contains("`rem.main.>`") && !said.err.contains("pw"), "{said:?}");
    });
}
