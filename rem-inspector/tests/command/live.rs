//! A program that runs with an inspector.

use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use rem_core::{Bus, Ring};
use rem_inspector::Inspector;
use rem_macros::EventType;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::said::{Running, SOON, rem_as};
use super::{folder, orders, rem, rem_with, text};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(crate = rem_core, namespace = "order")]
enum Order {
    /// Somebody wants something.
    Placed {
        order: u64,
        #[event(redact)]
        card: String,
    },
}

fn inspected() -> (Bus, Inspector) {
    let bus = Bus::builder().history(Ring::events(10_000)).build();
    for order in 1..=3 {
        publish(&bus, order);
    }
    let inspector = rem_inspector::serve(&bus, "127.0.0.1:0").unwrap();
    (bus, inspector)
}

fn publish(bus: &Bus, order: u64) {
    bus.publish(Order::Placed { order, card: "4929 1234".into() }).unwrap();
}

#[test]
fn what_is_live_is_watched_from_where_one_says_to_as_many_as_one_says() {
    let (bus, inspector) = inspected();
    let url = inspector.url();
    let (mut running, mut events) = Running::start(&[
        "watch", &url, "order.*", "--all", "--after", "1", "--count", "3", "--json",
    ]);
    assert_eq!(events.next().unwrap()["sequence"], 2);
    assert_eq!(events.next().unwrap()["sequence"], 3);
    publish(&bus, 4);
    let last = events.next().unwrap();
    assert_eq!(last["data"], json!({ "order": 4, "card": "[redacted]" }));
    assert!(events.next().is_none());
    assert!(running.0.wait().unwrap().success());
}

/// Leads to an inspector, until it is cut.
struct Way {
    address: SocketAddr,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Way {
    fn to(inspector: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, open) =
            (listener.local_addr().unwrap(), Arc::<Mutex<Vec<TcpStream>>>::default());
        let kept = Arc::clone(&open);
        thread::spawn(move || {
            for one in listener.incoming() {
                let (one, other) = (one.unwrap(), TcpStream::connect(inspector).unwrap());
                kept.lock().unwrap().extend([one.try_clone().unwrap(), other.try_clone().unwrap()]);
                for (mut from, mut to) in
                    [(one.try_clone().unwrap(), other.try_clone().unwrap()), (other, one)]
                {
                    thread::spawn(move || std::io::copy(&mut from, &mut to));
                }
            }
        });
        Self { address, open }
    }

