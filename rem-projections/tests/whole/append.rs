//! `Bus::append`: several events, all or none, and only if nothing has come that must not.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use rem_core::{
    AppendRefusal, Bus, Event, EventStream, Ordering, Overflow, Payload, PublishErrorKind, Ring,
};

use crate::support::Account;

fn paid(id: u32, amount: u64) -> Account {
    Account::Paid { id, amount }
}

fn buses() -> [(&'static str, Bus); 2] {
    let total = Bus::builder().history(Ring::events(1 << 16)).ordering(Ordering::Total).build();
    [("per publisher", Bus::builder().history(Ring::events(1 << 16)).build()), ("total", total)]
}

fn topics(bus: &Bus) -> Vec<String> {
    bus.query("**").unwrap().iter::<dyn Payload>().map(|event| event.topic().to_string()).collect()
}

#[test]
fn all_are_published_in_a_row_and_delivered_in_order() {
    for (name, bus) in buses() {
        let seen: Arc<Mutex<Vec<u64>>> = Arc::default();
        let noted = Arc::clone(&seen);
        let _sub = bus.on(move |event: &Event<Account>| {
            noted.lock().unwrap().push(event.sequence().unwrap());
        });
        let mut queue: EventStream<Account> =
            bus.subscription("account").queue(8, Overflow::Reject).stream().unwrap();
        let receipts =
            bus.append([Account::Opened { id: 1 }, paid(1, 5), paid(1, 6)]).publish().unwrap();
        bus.settle(Duration::from_millis(10)).ok(); // the queue is not read
        let numbers: Vec<_> = receipts.iter().map(|receipt| receipt.sequence().unwrap()).collect();
        assert_eq!(numbers, [1, 2, 3], "{name}");
        assert!(receipts.iter().all(|receipt| receipt.matched() == 2), "{name}: {receipts:?}");
        assert_eq!(*seen.lock().unwrap(), [1, 2, 3], "{name}");
        let read: Vec<_> = (0..3).map(|_| queue.try_recv().unwrap().sequence().unwrap()).collect();
        assert_eq!(read, [1, 2, 3], "{name}");
    }
}

#[test]
fn an_event_that_the_pattern_selects_refuses_all_and_leaves_no_trace() {
    for (name, bus) in buses() {
        bus.publish(Account::Opened { id: 1 }).unwrap();
        bus.publish(paid(1, 5)).unwrap();
        bus.publish(paid(2, 5)).unwrap();
        let error =
            bus.append([paid(1, 1), paid(1, 2)]).unless("account.1.**", 1).publish().unwrap_err();
        let Some(AppendRefusal::Outdated { sequence: 2, after: 1, topic, pattern }) =
            error.refusal()
        else {
            panic!("{name}: {error}")
        };
        assert_eq!((topic.as_str(), &**pattern), ("account.1.paid", "account.1.**"));
        assert_eq!(error.events(), [paid(1, 1), paid(1, 2)], "{name}: they come back in order");
        // The next number is the next, and what comes of other accounts changes nothing.
        let receipts =
            bus.append([paid(1, 1), paid(1, 2)]).unless("account.1.**", 2).publish().unwrap();
        assert_eq!(receipts[0].sequence(), Some(4), "{name}");
        assert_eq!(bus.query("account").unwrap().events().len(), 5);
    }
}

#[test]
fn what_middleware_stops_or_a_queue_refuses_stops_all() {
    for (name, bus) in buses() {
        let let_pass = rem_core::middleware::filter("not 2", |draft: &rem_core::Draft| {
            !draft.topic().ends_with(".2.paid")
        });
        bus.middleware("**", let_pass).unwrap();
        let error = bus.append([paid(1, 1), paid(2, 1), paid(3, 1)]).publish().unwrap_err();
        assert!(matches!(error.refusal(), Some(AppendRefusal::Stopped { .. })), "{name}: {error}");
        assert_eq!(error.into_events(), [paid(1, 1), paid(2, 1), paid(3, 1)], "{name}");

        let mut queue: EventStream<Account> =
            bus.subscription("account.*.paid").queue(2, Overflow::Reject).stream().unwrap();
        let error = bus.append([paid(1, 1), paid(3, 1), paid(4, 1)]).publish().unwrap_err();
        assert!(matches!(error.kind(), PublishErrorKind::QueueFull { .. }), "{name}: {error}");
        assert_eq!(error.into_events().len(), 3);
        assert!(queue.try_recv().is_err() && topics(&bus).is_empty(), "{name}: nothing remains");
        // And the seats are free again.
        let receipts = bus.append([paid(1, 1), paid(3, 1)]).publish().unwrap();
        assert_eq!(receipts[1].sequence(), Some(2), "{name}");
    }
}

#[test]
fn what_cannot_be_compared_or_appended_is_an_error_that_says_so() {
    let without = Bus::new();
    let error = without.append([paid(1, 1)]).publish().unwrap_err();
    assert!(matches!(error.refusal(), Some(AppendRefusal::NoHistory)), "{error}");

    let bus = Bus::builder().history(Ring::events(4)).build();
    let error = bus.append([paid(1, 1)]).unless("a..b", 0).publish().unwrap_err();
    assert!(matches!(error.refusal(), Some(AppendRefusal::Pattern(_))), "{error}");
    let error = bus.append((0..65).map(|_| paid(1, 1))).publish().unwrap_err();
    assert!(matches!(error.refusal(), Some(AppendRefusal::TooMany { limit: 64 })), "{error}");
    assert_eq!(error.into_events().len(), 65);
    assert!(bus.append(Vec::<Account>::new()).publish().unwrap().is_empty());
    for _ in 0..6 {
        bus.publish(paid(2, 1)).unwrap();
    }
    let error = bus.append([paid(1, 1)]).unless("account.1.**", 0).publish().unwrap_err();
    assert!(
        matches!(error.refusal(), Some(AppendRefusal::Forgotten { from: 1, to: 2, .. })),
        "{error}"
    );
    bus.close(Duration::ZERO);
    let error = bus.append([paid(1, 1)]).publish().unwrap_err();
    assert!(matches!(error.kind(), PublishErrorKind::Closed), "{error}");
    assert_eq!(error.into_events(), [paid(1, 1)]);
}

#[test]
fn a_child_bus_appends_and_compares_below_its_prefix() {
    let bus = Bus::builder().history(Ring::events(64)).build();
    let eu = bus.child("eu").unwrap();
    bus.publish(paid(1, 1)).unwrap(); // of the root, and none of the child's business
    let receipts = eu.append([paid(1, 1)]).unless("account.1.**", 0).publish().unwrap();
    assert_eq!(receipts[0].sequence(), Some(2));
    assert!(eu.append([paid(1, 1)]).unless("account.1.**", 0).publish().is_err());
    assert_eq!(topics(&bus), ["account.1.paid", "eu.account.1.paid"]);
}

#[test]
fn what_a_handler_appends_is_delivered_after_its_cause() {
    for (name, bus) in buses() {
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let (weak, first) = (bus.downgrade(), AtomicBool::new(true));
        let noted = Arc::clone(&seen);
        let _one = bus.on(move |event: &Event<Account>| {
            if first.swap(false, Relaxed)
                && let Some(bus) = weak.upgrade()
            {
                let receipts = bus
                    .append([paid(2, 1), paid(3, 1)])
                    .unless("account.2.**", 1)
                    .publish()
                    .unwrap();
                assert_eq!(receipts[0].deferred(), 2);
            }
            noted.lock().unwrap().push(format!("one {}", event.topic()));
        });
        let noted = Arc::clone(&seen);
        let _two = bus.on(move |event: &Event<Account>| {
            noted.lock().unwrap().push(format!("two {}", event.topic()));
        });
        bus.publish(paid(1, 1)).unwrap();
        let expected = [1, 2, 3]
            .map(|id| [format!("one account.{id}.paid"), format!("two account.{id}.paid")]);
        assert_eq!(*seen.lock().unwrap(), expected.concat(), "{name}");
    }
}

/// Two who append by what they have read, and one who only publishes: what an append has passed is as it was decided by.
#[test]
fn of_many_that_race_each_is_decided_by_all_that_came_before() {
    const ROUNDS: u64 = 5_000;
    for (name, bus) in buses() {
        let refused = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let mut known = 0;
                    for _ in 0..ROUNDS {
                        // The amount says up to where it was decided.
                        while let Err(error) =
                            bus.append([paid(1, known)]).unless("account.1.**", known).publish()
                        {
                            let Some(AppendRefusal::Outdated { sequence, .. }) = error.refusal()
                            else {
                                panic!("{name}: {error}")
                            };
                            known = *sequence;
                            refused.fetch_add(1, Relaxed);
                        }
                    }
                });
            }
            scope.spawn(|| {
                for round in 0..ROUNDS {
                    bus.publish(paid(if round % 8 == 0 { 1 } else { 2 }, u64::MAX)).unwrap();
                }
            });
        });
        let (mut last, mut appended) = (0, 0);
        for event in bus.query("account.1.**").unwrap().iter::<Account>() {
            let sequence = event.sequence().unwrap();
            let Account::Paid { amount, .. } = event.data else { continue };
            if amount != u64::MAX {
                assert!(
                    amount >= last,
                    "{name}: #{sequence} was decided by #{amount} and followed #{last}"
                );
                appended += 1;
            }
            last = sequence;
        }
        assert_eq!(appended, 2 * ROUNDS, "{name}: none lost, none doubled");
    }
}
