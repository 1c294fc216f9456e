//! Data of every shape, placed and cast: whole, where it belongs, and dropped once whichever way it went.

use std::fmt;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::*;
use crate::deliver::isolate;
use crate::event::{EventSchema, Ids, Schema, TopicWriter};
use crate::{
    Bus, Draft, EventStream, Middleware, Next, Overflow, PublishErrorKind, Receipt, Ring, Start,
    Stop, TryRecvError,
};

macro_rules! event_type {
    ($name:ident) => {
        impl EventType for $name {
            const SCHEMA: Schema =
                Schema::new(stringify!($name), "", &[EventSchema::new("Only", "only", &[])])
                    .local();

            fn leaf(&self) -> usize {
                0
            }
            fn write_topic(&self, out: &mut TopicWriter) -> fmt::Result {
                out.literal("only")
            }
        }
    };
}

#[derive(Debug, Clone, PartialEq)]
struct Nothing;
event_type!(Nothing);

#[derive(Debug, Clone, PartialEq)]
#[repr(align(128))]
struct AlignedNothing;
event_type!(AlignedNothing);

#[derive(Debug, Clone, PartialEq)]
struct Byte(u8);
event_type!(Byte);

/// As large and as aligned, and another type.
#[derive(Debug, Clone, PartialEq)]
struct OtherByte(u8);
event_type!(OtherByte);

#[derive(Debug, Clone, PartialEq)]
#[repr(align(64))]
struct Line([u8; 100]);
event_type!(Line);

#[derive(Debug, Clone, PartialEq)]
#[repr(align(4096))]
struct Page(u64);
event_type!(Page);

#[derive(Debug, Clone, PartialEq)]
#[repr(C, packed)]
struct Packed(u8, u64);
event_type!(Packed);

#[derive(Debug, Clone, PartialEq)]
struct Large([u64; 2_000], [u64; 2_000], [u64; 2_000], [u64; 2_000]);
event_type!(Large);

#[derive(Debug, Clone, PartialEq)]
struct Owner(Vec<String>, Option<Box<u64>>);
event_type!(Owner);

/// Runs `$check` with a value of every shape.
macro_rules! for_every_shape {
    ($check:ident) => {
        $check(&Nothing);
        $check(&AlignedNothing);
        $check(&Byte(7));
        $check(&Line([9; 100]));
        $check(&Page(u64::MAX));
        $check(&Packed(1, u64::MAX));
        $check(&Large([0x0123_4567_89ab_cdef; 2_000], [0; 2_000], [1; 2_000], [u64::MAX; 2_000]));
        $check(&Owner(vec!["a".into(), String::new()], Some(Box::new(3))));
    };
}

const TIME: Timestamp = Timestamp::from_nanos(1_357_035_420_000_000_001);

fn placed<E: EventType>(data: E, source: Option<Source>) -> Arc<Event> {
    let topic = Topic::parse("eu.only").unwrap();
    let id = Ids::fixed().next(TIME);
    place(Making { id, topic: &topic, timestamp: TIME, scope: 2, source }, data).share()
}

fn address<T: ?Sized>(of: &T) -> usize {
    ptr::from_ref(of).cast::<u8>().addr()
}

#[test]
fn every_field_stands_where_it_belongs() {
    fn check<E: EventType + Clone + PartialEq>(data: &E) {
        let shared = Source::from(String::from("a source that is shared"));
        for source in [None, Some(Source::from("literal")), Some(shared)] {
            let event = placed(data.clone(), source.clone());
            assert_eq!((Arc::strong_count(&event), Arc::weak_count(&event)), (1, 0));
            assert_eq!(event.id().to_string(), "00000000-0000-7000-8000-000000000001");
            assert_eq!((event.topic().as_str(), event.scoped_topic()), ("eu.only", "only"));
            assert_eq!((event.timestamp(), event.scope(), event.sequence()), (TIME, 2, None));
            assert_eq!(event.source(), source.as_deref());
            assert_eq!((event.causation(), event.correlation()), (None, event.id()));
            assert!(event.metadata().iter().next().is_none());
            assert!(event.data.is::<E>() && event.data.downcast_ref() == Some(data));
            let size = size_of_val(&*event);
            assert_eq!((size, align_of_val(&*event)), layout::<E>());
            assert_eq!(address(&*event) % align_of_val(&*event), 0);
            assert_eq!(address(&event.data) % align_of::<E>(), 0);
            assert!(address(&event.data) + size_of::<E>() <= address(&*event) + size);
        }
    }
    fn layout<E>() -> (usize, usize) {
        (size_of::<Event<E>>(), align_of::<Event<E>>())
    }
    for_every_shape!(check);
}

