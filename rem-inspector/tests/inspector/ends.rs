//! How it comes to its end: told to clients, at once, and with the port free again.

use std::time::Duration;

use rem_core::{Bus, Ring};

use crate::support::{SOON, Stream, ask, inspected, placed, wait_for};

#[test]
fn closing_tells_clients_and_frees_the_port() {
    let (bus, inspector) = inspected();
    let address = inspector.address();
    let mut stream = Stream::open(address, "/api/stream", None);
    stream.until("hello");
    assert!(inspector.close(SOON));
    assert_eq!(stream.until("bye").data["why"], "closed");
    assert!(stream.next().is_none());
    assert_eq!(bus.topology().subscriptions.len(), 0);
    let again = rem_inspector::serve(&bus, address).unwrap();
    assert_eq!(ask(address, "GET", "/api/about", &[], "").status, 200);
    drop(again);
    wait_for("dropping it ends it too", || rem_inspector::serve(&bus, address).is_ok());
}

#[test]
fn closing_waits_for_no_client_that_does_not_read() {
    let bus = Bus::builder().history(Ring::events(4_000)).build();
    let inspector = rem_inspector::serve(&bus, "127.0.0.1:0").unwrap();
    for order in 0..4_000 {
        bus.publish(crate::support::Order::Paid { order, text: "x".repeat(10_000) }).unwrap();
    }
    let _unread = Stream::open(inspector.address(), "/api/stream?all=true&after=0", None);
    wait_for("it is attached", || inspector.clients() == 1);
    assert!(inspector.close(SOON));
    wait_for("nothing is left on the bus", || bus.topology().subscriptions.is_empty());
}

#[test]
fn the_end_of_the_bus_ends_streams_and_not_the_server() {
    let (bus, inspector) = inspected();
    let mut stream = Stream::open(inspector.address(), "/api/stream", None);
    stream.until("hello");
    bus.publish(placed(1)).unwrap();
    bus.close(Duration::from_secs(1));
    let event = stream.until("event");
    assert_eq!(event.id, Some(1), "what was published comes first");
    stream.until("bye");
    let about = ask(inspector.address(), "GET", "/api/about", &[], "").json();
    assert_eq!(
        (&about["source"]["closed"], &about["source"]["live"]),
        (&true.into(), &false.into())
    );
    drop(bus);
    assert_eq!(ask(inspector.address(), "GET", "/api/about", &[], "").status, 410);
}
