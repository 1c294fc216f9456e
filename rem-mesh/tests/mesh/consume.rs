//! Imports from a stream: each event until it is published, behind where the consumer was, with what is gone counted.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rem_core::{Bus, Event, ManualClock, Pattern, Timestamp};
use rem_mesh::memory::{Faults, MemoryBroker};
use rem_mesh::{
    Consumer, Import, JoinErrorKind, Level, Mesh, MeshEvent, Parcel, StreamSpec, StreamStart,
    Subject, SubjectFilter, Transport,
};

use crate::support::{LIMIT, Ledger, Order, Told, eventually, node, now};

/// A node that takes orders, and a stream that keeps them.
fn shop(broker: &MemoryBroker, parcels: u64) -> (Bus, Mesh) {
    open(broker, parcels);
    let bus = Bus::builder().source("shop").build();
    let mesh = Mesh::builder(&bus)
        .transport(broker.transport("shop"))
        .node("shop")
        .export("order")
        .join_blocking()
        .unwrap();
    (bus, mesh)
}

fn open(broker: &MemoryBroker, parcels: u64) {
    let maker = broker.transport("maker");
    now(maker.connect()).unwrap();
    let all = SubjectFilter::parse("rem.main.>").unwrap();
    let spec = StreamSpec::new("rem_main", [all]).parcels(parcels).window(Duration::from_secs(600));
    now(maker.streams().unwrap().open(spec)).unwrap();
}

fn place(bus: &Bus, range: std::ops::Range<u64>) {
    range.for_each(|id| drop(bus.publish(Order::Placed { id }).unwrap()));
}

/// How often each order came, and in which order.
#[derive(Clone, Default)]
struct Came(Arc<Mutex<Vec<u64>>>);

impl Came {
    fn on(bus: &Bus) -> (Self, rem_core::Subscription) {
        let came = Self::default();
        let kept = came.clone();
        let sub = bus.on(move |event: &Event<Order>| {
            let Order::Placed { id } = event.data else { return };
            kept.0.lock().unwrap().push(id);
        });
        (came, sub)
    }

    fn all(&self) -> Vec<u64> {
        self.0.lock().unwrap().clone()
    }

    fn times(&self) -> BTreeMap<u64, u32> {
        let mut times = BTreeMap::new();
        self.all().into_iter().for_each(|id| *times.entry(id).or_default() += 1);
        times
    }
}

fn durable(broker: &MemoryBroker, consumer: Consumer) -> (Bus, Mesh, Came, rem_core::Subscription) {
    let (bus, builder) = node(broker, "billing");
    let (came, sub) = Came::on(&bus);
    let mesh = builder.import_rule(Import::of("order").durable(consumer)).join_blocking().unwrap();
    (bus, mesh, came, sub)
}

fn soon() -> Consumer {
    let short = Duration::from_millis(1);
    Consumer::new("billing").backoff(short, short).time_to_answer(Duration::from_millis(50))
}

#[test]
fn a_consumer_gets_what_was_stored_while_it_was_not_there_and_goes_on() {
    let broker = MemoryBroker::new();
    let (shop, orders) = shop(&broker, 10_000);
    place(&shop, 0..100);
    eventually(|| broker.counts().stored == 100, "all are stored");
    for round in 1..=5 {
        let (bus, mesh, came, _sub) = durable(&broker, Consumer::new("billing"));
        let until = round * 100;
        eventually(|| came.all().len() as u64 == 100, "what was stored meanwhile comes");
        assert_eq!(came.all(), (until - 100..until).collect::<Vec<_>>(), "in its order, and once");
        assert!(mesh.leave(LIMIT).is_complete());
        drop((mesh, bus));
        place(&shop, until..until + 100);
        eventually(|| broker.counts().stored == until + 100, "all are stored");
    }
    assert!(orders.leave(LIMIT).is_complete());
}

