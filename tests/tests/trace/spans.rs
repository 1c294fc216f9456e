//! `Spans` and `traced`: a span for each publish and each handling, and how they are linked.

use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::thread;

use rem::middleware::{Spans, Trace, filter};
use rem::prelude::*;
use rem::testing::TestBus;
use rem::trace::{handling, traced};
use rem::{Ordering, TaskFuture};

use crate::recorded::{Noted, Spans as Recorded};
use crate::tasks::Here;
use crate::{Tick, count_down};

fn bus() -> TestBus {
    let test = TestBus::new();
    test.bus.middleware("**", Trace::new()).unwrap();
    test.bus.middleware("**", Spans::new()).unwrap();
    test
}

/// Those of one name, with where they stand among all.
fn named<'a>(spans: &'a [Noted], name: &str) -> Vec<(usize, &'a Noted)> {
    spans.iter().enumerate().filter(|(_, span)| span.name == name).collect()
}

/// Nothing is left open.
fn all_over(spans: &[Noted]) {
    assert!(spans.iter().all(|span| !span.is_open()), "{spans:#?}");
}

#[test]
fn a_handling_follows_from_its_publish_and_is_no_child() {
    let test = bus();
    let handler = traced("billing", |_: &Event<Tick>| {
        let _within = tracing::info_span!("work").entered();
    });
    let _sub = test.bus.on(handler);
    let _other = test.bus.on(traced("audit", |_: &Event<Tick>| ()));
    let spans = Recorded::of(|| {
        let _request = tracing::info_span!("request").entered();
        test.bus.event(Tick(7)).source("desk").publish().unwrap();
    });
    let names: Vec<_> = spans.iter().map(|span| span.name).collect();
    assert_eq!(names, ["request", "publish", "handle", "work", "handle"]);
    let (publish, billing, work, audit) = (&spans[1], &spans[2], &spans[3], &spans[4]);
    assert_eq!((publish.parent, publish.follows.len()), (Some(0), 0));
    assert_eq!((billing.parent, &billing.follows[..]), (None, &[1][..]));
    assert_eq!((audit.parent, &audit.follows[..]), (None, &[1][..]));
    assert_eq!(work.parent, Some(2));

    let id = "00000000-0000-7000-8000-000000000001";
    for (name, value) in [
        ("otel.kind", "producer"),
        ("topic", "tick"),
        ("id", id),
        ("source", "desk"),
        ("correlation", id),
        ("receipt", "matched 2, delivered 2"),
    ] {
        assert_eq!(publish.field(name), Some(value), "{name}");
    }
    assert_eq!(publish.field("causation"), None);
    for (name, value) in [
        ("otel.kind", "consumer"),
        ("subscription", "billing"),
        ("topic", "tick"),
        ("id", id),
        ("correlation", id),
    ] {
        assert_eq!(billing.field(name), Some(value), "{name}");
    }
    assert_eq!(audit.field("subscription"), Some("audit"));
    let parent = publish.field("traceparent").unwrap();
    assert!(parent.starts_with("00-00000000000070008000000000000001-"), "{parent}");
    assert_eq!(billing.field("traceparent"), Some(parent));
    all_over(&spans);
}

#[test]
fn what_is_put_off_until_its_cause_is_handled_is_linked_too() {
    let test = bus();
    let _sub = test.bus.on(traced("count", count_down(&test.bus)));
    let spans = Recorded::of(|| drop(test.bus.publish(Tick(3)).unwrap()));
    let (publishes, handlings) = (named(&spans, "publish"), named(&spans, "handle"));
    assert_eq!((publishes.len(), handlings.len()), (4, 4));
    for (number, ((publish, said), (_, handling))) in publishes.iter().zip(&handlings).enumerate() {
        assert_eq!((handling.parent, &handling.follows[..]), (None, &[*publish][..]));
        assert_eq!(handling.field("id"), said.field("id"));
        assert_eq!(handling.field("correlation"), publishes[0].1.field("id"));
        // An effect is published within the handling of its cause.
        assert_eq!(said.parent, number.checked_sub(1).map(|cause| handlings[cause].0));
        assert_eq!(
            said.field("causation"),
            number.checked_sub(1).map(|cause| publishes[cause].1.field("id").unwrap())
        );
    }
    all_over(&spans);
}

#[test]
fn what_another_thread_delivers_in_its_turn_follows_from_its_own_publish() {
    let here = Here::default();
    let spawner = here.clone();
    let builder = Bus::builder().spawner(move |task: TaskFuture| spawner.add(task));
    let test = TestBus::with(builder.ordering(Ordering::Total));
    test.bus.middleware("**", Trace::new()).unwrap();
    test.bus.middleware("**", Spans::new()).unwrap();
    let (stands, standing) = channel();
    let (goes_on, going_on) = channel::<()>();
    let doors = Mutex::new((stands, going_on));
    let _sub = test.bus.on(traced("all", move |tick: &Event<Tick>| {
        if tick.data.0 == 0 {
            let doors = doors.lock().unwrap();
            doors.0.send(()).unwrap();
            doors.1.recv().unwrap();
        }
    }));
    let task = test.bus.subscription("tick").traced("task");
    let _task = task.task(async |_: Received<Tick>| ()).unwrap();
    let spans = Recorded::default();
    thread::scope(|scope| {
        let first = scope.spawn(|| spans.within(|| test.bus.publish(Tick(0)).unwrap()));
        standing.recv().unwrap();
        // The other thread has the turn: these are left to it, and their publishes are over before they are handled.
        for number in 1..=2 {
            let receipt = spans.within(|| test.bus.publish(Tick(number)).unwrap());
            assert_eq!((receipt.delivered(), receipt.deferred()), (0, 2));
        }
        goes_on.send(()).unwrap();
        assert_eq!(first.join().unwrap().delivered(), 2);
    });
    spans.within(|| here.poll());
    let spans = spans.take();
    let (publishes, handlings) = (named(&spans, "publish"), named(&spans, "handle"));
    // Inline, and then by the task.
    assert_eq!((publishes.len(), handlings.len()), (3, 6));
    for ((publish, said), (_, handling)) in publishes.iter().chain(&publishes).zip(&handlings) {
        assert_eq!((handling.parent, &handling.follows[..]), (None, &[*publish][..]));
        assert_eq!(handling.field("id"), said.field("id"));
    }
    all_over(&spans);
}

