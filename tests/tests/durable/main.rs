//! A history that outlives its process, as the bus sees it: what is asked before an event has its number, what is refused, and
//! what a receipt acknowledges.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

mod calls;
mod declared;
mod disk;
mod names;
mod streams;
mod subscriptions;
mod torn;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use disk::{Disk, restored};
use futures_util::FutureExt as _;
use rem::prelude::*;
use rem::{HistoryErrorKind, InFlight, Ordering, PublishErrorKind};
use serde::{Deserialize, Serialize, Serializer};

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "order", name = "paid")]
struct Paid {
    order: u64,
}

const LONG: Duration = Duration::from_secs(30);

fn bus(disk: &Disk) -> Bus {
    Bus::builder().history(disk.clone()).build()
}

#[test]
fn a_receipt_is_acknowledged_when_the_event_is_committed() {
    let disk = Disk::new(8);
    let bus = bus(&disk);
    let receipt = bus.publish(Paid { order: 1 }).unwrap();
    let mut durable = receipt.durable();
    assert_eq!((&mut durable).now_or_never().map(|result| result.is_ok()), None);
    let early = receipt.durable().wait(Duration::ZERO).unwrap_err();
    assert_eq!(early.kind(), HistoryErrorKind::TimedOut);
    disk.commit();
    assert_eq!(durable.now_or_never().map(|result| result.is_ok()), Some(true));
    receipt.durable().wait(LONG).unwrap();
}

#[test]
fn nothing_is_acknowledged_of_what_no_disk_has() {
    let ring = Bus::builder().history(Ring::events(8)).build();
    let receipts = [
        ring.publish(Paid { order: 1 }).unwrap(),
        Bus::new().publish(Paid { order: 1 }).unwrap(),
        {
            let bus = bus(&Disk::new(8));
            bus.middleware("**", rem::middleware::filter("none", |_| false)).unwrap();
            bus.publish(Paid { order: 1 }).unwrap()
        },
    ];
    for receipt in receipts {
        let error = receipt.durable().wait(LONG).unwrap_err();
        assert_eq!(error.kind(), HistoryErrorKind::NotKept, "{error}");
    }
}

#[test]
fn numbers_go_on_above_all_that_were_given_out() {
    let disk = Disk::new(8);
    bus(&disk).publish(Paid { order: 1 }).unwrap();
    disk.commit();
    let again = bus(&disk.reopened(100));
    let receipt = again.publish(Paid { order: 2 }).unwrap();
    assert_eq!(receipt.sequence(), Some(101));
    let seen: Vec<_> = again.query("**").unwrap().events();
    assert_eq!(seen.iter().map(|event| event.sequence()).collect::<Vec<_>>(), [Some(101)]);
}

#[test]
fn a_publish_that_the_disk_refuses_leaves_no_trace_and_gives_the_event_back() {
    for ordering in [Ordering::PerPublisher, Ordering::Total] {
        for at_once in [false, true] {
            let disk = Disk::new(8);
            let disk = if at_once { disk.at_once() } else { disk };
            let bus = Bus::builder().ordering(ordering).history(disk.clone()).build();
            let seen = Arc::new(AtomicUsize::new(0));
            let counter = Arc::clone(&seen);
            let _sub = bus.on(move |_: &Event<Paid>| {
                counter.fetch_add(1, Relaxed);
            });
            let mut queue: EventStream =
                bus.subscription("**").queue(8, Overflow::Reject).stream().unwrap();
            disk.break_down(true);
            let error = bus.publish(Paid { order: 7 }).unwrap_err();
            let kind = error.kind();
            assert!(
                matches!(kind, PublishErrorKind::History(e) if e.kind() == HistoryErrorKind::Store)
            );
            assert!(error.to_string().contains("`order.paid` was not published: the disk is full"));
            assert_eq!(error.into_data(), Paid { order: 7 });
            assert_eq!((seen.load(Relaxed), disk.seats(), disk.stored().len()), (0, 0, 0));
            assert!(queue.try_recv().is_err());
            assert!(bus.query("**").unwrap().events().is_empty());
            disk.break_down(false);
            bus.publish(Paid { order: 8 }).unwrap();
            assert_eq!((seen.load(Relaxed), disk.stored().len()), (1, 1));
            assert_eq!(
                bus.query("**").unwrap().events().len(),
                1,
                "a number that was skipped hides nothing"
            );
            let Ok(got) = queue.try_recv() else { panic!("nothing queued") };
            assert_eq!(got.sequence(), disk.stored().first().copied());
        }
    }
}

