//! Durable subscriptions that are read: what is acknowledged, and what is kept with it.

use std::thread;
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _};
use rem::prelude::*;
use rem::{DurableHistory as _, DurableStream, HistoryErrorKind, TryRecvError};

use crate::disk::Disk;
use crate::{LONG, Paid, bus};

fn stream(bus: &Bus) -> DurableStream<Paid> {
    bus.subscription("order").durable("invoices").stream().unwrap()
}

fn pay(bus: &Bus, disk: &Disk, orders: impl IntoIterator<Item = u64>) {
    for order in orders {
        bus.publish(Paid { order }).unwrap();
    }
    disk.commit();
}

/// What is there, without waiting.
fn all(stream: &mut DurableStream<Paid>) -> Vec<u64> {
    std::iter::from_fn(|| stream.try_recv().ok()).map(|paid| paid.data.order).collect()
}

#[test]
fn what_is_not_acknowledged_comes_again() {
    let disk = Disk::new(64);
    let bus = bus(&disk);
    let mut invoices = stream(&bus);
    pay(&bus, &disk, 1..=6);
    let two: Vec<_> = (0..2).map(|_| invoices.try_recv().unwrap()).collect();
    assert_eq!(disk.position("invoices"), Some(0), "given is not handled");
    invoices.ack_to(two[0].event());
    assert_eq!(disk.position("invoices"), Some(1));
    assert!(!two[1].is_replay());
    drop(invoices);
    let mut invoices = stream(&bus);
    assert_eq!(invoices.try_recv().unwrap().data.order, 2);
    assert_eq!(invoices.try_recv().unwrap().data.order, 3);
    invoices.ack();
    assert_eq!((invoices.position(), disk.position("invoices")), (3, Some(3)));
    drop(invoices);
    let mut invoices = stream(&bus);
    assert_eq!(all(&mut invoices), [4, 5, 6]);
    // Of what was not given nothing can be acknowledged.
    pay(&bus, &disk, [7]);
    let later = bus.query("order").unwrap().of::<Paid>().pop().unwrap();
    invoices.ack_to(&later);
    assert_eq!(invoices.position(), 6);
}

#[test]
fn what_it_does_not_select_is_acknowledged_with_what_came_before() {
    let disk = Disk::new(10_000).keeping(10_000);
    let bus = bus(&disk);
    let durable = bus.subscription("order").durable("invoices");
    let durable = durable.filter(|event| event.source() == Some("shop"));
    let mut invoices: DurableStream<Paid> = durable.stream().unwrap();
    pay(&bus, &disk, 1..=600);
    bus.event(Paid { order: 601 }).source("shop").publish().unwrap();
    pay(&bus, &disk, 602..=1_200);
    assert_eq!(invoices.try_recv().unwrap().data.order, 601);
    assert_eq!(invoices.try_recv().unwrap_err(), TryRecvError::Empty);
    assert!(disk.position("invoices") < Some(601));
    invoices.ack();
    assert_eq!(disk.position("invoices"), Some(601));
    assert_eq!(invoices.try_recv().unwrap_err(), TryRecvError::Empty);
    assert_eq!(invoices.position(), 1_200);
    assert_eq!(bus.positions()[0].lag, 0);
}

#[test]
fn only_what_is_committed_is_given_and_a_commit_wakes_who_waits() {
    let disk = Disk::new(64);
    let bus = bus(&disk);
    let mut invoices = stream(&bus);
    bus.publish(Paid { order: 1 }).unwrap();
    assert_eq!(invoices.try_recv().unwrap_err(), TryRecvError::Empty);
    assert_eq!(invoices.recv_timeout(Duration::ZERO).unwrap_err(), TryRecvError::Empty);
    assert!(invoices.recv().now_or_never().is_none());
    thread::scope(|scope| {
        scope.spawn(|| {
            while disk.waiters() == 0 {
                thread::yield_now();
            }
            disk.commit();
        });
        assert_eq!(invoices.recv_blocking().unwrap().unwrap().data.order, 1);
    });
    bus.publish(Paid { order: 2 }).unwrap();
    disk.commit();
    assert_eq!(invoices.next().now_or_never().unwrap().unwrap().unwrap().data.order, 2);
}

