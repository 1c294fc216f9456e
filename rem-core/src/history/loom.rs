//! The past, read while it goes, under loom.

use std::sync::Arc;

use super::{History, Ring, last_of_each};
use crate::loom::{event, model, spawn};
use crate::sync::atomic::{AtomicU64, Ordering};

/// A ring of two, whose events are of one topic, and two publishers, each of which evicts one of them, in either order: a
/// reader has the newer of the two, or one that came later, and never the older.
#[test]
fn the_last_of_a_topic_is_never_one_before_it() {
    model(|| {
        let (ring, taken) = (Arc::new(Ring::events(2)), Arc::new(AtomicU64::new(2)));
        for sequence in [1, 2] {
            drop(ring.record(&event(sequence)));
        }
        let publishers = [(); 2].map(|()| {
            let (ring, taken) = (Arc::clone(&ring), Arc::clone(&taken));
            spawn(move || {
                let sequence = taken.fetch_add(1, Ordering::AcqRel) + 1;
                drop(ring.record(&event(sequence)));
            })
        });
        let readable = ring.readable().unwrap();
        let last = last_of_each(
            &*ring,
            readable.clone(),
            || taken.load(Ordering::Relaxed),
            |event| event.sequence(),
        );
        assert!(last.len() <= 1);
        assert!(last.iter().all(|last| last == readable.end()), "{last:?} of {readable:?}");
        for publisher in publishers {
            publisher.join().unwrap();
        }
    });
}
