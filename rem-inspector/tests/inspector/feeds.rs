//! Events for axum applications of others, and the inspector as a part of one.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::get;
use rem_core::{Bus, Ring};
use rem_inspector::{EventFeed, Inspector};

use crate::support::{Stream, ask, paid, placed};

/// Serves an application until its guard is dropped, as axum does it.
fn serve(app: Router) -> (SocketAddr, tokio::sync::oneshot::Sender<()>) {
    let (told, address) = mpsc::channel();
    let (guard, ended) = tokio::sync::oneshot::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            told.send(listener.local_addr().unwrap()).unwrap();
            let served = axum::serve(listener, app).with_graceful_shutdown(async {
                let _ = ended.await;
            });
            served.await.unwrap();
        });
    });
    (address.recv().unwrap(), guard)
}

async fn orders(State(feed): State<EventFeed>, headers: HeaderMap) -> axum::response::Response {
    feed.answer(&headers)
}

#[test]
fn an_applications_own_feed_resumes_without_a_gap_and_ends_with_the_bus() {
    let bus = Bus::builder().history(Ring::events(1_000)).build();
    let feed = EventFeed::new(&bus, "order.paid").unwrap();
    let (to, guard) = serve(Router::new().route("/orders", get(orders)).with_state(feed));
    for order in 1..=10 {
        bus.publish(paid(order)).unwrap();
        bus.publish(placed(order)).unwrap();
    }
    let mut stream = Stream::open(to, "/orders", Some(0));
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(stream.until("event").id.unwrap());
    }
    let last = stream.last_id;
    stream.cut();
    let mut stream = Stream::open(to, "/orders", last);
    while seen.len() < 10 {
        seen.push(stream.until("event").id.unwrap());
    }
    assert_eq!(seen, (1..20).step_by(2).collect::<Vec<_>>());
    assert_eq!(bus.topology().subscriptions.len(), 0);
    drop(bus);
    assert_eq!(stream.until("bye").data["why"], "closed");
    assert!(stream.next().is_none());
    let gone = ask(to, "GET", "/orders", &[], "");
    assert_eq!((gone.status, gone.kind().as_str()), (410, "gone"));
    let _ = guard.send(());
}

#[test]
fn a_feed_begins_now_and_says_what_it_cannot() {
    let bus = Bus::builder().history(Ring::events(8)).build();
    let feed = EventFeed::new(&bus, "order").unwrap().rate(1_000);
    let (to, _guard) = serve(Router::new().route("/orders", get(orders)).with_state(feed));
    for order in 1..=20 {
        bus.publish(placed(order)).unwrap();
    }
    let mut now = Stream::open(to, "/orders", None);
    assert_eq!(now.until("position").id, Some(20));
    bus.publish(placed(21)).unwrap();
    let event = now.until("event");
    assert_eq!((event.id, &event.data["data"]["card"]), (Some(21), &"[redacted]".into()));
    let mut late = Stream::open(to, "/orders", Some(3));
    let gap = late.until("gap");
    assert_eq!((gap.data["from"].as_u64(), gap.id), (Some(4), Some(13)));
    let wrong = ask(to, "GET", "/orders", &[("Last-Event-ID", "x")], "");
    assert_eq!((wrong.status, wrong.kind().as_str()), (400, "parameter"));
    assert!(EventFeed::new(&bus, "a..b").is_err());

    let bare = Bus::new();
    let feed = EventFeed::new(&bare, "order").unwrap();
    let (to, _guard) = serve(Router::new().route("/orders", get(orders)).with_state(feed));
    assert_eq!(ask(to, "GET", "/orders", &[], "").kind(), "no_history");
}

#[test]
fn the_inspector_can_be_nested_in_an_application() {
    let bus = Bus::builder().history(Ring::events(8)).build();
    let inspector = Inspector::builder(&bus).title("nested").router();
    let (to, _guard) = serve(Router::new().nest_service("/inspect", inspector));
    bus.publish(placed(1)).unwrap();
    assert_eq!(ask(to, "GET", "/inspect/api/about", &[], "").json()["title"], "nested");
    assert_eq!(
        ask(to, "GET", "/inspect/api/about", &[("Host", "evil.example")], "").kind(),
        "host"
    );
    let mut stream = Stream::open(to, "/inspect/api/stream?after=0", None);
    assert_eq!(stream.until("event").id, Some(1));
    assert_eq!(ask(to, "GET", "/inspect/", &[], "").status, 200);
    assert_eq!(ask(to, "GET", "/inspect/inspector.js", &[], "").status, 200);
    let page = ask(to, "GET", "/inspect", &[], "");
    assert_eq!(
        (page.status, page.header("location")),
        (308, Some("inspect/")),
        "its files lie below it"
    );
}

#[test]
fn an_inspector_in_an_application_is_closed_to_all_if_its_token_keeps_nobody_out() {
    let bus = Bus::builder().history(Ring::events(8)).build();
    // The first is what an environment variable has that is there and empty.
    for (token, written) in
        [("", ""), ("short", "short"), ("with spaces in between", "with+spaces+in+between")]
    {
        let (to, _guard) = serve(Inspector::builder(&bus).token(token).router());
        let entered = ask(to, "GET", &format!("/?token={written}"), &[], "");
        assert_eq!(
            (entered.status, entered.header("set-cookie")),
            (200, None),
            "{token:?}: the page alone"
        );
        let cookie = format!("rem_inspector_{}={written}", to.port());
        for headers in [
            vec![],
            vec![("Cookie", cookie.as_str())],
            vec![("Authorization", &format!("Bearer {token}"))],
        ] {
            let answer = ask(to, "GET", "/api/events", &headers, "");
            assert_eq!(
                (answer.status, answer.kind().as_str()),
                (403, "token"),
                "{token:?} {headers:?}"
            );
            let said = answer.json()["error"]["message"].as_str().unwrap().to_owned();
            assert!(said.contains("at least 16") && said.contains("`token`"), "{said}");
        }
    }
    let token = "3J9-a+b/c=_long-enough";
    let (to, _guard) = serve(Inspector::builder(&bus).token(token).router());
    assert_eq!(ask(to, "GET", "/api/events", &[], "").status, 401);
    let bearer = format!("Bearer {token}");
    assert_eq!(ask(to, "GET", "/api/events", &[("Authorization", &bearer)], "").status, 200);
}