/// F8: a subscriber that is started again at a hundred random points of a stream goes on with the next.
#[test]
fn at_a_hundred_random_points_it_goes_on_with_the_next() {
    let broker = MemoryBroker::new();
    let (shop, _orders) = shop(&broker, 100_000);
    let mut rng = fastrand::Rng::with_seed(8);
    let mut ledger = Vec::new();
    let mut placed = 0;
    for _ in 0..100 {
        let many = rng.u64(1..60);
        place(&shop, placed..placed + many);
        placed += many;
        let (_bus, mesh, came, _sub) = durable(&broker, Consumer::new("billing"));
        let some = rng.u64(0..many);
        eventually(|| came.all().len() as u64 >= some, "some come");
        // What is published is answered before it leaves; what is not, comes to the next.
        assert!(mesh.leave(LIMIT).is_complete());
        ledger.extend(came.all());
    }
    let (_bus, _mesh, came, _sub) = durable(&broker, Consumer::new("billing"));
    eventually(|| ledger.len() as u64 + came.all().len() as u64 >= placed, "the rest comes");
    ledger.extend(came.all());
    let sorted = {
        let mut sorted = ledger.clone();
        sorted.sort_unstable();
        sorted
    };
    assert_eq!(sorted, (0..placed).collect::<Vec<_>>(), "none is missing, and none came twice");
    assert_eq!(ledger, sorted, "and in their order");
}

#[test]
fn whatever_is_lost_on_the_way_comes_again_and_is_published_once() {
    for seed in 0..10 {
        let broker = MemoryBroker::new();
        let (shop, _orders) = shop(&broker, 10_000);
        let (bus, mesh, came, _sub) = durable(&broker, soon().attempts(1_000));
        let (told, _telling) = Told::of(&bus);
        place(&shop, 0..200);
        eventually(|| broker.counts().stored == 200, "all are stored");
        broker.faults(Faults::seeded(seed).lose(0.3).duplicate(0.2).lose_answers(0.3));
        place(&shop, 200..400);
        eventually(|| came.times().len() == 400, "all come");
        broker.calm();
        assert!(mesh.leave(LIMIT).is_complete());
        assert!(came.times().values().all(|times| *times == 1), "seed {seed}: {:?}", came.times());
        let stats = mesh.stats();
        assert!(stats.redelivered > 0 && stats.duplicates > 0, "seed {seed}: {stats}");
        told.wait_for(|event| matches!(event, MeshEvent::Redelivered { .. }));
        assert_eq!(stats.dead_letters, 0, "{:?}", mesh.dead_letters());
    }
}

#[test]
fn what_a_handler_fails_at_is_given_again_and_then_is_a_dead_letter() {
    let broker = MemoryBroker::new();
    let (shop, _orders) = shop(&broker, 1_000);
    let (bus, builder) = node(&broker, "billing");
    let (told, _telling) = Told::of(&bus);
    let calls: Arc<Mutex<BTreeMap<u64, u32>>> = Arc::default();
    let counted = Arc::clone(&calls);
    let _sub = bus.on(move |event: &Event<Order>| {
        let Order::Placed { id } = event.data else { return Ok(()) };
        let mut calls = counted.lock().unwrap();
        let times = calls.entry(id).or_default();
        *times += 1;
        match id {
            3 => Err("never"),
            5 if *times < 3 => Err("not yet"),
            _ => Ok(()),
        }
    });
    let rule = Import::of("order").durable(soon().attempts(4).time_to_answer(LIMIT));
    let mesh = builder.import_rule(rule).join_blocking().unwrap();
    place(&shop, 0..10);
    let dead = told.wait_for(|event| matches!(event, MeshEvent::DeadLetter { .. }));
    assert!(dead.to_string().contains("rem.main.order.placed"), "{dead}");
    eventually(|| calls.lock().unwrap().get(&5) == Some(&3), "it is handled at last");
    assert!(mesh.leave(LIMIT).is_complete());
    let expected = (0..10).map(|id| {
        (
            id,
            match id {
                3 => 4,
                5 => 3,
                _ => 1,
            },
        )
    });
    assert_eq!(*calls.lock().unwrap(), expected.collect::<BTreeMap<_, _>>());
    let letters = mesh.dead_letters();
    assert_eq!(letters.len(), 1);
    assert_eq!(
        (&*letters[0].consumer, letters[0].sequence, letters[0].attempts),
        ("billing", 4, 4)
    );
    assert!(letters[0].reason.contains("handlers failed"), "{}", letters[0]);
    let stats = mesh.stats();
    assert_eq!((stats.failed, stats.dead_letters, stats.redelivered), (5, 1, 5), "{stats}");
}

