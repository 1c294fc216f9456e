//! Who is let in, and what never becomes HTML.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use rem_core::wire::{Codec, RawEvent};
use rem_core::{Bus, Event, Ring};
use rem_inspector::{Inspector, ServeErrorKind};

use crate::support::{Order, SOON, Stream, ask, get, head, inspected, paid, placed, wait_for};

const TOKEN: &str = "3J9-a+b/c=_long-enough";

#[test]
fn hosts_that_are_not_its_own_are_refused() {
    let bus = Bus::builder().history(Ring::events(10)).build();
    let inspector =
        Inspector::builder(&bus).host("Inspector.Example").serve("127.0.0.1:0").unwrap();
    for (host, status) in [
        ("127.0.0.1", 200),
        ("127.0.0.1:1", 200),
        ("localhost:80", 200),
        ("LOCALHOST", 200),
        ("[::1]:80", 200),
        ("inspector.example", 200),
        ("inspector.example.:80", 200),
        ("evil.example", 403),
        ("localhost.evil.example", 403),
        ("evil.example:7878", 403),
        ("127.0.0.1.evil.example", 403),
        ("127.0.0.1@evil.example", 403),
        ("", 403),
    ] {
        for path in ["/api/events", "/"] {
            let answer = ask(inspector.address(), "GET", path, &[("Host", host)], "");
            assert_eq!(answer.status, status, "{host} {path}");
            if status == 403 {
                assert_eq!(answer.kind(), "host", "{host}");
            }
        }
    }
    let twice = [("Host", "localhost"), ("Host", "evil.example")];
    assert!(ask(inspector.address(), "GET", "/api/events", &twice, "").status >= 400);
}

#[test]
fn what_pages_of_others_send_is_refused() {
    let (bus, inspector) = inspected();
    bus.publish(placed(1)).unwrap();
    let own = format!("http://{}", inspector.address());
    let port = inspector.address().port();
    for (headers, status) in [
        (vec![("Origin", own.as_str()), ("Sec-Fetch-Site", "same-origin")], 200),
        (vec![("Sec-Fetch-Site", "none")], 200),
        (vec![("Origin", "https://evil.example")], 403),
        (vec![("Origin", "null")], 403),
        (vec![("Origin", &format!("http://localhost:{port}"))], 403),
        (vec![("Origin", &format!("http://127.0.0.1:{}", port ^ 1))], 403),
        (vec![("Sec-Fetch-Site", "cross-site")], 403),
        (vec![("Sec-Fetch-Site", "same-site")], 403),
    ] {
        for path in ["/api/events", "/api/replays"] {
            let answer = ask(inspector.address(), "GET", path, &headers, "");
            assert_eq!(answer.status, status, "{headers:?}");
            assert!(answer.header("access-control-allow-origin").is_none());
        }
    }
    let evil = [("Origin", "https://evil.example"), ("Content-Type", "application/json")];
    assert_eq!(ask(inspector.address(), "POST", "/api/replays", &evil, "{}").kind(), "origin");
    assert_eq!(get(&inspector, "/api/replays")["replays"], serde_json::json!([]), "none was begun");
    // One may come to the page from elsewhere.
    assert_eq!(
        ask(inspector.address(), "GET", "/", &[("Sec-Fetch-Site", "cross-site")], "").status,
        200
    );
}

#[test]
fn a_token_lets_in_by_a_header_or_by_the_cookie_that_its_address_sets() {
    let bus = Bus::builder().history(Ring::events(10)).build();
    let inspector = Inspector::builder(&bus).token(TOKEN).serve("127.0.0.1:0").unwrap();
    let to = inspector.address();
    let none = ask(to, "GET", "/api/events", &[], "");
    assert_eq!((none.status, none.kind().as_str()), (401, "token"));
    assert_eq!(none.header("www-authenticate"), Some("Bearer"));
    for wrong in ["", "x", &TOKEN[1..], &format!("{TOKEN}x"), "3J9-a+b/c=_long-enougH"] {
        let bearer = format!("Bearer {wrong}");
        assert_eq!(
            ask(to, "GET", "/api/events", &[("Authorization", &bearer)], "").status,
            401,
            "{wrong}"
        );
    }
    let bearer = format!("Bearer {TOKEN}");
    assert_eq!(ask(to, "GET", "/api/events", &[("Authorization", &bearer)], "").status, 200);
    assert_eq!(ask(to, "GET", "/", &[], "").status, 200, "the page holds no data");

    let url = inspector.url();
    let path = url.strip_prefix(&format!("http://{to}")).unwrap();
    assert!(path.starts_with("/?token="), "{url}");
    let entered = ask(to, "GET", path, &[], "");
    assert_eq!((entered.status, entered.header("location")), (303, Some("./")));
    let cookie = entered.header("set-cookie").unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let pair = cookie.split(';').next().unwrap();
    assert_eq!(
        ask(to, "GET", "/api/events", &[("Cookie", &format!("a=b; {pair}"))], "").status,
        200
    );
    let wrong = ask(to, "GET", "/?token=wrong", &[], "");
    assert_eq!((wrong.status, wrong.header("set-cookie")), (200, None), "the page alone");
    assert!(!format!("{inspector:?}").contains(TOKEN));
}

