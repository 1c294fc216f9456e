//! What a store does that cannot go on, and what nobody could wait for.

use std::sync::Arc;

use super::*;

/// A journal with these options on a store that does as it is told.
fn flaky(options: JournalBuilder) -> (TempDir, Switch, Bus) {
    let (folder, path) = folder();
    let switch = Switch::default();
    let journal = options.on(Flaky::open(&path, &switch), &path).unwrap();
    (folder, switch, Bus::builder().history(journal).build())
}

fn try_to_publish(bus: &Bus) -> Result<Receipt, String> {
    let published = bus.publish_to("a", RawEvent::new(Codec::Json, *b"2"));
    published.map_err(|error| error.to_string())
}

#[test]
fn who_waits_for_a_store_that_panics_is_told_and_so_is_who_publishes() {
    for durability in ALL {
        let (_folder, switch, bus) = flaky(Journal::builder().durability(durability));
        publish(&bus, "a", "1").durable().wait(LONG).unwrap();
        switch.panics.store(true, SeqCst);
        let told = match try_to_publish(&bus) {
            Err(told) => told,
            Ok(receipt) => receipt.durable().wait(LONG).unwrap_err().to_string(),
        };
        assert!(told.contains("panicked while it wrote: a store that panics"), "{told}");
        assert!(told.contains("opened anew"), "{durability:?}: {told}");
        let told = try_to_publish(&bus).unwrap_err();
        assert!(told.contains("panicked while it wrote"), "{durability:?}: {told}");
        assert_eq!(all(&bus)[0].2, "1", "reading goes on");
        assert!(!bus.close(Duration::ZERO).is_complete() || durability == Durability::EveryEvent);
    }
}

#[test]
fn a_time_that_no_clock_reaches_is_no_limit() {
    let (_folder, path) = folder();
    let options = Journal::builder().durability(Durability::Every(Duration::MAX));
    let journal = options.patience(Duration::MAX).open(&path).unwrap();
    let handle = journal.handle();
    let bus = Bus::builder().history(journal).build();
    let receipt = publish(&bus, "a", "1");
    handle.flush();
    receipt.durable().wait(LONG).unwrap();
}

#[test]
fn what_a_refused_event_pushed_out_of_memory_goes_with_the_next_that_is_kept() {
    let options = Journal::builder().durability(Durability::EveryEvent);
    let (_folder, switch, bus) = flaky(options.backlog(1, 1 << 20).memory(1));
    publish(&bus, "a", "1");
    let first = Arc::downgrade(&bus.query("a").unwrap().last(1).events()[0]);
    switch.is_full.store(true, SeqCst);
    for _ in 0..3 {
        try_to_publish(&bus).unwrap_err();
    }
    // Its drop is users' code, which a refusal does not run.
    assert!(first.upgrade().is_some());
    switch.is_full.store(false, SeqCst);
    publish(&bus, "a", "3");
    assert!(first.upgrade().is_none());
}
