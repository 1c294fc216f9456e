//! Causes: what handlers publish in turn, in many threads at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::thread;

use rem::EventId;
use rem::prelude::*;

use crate::{Faults, Tick, repeat};

const PUBLISHERS: u64 = 3;
const ROOTS: u64 = 10;

/// Each event below that depth has two effects.
const DEPTH: u64 = 4;
const OF_A_ROOT: u64 = (1 << (DEPTH + 1)) - 1;

/// One event as it was seen.
#[derive(Clone)]
struct Seen {
    id: EventId,
    cause: Option<EventId>,
    story: EventId,
    depth: u64,
    sequence: u64,
}

impl Seen {
    fn of(event: &Event<Tick>) -> Self {
        Self {
            id: event.id(),
            cause: event.causation(),
            story: event.correlation(),
            depth: event.data.number(),
            sequence: event.sequence().unwrap(),
        }
    }
}

/// Two handlers and a queue see each event once, a cause before its effects; each effect knows its cause and its story.
#[test]
fn a_cause_is_seen_before_its_effects_by_all() {
    repeat("a_cause_is_seen_before_its_effects_by_all", |_| {
        let bus = Bus::new();
        let total = PUBLISHERS * ROOTS * OF_A_ROOT;
        let faults = Faults::default();
        let notes = [(); 2].map(|()| Arc::new(Mutex::new(Vec::new())));
        let [note, last] = notes.each_ref().map(Arc::clone);
        let (inner, told) = (bus.downgrade(), faults.clone());
        let first = move |event: &Event<Tick>| {
            note.lock().unwrap().push(Seen::of(event));
            let (publisher, number) = (event.data.publisher(), event.data.number() + 1);
            for name in 0..2 {
                if number <= DEPTH
                    && let Some(bus) = inner.upgrade()
                {
                    let result = bus.publish(Tick::By { name, publisher, number });
                    let waits = result.as_ref().is_ok_and(|receipt| receipt.deferred() == 2);
                    told.unless(waits, || format!("{result:?}"));
                }
            }
        };
        let _first = bus.subscription("tick").priority(1).inline(first).unwrap();
        let _last = bus.on(move |event: &Event<Tick>| last.lock().unwrap().push(Seen::of(event)));
        let capacity = usize::try_from(total).unwrap();
        let queue = bus.subscription("tick").queue(capacity, Overflow::Reject);
        let mut stream: EventStream<Tick> = queue.stream().unwrap();
        thread::scope(|scope| {
            for publisher in 0..PUBLISHERS {
                let bus = &bus;
                scope.spawn(move || {
                    for _ in 0..ROOTS {
                        let receipt = bus.publish(Tick::Of { publisher, number: 0 }).unwrap();
                        assert_eq!((receipt.delivered(), receipt.failed()), (3, 0));
                    }
                });
            }
        });
        faults.check();
        let read = std::iter::from_fn(|| stream.try_recv().ok());
        check(&read.map(|event| Seen::of(&event)).collect::<Vec<_>>(), total);
        for seen in notes {
            check(&seen.lock().unwrap(), total);
        }
        total
    });
}

fn check(seen: &[Seen], total: u64) {
    assert_eq!(seen.len() as u64, total);
    let mut before: HashMap<EventId, &Seen> = HashMap::new();
    for event in seen {
        match event.cause.map(|cause| before.get(&cause).expect("its cause was seen before it")) {
            None => assert_eq!((event.depth, event.story), (0, event.id)),
            Some(cause) => {
                assert_eq!((event.depth, event.story), (cause.depth + 1, cause.story));
                assert!(event.sequence > cause.sequence);
            }
        }
        assert!(before.insert(event.id, event).is_none(), "{} twice", event.id);
    }
}
