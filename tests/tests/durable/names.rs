//! The names of durable subscriptions: which there may be, whose they are, and what is told of them.

use rem::prelude::*;
use rem::{DurableHistory as _, SubscribeError, Unsubscribed};

use crate::disk::Disk;
use crate::{LONG, Paid, bus};

fn subscribe(bus: &Bus, name: &str) -> Result<Subscription, SubscribeError> {
    bus.subscription("order").durable(name).task(async |_: Received<Paid>| ())
}

#[test]
fn a_name_is_used_once_at_a_time_and_free_when_its_last_call_is_over() {
    let bus = bus(&Disk::new(8));
    let line = line!() + 1;
    let sub = subscribe_here(&bus);
    let error = subscribe(&bus, "invoices").unwrap_err();
    let SubscribeError::DurableInUse { name, place } = &error else { panic!("{error:?}") };
    assert_eq!((&**name, place.file(), place.line()), ("invoices", file!(), line));
    assert!(error.to_string().contains("names.rs"), "{error}");
    let error = bus.forget("invoices").unwrap_err();
    assert!(error.to_string().contains("in use by the subscription made at"), "{error}");
    assert_eq!(sub.unsubscribe(), Unsubscribed::Done);
    let stream: rem::DurableStream =
        bus.subscription("order").durable("invoices").stream().unwrap();
    assert!(matches!(subscribe(&bus, "invoices"), Err(SubscribeError::DurableInUse { .. })));
    drop(stream);
    drop(subscribe(&bus, "invoices").unwrap());
}

#[track_caller]
fn subscribe_here(bus: &Bus) -> Subscription {
    bus.subscription("order").durable("invoices").task(async |_: Received<Paid>| ()).unwrap()
}

#[test]
fn what_cannot_be_is_an_error_that_says_how_to_mend_it() {
    let durable = bus(&Disk::new(8));
    let ring = Bus::builder().history(Ring::events(8)).build();
    for (bus, name, said) in [
        (&durable, "", "needs a name that is not empty"),
        (&durable, &*"x".repeat(256), "has 256 bytes, and may have 255; give it a shorter one"),
        (&durable, "eu/invoices", "a name has neither `/` nor control characters"),
        (&ring, "invoices", "`Bus::builder().history(Journal::open(path)?)`"),
        (&Bus::new(), "invoices", "`Bus::builder().history(Journal::open(path)?)`"),
    ] {
        let error = subscribe(bus, name).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
        let error =
            bus.subscription("order").durable(name).stream::<dyn rem::Payload>().unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
    }
    let start = durable.subscription("order").durable("a").from(Start::LastPerTopic);
    let error = start.stream::<dyn rem::Payload>().unwrap_err();
    assert!(error.to_string().contains("begin with `Start::Earliest`"), "{error}");
    let local = durable.subscription("failed").durable("a").stream::<rem::DeadLetter>();
    let error = local.unwrap_err();
    assert!(
        error.to_string().contains("events of `DeadLetter` never leave the process"),
        "{error}"
    );
    assert_eq!((durable.positions(), ring.positions()), (vec![], vec![]), "no trace");
    assert!(ring.forget("invoices").is_err());
    durable.close(LONG);
    assert!(matches!(subscribe(&durable, "a"), Err(SubscribeError::Closed)));
    assert_eq!(durable.positions(), []);
}

#[test]
fn a_name_belongs_to_its_bus() {
    let disk = Disk::new(8);
    let root = bus(&disk);
    let (eu, west) = (root.child("eu").unwrap(), root.child("eu.west").unwrap());
    let subs = [&root, &eu, &west].map(|bus| subscribe(bus, "invoices").unwrap());
    let names = |bus: &Bus| bus.positions().into_iter().map(|it| it.name).collect::<Vec<_>>();
    assert_eq!(names(&root), ["eu.west/invoices".into(), "eu/invoices".into(), "invoices".into()]);
    assert_eq!(names(&eu), ["invoices".into(), "west/invoices".into()]);
    assert_eq!(names(&west), ["invoices".into()]);
    assert_eq!(disk.position("eu/invoices"), Some(0));
    for sub in subs {
        assert_eq!(sub.unsubscribe(), Unsubscribed::Done);
    }
    assert!(root.forget("eu/invoices").unwrap());
    assert!(!root.forget("eu/invoices").unwrap(), "it is forgotten");
    assert!(eu.forget("west/invoices").unwrap());
    assert_eq!(names(&root), ["invoices".into()]);
    assert!(root.forget("eu/").unwrap_err().to_string().contains("not empty"));
}

