//! [`fault`]: what came, held against what was published; [`Came`]: what a bus was given.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use rem::prelude::*;
use rem_tests::mesh::Order;

use super::rig::LIMIT;

/// What is wrong with what came of the orders 0 to `placed`, if anything is: one is missing that may not be, came twice, was never
/// placed, or came behind a later one though there is an order.
pub(crate) fn fault(
    came: &[u64],
    placed: u64,
    is_ordered: bool,
    may_be_missing: &[Range<u64>],
) -> Option<String> {
    let mut times = BTreeMap::<u64, u64>::new();
    for order in came {
        *times.entry(*order).or_default() += 1;
    }
    if let Some((order, times)) = times.iter().find(|(_, times)| **times > 1) {
        return Some(format!("order {order} came {times} times"));
    }
    if let Some(order) = times.keys().find(|order| **order >= placed) {
        return Some(format!("order {order} was never placed"));
    }
    let may_be = |order: &u64| may_be_missing.iter().any(|gap| gap.contains(order));
    if let Some(order) = (0..placed).find(|order| !times.contains_key(order) && !may_be(order)) {
        let missing = placed - times.len() as u64;
        return Some(format!("order {order} is missing, of {missing} in all"));
    }
    let turned = came.windows(2).find(|pair| is_ordered && pair[0] > pair[1]);
    turned.map(|pair| format!("order {} came behind order {}", pair[1], pair[0]))
}

/// The orders that came to a bus, as they came.
#[derive(Default)]
pub(crate) struct Came(Mutex<Vec<u64>>, Condvar);

impl Came {
    pub(crate) fn to(bus: &Bus) -> (Arc<Self>, Subscription) {
        let came = Arc::new(Self::default());
        let kept = Arc::clone(&came);
        let sub = bus.on(move |order: &Event<Order>| {
            if let Order::Placed { id } = order.data {
                kept.add(id);
            }
        });
        (came, sub)
    }

    pub(crate) fn add(&self, order: u64) {
        self.0.lock().unwrap().push(order);
        self.1.notify_all();
    }

    pub(crate) fn all(&self) -> Vec<u64> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.lock().unwrap().len() as u64
    }

    /// Waits until what came is enough.
    pub(crate) fn until(&self, is_enough: impl Fn(&[u64]) -> bool, what: &str) {
        let orders: MutexGuard<'_, _> = self.0.lock().unwrap();
        let (orders, limit) =
            self.1.wait_timeout_while(orders, LIMIT, |orders| !is_enough(orders)).unwrap();
        assert!(!limit.timed_out(), "{what}: {} came", orders.len());
    }
}

#[test]
fn what_is_wrong_with_what_came_is_found() {
    let cases: &[(&[u64], bool, Option<&str>)] = &[
        (&[0, 1, 2, 3], true, None),
        (&[0, 3], true, None),
        (&[3, 0], false, None),
        (&[3, 0], true, Some("order 0 came behind order 3")),
        (&[0, 1, 0, 3], true, Some("order 0 came 2 times")),
        (&[0, 1], true, Some("order 3 is missing, of 2")),
        (&[0, 3, 4], true, Some("order 4 was never placed")),
    ];
    for (came, is_ordered, wanted) in cases {
        let found = fault(came, 4, *is_ordered, &[1..2, 2..3]);
        let is_it = match (&found, wanted) {
            (Some(found), Some(wanted)) => found.contains(wanted),
            (found, wanted) => found.is_none() && wanted.is_none(),
        };
        assert!(is_it, "{came:?}: {found:?}");
    }
}
