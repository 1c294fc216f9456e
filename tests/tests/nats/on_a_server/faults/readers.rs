//! Readers that are slow, that come and go, and that come too late: F7, F8 and F9.

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rem::mesh::{Incoming, Mesh, MeshEvent, StreamStart, SubjectFilter, Transport};
use rem::nats::NatsTransport;
use rem::prelude::*;
use rem_nats::testing::Server;
use rem_tests::crash::draw;
use rem_tests::mesh::{self, Order};

use super::ledger::{Came, fault};
use super::rig::{
    LIMIT, Publishing, Told, block_on, eventually, jetstream, journaled, office, on_both, pick,
    progress, shop, stranger, tell,
};

/// How many parcels a slow node keeps for its reader.
const KEPT: usize = 1_000;

/// F7: one who never reads, and one whose handler takes a thousandth of a second, beside one who is quick, at a rate that is ten times what
/// the slow one can take. The quick one has all; the others are told of exactly those that they miss, and hold no more than they may.
#[test]
fn f7_who_is_slow_is_told_exactly_what_it_misses_and_nobody_else_misses_any() {
    on_both(|version| {
        let server = Server::start(version).unwrap();
        let placed = pick(20_000, 300_000_u64);
        let room = usize::try_from(placed).unwrap();
        let buses: [Bus; 3] = std::array::from_fn(|_| Bus::new());
        let [shop, quick, slow] = &buses;
        let join = |bus: &Bus, name: &str, kept: usize| {
            let transport = NatsTransport::builder(server.url()).incoming(kept, 1 << 30);
            Mesh::builder(bus).transport(transport.build().unwrap()).node(name).queue(room)
        };
        let (came, _sub) = Came::to(quick);
        let late: Arc<Mutex<Vec<u64>>> = Arc::default();
        let kept = Arc::clone(&late);
        let _slow = slow.on(move |order: &Event<Order>| {
            let Order::Placed { id } = order.data else { return };
            // The work that takes it so long.
            std::thread::sleep(Duration::from_millis(1));
            kept.lock().unwrap().push(id);
        });
        let (told, _telling) = Told::on(slow);
        let from = join(shop, "shop", KEPT).export("order").join_blocking().unwrap();
        let to = join(quick, "quick", room).import("order").join_blocking().unwrap();
        let behind = join(slow, "slow", KEPT).import("order").join_blocking().unwrap();
        let never = NatsTransport::builder(server.url()).incoming(KEPT, 1 << 30).build().unwrap();
        block_on(never.connect()).unwrap();
        block_on(never.subscribe(SubjectFilter::parse("rem.main.order.>").unwrap(), None)).unwrap();
        block_on(never.flush()).unwrap();

        for id in 0..placed {
            shop.publish(Order::Placed { id }).unwrap();
        }
        assert!(from.leave(LIMIT).is_complete(), "{}", from.stats());
        came.until(|orders| orders.len() as u64 == placed, "the quick one has all");
        assert_eq!(fault(&came.all(), placed, true, &[]), None);
        assert_eq!((to.stats().missed, to.stats().lagged), (0, 0));

        let accounted = || behind.stats().imported + behind.stats().missed;
        eventually(|| accounted() == placed, || behind.stats().to_string());
        let late = late.lock().unwrap().clone();
        let missing = placed - late.len() as u64;
        assert_eq!(behind.stats().missed, missing, "counted, and missing");
        assert!(missing > 0 && late.is_sorted(), "it was quick enough, or out of order");
        let lagged = |event: &MeshEvent| match event {
            MeshEvent::Lagged { outbound: false, events: Some(events), .. } => *events,
            _ => 0,
        };
        let told_of: u64 = told.all().iter().map(lagged).sum();
        assert_eq!(told_of, missing, "told, and missing");

        let mut cx = Context::from_waker(Waker::noop());
        let (mut held, mut gone) = (0, 0);
        while let Poll::Ready(incoming) = never.poll_incoming(&mut cx) {
            match incoming {
                Incoming::Parcel(..) => held += 1,
                Incoming::Lagged(Some(events)) => gone += events,
                other => panic!("{other:?}"),
            }
        }
        assert!(held <= KEPT as u64, "{held} were held for who never reads");
        assert_eq!(held + gone, placed, "held, and told to be gone");
        let more = format!("the slow one missed {missing}, who never read {gone}, each told");
        tell("F7", version, 2, placed, &more);
    });
}