/// The same object, whole, by each of the three ways to its type; and none to another type.
#[test]
fn casts_lead_to_the_very_object() {
    fn check<E: EventType + Clone + PartialEq>(data: &E) {
        let event = placed(data.clone(), None);
        event.head.set_sequence(11);
        let place = address(&*event);
        let by_ref = by_ref::<E>(&event).unwrap();
        assert_eq!((address(by_ref), &by_ref.data, by_ref.sequence()), (place, data, Some(11)));
        let seen = Seen::new(&event);
        let as_type = seen.as_type::<E>().unwrap();
        assert_eq!((address(as_type), &as_type.data), (place, data));
        assert!(Arc::ptr_eq(seen.shared(), &event) && address(seen.erased()) == place);
        assert!(super::by_ref::<OtherByte>(&event).is_none());
        assert!(seen.as_type::<OtherByte>().is_none());

        let (other, weak) = (Arc::clone(&event), Arc::downgrade(&event));
        let event = by_arc::<OtherByte>(event).unwrap_err();
        assert_eq!((Arc::strong_count(&other), Arc::weak_count(&other)), (2, 1));
        let typed = by_arc::<E>(event).unwrap();
        assert_eq!((Arc::strong_count(&typed), Arc::weak_count(&typed)), (2, 1));
        assert_eq!((address(&*typed), &typed.data), (place, data));
        let erased: Arc<Event> = typed;
        assert!(Arc::ptr_eq(&erased, &other));
        drop(other);
        let typed = by_arc::<E>(erased).unwrap();
        let event = Arc::into_inner(typed).unwrap();
        assert!(event.data == *data && weak.upgrade().is_none());
    }
    for_every_shape!(check);
}

/// Data that notes how often it is dropped.
#[derive(Debug)]
struct Noting {
    drops: Arc<AtomicUsize>,
    panics: bool,
}
event_type!(Noting);

impl Drop for Noting {
    fn drop(&mut self) {
        self.drops.fetch_add(1, Ordering::Relaxed);
        assert!(!self.panics, "a `Drop` that panics");
    }
}

/// A value, and how often it was dropped.
fn noting(panics: bool) -> (Noting, Arc<AtomicUsize>) {
    let drops = Arc::new(AtomicUsize::new(0));
    (Noting { drops: Arc::clone(&drops), panics }, drops)
}

fn times(drops: &Arc<AtomicUsize>) -> usize {
    drops.load(Ordering::Relaxed)
}

fn remembering() -> Bus {
    Bus::builder().history(Ring::events(1)).build()
}

