//! Each mistake is an error that says what, where and how to mend it.

use rem_core::Bus;

use crate::support::{ask, inspected, placed};

#[test]
fn what_is_wrong_is_told_by_its_name() {
    let (bus, inspector) = inspected();
    bus.publish(placed(1)).unwrap();
    for (method, path, status, kind, says) in [
        ("GET", "/api/events?pattern=a..b", 400, "pattern", "one dot between two segments"),
        ("GET", "/api/events?pattern=%00", 400, "pattern", "at byte 0"),
        ("GET", "/api/events?last=0", 400, "parameter", "from 1 to 1000"),
        ("GET", "/api/events?last=many", 400, "parameter", "from 1 to 1000"),
        ("GET", "/api/events?last=1&first=1", 400, "parameter", "give one"),
        ("GET", "/api/events?lst=1", 400, "parameter", "there are `pattern`"),
        ("GET", "/api/events?last=1&last=2", 400, "parameter", "twice"),
        ("GET", "/api/events?since=yesterday", 400, "parameter", "RFC 3339"),
        ("GET", "/api/events?correlation=7", 400, "parameter", "UUID"),
        ("GET", "/api/events?after=-1", 400, "parameter", "digits"),
        ("GET", "/api/events?source=replay-9", 404, "no_such_source", "`bus`"),
        ("GET", "/api/events/2", 404, "no_such_event", "yet"),
        ("GET", "/api/events/0", 404, "no_such_event", "number 0"),
        ("GET", "/api/events/x", 400, "parameter", "number or its id"),
        (
            "GET",
            "/api/events/01939f3c-4b1e-7c5e-9f0a-6f2b8c1d4e5f",
            404,
            "no_such_event",
            "from 1 to 1",
        ),
        ("GET", "/api/story/7", 404, "no_such_event", "yet"),
        ("GET", "/api/topics?order=size", 400, "parameter", "`rate`"),
        ("GET", "/api/pattern", 400, "parameter", "missing"),
        ("GET", "/api/moment", 400, "parameter", "missing"),
        ("GET", "/api/moment?sequence=1&time=2026-01-01T00:00:00Z", 400, "parameter", "one moment"),
        ("GET", "/api/stream?rate=0", 400, "parameter", "from 1 to 2000"),
        ("GET", "/api/stream?all=yes", 400, "parameter", "`true` or `false`"),
        ("GET", "/api/stream?pattern=a.%3E.b", 400, "pattern", "last segment"),
        ("GET", "/api/replays/replay-1", 404, "no_such_replay", "none was begun"),
        ("GET", "/api/nothing", 404, "no_such_path", "below `/api/`"),
        ("GET", "/nothing.html", 404, "no_such_path", "the page is at `/`"),
        ("POST", "/api/events", 405, "method", "Allow"),
        ("DELETE", "/", 405, "method", "Allow"),
    ] {
        let answer = ask(inspector.address(), method, path, &[], "");
        assert_eq!((answer.status, answer.kind().as_str()), (status, kind), "{path}");
        let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(says), "{path}: {message}");
        assert!(!message.contains('\n'), "one line: {message}");
        if status == 405 {
            assert!(
                answer.header("allow").is_some_and(|allow| allow.contains("GET")),
                "{answer:?}"
            );
        }
    }
}

#[test]
fn bodies_are_json_of_a_shape_and_not_too_long() {
    let (_bus, inspector) = inspected();
    let json = [("Content-Type", "application/json")];
    let long = format!("{{\"pattern\":\"{}\"}}", "a".repeat(70_000));
    for (headers, body, status, kind, says) in [
        (&json[..0], "{}", 415, "media_type", "application/json"),
        (&json, "{", 400, "body", "EOF"),
        (&json, "{\"patern\":\"**\"}", 400, "body", "unknown field `patern`"),
        (&json, "{\"pattern\":\"a..b\"}", 400, "pattern", "one dot"),
        (&json, "{\"speed\":0}", 400, "parameter", "above 0"),
        (&json, "{\"on_failure\":\"perhaps\"}", 400, "body", "go_on"),
        (&json, &long, 413, "too_large", "65536"),
    ] {
        let answer = ask(inspector.address(), "POST", "/api/replays", headers, body);
        assert_eq!((answer.status, answer.kind().as_str()), (status, kind), "{body:.40}");
        let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(says), "{message}");
    }
}

#[test]
fn a_bus_without_history_says_so_where_the_past_is_asked() {
    let bus = Bus::new();
    let inspector = rem_inspector::serve(&bus, "127.0.0.1:0").unwrap();
    for path in [
        "/api/events",
        "/api/events/1",
        "/api/history",
        "/api/story/1",
        "/api/moment?sequence=1",
        "/api/stream?all=true",
    ] {
        let answer = ask(inspector.address(), "GET", path, &[], "");
        assert_eq!((answer.status, answer.kind().as_str()), (409, "no_history"), "{path}");
    }
    assert_eq!(ask(inspector.address(), "GET", "/api/topics", &[], "").status, 200);
}

#[test]
fn a_bus_that_is_gone_is_told() {
    let (bus, inspector) = inspected();
    drop(bus);
    let answer = ask(inspector.address(), "GET", "/api/topics", &[], "");
    assert_eq!((answer.status, answer.kind().as_str()), (410, "gone"));
}