    fn cut(&self) {
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

#[test]
fn a_watch_connects_again_where_it_was() {
    let (bus, inspector) = inspected();
    let way = Way::to(inspector.address());
    let url = format!("http://{}", way.address);
    let (mut running, mut events) =
        Running::start(&["watch", &url, "--all", "--after", "0", "--json"]);
    for round in 0..3 {
        for number in 1..=3 {
            assert_eq!(events.next().unwrap()["sequence"], 3 * round + number);
        }
        way.cut();
        for order in 1..=3 {
            publish(&bus, order);
        }
    }
    for number in 10..=12 {
        assert_eq!(events.next().unwrap()["sequence"], number);
    }
    assert!(inspector.close(SOON));
    assert!(events.next().is_none(), "that it was closed is no reason to connect again");
    assert!(running.0.wait().unwrap().success());
}

#[test]
fn the_past_of_a_program_is_asked_as_that_of_a_journal_is() {
    let (bus, inspector) = inspected();
    for order in 4..=2_500 {
        publish(&bus, order);
    }
    let url = inspector.url();
    let all = rem(&["query", &url, "--json"]).values();
    assert_eq!(all.len(), 2_500, "more than a page");
    assert!(all.iter().zip(1..).all(|(event, number)| event["sequence"] == number));
    assert_eq!(all[0]["data"]["card"], "[redacted]");
    let last = rem(&["query", &url, "--last", "1500", "--json"]).values();
    assert_eq!((last.len(), &last[0]["sequence"]), (1_500, &json!(1_001)));
    let some = rem(&["query", &url, "--after", "10", "--before", "13", "--json"]).values();
    assert_eq!(some.len(), 2);
    let table =
        rem(&["query", &url, "--group-by", "topic", "--of", "order", "--json"]).values().remove(0);
    assert_eq!(table["sum"].as_f64(), Some(3_126_250.0), "{table}");
    let exported = rem(&["export", &url, "--first", "2"]).good();
    assert_eq!(exported.lines().count(), 2);
    assert!(exported.contains("[redacted]") && !exported.contains("4929 1234"), "{exported}");
    assert_eq!(rem(&["replay", &url, "--last", "2", "--json"]).values().len(), 2);
    let stats = rem(&["stats", &url, "--json"]).values().remove(0);
    assert_eq!(
        (&stats["to"], &stats["topics"][0]),
        (&json!(2_500), &json!(["order.placed", 2_500]))
    );
    let catalogue = rem(&["catalogue", &url]).good();
    assert!(catalogue.contains("  order.placed  Somebody wants something.\n"), "{catalogue}");
    assert!(catalogue.contains("    card: String, redacted\n"), "{catalogue}");
}

#[test]
fn a_token_is_taken_from_the_address_an_option_or_the_environment() {
    let bus = Bus::builder().history(Ring::events(10)).build();
    publish(&bus, 1);
    let token = "a-token-that-is-long&enough";
    let inspector = Inspector::builder(&bus).token(token).serve("127.0.0.1:0").unwrap();
    let bare = format!("http://{}", inspector.address());
    let refused = rem(&["query", &bare]);
    assert_eq!(refused.code, 4);
    assert!(refused.err.contains("opened with a token"), "{refused:?}");
    assert_eq!(rem(&["query", &inspector.url(), "--json"]).values().len(), 1);
    assert_eq!(rem(&["query", &bare, "--token", token, "--json"]).values().len(), 1);
    assert_eq!(rem_as(&[("REM_TOKEN", token)], &["query", &bare, "--json"]).values().len(), 1);
}

#[test]
fn what_an_inspector_refuses_is_told_as_it_says() {
    let bus = Bus::new();
    let inspector = rem_inspector::serve(&bus, "127.0.0.1:0").unwrap();
    let refused = rem(&["query", &inspector.url()]);
    assert_eq!(refused.code, 4);
    assert!(refused.err.contains("keeps no history"), "{refused:?}");
    let address = inspector.url();
    assert!(inspector.close(SOON));
    let gone = rem(&["watch", &address]);
    assert_eq!(gone.code, 3);
    assert!(gone.err.contains("is the program running"), "{gone:?}");
    assert_eq!(rem_with(&["stats", "https://example.org"], "").code, 2);
}

#[test]
fn a_journal_is_inspected_and_its_data_shown_to_whoever_says_so() {
    let (_folder, path) = folder();
    orders(&path);
    let path = text(&path);
    let look = |more: &[&str]| {
        let arguments = ["inspect", path, "--address", "127.0.0.1:0", "--json"];
        let (running, mut said) = Running::start(&[&arguments[..], more].concat());
        let url = said.next().unwrap()["url"].as_str().unwrap().to_owned();
        let events = rem(&["query", &url, "--json"]).values();
        let stats = rem(&["stats", &url, "--json"]).values();
        drop(running);
        (events, stats)
    };
    let written = rem(&["query", path, "--json"]).values();
    let (shown, stats) = look(&["--unmasked"]);
    assert_eq!(shown.len(), written.len());
    for (shown, written) in shown.iter().zip(&written) {
        assert_eq!((&shown["sequence"], &shown["data"]), (&written["sequence"], &written["data"]));
    }
    assert_eq!((&stats[0]["events"], &stats[0]["to"]), (&json!(10), &json!(10)), "{stats:?}");
    let (hidden, _) = look(&[]);
    assert_eq!(hidden.len(), written.len());
    assert!(hidden.iter().all(|event| event["data"].is_null()), "{hidden:?}");

    let missing = rem(&["inspect", "/there/is/none.rem", "--address", "127.0.0.1:0"]);
    assert_eq!((missing.code, missing.out.as_str()), (3, ""), "{missing:?}");
    let open = rem(&["inspect", path, "--address", "0.0.0.0:0"]);
    assert!(open.code == 2 && open.err.contains("token"), "{open:?}");
}