#[test]
fn data_is_dropped_once_whichever_way_it_went() {
    type Way = fn(Noting);
    let ways: [(&str, Way); 12] = [
        ("placed", |data| drop(placed(data, None))),
        ("cast, and cast back", |data| {
            let event = by_arc::<OtherByte>(placed(data, None)).unwrap_err();
            let typed = by_arc::<Noting>(event).unwrap();
            drop(Arc::clone(&typed));
            drop::<Arc<Event>>(typed);
        }),
        ("taken out", |data| {
            let typed = by_arc::<Noting>(placed(data, None)).unwrap();
            drop(Arc::into_inner(typed).unwrap().data);
        }),
        ("a draft taken back", |data| {
            let draft = Draft::new(placed(data, None), crate::draft::TopicBy::Data);
            drop(draft.into_data::<Noting>().unwrap());
        }),
        ("published to nobody", |data| {
            Bus::new().publish(data).unwrap();
        }),
        ("published to a handler, and kept by none", |data| {
            let bus = Bus::new();
            let _sub = bus.on(|event: &Event<Noting>| assert!(!event.data.panics));
            assert_eq!(bus.publish(data).unwrap().delivered(), 1);
        }),
        ("evicted from the history", |data| {
            let bus = remembering();
            bus.publish(data).unwrap();
            bus.publish(Byte(1)).unwrap();
            assert_eq!(bus.query("**").unwrap().events().len(), 1);
        }),
        ("gone with the history", |data| drop(remembering().publish(data).unwrap())),
        ("lost by a queue", |data| {
            let bus = Bus::new();
            let queue = bus.subscription("only").queue(1, Overflow::DropOldest);
            let _stream: EventStream = queue.stream().unwrap();
            bus.publish(data).unwrap();
            assert_eq!(bus.publish(Byte(1)).unwrap().delivered(), 1);
        }),
        ("read from a queue", |data| {
            let bus = Bus::new();
            let queue = bus.subscription("only").queue(1, Overflow::Block(Duration::ZERO));
            let mut stream: EventStream<Noting> = queue.stream().unwrap();
            bus.publish(data).unwrap();
            drop((stream.try_recv().unwrap(), bus));
        }),
        ("refused", |data| {
            let bus = remembering();
            let error = bus.publish_to("not*a.topic", data).unwrap_err();
            bus.close(Duration::ZERO);
            let error = bus.publish(error.into_data()).unwrap_err();
            assert!(matches!(error.kind(), PublishErrorKind::Closed));
        }),
        ("refused for want of room", |data| {
            let bus = remembering();
            let queue = bus.subscription("only").queue(1, Overflow::Reject);
            let _stream: EventStream = queue.stream().unwrap();
            bus.publish(Byte(1)).unwrap();
            let error = bus.publish(data).unwrap_err();
            assert!(matches!(error.kind(), PublishErrorKind::QueueFull { .. }));
            drop(error.into_data());
        }),
    ];
    for (way, go) in ways {
        let (data, drops) = noting(false);
        go(data);
        assert_eq!(times(&drops), 1, "{way}");
        assert_eq!(Arc::strong_count(&drops), 1, "{way}: what it held is dropped");
    }
}

