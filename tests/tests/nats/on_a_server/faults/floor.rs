//! What a server lacks: F13.

use std::io::Write as _;
use std::net::TcpListener;
use std::time::Duration;

use rem::mesh::{Import, JoinErrorKind, Mesh};
use rem::nats::{NatsTransport, Tls};
use rem::prelude::*;
use rem_nats::testing::Server;
use rem_tests::mesh::{self, Order};

use super::ledger::{Came, fault};
use super::rig::{LIMIT, Publishing, jetstream, journaled, on_both, pick, shop, tell};

/// The error of joining says all of that.
fn refused(joined: Result<Mesh, rem::mesh::JoinError>, words: &[&str]) {
    let error = joined.err().unwrap_or_else(|| panic!("it has joined, though {words:?}"));
    assert_eq!(error.kind(), JoinErrorKind::Transport, "{error}");
    let mut said = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(error) = source {
        said.extend([": ", &error.to_string()]);
        source = error.source();
    }
    let missing = words.iter().find(|word| !said.contains(**word));
    assert_eq!(missing, None, "{said}");
}

/// Somebody who says that he is a server of that version, and no more.
fn says_he_is(version: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let info = format!(
        "INFO {{\"server_id\":\"X\",\"version\":\"{version}\",\"host\":\"127.0.0.1\",\"port\":{port},\"headers\":true,\"max_payload\":1048576,\"proto\":1}}\r\n"
    );
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            std::thread::spawn({
                let info = info.clone();
                move || {
                    let _ = stream.write_all(info.as_bytes());
                    let mut lines = std::io::BufReader::new(stream.try_clone().unwrap());
                    let mut line = String::new();
                    while std::io::BufRead::read_line(&mut lines, &mut line)
                        .is_ok_and(|read| read > 0)
                    {
                        if line.starts_with("PING") {
                            let _ = stream.write_all(b"PONG\r\n");
                        }
                        line.clear();
                    }
                }
            });
        }
    });
    format!("nats://127.0.0.1:{port}")
}

/// F13: what a server cannot do is an error of joining that names what that is and the version, and never found out by the first event.
#[test]
fn f13_what_a_server_lacks_is_an_error_of_joining_that_names_it() {
    on_both(|version| {
        let folder = tempfile::tempdir().unwrap();
        let bus = journaled(folder.path(), "shop");
        let number = version.number();
        let join = |url: &str| mesh::shop(&bus, url).unwrap().join_blocking();
        // No streams at all, and no second server that could keep one.
        let bare = Server::start(version).unwrap();
        refused(join(&bare.url()), &["JetStream", number]);
        let alone = jetstream(version);
        let three = mesh::shop(&bus, &alone.url()).unwrap().stream(|spec| spec.replicas(3));
        refused(three.join_blocking(), &["replicas"]);
        // Nobody before 2.10.4 begins with TLS; this one does not either.
        let transport = NatsTransport::builder(alone.url()).tls(Tls::new().handshake_first());
        let transport = transport.patience(Duration::from_secs(1)).build().unwrap();
        let first = Mesh::builder(&bus).transport(transport).node("shop").export("order");
        refused(first.join_blocking(), &["handshake_first", "2.10.4"]);
        tell(
            "F13",
            version,
            3,
            0,
            "no JetStream, no replicas, no TLS from the first byte: each named",
        );
    });
    let bus = Bus::new();
    for old in ["2.8.4", "1.4.1"] {
        let transport = NatsTransport::builder(says_he_is(old)).build().unwrap();
        let mesh = Mesh::builder(&bus).transport(transport).node("shop").export("order");
        refused(mesh.join_blocking(), &[old, "2.9"]);
    }
}

/// F13: several filters, which a server before 2.10 takes without a word and then gives everything: who consumes has what it asked for
/// and no more, while the rest is published too.
#[test]
fn f13_several_filters_give_what_they_select_on_old_servers_too() {
    on_both(|version| {
        let server = jetstream(version);
        let folder = tempfile::tempdir().unwrap();
        let (bus, other) = (journaled(folder.path(), "shop"), journaled(folder.path(), "office"));
        let mesh = shop(&bus, &server.url());
        let (came, _sub) = Came::to(&other);
        let noted = std::sync::Arc::new(std::sync::Mutex::new((0, 0)));
        let kept = std::sync::Arc::clone(&noted);
        let _others = other.on(move |order: &Event<Order>| match order.data {
            Order::Paid { .. } => kept.lock().unwrap().0 += 1,
            Order::Noted { .. } => kept.lock().unwrap().1 += 1,
            Order::Placed { .. } => {}
        });
        let rule = Import::of("order.placed,order.paid").durable("some");
        let reader = mesh::node(&other, &server.url(), "office").unwrap();
        let reader = reader.import_rule(rule).join_blocking().unwrap();
        let publishing = Publishing::on(&bus, 2);
        let each = pick(300, 10_000_u64);
        for id in 0..each {
            bus.publish(Order::Noted { id }).unwrap();
            bus.publish(Order::Paid { id }).unwrap();
        }
        publishing.go_on_for(100);
        let placed = publishing.end();
        assert!(mesh.leave(LIMIT).is_complete());
        came.until(|orders| orders.len() as u64 >= placed, "all come");
        super::rig::eventually(|| noted.lock().unwrap().0 >= each, || reader.stats().to_string());
        assert!(reader.leave(LIMIT).is_complete());
        assert_eq!(fault(&came.all(), placed, true, &[]), None);
        assert_eq!(*noted.lock().unwrap(), (each, 0), "paid, and noted");
        assert_eq!(reader.stats().delivered, placed + each, "what it did not ask for was given");
        tell(
            "F13",
            version,
            0,
            placed + each * 2,
            &format!("{each} that nobody asked for stayed away"),
        );
    });
}