#[test]
fn more_than_a_thread_keeps_open_are_handled_without_a_link() {
    let test = bus();
    let inner = test.bus.downgrade();
    let _many = test.bus.subscribe("many", move |_: &Event<Tick>| {
        for number in 0..1_100 {
            inner.upgrade().unwrap().publish(Tick(number)).unwrap();
        }
    });
    let _each = test.bus.on(traced("each", |_: &Event<Tick>| ()));
    let spans = Recorded::of(|| drop(test.bus.publish_to("many", Tick(0)).unwrap()));
    let mut handlings = named(&spans, "handle");
    handlings.retain(|(_, span)| span.field("topic") == Some("tick"));
    assert_eq!(handlings.len(), 1_100);
    let linked = handlings.iter().filter(|(_, span)| span.follows.len() == 1).count();
    assert_eq!(linked, 1_023, "one of 1,024 is that of their cause");
    assert!(handlings.iter().all(|(_, span)| span.field("traceparent").is_some()));
    all_over(&spans);
}

#[test]
fn an_error_and_a_panic_are_noted_and_go_on_to_the_bus() {
    let test = bus();
    let fails = traced("fails", |_: &Event<Tick>| Err::<(), _>("no room"));
    let _fails = test.bus.on(fails);
    let _panics = test.bus.on(traced("panics", |_: &Event<Tick>| -> () { panic!("of its own") }));
    let spans = Recorded::of(|| {
        let receipt = test.bus.publish(Tick(1)).unwrap();
        assert_eq!((receipt.delivered(), receipt.failed()), (0, 2));
    });
    let reports = test.bus.topology().subscriptions;
    let errors: Vec<_> = reports.iter().filter_map(|report| report.last_error.as_deref()).collect();
    assert_eq!(errors, ["no room", "of its own"]);
    let handlings = named(&spans, "handle");
    assert_eq!(handlings[0].1.field("error"), Some("no room"));
    assert_eq!(handlings[1].1.field("error"), Some("it panicked"));
    assert!(handlings.iter().all(|(_, span)| span.field("otel.status_code") == Some("ERROR")));
    all_over(&spans);
}

#[test]
fn what_middleware_stops_or_fails_at_is_noted() {
    let test = bus();
    test.bus.middleware("no", filter("gate", |_: &Draft| false)).unwrap();
    test.bus.middleware("bad", filter("broken", |_: &Draft| panic!("of its own"))).unwrap();
    let _sub = test.bus.on(traced("all", |_: &Event<Tick>| ()));
    let spans = Recorded::of(|| {
        test.bus.publish_to("no", Tick(1)).unwrap();
        test.bus.publish_to("bad", Tick(1)).unwrap_err();
    });
    assert_eq!(spans.len(), 2);
    assert_eq!(spans[0].field("receipt"), Some("stopped by gate"));
    assert_eq!(spans[0].field("error"), None);
    assert!(spans[1].field("error").unwrap().ends_with("of its own"));
    assert_eq!(spans[1].field("otel.status_code"), Some("ERROR"));
    all_over(&spans);
}

#[test]
fn a_reader_of_a_queue_opens_its_own() {
    let test = bus();
    let queue = test.bus.subscription("**").queue(4, Overflow::Reject);
    let mut stream: EventStream<Tick> = queue.stream().unwrap();
    let spans = Recorded::of(|| {
        test.bus.publish(Tick(1)).unwrap();
        let received = stream.try_recv().unwrap();
        handling("reader", received.event()).in_scope(|| ());
    });
    let [publish, handle] = &spans[..] else { panic!("{spans:#?}") };
    assert_eq!((handle.parent, handle.follows.len()), (None, 0), "the publish is over");
    assert_eq!(handle.field("traceparent"), publish.field("traceparent"));
    assert_eq!(handle.field("subscription"), Some("reader"));
    all_over(&spans);
}

#[test]
fn nothing_is_told_without_a_subscriber_and_handlers_are_called_all_the_same() {
    let test = bus();
    let _sub = test.bus.on(traced("all", |_: &Event<Tick>| Err::<(), _>("no")));
    test.bus.publish(Tick(1)).unwrap();
    assert_eq!(test.bus.stats().total.failed, 1);
}

#[test]
fn threads_end_while_their_spans_are_open() {
    let test = bus();
    let _sub = test.bus.on(traced("count", count_down(&test.bus)));
    let bus = test.bus.clone();
    let spans = thread::spawn(move || Recorded::of(|| drop(bus.publish(Tick(2)).unwrap())));
    let spans = spans.join().unwrap();
    assert_eq!((named(&spans, "publish").len(), named(&spans, "handle").len()), (3, 3));
    all_over(&spans);
}