/// Stops, fails or panics, before or after the rest of the chain.
struct Ending(&'static str);

impl Middleware for Ending {
    fn handle(&self, draft: &mut Draft, next: Next<'_>) -> Result<Receipt, Stop> {
        match self.0 {
            "stops" => Err(Stop::quietly()),
            "fails" => Err(Stop::failed("no")),
            "panics" => panic!("no"),
            "fails late" => next.run(draft).and_then(|_| Err(Stop::failed("too late"))),
            _ => next.run(draft).map(|_| panic!("too late")),
        }
    }
}

#[test]
fn data_that_middleware_ends_is_dropped_once() {
    for (how, is_given_back) in [
        ("stops", false),
        ("fails", true),
        ("panics", true),
        ("fails late", false),
        ("panics late", false),
    ] {
        let bus = remembering();
        bus.middleware("only", Ending(how)).unwrap();
        let (data, drops) = noting(false);
        match bus.publish(data) {
            Ok(_) => assert!(!is_given_back, "{how}"),
            Err(error) => {
                assert!(is_given_back, "{how}");
                assert_eq!(times(&drops), 0, "{how}: it is the publisher's again");
                drop(error.into_data());
            }
        }
        drop(bus);
        assert_eq!((times(&drops), Arc::strong_count(&drops)), (1, 1), "{how}");
    }
}

/// The envelope is dropped with data whose `Drop` panics, and nobody else feels it.
#[test]
fn a_drop_that_panics_is_one_drop() {
    let source: Arc<str> = "shared".into();
    let (data, drops) = noting(true);
    let event = placed(data, Some(Source::from(Arc::clone(&source))));
    assert!(isolate(|| drop(event)).is_err());
    assert_eq!((times(&drops), Arc::strong_count(&drops)), (1, 1));
    assert_eq!(Arc::strong_count(&source), 1, "its head is dropped too");

    let (data, drops) = noting(true);
    let typed = by_arc::<Noting>(placed(data, None)).unwrap();
    assert!(isolate(|| drop(typed)).is_err());
    assert_eq!((times(&drops), Arc::strong_count(&drops)), (1, 1));
}

fn publish_all(bus: &Bus, all: Vec<Noting>) {
    for data in all {
        bus.publish(data).unwrap();
    }
}

/// Data that nobody but its publisher holds in the end is dropped by it, and a panic is its own. It is one drop all the
/// same, and the thread goes on as before.
#[test]
fn a_drop_that_panics_within_a_publish_leaves_all_in_order() {
    type Way = fn(&Bus, Noting);
    let ways: [(&str, Way); 3] = [
        ("published to nobody", |_, data| drop(Bus::new().publish(data))),
        ("published to a handler", |bus, data| drop(bus.publish(data))),
        ("stopped", |bus, data| drop(bus.child("stopped").unwrap().publish(data))),
    ];
    let bus = Bus::new();
    bus.middleware("stopped.only", Ending("stops")).unwrap();
    let _handler = bus.on(|_: &Event<Noting>| ());
    let _other = bus.on(|_: &Event<Byte>| ());
    for (way, go) in ways {
        let (data, drops) = noting(true);
        assert!(isolate(|| go(&bus, data)).is_err(), "{way}");
        assert_eq!((times(&drops), Arc::strong_count(&drops)), (1, 1), "{way}");
        let receipt = bus.publish(Byte(1)).unwrap();
        assert_eq!((receipt.delivered(), receipt.deferred()), (1, 0), "{way}");
        bus.settle(Duration::from_secs(60)).unwrap();
    }
}

/// What a history or a queue lets go, one or many, is felt by nobody: neither a publisher, nor who drops a bus or a stream.
#[test]
fn drops_that_panic_reach_nobody() {
    type Way = fn(Vec<Noting>);
    let ways: [(&str, Way); 5] = [
        ("evicted from the history", |all| {
            let bus = remembering();
            for (data, number) in all.into_iter().zip(1..) {
                assert_eq!(bus.publish(data).unwrap().sequence(), Some(number));
            }
        }),
        ("gone with the history", |all| {
            let bus = Bus::builder().history(Ring::events(8)).build();
            publish_all(&bus, all);
            drop(bus);
        }),
        ("lost by a queue", |all| {
            let bus = Bus::new();
            let queue = bus.subscription("only").queue(1, Overflow::DropOldest);
            let mut stream: EventStream = queue.stream().unwrap();
            for data in all {
                assert_eq!(bus.publish(data).unwrap().delivered(), 1);
            }
            bus.publish(Byte(1)).unwrap();
            let lagged = stream.try_recv().unwrap_err();
            assert!(matches!(lagged, TryRecvError::Lagged(lagged) if lagged.missed() == 3));
            assert!(stream.try_recv().unwrap().data.is::<Byte>());
        }),
        ("unread", |all| {
            let bus = Bus::new();
            let queue = bus.subscription("only").queue(8, Overflow::Block(Duration::ZERO));
            let stream: EventStream = queue.stream().unwrap();
            publish_all(&bus, all);
            drop(stream);
        }),
        ("of the past, read and gone from there", |all| {
            let bus = Bus::builder().history(Ring::events(3)).build();
            publish_all(&bus, all);
            let queue = bus.subscription("only").from(Start::Earliest);
            let filtered =
                queue.filter(|event| event.data.is::<Byte>() || event.sequence() == Some(1));
            let mut stream: EventStream = filtered.queue(1, Overflow::DropOldest).stream().unwrap();
            let first = stream.try_recv().unwrap(); // with it all three are read
            (0..3).for_each(|at| drop(bus.publish(Byte(at)).unwrap()));
            assert!(isolate(|| drop(first)).is_err()); // the reader's own
            assert!(stream.try_recv().unwrap().data.is::<Byte>());
        }),
    ];
    for (way, go) in ways {
        let (all, drops): (Vec<_>, Vec<_>) = (0..3).map(|_| noting(true)).unzip();
        assert_eq!(isolate(|| go(all)), Ok(()), "{way}");
        for drops in drops {
            assert_eq!((times(&drops), Arc::strong_count(&drops)), (1, 1), "{way}");
        }
    }
}
