//! Peers on the server who send what they should not: each parcel is refused for its reason and counted, and what is good comes all the
//! same, each once and in its order.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use rem_core::wire::{Codec, RawEvent};
use rem_core::{Bus, Event, EventId, Subscription};
use rem_macros::EventType;
use rem_mesh::{
    Import, Incoming, Level, Mesh, MeshEvent, MeshStats, Parcel, Refusal, Subject, Transport,
    TransportErrorKind,
};
use rem_nats::NatsTransport;
use rem_nats::testing::{Server, Version};
use serde::{Deserialize, Serialize};

use super::support::{LIMIT, ask, builder, connected, next, on_both, to, wait};

const BOOT: &str = "00000000000000000000000000000001";

/// The most that a parcel may have here.
const MOST: usize = 4_000;

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "order", crate = rem_core)]
enum Order {
    Placed { id: u64 },
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "bill", crate = rem_core)]
enum Bill {
    Paid { id: u64, cents: u64 },
}

fn about(topic: &str) -> Parcel {
    Parcel::new(Subject::parse(format!("rem.main.{topic}")).unwrap())
}

/// From a node, by what it says.
fn from(node: &str, boot: &str, hops: &str, topic: &str) -> Parcel {
    let parcel = about(topic).header("rem-home", node).header("rem-boot", boot);
    with_attributes(parcel.header("rem-hops", hops), topic).with_body(r#"{"id":1}"#)
}

fn with_attributes(parcel: Parcel, topic: &str) -> Parcel {
    static LAST: AtomicU64 = AtomicU64::new(1);
    let id = uuid(LAST.fetch_add(1, Ordering::Relaxed));
    parcel
        .header("ce-specversion", "1.0")
        .header("ce-id", id.to_string())
        .header("ce-source", "/evil")
        .header("ce-type", topic)
        .header("ce-datacontenttype", "application/json")
}

fn uuid(number: u64) -> EventId {
    format!("00000000-0000-4000-8000-{number:012x}").parse().unwrap()
}

/// What there is to be refused, and why; `own` is the life of the node that it is sent to.
fn bad(own: &str) -> Vec<(Refusal, Parcel)> {
    let large = "x".repeat(MOST + 1);
    let evil = |topic| from("evil", BOOT, "0", topic);
    let bare = |topic| about(topic).header("rem-home", "evil").header("rem-boot", BOOT);
    vec![
        (Refusal::Oversized, evil("order.a").with_body(large)),
        (Refusal::Oversized, evil("small.a").with_body(format!("\"{}\"", "x".repeat(500)))),
        (Refusal::Malformed, bare("order.a").header("rem-hops", "0").with_body("{")),
        (Refusal::Malformed, about("order.a").header("rem-home", "evil").with_body("1")),
        (Refusal::Malformed, bare("order.a").header("rem-hops", "many")),
        (
            Refusal::Malformed,
            bare("order.a")
                .header("rem-hops", "0")
                .header("content-type", "application/cloudevents-batch+json")
                .with_body("[]"),
        ),
        (Refusal::NoHome, with_attributes(about("order.a"), "order.a").with_body("1")),
        (Refusal::Stranger, from("mallory", BOOT, "0", "order.a")),
        (Refusal::Twin, from("office", BOOT, "0", "order.a")),
        (Refusal::Forged, from("office", own, "0", "order.a")),
        (Refusal::Forged, from("evil", own, "0", "order.a")),
        (Refusal::TooManyHops, from("evil", BOOT, "3", "order.a")),
        (Refusal::NotImported, evil("local.a")),
        (Refusal::WrongSubject, {
            let parcel = bare("order.a").header("rem-hops", "0");
            with_attributes(parcel, "order.b").with_body("1")
        }),
        (Refusal::WrongSchema, evil("bill.paid").with_body(r#"{"id":"x"}"#)),
        (Refusal::WrongSchema, evil("bill.unknown")),
    ]
}

/// The orders that came, as they came.
#[derive(Clone, Default)]
struct Came(Arc<(Mutex<Vec<u64>>, Condvar)>);

impl Came {
    fn to(bus: &Bus) -> (Self, Subscription) {
        let came = Self::default();
        let kept = came.clone();
        let sub = bus.on(move |order: &Event<Order>| {
            let Order::Placed { id } = order.data;
            kept.0.0.lock().unwrap().push(id);
            kept.0.1.notify_all();
        });
        (came, sub)
    }

    fn until(&self, count: u64) -> Vec<u64> {
        let (orders, more) = &*self.0;
        let orders = orders.lock().unwrap();
        let (orders, limit) =
            more.wait_timeout_while(orders, LIMIT, |orders| (orders.len() as u64) < count).unwrap();
        assert!(!limit.timed_out(), "{} of {count} came", orders.len());
        orders.clone()
    }
}

/// Until that many were refused, each of which is told.
struct Refused {
    told: Arc<(Mutex<u64>, Condvar)>,
    _sub: Subscription,
}

impl Refused {
    fn on(bus: &Bus) -> Self {
        let told: Arc<(Mutex<u64>, Condvar)> = Arc::default();
        let kept = Arc::clone(&told);
        let sub = bus.subscribe("$rem.mesh.**", move |event: &Event<MeshEvent>| {
            if let MeshEvent::Refused { .. } | MeshEvent::DeadLetter { .. } = event.data {
                *kept.0.lock().unwrap() += 1;
                kept.1.notify_all();
            }
        });
        Self { told, _sub: sub.unwrap() }
    }

    fn until(&self, count: u64, stats: impl Fn() -> MeshStats) {
        let (told, more) = &*self.told;
        let told = told.lock().unwrap();
        let (told, limit) = more.wait_timeout_while(told, LIMIT, |told| *told < count).unwrap();
        assert!(!limit.timed_out(), "{told} of {count} were told: {}", stats());
    }
}

/// A node that imports, and how others know its present life.
fn office(server: &Server, bus: &Bus) -> (Mesh, String) {
    let probe = to(server);
    ask(&probe, "rem.main.own");
    let transport = builder(&server.url()).incoming(1 << 20, 1 << 30).build().unwrap();
    let mesh = Mesh::builder(bus)
        .transport(transport)
        .node("office")
        .export("own")
        .import("order")
        .import("local")
        .import_rule(Import::of("bill").as_type::<Bill>())
        .import_rule(Import::of("small").at_most(400))
        .always("order,bill,small,local")
        .limit(MOST)
        .hops(2)
        .peers(["evil", "shop"])
        .join_blocking()
        .unwrap();
    bus.publish_to("own", RawEvent::new(Codec::Json, b"1".to_vec())).unwrap();
    let Incoming::Parcel(own, _) = next(&probe) else { panic!("no parcel") };
    let boot = own.get("rem-boot").unwrap().to_owned();
    (mesh, boot)
}

fn sent(evil: &NatsTransport, parcel: Parcel) {
    wait(evil.publish(parcel)).unwrap();
}

#[test]
fn each_reason_is_found_over_a_server_counted_and_told() {
    on_both(|version| {
        let server = Server::start(version).unwrap();
        let bus = Bus::new();
        let told = Refused::on(&bus);
        let (mesh, own) = office(&server, &bus);
        let evil = to(&server);
        let mut counts = std::collections::BTreeMap::new();
        for (why, parcel) in bad(&own) {
            *counts.entry(why).or_insert(0) += 1;
            let shown = format!("{parcel:?}");
            sent(&evil, parcel);
            told.until(counts.values().sum(), || mesh.stats());
            let stats = mesh.stats();
            assert_eq!(stats.refused(why), counts[&why], "{why}: {shown:.200}: {stats}");
        }
        // What nobody here imports goes no further than the server, and what it takes from nobody it does not take from us.
        sent(&evil, from("evil", BOOT, "0", "secret.a"));
        let huge = about("order.a").with_body(vec![b'x'; 2 << 20]);
        let error = wait(evil.publish(huge)).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::TooLarge);
        sent(&evil, from("evil", BOOT, "0", "order.placed"));
        let (came, _sub) = Came::to(&bus);
        mesh.settled_within(LIMIT).unwrap();
        sent(&evil, from("evil", BOOT, "0", "order.placed"));
        came.until(1);
        assert_eq!(mesh.stats().refused_in_all(), counts.values().sum::<u64>());
    });
}

/// Thousands that are bad in every way, beside a shop that goes on: each of them is counted, and each of the shop's comes, once and in
/// order.
#[test]
fn a_flood_of_what_is_bad_is_counted_to_the_last_and_all_that_is_good_comes() {
    const GOOD: u64 = 3_000;
    const FLOOD: u64 = 16_000;
    on_both(|version| {
        let server = Server::start(version).unwrap();
        let (bus, shop) = (Bus::new(), Bus::new());
        let (came, _sub) = Came::to(&bus);
        let (mesh, own) = office(&server, &bus);
        let sends = Mesh::builder(&shop)
            .transport(builder(&server.url()).build().unwrap())
            .node("shop")
            .export("order")
            .join_blocking()
            .unwrap();
        let told = Refused::on(&bus);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let evil = to(&server);
                let all = bad(&own);
                for (_, parcel) in all.iter().cycle().take(usize::try_from(FLOOD).unwrap()) {
                    sent(&evil, parcel.clone());
                }
                wait(evil.flush()).unwrap();
            });
            scope.spawn(|| {
                for id in 0..GOOD {
                    shop.publish(Order::Placed { id }).unwrap();
                }
            });
        });
        assert_eq!(came.until(GOOD), (0..GOOD).collect::<Vec<_>>());
        told.until(FLOOD, || mesh.stats());
        assert!(sends.leave(LIMIT).is_complete() && mesh.leave(LIMIT).is_complete());
        let stats = mesh.stats();
        assert_eq!((stats.refused_in_all(), stats.imported, stats.missed), (FLOOD, GOOD, 0));
        let kinds = bad(&own).len() as u64;
        for (why, _) in bad(&own) {
            let of_it = bad(&own).iter().filter(|(other, _)| *other == why).count() as u64;
            assert_eq!(stats.refused(why), FLOOD / kinds * of_it, "{why}: {stats}");
        }
    });
}

