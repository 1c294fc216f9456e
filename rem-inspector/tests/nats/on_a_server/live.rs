//! What comes over a mesh, to a terminal and to a page.

use rem_core::Bus;
use rem_core::wire::{Codec, RawEvent};
use rem_nats::testing::Server;
use serde_json::json;

use super::{LIMIT, Shop, on_both, with_streams};
use crate::said::{Running, rem};

#[test]
fn a_mesh_is_watched_from_a_number_of_its_stream_on_each_event_once() {
    on_both(|version| {
        let (server, folder) = (with_streams(version), tempfile::tempdir().unwrap());
        let shop = Shop::open(&folder.path().join("shop.rem"), &server);
        shop.orders(1..=6);
        let url = server.url();
        let (mut running, mut events) = Running::start(&[
            "watch",
            &url,
            "order.paid",
            "--all",
            "--after",
            "2",
            "--count",
            "6",
            "--json",
        ]);
        for number in [3, 4, 6] {
            let event = events.next().unwrap();
            assert_eq!(
                (&event["sequence"], &event["data"]["order"]),
                (&json!(number), &json!(number))
            );
        }
        shop.orders(7..=9);
        for order in 7..=9 {
            let event = events.next().unwrap();
            assert_eq!(
                (&event["data"]["order"], &event["source"]),
                (&json!(order), &json!(if order == 9 { "web" } else { "shop" }))
            );
        }
        assert!(events.next().is_none());
        assert!(running.0.wait().unwrap().success());
    });
}

#[test]
fn what_comes_while_the_past_is_read_is_given_once() {
    on_both(|version| {
        let (server, folder) = (with_streams(version), tempfile::tempdir().unwrap());
        let shop = Shop::open(&folder.path().join("shop.rem"), &server);
        shop.orders(1..=1);
        std::thread::scope(|scope| {
            let _publishing = scope.spawn(|| shop.orders(2..=120));
            let url = server.url();
            let arguments = ["watch", &url, "--all", "--after", "0", "--count", "120", "--json"];
            let (_running, mut events) = Running::start(&arguments);
            for order in 1..=120 {
                assert_eq!(events.next().unwrap()["data"]["order"], json!(order));
            }
        });
    });
}

/// Publishes until what is asked for has come: a node hears what is published when it has joined.
fn until_heard<T>(bus: &Bus, mut heard: impl FnMut() -> Option<T>) -> T {
    let begun = std::time::Instant::now();
    loop {
        bus.publish_to("order.paid", RawEvent::new(Codec::Json, b"1".to_vec())).unwrap();
        if let Some(heard) = heard() {
            return heard;
        }
        assert!(begun.elapsed() < LIMIT, "nothing was heard");
        std::thread::yield_now();
    }
}

#[test]
fn a_connection_that_is_lost_is_told_in_its_place() {
    on_both(|version| {
        let mut server = Server::start(version).unwrap();
        let bus = Bus::new();
        let transport = rem_nats::NatsTransport::builder(server.url())
            .ping_interval(std::time::Duration::from_millis(200))
            .build()
            .unwrap();
        let _mesh = rem_mesh::Mesh::builder(&bus)
            .transport(transport)
            .node("shop")
            .export("order")
            .join_blocking()
            .unwrap();
        let url = server.url();
        let (_running, events) = Running::start(&["watch", &url, "--all", "--json"]);
        let (give, take) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            events.take_while(|event| give.send(event.clone()).is_ok()).count()
        });
        until_heard(&bus, || take.try_recv().ok());
        server.kill();
        let gap = loop {
            let said = take.recv_timeout(LIMIT).unwrap();
            if said["gap"].is_object() {
                break said;
            }
        };
        assert!(gap["gap"]["why"].as_str().unwrap().contains("does not come"), "{gap}");
        server.restart().unwrap();
        let event = until_heard(&bus, || take.try_recv().ok());
        assert_eq!(event["topic"], "order.paid", "and then it goes on");
    });
}

#[test]
fn more_than_is_to_be_shown_is_left_out_and_counted() {
    on_both(|version| {
        let (server, folder) = (with_streams(version), tempfile::tempdir().unwrap());
        let shop = Shop::open(&folder.path().join("shop.rem"), &server);
        shop.orders(1..=1);
        let url = server.url();
        let (_running, mut lines) =
            Running::start(&["watch", &url, "--rate", "3", "--after", "0", "--json"]);
        assert_eq!(lines.next().unwrap()["sequence"], 1, "it has joined");
        shop.orders(2..=60);
        let (mut shown, mut left_out) = (0, 0);
        while shown + left_out < 59 {
            let line = lines.next().unwrap();
            match line["sampled"]["left_out"].as_u64() {
                Some(more) => left_out += more,
                None => shown += 1,
            }
        }
        assert!(left_out > 0 && shown >= 3, "{shown} are shown, {left_out} are not");
    });
}

#[test]
fn a_mesh_is_inspected_with_what_its_stream_kept_before() {
    on_both(|version| {
        let (server, folder) = (with_streams(version), tempfile::tempdir().unwrap());
        let shop = Shop::open(&folder.path().join("shop.rem"), &server);
        shop.orders(1..=5);
        let url = server.url();
        let (_running, mut said) = Running::start(&[
            "inspect",
            "--nats",
            &url,
            "--last",
            "3",
            "--unmasked",
            "--address",
            "127.0.0.1:0",
            "--json",
        ]);
        let page = said.next().unwrap()["url"].as_str().unwrap().to_owned();
        let (_watching, mut shown) =
            Running::start(&["watch", &page, "--all", "--after", "0", "--json"]);
        let orders = |shown: &mut dyn Iterator<Item = serde_json::Value>, numbers: &[u64]| {
            for number in numbers {
                let event = shown.next().unwrap();
                assert_eq!(
                    (&event["data"]["order"], &event["topic"]),
                    (
                        &json!(number),
                        &json!(if number % 5 == 0 {
                            format!("order.{number}.lost")
                        } else {
                            "order.paid".into()
                        })
                    )
                );
            }
        };
        orders(&mut shown, &[3, 4, 5]);
        shop.orders(6..=7);
        orders(&mut shown, &[6, 7]);
        let stats = rem(&["stats", &page, "--json"]).values().remove(0);
        assert_eq!((&stats["to"], &stats["topics"][0]), (&json!(5), &json!(["order.paid", 4])));
        let opened = rem(&["inspect", &page]);
        assert!(opened.code == 2 && opened.err.contains("in a browser"), "{opened:?}");
        let none = rem(&["inspect", "--nats", "orders.rem"]);
        assert!(none.code == 2 && none.err.contains("nats://127.0.0.1:4222"), "{none:?}");
    });
}

#[test]
fn a_mesh_without_streams_is_inspected_from_now_on() {
    on_both(|version| {
        let server = Server::start(version).unwrap();
        let url = server.url();
        let (_running, mut said) = Running::start(&[
            "inspect",
            "--nats",
            &url,
            "--unmasked",
            "--address",
            "127.0.0.1:0",
            "--json",
        ]);
        let page = said.next().unwrap()["url"].as_str().unwrap().to_owned();
        assert!(rem(&["publish", "order.paid", "4", "--into", &url]).code == 0);
        let (_watching, mut shown) =
            Running::start(&["watch", &page, "--all", "--after", "0", "--json"]);
        assert_eq!(shown.next().unwrap()["data"], 4);
    });
}