/// What takes its process down each time is no more handled than so often.
#[test]
fn what_is_given_and_never_answered_is_a_dead_letter_too() {
    let clock = ManualClock::at(Timestamp::from_nanos(1));
    let broker = MemoryBroker::by(&clock);
    let (shop, _orders) = shop(&broker, 1_000);
    place(&shop, 0..1);
    eventually(|| broker.counts().stored == 1, "it is stored");
    let consumer = Consumer::new("billing").attempts(2).time_to_answer(Duration::from_secs(1));
    for _ in 0..4 {
        // A process that takes it, and is gone before it answers.
        broker.faults(Faults::seeded(1).lose_answers(1.0));
        let (_bus, mesh, came, _sub) = durable(&broker, consumer.clone());
        eventually(|| came.all().len() == 1, "it comes");
        mesh.leave(LIMIT);
        drop(mesh);
        clock.advance(Duration::from_secs(2));
    }
    broker.calm();
    let (_bus, mesh, came, _sub) = durable(&broker, consumer);
    eventually(|| mesh.stats().dead_letters == 1, "it is given up");
    assert_eq!(came.all(), [0; 0]);
    assert!(mesh.dead_letters()[0].reason.contains("never answered"));
}

/// F9: what the stream has let go before the consumer was there is counted, in its place.
#[test]
fn retention_that_overtakes_a_consumer_is_told_with_the_count() {
    let broker = MemoryBroker::new();
    let (shop, _orders) = shop(&broker, 50);
    place(&shop, 0..10);
    {
        let (_bus, mesh, came, _sub) = durable(&broker, Consumer::new("billing"));
        eventually(|| came.all().len() == 10, "ten come");
        assert!(mesh.leave(LIMIT).is_complete());
    }
    place(&shop, 10..200);
    eventually(|| broker.counts().stored == 200, "all are stored");
    let (bus, builder) = node(&broker, "billing");
    let (told, _telling) = Told::of(&bus);
    let (came, _sub) = Came::on(&bus);
    let rule = Import::of("order").durable("billing");
    let mesh = builder.import_rule(rule).join_blocking().unwrap();
    eventually(|| came.all().len() == 50, "what is kept comes");
    assert_eq!(came.all(), (150..200).collect::<Vec<_>>());
    let lost = told.wait_for(|event| matches!(event, MeshEvent::Truncated { .. }));
    let is_it = matches!(
        &lost,
        MeshEvent::Truncated { consumer: Some(consumer), events: 140, .. } if &**consumer == "billing"
    );
    assert!(is_it, "{lost:?}");
    assert_eq!(mesh.stats().truncated, 140);

    // While it is there, and cut off.
    broker.cut("billing");
    place(&shop, 200..300);
    eventually(|| broker.counts().stored == 300, "all are stored");
    broker.mend("billing");
    eventually(|| came.all().len() == 100, "what is kept comes");
    eventually(|| mesh.stats().truncated == 190, "fifty more are gone");
}

#[test]
fn two_of_one_name_share_and_two_names_each_have_all() {
    let broker = MemoryBroker::new();
    let (shop, _orders) = shop(&broker, 10_000);
    let nodes: Vec<_> = [("one", "share"), ("two", "share"), ("three", "own")]
        .iter()
        .map(|(name, consumer)| {
            let (bus, builder) = node(&broker, name);
            let (came, sub) = Came::on(&bus);
            let rule = Import::of("order").durable(Consumer::new(consumer).in_flight(8));
            (builder.import_rule(rule).join_blocking().unwrap(), came, bus, sub)
        })
        .collect();
    place(&shop, 0..300);
    eventually(|| nodes[2].1.all().len() == 300, "who is alone has all");
    let both = || nodes[0].1.all().len() + nodes[1].1.all().len();
    eventually(|| both() == 300, "two share");
    let mut all = nodes[0].1.all();
    assert!(!all.is_empty() && all.len() < 300);
    all.extend(nodes[1].1.all());
    all.sort_unstable();
    assert_eq!(all, (0..300).collect::<Vec<_>>());
}