#[derive(EventType, Debug, Clone)]
#[event(namespace = "order", name = "drafted", local)]
struct Drafted;

#[test]
fn an_event_that_is_never_stored_is_passed_by() {
    let disk = Disk::new(64);
    let bus = bus(&disk);
    let mut all = bus.subscription("order").durable("all").stream::<dyn rem::Payload>().unwrap();
    bus.publish(Drafted).unwrap();
    pay(&bus, &disk, [1]);
    assert_eq!(all.try_recv().unwrap().sequence(), Some(2));
    all.ack();
    assert_eq!(disk.position("all"), Some(2));
}

#[test]
fn a_note_is_kept_with_its_position() {
    let disk = Disk::new(64);
    let first = bus(&disk);
    let mut invoices = stream(&first);
    assert_eq!(invoices.note(), None);
    pay(&first, &disk, 1..=3);
    assert_eq!(all(&mut invoices), [1, 2, 3]);
    invoices.ack_with("total 6").unwrap();
    let error = invoices.ack_with(vec![0; (64 << 10) + 1]).unwrap_err();
    assert_eq!(error.kind(), HistoryErrorKind::TooLong);
    assert!(error.to_string().contains("65537 bytes") && error.to_string().contains("`invoices`"));
    drop((invoices, first));
    let again = bus(&disk.again());
    let mut invoices = stream(&again);
    assert_eq!(invoices.note().as_deref(), Some(&b"total 6"[..]));
    pay(&again, &disk, [4]);
    assert_eq!(all(&mut invoices), [4]);
    invoices.ack();
    assert_eq!(invoices.note().as_deref(), Some(&b"total 6"[..]), "a position alone leaves it");
    drop(invoices);
    assert!(again.forget("invoices").unwrap());
    assert_eq!(stream(&again).note(), None);
}

#[test]
fn a_loss_comes_in_its_place_and_is_acknowledged_as_events_are() {
    let disk = Disk::new(1_000);
    let bus = bus(&disk);
    drop(stream(&bus));
    pay(&bus, &disk, 1..=100);
    let mut invoices = stream(&bus);
    let Err(TryRecvError::Lagged(lagged)) = invoices.try_recv() else { panic!("no loss") };
    assert_eq!((lagged.from(), lagged.to()), (1, 36));
    assert_eq!(invoices.subscription().missed(), 36);
    assert_eq!(disk.position("invoices"), Some(0));
    invoices.ack();
    assert_eq!(disk.position("invoices"), Some(36));
    assert_eq!(invoices.try_recv().unwrap().data.order, 37);
}

#[test]
fn it_ends_with_its_bus_with_so_many_events_and_never_twice() {
    let disk = Disk::new(64);
    let first = bus(&disk);
    pay(&first, &disk, 1..=4);
    let durable = first.subscription("order").durable("invoices").take(2);
    let mut two = durable.stream::<Paid>().unwrap();
    assert_eq!(all(&mut two), [1, 2]);
    assert_eq!(two.try_recv().unwrap_err(), TryRecvError::Ended);
    two.ack();
    drop(two);
    let mut invoices = stream(&first);
    assert_eq!(invoices.try_recv().unwrap().data.order, 3);
    assert!(first.close(LONG).is_complete(), "what it has not had comes after the next start");
    assert!(invoices.recv_blocking().is_none());
    invoices.ack();
    assert_eq!(disk.position("invoices"), Some(3), "what was given can be acknowledged still");
    drop(first);
    assert!(invoices.recv().now_or_never().unwrap().is_none());
    let again = bus(&disk.again());
    drop(invoices);
    assert_eq!(all(&mut stream(&again)), [4]);
}
