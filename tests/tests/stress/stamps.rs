//! Stamps: the id and the time of each event.

use std::collections::HashSet;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

use rem::prelude::*;
use rem::{EventId, Timestamp};

use crate::{Tick, repeat};

const PUBLISHERS: u64 = 4;
const EACH: u64 = 500;

/// What the system's clock may be off by from what is told.
const MICRO: Duration = Duration::from_micros(2);

/// Publishes by two buses in turn; gives the events in the order published.
fn publish(buses: &[Bus; 2], publisher: u64) -> Vec<(EventId, u64, Timestamp, Timestamp)> {
    (0..EACH)
        .map(|number| {
            let bus = &buses[usize::try_from(number % 2).unwrap()];
            let before = SystemTime::now().into();
            let receipt = bus.publish(Tick::Of { publisher, number }).unwrap();
            let after = SystemTime::now().into();
            (receipt.id().unwrap(), receipt.sequence().unwrap(), before, after)
        })
        .collect()
}

/// Ids are unique, whoever makes them, and grow in a thread; the time is the system's and does not go back in a thread.
/// For as long as nobody sets the system's clock.
#[test]
fn ids_are_unique_and_ids_and_times_grow_in_a_thread() {
    repeat("ids_are_unique_and_ids_and_times_grow_in_a_thread", |_| {
        let total = PUBLISHERS * EACH;
        let ring = || Ring::events(usize::try_from(total).unwrap());
        let buses = [(); 2].map(|()| Bus::builder().history(ring()).build());
        let threads: Vec<_> = thread::scope(|scope| {
            let publishers: Vec<_> = (0..PUBLISHERS)
                .map(|publisher| {
                    let buses = &buses;
                    scope.spawn(move || publish(buses, publisher))
                })
                .collect();
            publishers.into_iter().map(|publisher| publisher.join().unwrap()).collect()
        });
        let kept: [Vec<Arc<Event>>; 2] =
            buses.each_ref().map(|bus| bus.query("**").unwrap().events());
        let mut ids = HashSet::new();
        for published in threads {
            let mut last: Option<(EventId, Timestamp)> = None;
            for (at, (id, sequence, before, after)) in published.into_iter().enumerate() {
                let event = &kept[at % 2][usize::try_from(sequence - 1).unwrap()];
                let time = event.timestamp();
                assert_eq!((event.sequence(), event.id()), (Some(sequence), id));
                assert!(ids.insert(id), "{id} twice");
                let (earliest, latest) = (before - MICRO, after + MICRO);
                assert!(earliest <= time && time <= latest, "{time}: {before} to {after}");
                // An id's first 48 bits are its millisecond, or a later one when there were many.
                let millis = u128::from(time.as_nanos() / 1_000_000);
                assert!(id.as_uuid().as_u128() >> 80 >= millis, "{id} at {time}");
                if let Some((last_id, last_time)) = last {
                    assert!(id > last_id, "{id} after {last_id}");
                    assert!(time >= last_time, "{time} after {last_time}");
                }
                last = Some((id, time));
            }
        }
        assert_eq!(ids.len() as u64, total);
        total
    });
}
