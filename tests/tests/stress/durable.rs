//! Durable subscriptions under load: events are published, committed and handled by several threads while the subscription
//! ends and is made again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;

use rem::prelude::*;
use rem::{DurableHistory as _, Unsubscribed};
use serde::{Deserialize, Serialize};

#[expect(dead_code, reason = "of the tests of durable histories, which need more of it")]
#[path = "../durable/disk.rs"]
mod disk;

use crate::{Going, LONG, repeat};
use disk::Disk;

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "order", name = "paid")]
struct Paid {
    #[event(key)]
    customer: u64,
}

/// Each is a customer.
const PUBLISHERS: u64 = 3;
const EACH: u64 = 40;
const WINDOW: usize = 8;

/// What one subscription was given.
#[derive(Default)]
struct Run {
    /// Numbers, by customers, in the order of their calls.
    handled: Mutex<BTreeMap<u64, Vec<u64>>>,
    /// One of that customer is being handled.
    busy: [AtomicBool; 3],
    two_at_once: AtomicBool,
}

impl Run {
    fn count(&self) -> usize {
        self.handled.lock().unwrap().values().map(Vec::len).sum()
    }
}

async fn handle(run: Arc<Run>, paid: Received<Paid>) {
    let customer = paid.data.customer;
    let busy = &run.busy[usize::try_from(customer).unwrap()];
    if busy.swap(true, SeqCst) {
        run.two_at_once.store(true, SeqCst);
    }
    if paid.sequence().is_some_and(|number| number % 3 == 0) {
        smol::future::yield_now().await;
    }
    let mut handled = run.handled.lock().unwrap();
    handled.entry(customer).or_default().extend(paid.sequence());
    drop(handled);
    busy.store(false, SeqCst);
}

#[test]
fn each_is_handled_in_the_order_of_its_key_and_none_below_the_position_again() {
    repeat("each_is_handled_in_the_order_of_its_key_and_none_below_the_position_again", |_| {
        round()
    });
}

/// How many were handled.
fn round() -> u64 {
    let all = PUBLISHERS * EACH;
    let disk = Disk::new(all).keeping(1_024);
    let bus = Bus::builder().history(disk.clone()).build();
    let (going, mut seen) = (Going::default(), BTreeSet::new());
    thread::scope(|scope| {
        for customer in 0..PUBLISHERS {
            let bus = bus.clone();
            scope.spawn(move || {
                for _ in 0..EACH {
                    bus.publish(Paid { customer }).unwrap();
                }
            });
        }
        let (asks, committed) = (going.asks(), disk.clone());
        let going = going; // goes with a panic, too
        scope.spawn(move || {
            while asks.goes_on() {
                committed.commit();
                thread::yield_now();
            }
        });
        for restart in 0..4 {
            let before = disk.position("orders").unwrap_or(0);
            let run = Arc::new(Run::default());
            let durable = bus.subscription("order").durable("orders").window(WINDOW);
            let durable = durable.concurrency(4).by_key("customer");
            let sub = durable.task_with(Arc::clone(&run), handle).unwrap();
            let enough = if restart == 3 { usize::MAX } else { 20 };
            while run.count() < enough && disk.position("orders") < Some(all) {
                thread::yield_now();
            }
            assert_eq!(sub.unsubscribe(), Unsubscribed::Done);
            assert!(!run.two_at_once.load(SeqCst), "two of one key at once");
            let handled = run.handled.lock().unwrap();
            for numbers in handled.values() {
                assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
                assert!(numbers[0] > before, "{} was handled before {before}", numbers[0]);
            }
            let numbers: BTreeSet<u64> = handled.values().flatten().copied().collect();
            let again = seen.intersection(&numbers).count();
            assert!(again < WINDOW, "{again} came again");
            seen.extend(numbers);
            let position = disk.position("orders").unwrap();
            assert!((1..=position).all(|number| seen.contains(&number)), "passed by");
        }
        drop(going);
    });
    assert_eq!(seen, (1..=all).collect());
    assert!(bus.close(LONG).is_complete());
    all
}
