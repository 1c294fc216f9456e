//! Imports from a stream: each event until it is published, behind where the consumer was, with what is gone counted.

use std::sync::Mutex;
use std::time::Duration;

use rem_core::{Event, ManualClock, Pattern, Timestamp};
use rem_mesh::memory::MemoryBroker;
use rem_mesh::{
    Consumer, Import, JoinErrorKind, Level, MeshEvent, Parcel, StreamSpec, StreamStart, Subject,
    SubjectFilter, Transport,
};

use crate::durable::{Came, durable, open, place, shop};
use crate::support::{LIMIT, Ledger, Order, Told, eventually, node, now};

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