/// F14: clocks say nothing of the order, and one id of two sources is two events.
#[test]
fn events_of_two_sources_with_one_id_both_come_and_clocks_order_nothing() {
    let broker = MemoryBroker::new();
    open(&broker, 1_000);
    let (_bus, mesh, came, _sub) = durable(&broker, Consumer::new("billing"));
    let maker = broker.transport("maker");
    now(maker.connect()).unwrap();
    let id = "00000000-0000-4000-8000-000000000001";
    let cases = [("/a", 1, "2030"), ("/b", 2, "2001"), ("/a", 1, "2030"), ("/c", 3, "2015")];
    for (source, order, year) in cases {
        let json = format!(
            r#"{{"specversion":"1.0","id":"{id}","source":"{source}","type":"order.placed","time":"{year}-01-01T00:00:00Z","data":{{"id":{order}}}}}"#
        );
        let subject = Subject::parse("rem.main.order.placed").unwrap();
        let parcel = Parcel::new(subject)
            .header("rem-home", "elsewhere")
            .header("rem-boot", "0123456789abcdef0123456789abcdef")
            .header("rem-hops", "0")
            .header("content-type", "application/cloudevents+json")
            .with_body(json);
        let stored = maker.streams().unwrap().store("rem_main", parcel, &format!("{id}{source}"));
        now(now(stored).unwrap()).unwrap();
    }
    eventually(|| came.all().len() == 3, "three come");
    assert_eq!(came.all(), [1, 2, 3], "in the order of the stream");
    assert_eq!(broker.counts().known, 1, "the broker knew one by its source and id");
    assert!(mesh.leave(LIMIT).is_complete());
}

#[test]
fn what_is_no_event_is_a_dead_letter_at_once_and_holds_nothing_up() {
    let broker = MemoryBroker::new();
    let (shop, _orders) = shop(&broker, 1_000);
    let maker = broker.transport("maker");
    now(maker.connect()).unwrap();
    let subject = Subject::parse("rem.main.order.placed").unwrap();
    let parcel = Parcel::new(subject)
        .header("rem-home", "elsewhere")
        .header("rem-boot", "0123456789abcdef0123456789abcdef")
        .header("rem-hops", "0")
        .with_body("{ no event");
    now(maker.publish(parcel)).unwrap();
    let (_bus, mesh, came, _sub) = durable(&broker, Consumer::new("billing"));
    place(&shop, 0..5);
    eventually(|| came.all().len() == 5, "the others come");
    assert_eq!(mesh.dead_letters().len(), 1);
    assert_eq!((mesh.stats().failed, mesh.stats().dead_letters), (0, 1));
}

#[test]
fn the_past_is_read_by_number_and_by_time_and_what_is_gone_is_counted() {
    let clock = ManualClock::at(Timestamp::from_nanos(1_000_000_000));
    let broker = MemoryBroker::by(&clock);
    let (shop, orders) = shop(&broker, 40);
    for id in 0..60 {
        clock.advance(Duration::from_secs(1));
        place(&shop, id..id + 1);
        eventually(|| broker.counts().stored == id + 1, "it is stored");
    }
    let pattern = Pattern::parse("order.placed").unwrap();
    let read = |from, most| now(orders.past(&pattern, from, most)).unwrap();
    let page = read(StreamStart::Sequence(5), 10);
    let numbers: Vec<_> = page.events.iter().map(|event| event.sequence).collect();
    assert_eq!(numbers, (21..31).collect::<Vec<_>>());
    assert_eq!((page.truncated, page.next), (16, Some(31)));
    assert_eq!((page.state.first, page.state.last, page.state.count), (21, 60, 40));
    let since = page.events[4].stored_at;
    let page = read(StreamStart::Time(since), 1_000);
    assert_eq!((page.events.len(), page.events[0].sequence, page.next), (36, 25, None));
    let event = page.events[0].event.as_ref().unwrap();
    assert_eq!(event.topic().as_str(), "order.placed");
    let none = now(orders.past(&Pattern::parse("bill").unwrap(), StreamStart::First, 5)).unwrap();
    assert!(none.events.is_empty());
}

#[test]
fn without_a_journal_or_with_a_name_that_is_none_nobody_joins() {
    let broker = MemoryBroker::new();
    let (_bus, builder) = node(&broker, "a");
    let error = builder.export_at(Level::Durable, "order").join_blocking().unwrap_err();
    assert_eq!(error.kind(), JoinErrorKind::NoJournal);
    assert!(error.to_string().contains("Journal::open"), "{error}");
    let (_bus, builder) = node(&broker, "a");
    let rule = Import::of("order").durable("no name");
    let error = builder.import_rule(rule).join_blocking().unwrap_err();
    assert_eq!(error.kind(), JoinErrorKind::Name);
}

