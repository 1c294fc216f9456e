//! Events that come back from a disk: made of the type that their reader asks for, or of bytes, they are the same.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rem::journal::Journal;
use rem::prelude::*;
use rem::wire::{Codec, RawEvent};
use rem::{Payload, Shape, SystemEvent};
use serde::{Deserialize, Deserializer, Serialize};
use tempfile::TempDir;

const LONG: Duration = Duration::from_secs(30);

/// As it was written first.
#[derive(EventType, Debug, Serialize, Deserialize)]
#[event(topic = "shop.{id}.placed")]
struct PlacedV1 {
    id: u64,
    euros: u32,
}

fn in_cents(PlacedV1 { id, euros }: PlacedV1) -> Result<Order, String> {
    let cents = euros.checked_mul(100).ok_or("too dear to be true")?;
    Ok(Order::Placed { id, cents })
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "shop")]
enum Order {
    #[event(topic = "{id}.placed", version = 2, upcast = in_cents)]
    Placed {
        id: u64,
        cents: u32,
    },
    Closed,
    Noted(String),
    #[event(nested = "cache")]
    Cache(Cache),
    Fragile(Fragile),
    #[event(other)]
    Unknown(RawEvent),
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "cache")]
enum Cache {
    Hit(u64),
}

#[derive(Debug, Clone, Serialize)]
struct Fragile;

impl<'de> Deserialize<'de> for Fragile {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        panic!("it broke")
    }
}

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.rem");
    (folder, path)
}

fn open(path: &Path) -> Bus {
    Bus::builder().history(Journal::open(path).unwrap()).build()
}

fn raw(bus: &Bus, topic: &str, data: &str) {
    bus.publish_to(topic, RawEvent::new(Codec::Json, data.as_bytes())).unwrap();
}

