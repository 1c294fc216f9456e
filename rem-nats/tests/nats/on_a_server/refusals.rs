//! What a server cannot do, or does not allow, is an error that says so, at the call that asked for it.

use rem_mesh::{Transport, TransportErrorKind};
use rem_nats::testing::{Server, Version};

use super::support::{builder, connected, filter, on_both, publish, to, wait};

#[test]
fn jetstream_that_is_asked_for_and_not_there_is_an_error_that_names_it_and_the_version() {
    on_both(|version| {
        let server = Server::start(version).unwrap();
        let error =
            wait(builder(&server.url()).jetstream().build().unwrap().connect()).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Unsupported, "{error}");
        let said = error.to_string();
        assert!(said.contains("JetStream") && said.contains(version.number()), "{said}");

        let server = Server::builder(version).jetstream().start().unwrap();
        drop(connected(builder(&server.url()).jetstream()));
    });
}

#[test]
fn a_server_is_named_with_its_version_and_its_limit() {
    on_both(|version| {
        let server = Server::builder(version).config("max_payload: 100000").start().unwrap();
        let transport = builder(&server.url()).build().unwrap();
        let can = wait(transport.connect()).unwrap();
        assert_eq!(can.server.as_deref(), Some(&*format!("nats-server {}", version.number())));
        assert!((98_000..100_000).contains(&can.max_payload), "{}", can.max_payload);
        assert!(can.no_echo && can.groups);
        let again = wait(transport.connect()).unwrap_err();
        assert!(again.to_string().contains("make another"), "{again}");
    });
}

#[test]
fn a_server_that_carries_no_headers_is_refused() {
    on_both(|version| {
        let server = Server::builder(version).config("no_header_support: true").start().unwrap();
        let error = wait(builder(&server.url()).build().unwrap().connect()).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Unsupported, "{error}");
        assert!(error.to_string().contains("headers"), "{error}");
    });
}

#[test]
fn nobody_at_the_other_end_is_an_error_that_names_it() {
    let transport = builder("nats://127.0.0.1:1").build().unwrap();
    let error = wait(transport.connect()).unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Disconnected);
    assert!(error.to_string().contains("nats://127.0.0.1:1"), "{error}");
}

#[test]
fn what_may_not_be_subscribed_to_is_refused_by_the_call_and_all_else_goes_on() {
    on_both(|version| {
        let config = r#"authorization { users: [
            { user: n, password: p, permissions: {
                publish: ["a.>", "_INBOX.rem.>"], subscribe: ["a.>", "_INBOX.rem.>"] } } ] }"#;
        let server = Server::builder(version).config(config).start().unwrap();
        let url = server.url().replace("//", "//n:p@");
        let transport = connected(builder(&url));
        for _ in 0..2 {
            let error = wait(transport.subscribe(filter("b.*"), None)).unwrap_err();
            assert_eq!(error.kind(), TransportErrorKind::Refused);
            assert!(error.to_string().contains("`b.*`"), "{error}");
            wait(transport.subscribe(filter("a.*"), None)).unwrap();
        }
        // The server says behind the call that this may not be published; then it is known.
        publish(&transport, "b.c", "").unwrap();
        wait(transport.flush()).unwrap();
        assert_eq!(transport.stats().refused, 1);
        let error = publish(&transport, "b.c", "").unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Refused);
        assert!(error.to_string().contains("`b.c`"), "{error}");
        publish(&transport, "a.c", "").unwrap();
    });
}

#[test]
fn an_inbox_that_is_forbidden_is_told_when_it_connects() {
    let config = r#"authorization { users: [
        { user: n, password: p, permissions: { publish: ["a.>"], subscribe: ["a.>"] } } ] }"#;
    let server = Server::builder(Version::Modern).config(config).start().unwrap();
    let url = server.url().replace("//", "//n:p@");
    let patience = std::time::Duration::from_secs(1);
    let error = wait(builder(&url).patience(patience).build().unwrap().connect()).unwrap_err();
    assert!(error.to_string().contains("_INBOX.rem.>"), "{error}");
}

#[test]
fn a_flush_is_answered_though_somebody_listens_to_every_subject() {
    on_both(|version| {
        let server = Server::start(version).unwrap();
        let (monitor, transport) = (to(&server), to(&server));
        wait(monitor.subscribe(filter(">"), None)).unwrap();
        wait(monitor.flush()).unwrap();
        for round in 0..20 {
            let subject = format!("a.{round}");
            wait(monitor.subscribe(filter(&subject), None)).unwrap();
            wait(transport.flush()).unwrap();
        }
    });
}
