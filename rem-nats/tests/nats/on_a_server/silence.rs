//! A server or a cable that says nothing any more is found, and all stands again when it speaks.

use std::time::Duration;

use rem_mesh::{Incoming, Transport, TransportErrorKind};
use rem_nats::NatsTransport;
use rem_nats::testing::{Proxy, Server};

use super::support::{ask, builder, connected, next, on_both, publish, to};

/// Up to what became of the connection.
fn until(transport: &NatsTransport, is_it: impl Fn(&Incoming) -> bool) {
    loop {
        let came = next(transport);
        if is_it(&came) {
            return;
        }
        assert!(matches!(came, Incoming::Parcel(..)), "{came:?}");
    }
}

fn comes_back(lost: &NatsTransport, other: &NatsTransport, mend: impl FnOnce()) {
    until(lost, |came| matches!(came, Incoming::Disconnected(_)));
    assert!(!lost.is_connected());
    let refused = publish(lost, "a.b", "while it is lost").unwrap_err();
    assert_eq!(refused.kind(), TransportErrorKind::Disconnected);
    mend();
    until(lost, |came| matches!(came, Incoming::Connected(_)));
    assert!(lost.is_connected());
    publish(other, "a.again", "").unwrap();
    until(
        lost,
        |came| matches!(came, Incoming::Parcel(parcel, _) if parcel.subject().as_str() == "a.again"),
    );
    publish(lost, "b.again", "").unwrap();
    until(
        other,
        |came| matches!(came, Incoming::Parcel(parcel, _) if parcel.subject().as_str() == "b.again"),
    );
    assert_eq!(lost.stats().reconnected, 1);
}

#[test]
fn a_cable_that_swallows_what_passes_is_found_whichever_way() {
    on_both(|version| {
        let server = Server::start(version).unwrap();
        for (up, down) in [(true, true), (true, false), (false, true)] {
            let cable = Proxy::to(server.port()).unwrap();
            let lost = connected(builder(&cable.url()).patience(Duration::from_secs(1)));
            let other = to(&server);
            ask(&lost, "a.>");
            ask(&other, "b.>");
            cable.swallow(up, down);
            comes_back(&lost, &other, || cable.mend());
        }
    });
}

#[cfg(unix)]
#[test]
fn a_server_that_hangs_is_found_and_all_stands_again_when_it_goes_on() {
    on_both(|version| {
        let server = Server::start(version).unwrap();
        let (one, two) = (to(&server), to(&server));
        ask(&one, "a.>");
        ask(&two, "b.>");
        server.pause().unwrap();
        for transport in [&one, &two] {
            until(transport, |came| matches!(came, Incoming::Disconnected(_)));
        }
        server.resume().unwrap();
        for transport in [&one, &two] {
            until(transport, |came| matches!(came, Incoming::Connected(_)));
        }
        publish(&one, "b.c", "").unwrap();
        until(&two, |came| matches!(came, Incoming::Parcel(..)));
    });
}