/// A file with events of all kinds.
fn filled(path: &Path) {
    let bus = open(path);
    let eu = bus.child("eu").unwrap();
    bus.publish(PlacedV1 { id: 7, euros: 3 }).unwrap();
    bus.event(Order::Closed).source("till").metadata("of", 1).publish().unwrap();
    // Published without data, which reads as a variant without fields.
    raw(&bus, "shop.closed", "");
    eu.event(Order::Placed { id: 8, cents: 5 }).source("eu").publish().unwrap();
    for length in [0, 1, 4_000, 4_096, 5_000, 100_000] {
        bus.publish(Order::Noted("n".repeat(length))).unwrap();
    }
    bus.publish(Order::Cache(Cache::Hit(4))).unwrap();
    eu.publish(Order::Cache(Cache::Hit(5))).unwrap();
    raw(&bus, "shop.never.heard.of", r#"{"new":true}"#);
    raw(&bus, "elsewhere", "{}");
    drop(eu);
    assert!(bus.close(LONG).is_complete());
}

/// What a typed subscription has of the past, as text; with a filter that says yes to all, or without one.
fn inline<T: Shape + ?Sized>(bus: &Bus, pattern: &str, filtered: bool) -> Vec<String> {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let mut builder = bus.subscription(pattern).from(Start::Earliest);
    if filtered {
        builder = builder.filter(|_| true);
    }
    let to = Arc::clone(&seen);
    let sub = builder.inline_received(move |event: Received<T>| {
        assert!(event.is_replay());
        to.lock().unwrap().push(format!("{:?}", event.event()));
    });
    assert_eq!(sub.unwrap().missed(), 0);
    let seen = seen.lock().unwrap();
    seen.clone()
}

fn stream<T: Shape + ?Sized>(bus: &Bus, pattern: &str) -> Vec<String> {
    let subscription = bus.subscription(pattern).from(Start::Earliest);
    let mut stream: EventStream<T> = subscription.queue(8, Overflow::Reject).stream().unwrap();
    let mut seen = Vec::new();
    while let Ok(event) = stream.try_recv() {
        assert!(event.is_replay());
        seen.push(format!("{:?}", event.event()));
    }
    seen
}

fn replay<T: Shape + ?Sized>(bus: &Bus, pattern: &str) -> Vec<String> {
    let mut seen = Vec::new();
    let replay = bus.replay(pattern).unwrap();
    let report = replay.to_handler(|event: &Event<T>| seen.push(format!("{event:?}"))).run();
    let replayed = report.unwrap().replayed;
    assert_eq!(usize::try_from(replayed).unwrap(), seen.len());
    seen
}

fn every_way_is_the_same<T: Shape + ?Sized>(path: &Path, pattern: &str, events: usize) {
    let bus = open(path);
    // Views of events of bytes.
    let views = bus.query(pattern).unwrap().of::<T>();
    let views: Vec<_> = views.iter().map(|event| format!("{event:?}")).collect();
    assert_eq!(views.len(), events, "{views:#?}");
    assert_eq!(inline::<T>(&bus, pattern, false), views);
    assert_eq!(inline::<T>(&bus, pattern, true), views);
    assert_eq!(stream::<T>(&bus, pattern), views);
    assert_eq!(replay::<T>(&bus, pattern), views);
}

#[test]
fn a_stored_event_is_the_same_to_all_who_read_it() {
    let (_folder, path) = folder();
    filled(&path);
    every_way_is_the_same::<Order>(&path, "**", 13);
    every_way_is_the_same::<Order>(&path, "shop", 11);
    every_way_is_the_same::<Order>(&path, "eu", 2);
    every_way_is_the_same::<Cache>(&path, "**", 0);
    every_way_is_the_same::<RawEvent>(&path, "**", 14);
    every_way_is_the_same::<dyn Payload>(&path, "**", 14);
}

#[test]
fn an_older_version_is_made_the_present_one_and_the_head_is_whole() {
    let (_folder, path) = folder();
    filled(&path);
    let bus = open(&path);
    let seen: Arc<Mutex<Vec<Arc<Event<Order>>>>> = Arc::default();
    let to = Arc::clone(&seen);
    let keep = move |event: Received<Order>| to.lock().unwrap().push(Arc::clone(event.event()));
    let sub = bus.subscription("**").from(Start::Earliest).inline_received(keep).unwrap();
    let seen = seen.lock().unwrap();
    assert!(matches!(seen[0].data, Order::Placed { id: 7, cents: 300 }));
    assert_eq!((seen[0].sequence(), seen[0].source()), (Some(1), None));
    assert_eq!(seen[1].source(), Some("till"));
    assert_eq!(seen[1].metadata().get("of"), Some(&serde_json::json!(1)));
    assert!(matches!(seen[2].data, Order::Closed));
    assert!(matches!(seen[3].data, Order::Placed { id: 8, cents: 5 }));
    assert_eq!((seen[3].topic().as_str(), seen[3].scope()), ("eu.shop.8.placed", 2));
    let again = bus.query("**").unwrap().of::<Order>();
    assert!(seen.iter().map(|event| event.id()).eq(again.iter().map(|event| event.id())));
    // `elsewhere` is none of the type's.
    assert_eq!((sub.mismatches(), sub.failures()), (1, 0));
}

/// What is told of events that cannot be read as their topic says.
#[test]
fn what_cannot_be_read_is_told_the_same_with_a_filter_and_without() {
    let (_folder, path) = folder();
    let bus = open(&path);
    raw(&bus, "shop.noted", r#"{"no":"text"}"#);
    raw(&bus, "shop.7.placed", r#"{"id":8,"cents":5}"#);
    raw(&bus, "shop.noted", "");
    raw(&bus, "shop.fragile", "{}");
    bus.publish(PlacedV1 { id: 7, euros: u32::MAX }).unwrap();
    raw(&bus, "shop.noted", r#""well""#);
    assert!(bus.close(LONG).is_complete());
    drop(bus);

    let told_of = |filtered: bool| {
        let bus = open(&path);
        let told: Arc<Mutex<Vec<String>>> = Arc::default();
        let to = Arc::clone(&told);
        let watch = bus.subscribe("$rem.**", move |event: &Event<SystemEvent>| {
            let said = match &event.data {
                SystemEvent::EventMismatched { topic, found, wanted, reason, .. } => {
                    format!("{topic}: {found} for {wanted}: {reason:?}")
                }
                SystemEvent::HandlerFailed { topic, error, panicked, .. } => {
                    format!("{topic}: {error} ({panicked})")
                }
                _ => return,
            };
            to.lock().unwrap().push(said);
        });
        let watch = watch.unwrap();
        let seen = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&seen);
        let mut builder = bus.subscription("shop").from(Start::Earliest);
        if filtered {
            builder = builder.filter(|_| true);
        }
        let handle = move |event: &Event<Order>| {
            assert!(matches!(&event.data, Order::Noted(text) if text == "well"));
            count.fetch_add(1, Ordering::Relaxed);
        };
        let sub = builder.inline(handle).unwrap();
        assert_eq!((sub.mismatches(), sub.failures(), sub.missed()), (4, 1, 0));
        assert_eq!(seen.load(Ordering::Relaxed), 1);
        drop(watch);
        let told = told.lock().unwrap();
        told.clone()
    };
    let told = told_of(false);
    assert_eq!(told, told_of(true));
    assert_eq!(told.len(), 5);
    for (said, part) in
        told.iter().zip(["expected a string", "8.placed", "null", "it broke (true)", "too dear"])
    {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn filters_and_dead_letters_have_the_data_as_it_is_kept() {
    let (_folder, path) = folder();
    let bus = open(&path);
    raw(&bus, "shop.noted", r#" "with a space" "#);
    assert!(bus.close(LONG).is_complete());
    drop(bus);
    let bus = open(&path);
    let is_kept = |event: &Event| {
        event.data.downcast_ref::<RawEvent>().is_some_and(|raw| raw.bytes()[0] == b' ')
    };
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let filter = move |event: &Event| {
        count.fetch_add(usize::from(is_kept(event)), Ordering::Relaxed);
        true
    };
    let builder = bus.subscription("shop").from(Start::Earliest).filter(filter);
    let _sub = builder.inline(|_: &Event<Order>| ()).unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 1);

    let letters = bus.subscription("failed").queue(8, Overflow::Reject);
    let mut letters: EventStream<rem::DeadLetter> = letters.stream().unwrap();
    let fail = |_: Received<Order>| async { Err::<(), _>("no") };
    let builder = bus.subscription("shop").from(Start::Earliest).dead_letter("failed");
    let _task = builder.task(fail).unwrap();
    let letter = letters.recv_timeout(LONG).unwrap();
    assert!(is_kept(&letter.data.event));
}

#[test]
fn a_stored_event_may_be_kept_when_its_journal_is_gone() {
    let (folder, path) = folder();
    filled(&path);
    let bus = open(&path);
    let subscription = bus.subscription("shop").from(Start::Earliest);
    let mut stream: EventStream<Order> = subscription.queue(8, Overflow::Reject).stream().unwrap();
    let mut kept: Vec<Arc<Event<Order>>> = Vec::new();
    let mut seen = Vec::new();
    while let Ok(event) = stream.try_recv() {
        seen.push(format!("{:?}", event.event()));
        kept.push(Arc::clone(event.event()));
    }
    assert_eq!(kept.len(), 11);
    drop((stream, bus, folder));
    assert!(!path.exists());
    assert!(kept.iter().map(|event| format!("{event:?}")).eq(seen));
}
