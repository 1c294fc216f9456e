//! `Ordering::Total`: all see all events in one order.

use rem_core::testing::interleave::spawn;
use rem_core::{Bus, Event, EventStream, Ordering, Overflow, Ring, Start};

use crate::{Faults, LONG, Seen, Tick, bus, join, publishers, run};

/// Two handlers, of which one publishes in turn, a stream, and one that comes meanwhile and begins in the past: all see all
/// numbers, ascending.
#[test]
fn all_see_one_order() {
    run(|| {
        const PUBLISHERS: u64 = 2;
        const EACH: u64 = 2;
        let bus = bus(Bus::builder().ordering(Ordering::Total).history(Ring::events(32)));
        let (one, other, late, faults) =
            (Seen::default(), Seen::default(), Seen::default(), Faults::default());
        let (inner, keep, told) = (bus.downgrade(), one.keeper(), faults.clone());
        let _one = bus.on(move |event: &Event<Tick>| {
            keep(event);
            if let (false, Some(bus)) = (event.data.is_effect(), inner.upgrade()) {
                let result = bus.publish(event.data.effect());
                let waits = result.as_ref().is_ok_and(|receipt| receipt.delivered() == 0);
                told.unless(waits, || format!("{result:?}"));
            }
        });
        let _other = bus.subscription("tick").priority(1).inline(other.keeper()).unwrap();
        let queue = bus.subscription("tick").queue(32, Overflow::Reject);
        let mut stream: EventStream<Tick> = queue.stream().unwrap();
        let publishing = publishers(&bus, PUBLISHERS, EACH);
        let (joined, keep) = (bus.clone(), late.keeper());
        let comer = spawn(move || {
            joined.subscription("tick").from(Start::Earliest).inline(keep).unwrap().detach();
        });
        join(publishing.into_iter().chain([comer]));
        faults.check();
        let read = Seen::default();
        while let Ok(event) = stream.try_recv() {
            read.keep(&event);
        }
        for seen in [&one, &other, &late, &read] {
            let numbers = seen.all().into_iter().map(|(number, _)| number);
            assert!(numbers.eq(1..=2 * PUBLISHERS * EACH), "{seen:?}");
        }
        assert!(bus.close(LONG).is_complete());
    });
}