#[test]
fn a_child_is_given_what_lies_below_it() {
    let disk = Disk::new(8);
    let root = bus(&disk);
    let eu = root.child("eu").unwrap();
    let mut stream: rem::DurableStream<Paid> =
        eu.subscription("order").durable("invoices").stream().unwrap();
    root.publish(Paid { order: 1 }).unwrap();
    eu.publish(Paid { order: 2 }).unwrap();
    disk.commit();
    assert_eq!(stream.try_recv().map(|paid| paid.data.order).ok(), Some(2));
}

#[test]
fn where_a_name_begins_is_told_once_and_then_its_position_says() {
    let disk = Disk::new(64);
    let bus = bus(&disk);
    let mut middle = None;
    for order in 1..=10 {
        let receipt = bus.publish(Paid { order }).unwrap();
        middle = middle.or_else(|| (order == 6).then_some(receipt.id()));
    }
    disk.commit();
    let time = bus.query("**").unwrap().events()[5].timestamp();
    for (name, start, first) in [
        ("unless told", None, Some(1)),
        ("earliest", Some(Start::Earliest), Some(1)),
        ("number", Some(Start::Sequence(4)), Some(4)),
        ("last", Some(Start::Last(3)), Some(8)),
        ("none", Some(Start::Last(0)), None),
        ("more than there are", Some(Start::Last(30)), Some(1)),
        ("latest", Some(Start::Latest), None),
    ] {
        let durable = || bus.subscription("order").durable(name);
        let durable = start.map_or_else(durable, |start| durable().from(start));
        let mut stream = durable.stream::<Paid>().unwrap();
        let got = stream.try_recv().ok().map(|paid| paid.data.order);
        assert_eq!(got, first, "{name}");
        // The next time it is the position that counts, also of what begins now and has had nothing.
        drop(stream);
        let again = bus.subscription("order").durable(name).from(Start::Last(1));
        let mut again = again.stream::<Paid>().unwrap();
        assert_eq!(again.try_recv().ok().map(|paid| paid.data.order), first, "{name}");
    }
    let stream = bus.subscription("order").durable("time").from(Start::Time(time)).stream();
    let mut stream: rem::DurableStream<Paid> = stream.unwrap();
    let got = stream.try_recv().unwrap();
    assert!(got.timestamp() >= time && got.data.order <= 6);
    assert!(bus.forget("latest").unwrap());
    let mut anew = bus.subscription("order").durable("latest").stream::<Paid>().unwrap();
    assert_eq!(anew.try_recv().unwrap().data.order, 1, "forgotten, it begins anew");
}

#[test]
fn positions_and_lag_are_seen_from_outside() {
    let disk = Disk::new(8);
    let bus = bus(&disk);
    let stream = bus.subscription("order").durable("invoices").stream::<Paid>().unwrap();
    for order in 1..=3 {
        bus.publish(Paid { order }).unwrap();
    }
    disk.commit();
    let [position] = &bus.positions()[..] else { panic!("not one") };
    assert_eq!((&*position.name, position.position, position.lag), ("invoices", 0, 3));
    assert_eq!(position.used_by.map(|(id, _)| id), Some(stream.subscription().id()));
    let topology = bus.topology();
    let [report] = &topology.subscriptions[..] else { panic!("{topology}") };
    let durable = report.durable.as_ref().unwrap();
    assert_eq!((&*durable.name, durable.position, report.lag), ("invoices", 0, 3));
    assert!(topology.to_string().contains("durable `invoices` at 0, 3 behind"), "{topology}");
    assert_eq!(bus.stats().subscriptions, 1);
    bus.ready("order", 1, LONG).unwrap();
    drop(stream);
    let [position] = &bus.positions()[..] else { panic!("not one") };
    assert_eq!(position.to_string(), "`invoices` at 0, 3 behind, not in use");
    assert!(bus.topology().subscriptions.is_empty());
}