/// Nobody has subscribed, and it is taken all the same: a journal would have it.
#[test]
fn a_durable_import_is_asked_of_the_stream_alone() {
    let broker = MemoryBroker::new();
    let (shop, _orders) = shop(&broker, 1_000);
    let (bus, mesh, came, _sub) = durable(&broker, Consumer::new("billing"));
    let (ledger, _all) = Ledger::of(&bus, "order");
    assert!(broker.standing().is_empty(), "{:?}", broker.standing());
    place(&shop, 0..20);
    eventually(|| came.all().len() == 20, "all come");
    assert_eq!((mesh.stats().delivered, mesh.stats().duplicates, ledger.most()), (20, 0, 1));
}

/// A handler that is slower than the time to answer has it given again, and not published again.
#[test]
fn what_takes_too_long_is_given_again_and_not_published_again() {
    let broker = MemoryBroker::new();
    let (shop, _orders) = shop(&broker, 1_000);
    let (bus, builder) = node(&broker, "billing");
    let (calls, goes_on) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
    let (counted, waits) = (Arc::clone(&calls), Arc::clone(&goes_on));
    let _sub = bus.on(move |_: &Event<Order>| {
        counted.fetch_add(1, Ordering::SeqCst);
        while !waits.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
    });
    let rule = Import::of("order").durable(soon().attempts(1_000_000));
    let mesh = builder.import_rule(rule).join_blocking().unwrap();
    place(&shop, 0..1);
    eventually(|| calls.load(Ordering::SeqCst) == 1, "it is handled");
    let other = broker.transport("other");
    now(other.connect()).unwrap();
    eventually(
        || {
            // Who gives it again looks at his clock when something happens.
            let _ = now(other.streams().unwrap().state("rem_main"));
            broker.counts().delivered > 1
        },
        "it is given again",
    );
    goes_on.store(true, Ordering::SeqCst);
    assert!(mesh.leave(LIMIT).is_complete());
    assert_eq!((calls.load(Ordering::SeqCst), mesh.stats().imported), (1, 1));
}

#[test]
fn a_stream_in_memory_lets_go_by_age_and_by_bytes_and_knows_keys_as_long_as_its_window() {
    let clock = ManualClock::at(Timestamp::from_nanos(1));
    let broker = MemoryBroker::by(&clock);
    let maker = broker.transport("maker");
    now(maker.connect()).unwrap();
    let streams = maker.streams().unwrap();
    let all = SubjectFilter::parse("a.>").unwrap();
    let spec = StreamSpec::new("a", [all]).age(Duration::from_secs(10)).bytes(100);
    now(streams.open(spec.window(Duration::from_secs(5)))).unwrap();
    let store = |key: &str, bytes: usize| {
        let parcel = Parcel::new(Subject::parse("a.b").unwrap()).with_body(vec![1; bytes]);
        now(now(streams.store("a", parcel, key)).unwrap()).unwrap()
    };
    let kept = || {
        let state = now(streams.state("a")).unwrap();
        (state.first, state.last, state.count)
    };
    assert_eq!((store("k", 40).duplicate, store("k", 40).duplicate), (false, true));
    clock.advance(Duration::from_secs(6));
    assert_eq!((store("k", 40).sequence, kept()), (2, (1, 2, 2)));
    assert_eq!((store("l", 40).sequence, kept()), (3, (2, 3, 2)), "there is room for 100 bytes");
    clock.advance(Duration::from_secs(11));
    assert_eq!(kept(), (4, 3, 0), "they are too old");
}

#[test]
fn how_many_more_there_are_is_known_while_one_is_handled() {
    let broker = MemoryBroker::new();
    let (shop, _orders) = shop(&broker, 10_000);
    place(&shop, 0..10);
    eventually(|| broker.counts().stored == 10, "all are stored");
    let (bus, builder) = node(&broker, "billing");
    let (at, goes_on) = (std::sync::mpsc::channel(), std::sync::mpsc::channel::<()>());
    let goes_on = (goes_on.0, Mutex::new(goes_on.1));
    let _sub = bus.on(move |event: &Event<Order>| {
        let Order::Placed { id } = event.data else { return };
        at.0.send(id).unwrap();
        goes_on.1.lock().unwrap().recv_timeout(LIMIT).unwrap();
    });
    let rule = Import::of("order").durable("billing");
    let mesh = builder.import_rule(rule).join_blocking().unwrap();
    for id in 0..10 {
        assert_eq!(at.1.recv_timeout(LIMIT), Ok(id));
        assert_eq!(mesh.stats().lag, 9 - id, "{}", mesh.stats());
        goes_on.0.send(()).unwrap();
    }
}
