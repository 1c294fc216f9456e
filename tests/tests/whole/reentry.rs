//! User code holds no lock of the bus: from wherever it runs, the bus can be used.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use rem::prelude::*;
use rem::{Key, Payload};

use crate::events::Tick;

/// Uses a bus, once for each place that it is asked from.
#[derive(Clone)]
struct Uses(Arc<Inner>);

struct Inner {
    bus: OnceLock<rem::WeakBus>,
    from: Mutex<Vec<&'static str>>,
    within: AtomicUsize,
}

impl Uses {
    fn new() -> Self {
        let (bus, from) = (OnceLock::new(), Mutex::new(Vec::new()));
        Self(Arc::new(Inner { bus, from, within: AtomicUsize::new(0) }))
    }

    fn places(&self) -> Vec<&'static str> {
        let mut places = self.0.from.lock().unwrap().clone();
        places.sort_unstable();
        places.dedup();
        places
    }

    fn from(&self, place: &'static str) {
        let Some(bus) = self.0.bus.get().and_then(rem::WeakBus::upgrade) else { return };
        // What it does there calls user code again.
        if self.0.within.fetch_add(1, Ordering::Relaxed) == 0 {
            self.0.from.lock().unwrap().push(place);
            use_all(&bus);
        }
        self.0.within.fetch_sub(1, Ordering::Relaxed);
    }
}

fn use_all(bus: &Bus) {
    bus.publish(Tick(1)).unwrap();
    bus.publish_to("other.tick", Tick(2)).unwrap();
    let sub = bus.subscribe("**", |_: &Event| ()).unwrap();
    let mut stream: EventStream = bus
        .subscription("**")
        .from(Start::Earliest)
        .queue(2, Overflow::DropOldest)
        .stream()
        .unwrap();
    bus.publish(Tick(3)).unwrap();
    while stream.try_recv().is_ok_and(|event| !event.data.is::<Tick>()) {}
    drop(stream);
    let _ = sub.unsubscribe();
    let child = bus.child_or_open("below").unwrap();
    child.publish(Tick(4)).unwrap();
    child.close(Duration::ZERO);
    assert!(!bus.query("**").unwrap().events().is_empty());
    assert!(!bus.latest::<dyn Payload>("**").unwrap().is_empty());
    assert!(bus.topology().to_string().len() > bus.stats().to_string().len());
    let _ = bus.settle(Duration::ZERO);
}

/// Data that uses the bus as it is written into a topic, copied for a view, and dropped.
struct Busy(Uses);

impl Clone for Busy {
    fn clone(&self) -> Self {
        self.0.from("a view's clone");
        Self(self.0.clone())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.from("data that goes");
    }
}

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.from("a field of a topic");
        f.write_str("busy")
    }
}

impl fmt::Debug for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Busy")
    }
}

#[derive(EventType, Debug, Clone)]
#[event(namespace = "part", local)]
enum Part {
    #[event(topic = "{name}.there")]
    There { name: Busy },
}

#[derive(EventType, Debug, Clone)]
#[event(namespace = "whole", local)]
enum Whole {
    #[event(nested = "part")]
    Part(Part),
}

/// What a handler holds.
struct Held(Uses, &'static str);

impl Held {
    fn name(&self) -> &'static str {
        self.1
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.from(self.1);
    }
}

#[test]
fn from_wherever_user_code_runs_the_bus_can_be_used() {
    let bus = Bus::builder().history(Ring::events(4)).build();
    let uses = Uses::new();
    let uses_from = |place| {
        let uses = uses.clone();
        move || uses.from(place)
    };
    let handler = uses_from("a handler");
    let _handler = bus.subscribe("whole", move |_: &Event| handler()).unwrap();
    let filter = uses_from("a filter");
    let filter = move |_: &Event| {
        filter();
        true
    };
    let _filtered = bus.subscription("whole").filter(filter).inline(|_: &Event| ()).unwrap();
    let queued = uses_from("a filter of a queue");
    let queued = move |_: &Event| {
        queued();
        true
    };
    let _queued: EventStream =
        bus.subscription("whole").filter(queued).queue(1, Overflow::DropOldest).stream().unwrap();
    let key = uses_from("a key");
    let key = Key::of(move |_: &Event| {
        key();
        "key".into()
    });
    let _conflated: EventStream =
        bus.subscription("whole").queue(1, Overflow::Conflate(key)).stream().unwrap();
    let until = uses_from("a closure that ends a subscription");
    let until = move || {
        until();
        false
    };
    let _until = bus.subscription("whole").until(until).inline(|_: &Event| ()).unwrap();
    let tap = uses_from("middleware");
    bus.middleware("whole", rem::middleware::tap("tap", move |_, _| tap())).unwrap();
    let _viewed = bus.on(|_: &Event<Part>| ());
    let told = uses_from("a handler of system events");
    let _told = bus.subscribe("$rem.**", move |_: &Event| told()).unwrap();
    let _fails = bus.subscribe("whole", |_: &Event| Err::<(), _>("no")).unwrap();
    let held = Held(uses.clone(), "what a handler holds");
    let ended = bus.subscribe("whole", move |_: &Event| assert!(!held.name().is_empty())).unwrap();
    let held = Held(uses.clone(), "what a filter holds");
    let filtered = bus.subscription("whole").filter(move |_| !held.name().is_empty());
    let filtered = filtered.inline(|_: &Event| ()).unwrap();

    let publish = || {
        bus.publish(Whole::Part(Part::There { name: Busy(uses.clone()) })).unwrap();
    };
    publish();
    assert!(uses.0.bus.set(bus.downgrade()).is_ok());
    for _ in 0..12 {
        publish();
    }
    drop(ended);
    let _ = filtered.unsubscribe();
    assert_eq!(
        uses.places(),
        [
            "a closure that ends a subscription",
            "a field of a topic",
            "a filter",
            "a filter of a queue",
            "a handler",
            "a handler of system events",
            "a key",
            "a view's clone",
            "data that goes",
            "middleware",
            "what a filter holds",
            "what a handler holds",
        ]
    );
}