#[test]
fn a_publish_that_fails_after_the_history_was_asked_gives_its_place_back() {
    // Under total order the line refuses behind the history.
    let disk = Disk::new(2);
    let bus = Bus::builder().ordering(Ordering::Total).deferred(1).history(disk.clone()).build();
    let inner = bus.clone();
    let refused = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&refused);
    let _sub = bus.on(move |event: &Event<Paid>| {
        if event.data.order == 0 {
            for order in 1..=3 {
                if inner.publish(Paid { order }).is_err() {
                    counter.fetch_add(1, Relaxed);
                }
            }
        }
    });
    bus.publish(Paid { order: 0 }).unwrap();
    assert_eq!((refused.load(Relaxed), disk.seats()), (2, 2));
}

#[test]
fn a_publisher_waits_for_room_and_then_is_refused() {
    let disk = Disk::new(1);
    let bus = bus(&disk);
    bus.publish(Paid { order: 1 }).unwrap();
    let error = bus.publish(Paid { order: 2 }).unwrap_err();
    assert!(
        matches!(error.kind(), PublishErrorKind::History(e) if e.kind() == HistoryErrorKind::Full)
    );
    assert!(error.to_string().contains("had none for 10ms"), "{error}");
    // In async code it waits as long as its future is polled.
    let mut publish = Box::pin(bus.publish_async(Paid { order: 3 }));
    assert!((&mut publish).now_or_never().is_none());
    disk.commit();
    assert_eq!(publish.now_or_never().unwrap().unwrap().sequence(), Some(2));
    assert_eq!(disk.stored(), [1, 2]);
}

#[test]
fn a_publisher_that_waits_goes_on_when_there_is_room() {
    let disk = Disk::new(1);
    let bus = bus(&disk);
    bus.publish(Paid { order: 1 }).unwrap();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            // Patience is short: it is refused some times before there is room.
            loop {
                if let Ok(receipt) = bus.publish(Paid { order: 2 }) {
                    return receipt;
                }
            }
        });
        while disk.waiters() == 0 {
            thread::yield_now();
        }
        disk.commit();
        assert_eq!(waiting.join().unwrap().sequence(), Some(2));
    });
}

#[test]
fn an_append_waits_for_room_with_nothing_in_hand_and_not_with_something() {
    let disk = Disk::new(1);
    let bus = bus(&disk);
    let append = || bus.append([Paid { order: 1 }, Paid { order: 2 }]).publish().unwrap_err();
    // The first has the one place: whoever waited for the second would hold it meanwhile.
    let told = append().to_string();
    assert!(told.contains("no room for more"), "{told}");
    assert_eq!((disk.waiters(), disk.seats()), (0, 0));
    bus.publish(Paid { order: 3 }).unwrap();
    let told = append().to_string();
    assert!(told.contains("had none for 10ms"), "{told}");
}

#[derive(EventType, Debug, Clone, Deserialize)]
#[event(namespace = "bad", name = "data")]
struct Bad(bool);

impl Serialize for Bad {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        assert!(!self.0, "no value");
        Err(serde::ser::Error::custom("never written"))
    }
}

#[test]
fn what_cannot_be_written_is_refused_with_what_was_said() {
    let disk = Disk::new(8);
    let bus = bus(&disk);
    for (panics, said) in [(false, "never written"), (true, "no value")] {
        let error = bus.publish(Bad(panics)).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
        let PublishErrorKind::History(kind) = error.kind() else { panic!("{error:?}") };
        assert_eq!(kind.kind(), HistoryErrorKind::Encode);
    }
    assert_eq!((disk.seats(), disk.stored()), (0, vec![]));
}

#[test]
fn close_waits_until_all_is_committed_and_says_what_is_not() {
    let disk = Disk::new(8);
    let bus = bus(&disk);
    bus.publish(Paid { order: 1 }).unwrap();
    let report = bus.close(Duration::from_millis(1));
    let [InFlight::History { events: 1, reason: None, .. }] = report.in_flight() else {
        panic!("{report}")
    };
    assert_eq!(
        report.to_string(),
        "closed, but not finished: 1 event not committed by the history"
    );
    disk.break_down(true);
    let report = bus.close(LONG);
    assert!(report.to_string().contains("the disk is full"), "{report}");
    disk.break_down(false);
    let close = bus.close_async();
    disk.commit();
    assert!(close.now_or_never().unwrap().is_complete());
    assert!(disk.flushes() >= 2);
}

#[test]
fn an_event_that_comes_back_is_seen_by_its_type() {
    let event = restored("order.paid", 7, r#"{"order":42}"#);
    let disk = Disk::new(8).reopened(6);
    let bus = bus(&disk);
    rem::DurableHistory::seat(&disk).unwrap();
    rem::DurableHistory::keep(&disk, &event, rem::Written::new(Vec::new())).unwrap();
    let [paid] = &bus.query("order.**").unwrap().of::<Paid>()[..] else { panic!("not one") };
    assert_eq!((paid.data.order, paid.sequence(), paid.source()), (42, Some(7), Some("shop")));
}
