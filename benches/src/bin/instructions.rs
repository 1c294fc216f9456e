//! The hot paths one by one, for callgrind: `cargo xtask instructions` counts what one call takes and holds it to what is kept in
//! `benches/instructions`.
//!
//! `instructions --list` names the paths; `instructions PATH` makes ready, walks the path a thousand times to warm up, then [`CALLS`]
//! times within [`counted`], the function within which alone callgrind counts, and in its thread alone: what others do meanwhile,
//! and what came before, is in no count.

#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "what fails here should end it")]
#![expect(clippy::print_stdout, reason = "its names are read")]

use std::hint::black_box;
use std::process::ExitCode;

use rem::cloudevents::Encoder;
use rem::journal::{Durability, Journal};
use rem::mesh::Mesh;
use rem::mesh::memory::MemoryBroker;
use rem::middleware::{filter, transform};
use rem::prelude::*;
use rem::{Receipt, Signal};
use rem_benches::baseline::workload;
use rem_patterns::PatternTree;
use serde::{Deserialize, Serialize};

/// How often a path is walked while instructions are counted, and before.
const CALLS: u64 = 2_000;
const WARM: u64 = 1_000;

const TOPIC: &str = "system.provider.connected";

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "system.provider")]
enum ProviderEvent {
    Connected(u64),
    #[event(topic = "by_name.{name}.limited")]
    Limited {
        name: u64,
        value: u64,
    },
}

/// One walk, with a number that counts up.
type Path = Box<dyn FnMut(u64)>;

/// A name, and what makes the path ready.
type Named = (&'static str, fn() -> Path);

const PATHS: &[Named] = &[
    ("publish, nobody listens", || to(handled(0, Bus::new()))),
    ("publish to 1 inline handler", || to(handled(1, Bus::new()))),
    ("publish to 8 inline handlers", || to(handled(8, Bus::new()))),
    ("publish through the bus, 1 inline handler", || {
        let bus = handled(1, Bus::new());
        Box::new(move |value| seen(bus.publish(ProviderEvent::Connected(value)).unwrap()))
    }),
    ("publish by name, 1 inline handler", || {
        let bus = handled(1, Bus::new());
        Box::new(move |value| seen(bus.publish_to(TOPIC, ProviderEvent::Connected(value)).unwrap()))
    }),
    ("publish to a topic of a template, 1 inline handler", || {
        let publisher = handled(1, Bus::new()).publisher();
        Box::new(move |value| {
            let name = value % 4;
            seen(publisher.publish(ProviderEvent::Limited { name, value }).unwrap());
        })
    }),
    ("publish into a queue, and receive", queue),
    ("publish through a filter and a transform, 1 inline handler", || {
        let bus = handled(1, Bus::new());
        bus.middleware("system", filter("all", |_: &Draft| true)).unwrap();
        bus.middleware("system", transform("none", |_: &mut Draft| ())).unwrap();
        to(bus)
    }),
    ("publish with a ring of 1,000, 1 inline handler", || {
        to(handled(1, Bus::builder().history(Ring::events(1_000)).build()))
    }),
    ("publish on a child bus, 1 inline handler of the parent", || {
        to(handled(1, Bus::new()).child("eu-west").unwrap())
    }),
    ("publish what a journal stores, as the publisher sees it", journal),
    ("publish what a mesh exports, as the publisher sees it", mesh),
    ("write an event as a cloud event", cloud_event),
    ("match a topic against one pattern", || {
        let pattern = Pattern::parse("system.*.{connected,limited}").unwrap();
        Box::new(move |_| assert!(black_box(&pattern).matches(black_box(TOPIC))))
    }),
    ("match a topic against a tree of 10,000 patterns", tree),
    ("send a signal to 8 receivers", || {
        let signal = signal();
        Box::new(move |value| drop(black_box(signal.send(&value).unwrap())))
    }),
    ("emit a signal to 8 receivers", || {
        let signal = signal();
        Box::new(move |value| {
            black_box(signal.emit(&value).unwrap());
        })
    }),
];

/// Callgrind counts in here alone; it is told by the name.
#[inline(never)]
fn counted(path: &mut Path) {
    for number in WARM..WARM + CALLS {
        path(number);
    }
}

fn main() -> ExitCode {
    let asked = std::env::args().nth(1).unwrap_or_default();
    if asked == "--list" {
        for (name, _) in PATHS {
            println!("{name}");
        }
        return ExitCode::SUCCESS;
    }
    let Some((_, make)) = PATHS.iter().find(|(name, _)| *name == asked) else {
        println!("no path `{asked}`: `--list` names them");
        return ExitCode::FAILURE;
    };
    let mut path = make();
    (0..WARM).for_each(&mut path);
    counted(&mut path);
    println!("{CALLS}");
    ExitCode::SUCCESS
}

fn seen(receipt: Receipt) {
    black_box(receipt);
}

/// A bus with so many inline handlers of the event type.
fn handled(handlers: usize, bus: Bus) -> Bus {
    for _ in 0..handlers {
        bus.on(|event: &Event<ProviderEvent>| match event.data {
            ProviderEvent::Connected(value) | ProviderEvent::Limited { value, .. } => {
                black_box(value);
            }
        })
        .detach();
    }
    bus
}

/// What is published to a bus, by a publisher.
fn to(bus: Bus) -> Path {
    let publisher = bus.publisher();
    Box::new(move |value| {
        let _alive = &bus;
        seen(publisher.publish(ProviderEvent::Connected(value)).unwrap());
    })
}

fn queue() -> Path {
    let bus = Bus::new();
    let builder = bus.subscription("system").queue(64, Overflow::DropOldest);
    let mut stream: EventStream<ProviderEvent> = builder.stream().unwrap();
    let mut publish = to(bus);
    Box::new(move |value| {
        publish(value);
        black_box(stream.try_recv().unwrap());
    })
}

fn journal() -> Path {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::builder().durability(Durability::OnClose);
    let journal = journal.open(folder.path().join("journal.rem")).unwrap();
    let mut publish = to(Bus::builder().history(journal).build());
    Box::new(move |value| {
        let _there = &folder;
        publish(value);
    })
}

fn mesh() -> Path {
    let (broker, bus) = (MemoryBroker::new(), Bus::new());
    let room = usize::try_from(WARM + CALLS).unwrap();
    let mesh = Mesh::builder(&bus).transport(broker.transport("a")).node("a").export("system");
    let mesh = mesh.queue(room).join_blocking().unwrap();
    let mut publish = to(bus);
    Box::new(move |value| {
        let _joined = (&mesh, &broker);
        publish(value);
    })
}

fn cloud_event() -> Path {
    let bus = Bus::builder().source("/shop").history(Ring::events(1)).build();
    bus.publish(ProviderEvent::Connected(7)).unwrap();
    let event = bus.query("**").unwrap().events().remove(0);
    let encoder = Encoder::new();
    Box::new(move |_| drop(black_box(encoder.structured(&event).unwrap())))
}

fn tree() -> Path {
    let (patterns, topics) = workload(10_000);
    let mut tree = PatternTree::new();
    for text in &patterns {
        tree.insert(&Pattern::parse(text).unwrap(), ());
    }
    let (mut keys, mut at) = (Vec::new(), 0);
    Box::new(move |_| {
        tree.matching(black_box(&topics[at % topics.len()]), &mut keys);
        black_box(&keys);
        at += 1;
    })
}

fn signal() -> Signal<u64, u64> {
    let signal = Signal::new();
    for number in 0..8 {
        signal.connect(move |value: &u64| black_box(value.wrapping_add(number))).detach();
    }
    signal
}