/// The same in the mesh's stream, which keeps what anybody publishes to its subjects: what can be nobody's is a dead letter, what
/// others may let in is left to them; neither comes again, and behind it comes what is good.
#[test]
fn what_is_bad_in_a_stream_is_a_dead_letter_or_left_and_holds_nothing_up() {
    on_both(|version: Version| {
        let server = Server::builder(version).jetstream().start().unwrap();
        let bus = Bus::new();
        let told = Refused::on(&bus);
        let (came, _sub) = Came::to(&bus);
        let mesh = Mesh::builder(&bus)
            .transport(builder(&server.url()).jetstream().build().unwrap())
            .node("office")
            .level(Level::Fast)
            .import_rule(Import::of("order").durable("billing").as_type::<Order>())
            .limit(MOST)
            .hops(2)
            .peers(["evil"])
            .join_blocking()
            .unwrap();
        let evil = connected(builder(&server.url()).jetstream());
        let own = "ffffffffffffffffffffffffffffffff"; // nobody's
        let all: Vec<_> = bad(own)
            .into_iter()
            .filter(|(why, parcel)| {
                *why != Refusal::Forged && parcel.subject().as_str() == "rem.main.order.a"
            })
            .collect();
        let is_left = |why: &Refusal| {
            matches!(
                why,
                Refusal::NoHome | Refusal::Stranger | Refusal::TooManyHops | Refusal::Twin
            )
        };
        let (mut letters, mut refused) = (0, 0);
        for round in 0..20 {
            for (why, parcel) in &all {
                sent(&evil, parcel.clone());
                letters += u64::from(!is_left(why));
                // A stream gives a node what it published in its earlier lives too.
                refused += u64::from(*why != Refusal::Twin);
            }
            let good = from("evil", BOOT, "0", "order.placed");
            sent(&evil, good.with_body(format!("{{\"id\":{round}}}")));
        }
        assert_eq!(came.until(20), (0..20).collect::<Vec<_>>());
        told.until(refused, || mesh.stats());
        assert!(mesh.leave(LIMIT).is_complete());
        let stats = mesh.stats();
        assert_eq!((stats.dead_letters, stats.refused_in_all()), (letters, refused), "{stats}");
        assert_eq!((stats.imported, stats.redelivered), (20, 0), "{stats}");
    });
}
