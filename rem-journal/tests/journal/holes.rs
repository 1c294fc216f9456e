//! Numbers that no event has: what is kept of them grows by runs, and not by events.

use super::*;

#[test]
fn all_that_a_full_disk_refuses_is_one_hole() {
    let (_folder, path) = folder();
    let switch = Switch::default();
    let options = Journal::builder().durability(Durability::EveryEvent);
    let journal = options.on(Flaky::open(&path, &switch), &path).unwrap();
    let handle = journal.handle();
    let bus = Bus::builder().history(journal).build();
    for (round, last) in [(1, 101), (2, 202)] {
        publish(&bus, "order.paid", "1");
        switch.is_full.store(true, SeqCst);
        for _ in 0..100 {
            let data = RawEvent::new(Codec::Json, *b"2");
            let error = bus.publish_to("order.paid", data).unwrap_err();
            assert!(matches!(error.kind(), PublishErrorKind::History(_)), "{error}");
        }
        switch.is_full.store(false, SeqCst);
        let behind = publish(&bus, "order.paid", "3").sequence().unwrap();
        assert!(behind > last, "each that was refused had a number: {behind}");
        let holes = handle.stats().stored.holes.clone();
        assert_eq!(holes.len(), round, "{holes:?}");
    }
    drop(bus);
    let again = Journal::open(&path);
    assert!(again.is_err(), "the handle holds it");
    drop(handle);
    let journal = Journal::open(&path).unwrap();
    assert!(journal.handle().verify(|_| true).unwrap().is_sound());
    let holes = journal.handle().stats().stored.holes.clone();
    assert_eq!(holes.len(), 2, "and so they are read again: {holes:?}");
    assert!(holes.iter().all(|hole| hole.end() - hole.start() >= 99), "{holes:?}");
}