/// F8: who consumes is started again at random points of the stream, while the shop publishes. It goes on with the next: no gap, none
/// twice, and none out of order but what the server gave to one who was just leaving, which it gives again. The same for who reads the past
/// from random numbers on, there always in order.
#[test]
fn f8_who_consumes_goes_on_with_the_next_at_random_points() {
    on_both(|version| {
        let server = jetstream(version);
        let folder = tempfile::tempdir().unwrap();
        let bus = journaled(folder.path(), "shop");
        let mesh = shop(&bus, &server.url());
        let publishing = Publishing::on(&bus, 2);
        let starts = pick(10, 100);
        let (mut ledger, mut again) = (Vec::new(), 0);
        for start in 0..starts {
            let other = Bus::new();
            let (came, _sub) = Came::to(&other);
            let reader = office(&other, &server.url());
            let some = 1 + draw((start, "some")) % 200;
            came.until(|orders| orders.len() as u64 >= some, "some come");
            assert!(reader.leave(LIMIT).is_complete(), "{}", reader.stats());
            ledger.extend(came.all());
            again += reader.stats().redelivered;
            progress("F8", version, start + 1, starts);
        }
        let placed = publishing.end();
        assert!(mesh.leave(LIMIT).is_complete());
        let other = Bus::new();
        let (came, _sub) = Came::to(&other);
        let reader = office(&other, &server.url());
        let before = ledger.len() as u64;
        came.until(|orders| before + orders.len() as u64 >= placed, "the rest comes");
        ledger.extend(came.all());
        again += reader.stats().redelivered;
        assert_eq!(fault(&ledger, placed, false, &[]), None);
        let mut highest = 0;
        let is_late = |order: &&u64| {
            highest = highest.max(**order);
            **order < highest
        };
        let late = ledger.iter().filter(is_late).count() as u64;
        assert!(late <= again, "{late} came late, and {again} were given again");
        let orders: Pattern = "order".parse().unwrap();
        for start in 0..starts {
            let from = 1 + draw((start, "from")) % placed;
            let past = reader.past(&orders, StreamStart::Sequence(from), 50);
            let past = block_on(past).unwrap();
            let numbers: Vec<_> = past.events.iter().map(|event| event.sequence).collect();
            let wanted = from..=(from + 49).min(placed);
            assert_eq!(numbers, wanted.collect::<Vec<_>>(), "from {from} on");
        }
        assert!(reader.leave(LIMIT).is_complete());
        tell(
            "F8",
            version,
            starts,
            placed,
            &format!(
                "{late} came late, for they were given again; {starts} pages of the past in order"
            ),
        );
    });
}

/// F9: the stream lets go of events while who consumes them is away, and while more are published. How many those are is told.
#[test]
fn f9_what_was_let_go_before_it_was_consumed_is_told_with_its_count() {
    const STREAM: u64 = 300;
    on_both(|version| {
        let server = jetstream(version);
        let folder = tempfile::tempdir().unwrap();
        let bus = journaled(folder.path(), "shop");
        let mesh = mesh::shop(&bus, &server.url()).unwrap();
        let mesh = mesh.stream(|spec| spec.parcels(STREAM)).join_blocking().unwrap();
        let state = stranger(&server.url());
        let first = || block_on(state.streams().unwrap().state("rem_main")).unwrap().first;
        let publishing = Publishing::on(&bus, 2);
        let (mut came_in_all, mut gone) = (Vec::new(), 0);
        let rounds = pick(2, 20);
        for round in 0..rounds {
            let other = Bus::new();
            let (told, _telling) = Told::on(&other);
            let (came, _sub) = Came::to(&other);
            let reader = office(&other, &server.url());
            came.until(|orders| orders.len() >= 100, "it consumes");
            // It leaves when nothing is on its way: what is given to one who is just going comes again when it is due, if it is there
            // still, and was not overtaken then but lost.
            let held = publishing.hold();
            let last = publishing.count() - 1;
            came.until(|orders| orders.last() == Some(&last), "it has all that there is");
            assert!(reader.leave(LIMIT).is_complete());
            drop(held);
            let truncated = |event: &MeshEvent| match event {
                MeshEvent::Truncated { consumer: Some(_), events, .. } => *events,
                _ => 0,
            };
            let events: u64 = told.all().iter().map(truncated).sum();
            assert_eq!(events, reader.stats().truncated, "counted, and told");
            gone += reader.stats().truncated;
            came_in_all.extend(came.all());
            // It is away until what it has not seen is gone.
            let last = came_in_all.last().copied().unwrap();
            eventually(|| first() > last + 50, || format!("it keeps {} on", first()));
            progress("F9", version, round + 1, rounds);
        }
        let placed = publishing.end();
        assert!(mesh.leave(LIMIT).is_complete());
        let (other, seen) = (Bus::new(), came_in_all.len() as u64);
        let (came, _sub) = Came::to(&other);
        let reader = office(&other, &server.url());
        came.until(|orders| orders.last() == Some(&(placed - 1)), "the last comes");
        assert!(reader.leave(LIMIT).is_complete());
        gone += reader.stats().truncated;
        came_in_all.extend(came.all());
        let all = came_in_all.len() as u64;
        assert!(gone > 0 && all > seen && came_in_all.is_sorted());
        assert_eq!(all + gone, placed, "came, and told to be gone");
        tell("F9", version, rounds, placed, &format!("{gone} told to be gone, to the event"));
    });
}