#[test]
fn without_a_token_it_is_served_to_this_machine_alone() {
    let bus = Bus::new();
    let error = rem_inspector::serve(&bus, "0.0.0.0:0").unwrap_err();
    assert_eq!(*error.kind(), ServeErrorKind::NoToken("0.0.0.0:0".parse().unwrap()));
    assert!(error.to_string().contains("token"), "{error}");
    for wrong in ["short", "with a space in the middle", "with-ümlaut-that-is-long"] {
        let error = Inspector::builder(&bus).token(wrong).serve("0.0.0.0:0").unwrap_err();
        assert_eq!(*error.kind(), ServeErrorKind::Token, "{wrong}");
    }
    let error = rem_inspector::serve(&bus, "nowhere").unwrap_err();
    assert_eq!(*error.kind(), ServeErrorKind::Address);
    let inspector = rem_inspector::serve(&bus, "127.0.0.1:0").unwrap();
    let taken = rem_inspector::serve(&bus, inspector.address()).unwrap_err();
    assert_eq!(*taken.kind(), ServeErrorKind::Bind(inspector.address()));
}

#[test]
fn every_answer_says_what_browsers_may_do_with_it() {
    let (bus, inspector) = inspected();
    bus.publish(placed(1)).unwrap();
    for (path, policy) in [
        ("/", "script-src 'self'"),
        ("/inspector.js", "script-src 'self'"),
        ("/nothing", "default-src 'none'"),
        ("/api/events", "default-src 'none'"),
        ("/api/events/7", "default-src 'none'"),
    ] {
        let answer = ask(inspector.address(), "GET", path, &[], "");
        let csp = answer.header("content-security-policy").unwrap();
        assert!(csp.contains(policy) && csp.contains("frame-ancestors 'none'"), "{path}: {csp}");
        assert!(!csp.contains("unsafe"), "{csp}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"), "{path}");
        if path.starts_with("/api/") {
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
            assert_eq!(answer.header("content-type"), Some("application/json"));
        }
    }
    let page = ask(inspector.address(), "GET", "/", &[], "");
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    let tag = page.header("etag").unwrap();
    assert_eq!(ask(inspector.address(), "GET", "/", &[("If-None-Match", tag)], "").status, 304);
}

#[test]
fn texts_of_programs_are_json_and_nothing_else() {
    let (bus, inspector) = inspected();
    let evil = "</script><script>alert(1)</script>\u{2028}\n\r\n\nevent: bye\ndata: {}";
    bus.event(Order::Paid { order: 1, text: evil.into() })
        .metadata("<b>", evil)
        .source("<i>")
        .publish()
        .unwrap();
    let _fails = bus.subscribe("order.**", move |_: &Event| Err::<(), _>(evil)).unwrap();
    let event = &get(&inspector, "/api/events")["events"][0];
    assert_eq!(event["data"]["text"], evil);
    assert_eq!(event["metadata"]["<b>"], evil);
    let mut stream = Stream::open(inspector.address(), "/api/stream?after=0", None);
    assert_eq!(stream.until("event").data["data"]["text"], evil, "it breaks no message");
    bus.publish(placed(2)).unwrap();
    assert_eq!(stream.until("failed").data["error"], evil);
    // Raw data with line breaks between its tokens is one message.
    let mask = rem_core::wire::Mask::new().raw_as_it_is();
    let other = Inspector::builder(&bus).mask(mask).serve("127.0.0.1:0").unwrap();
    let mut stream = Stream::open(other.address(), "/api/stream", None);
    stream.until("hello");
    bus.publish_to("a.raw", RawEvent::new(Codec::Json, *b"{\n\"event: bye\":\r\n1}")).unwrap();
    assert_eq!(stream.until("event").data["data"]["event: bye"], 1);
    let reflected = ask(inspector.address(), "GET", "/%3Cscript%3E", &[], "");
    assert_eq!(reflected.header("content-type"), Some("application/json"));
}

#[test]
fn connections_are_limited_and_heads_too() {
    let bus = Bus::builder().history(Ring::events(10)).build();
    let inspector = Inspector::builder(&bus).clients(1).serve("127.0.0.1:0").unwrap();
    let idle: Vec<_> = (0..4).map(|_| TcpStream::connect(inspector.address()).unwrap()).collect();
    let mut refused = TcpStream::connect(inspector.address()).unwrap();
    refused.set_read_timeout(Some(SOON)).unwrap();
    refused.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    let (status, _) = head(&mut BufReader::new(refused));
    assert_eq!(status, 503);
    drop(idle);
    wait_for("there is room again", || {
        let mut stream = TcpStream::connect(inspector.address()).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        let request = format!("GET /api/about HTTP/1.1\r\nHost: {}\r\n\r\n", inspector.address());
        let _ = stream.write_all(request.as_bytes());
        let mut line = String::new();
        let read = BufReader::new(stream).read_line(&mut line);
        read.is_ok() && line.contains("200")
    });
    let mut stream = TcpStream::connect(inspector.address()).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    let long = "x".repeat(300_000);
    // It may be refused before all of it is sent.
    let _ = write!(stream, "GET /api/about HTTP/1.1\r\nX-Long: {long}\r\n\r\n");
    let mut line = String::new();
    let _ = BufReader::new(stream).read_line(&mut line);
    assert!(line.is_empty() || line.contains("431"), "a head that is too long is refused: {line}");
    bus.publish(paid(1)).unwrap();
    assert_eq!(get(&inspector, "/api/about")["source"]["history"]["to"], 1, "and it goes on");
}
