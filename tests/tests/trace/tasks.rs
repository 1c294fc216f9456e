//! `traced` tasks: a span for each attempt; and the trace that goes on through them, with spans or without.

use std::collections::HashSet;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rem::carry;
use rem::middleware::{Spans, Trace};
use rem::prelude::*;
use rem::testing::{Recorder, TestBus};
use rem::trace::{TRACEPARENT, TRACESTATE, TraceParent};
use rem::{DeadLetterError, Retry, TaskFuture};

use crate::Tick;
use crate::recorded::{Noted, Spans as Recorded};

const SECOND: Duration = Duration::from_secs(1);

/// Futures that are polled in the test's thread, where its spans are recorded.
#[derive(Clone, Default)]
pub(crate) struct Here(Arc<Mutex<Vec<TaskFuture>>>);

impl Here {
    pub(crate) fn add(&self, future: TaskFuture) {
        self.0.lock().unwrap().push(future);
    }

    /// Polls each, until it waits.
    pub(crate) fn poll(&self) {
        let mut futures = std::mem::take(&mut *self.0.lock().unwrap());
        let mut cx = Context::from_waker(Waker::noop());
        futures.retain_mut(|future| future.as_mut().poll(&mut cx).is_pending());
        self.0.lock().unwrap().extend(futures);
    }
}

/// A bus with traces, and with spans too, whose tasks are polled here.
fn bus() -> (TestBus, Here) {
    let here = Here::default();
    let spawner = here.clone();
    let test = TestBus::with(Bus::builder().spawner(move |task: TaskFuture| spawner.add(task)));
    test.bus.middleware("**", Trace::new()).unwrap();
    test.bus.middleware("**", Spans::new()).unwrap();
    (test, here)
}

/// Lets others run once.
async fn waits() {
    let mut waited = false;
    let turn =
        poll_fn(
            |_| if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending },
        );
    turn.await;
}

fn once() -> Retry {
    Retry::times(1).backoff(SECOND, 1.0, SECOND).jitter(false)
}

fn handlings(spans: &[Noted]) -> Vec<&Noted> {
    spans.iter().filter(|span| span.name == "handle").collect()
}

fn all_over(spans: &[Noted]) {
    assert!(spans.iter().all(|span| !span.is_open()), "{spans:#?}");
}

#[test]
fn each_attempt_has_a_span_that_follows_from_the_publish_and_is_entered_while_it_is_polled() {
    let (test, here) = bus();
    let task = test.bus.subscription("tick").retry(once()).traced("billing");
    let _sub = task
        .task(async |tick: Received<Tick>| {
            drop(tracing::info_span!("before"));
            waits().await;
            drop(tracing::info_span!("after"));
            if tick.attempt() == 1 { Err("not yet") } else { Ok(()) }
        })
        .unwrap();
    let spans = Recorded::of(|| {
        test.bus.publish(Tick(7)).unwrap();
        {
            let _runtime = tracing::info_span!("runtime").entered();
            here.poll();
        }
        drop(tracing::info_span!("meanwhile"));
        here.poll();
        test.clock.advance(SECOND);
        here.poll();
        here.poll();
    });
    let names: Vec<_> = spans.iter().map(|span| span.name).collect();
    let attempt = ["handle", "before", "meanwhile", "after"];
    let again = ["handle", "before", "after"];
    assert_eq!(names, [&["publish", "runtime"][..], &attempt, &again].concat());
    assert_eq!(spans[4].parent, None, "it waits, and is not entered");
    for (at, within, number, error) in [(2, [3, 5], "1", Some("not yet")), (6, [7, 8], "2", None)] {
        let span = &spans[at];
        assert_eq!((span.parent, &span.follows[..]), (None, &[0][..]));
        assert_eq!(within.map(|within| spans[within].parent), [Some(at); 2]);
        assert_eq!(span.field("subscription"), Some("billing"));
        assert_eq!(span.field("otel.kind"), Some("consumer"));
        assert_eq!((span.field("attempt"), span.field("error")), (Some(number), error));
        assert_eq!(span.field("otel.status_code"), error.map(|_| "ERROR"));
        for name in ["topic", "id", "correlation", "traceparent"] {
            assert_eq!(span.field(name), spans[0].field(name), "{name}");
        }
    }
    all_over(&spans);
}

#[test]
fn a_panic_and_a_time_limit_are_noted_as_what_the_attempt_failed_with() {
    let (test, here) = bus();
    let task = test.bus.subscription("tick").time_limit(SECOND).traced("all");
    let sub = task
        .task(async |tick: Received<Tick>| {
            assert!(tick.data.0 != 1, "of its own");
            waits().await;
            waits().await;
        })
        .unwrap();
    let spans = Recorded::of(|| {
        test.bus.publish(Tick(1)).unwrap();
        test.bus.publish(Tick(2)).unwrap();
        here.poll();
        test.clock.advance(SECOND);
        here.poll();
    });
    let handlings = handlings(&spans);
    let errors: Vec<_> = handlings.iter().filter_map(|span| span.field("error")).collect();
    assert_eq!(errors, ["of its own", "it was not finished within 1s"]);
    assert_eq!(sub.failures(), 2);
    all_over(&spans);
}

#[test]
fn a_dead_letter_keeps_no_span_open_and_follows_from_its_being_sent_again() {
    let (test, here) = bus();
    let task = test
        .bus
        .subscription("tick")
        .by_key(|_: &Event| Some("one".into()))
        .dead_letter("dead")
        .traced("all");
    let sub = task.task(async |_: Received<Tick>| Err::<(), _>("no")).unwrap();
    let mut spans = Vec::new();
    for sent_again in [false, true] {
        let these = Recorded::of(|| {
            if sent_again {
                let _operator = tracing::info_span!("operator").entered();
                assert_eq!(sub.dead_letters().resend_all(), 1);
            } else {
                // The second is held behind the first.
                test.bus.publish(Tick(1)).unwrap();
                test.bus.publish(Tick(2)).unwrap();
            }
            here.poll();
        });
        all_over(&these);
        assert_eq!(sub.dead_letters().len(), 2);
        spans.push(these);
    }
    let (first, again) = (handlings(&spans[0]), handlings(&spans[1]));
    assert_eq!((first.len(), again.len()), (1, 1));
    assert_eq!((first[0].parent, first[0].follows.len()), (None, 1));
    for name in ["id", "traceparent", "attempt", "error"] {
        assert_eq!(first[0].field(name), again[0].field(name), "{name}");
    }
    // The producer of what is sent again is whoever sends it.
    let resend = &spans[1][1];
    assert_eq!((resend.name, resend.parent, resend.follows.len()), ("resend", Some(0), 0));
    assert_eq!((again[0].parent, &again[0].follows[..]), (None, &[1][..]));
    assert_eq!(resend.field("otel.kind"), Some("producer"));
    for name in ["subscription", "topic", "id", "correlation", "traceparent"] {
        assert_eq!(resend.field(name), again[0].field(name), "{name}");
    }
}

#[test]
fn what_comes_behind_a_dead_letter_follows_from_what_lets_it_go_on() {
    for discarded in [false, true] {
        let (test, here) = bus();
        let fails = Arc::new(AtomicBool::new(true));
        let task = test
            .bus
            .subscription("tick")
            .by_key(|_: &Event| Some("one".into()))
            .dead_letter("dead")
            .traced("all");
        let sub =
            task.task_with(
                Arc::clone(&fails),
                async |fails, _: Received<Tick>| {
                    if fails.load(SeqCst) { Err("no") } else { Ok(()) }
                },
            );
        let sub = sub.unwrap();
        (1..=3).for_each(|number| drop(test.bus.publish(Tick(number)).unwrap()));
        here.poll();
        assert_eq!(sub.dead_letters().len(), 3);
        fails.store(false, SeqCst);
        let spans = Recorded::of(|| {
            if discarded {
                let first = sub.dead_letters().list()[0].event.id();
                sub.dead_letters().discard(first).unwrap();
            } else {
                assert_eq!(sub.dead_letters().resend_all(), 1);
            }
            here.poll();
        });
        assert_eq!(sub.dead_letters().len(), 0);
        let handlings = handlings(&spans);
        assert_eq!(handlings.len(), if discarded { 2 } else { 3 });
        for handling in handlings {
            let [origin] = handling.follows[..] else { panic!("{spans:#?}") };
            let origin = &spans[origin];
            assert_eq!((origin.name, origin.parent), ("resend", None));
            assert_eq!(origin.field("id"), handling.field("id"));
        }
        all_over(&spans);
    }
}

#[test]
fn a_dead_letter_that_nobody_takes_again_leaves_no_span_open() {
    let (test, here) = bus();
    let task = test.bus.subscription("tick").keep_dead_letters(4).traced("all");
    let sub = task.task(async |_: Received<Tick>| Err::<(), _>("no")).unwrap();
    test.bus.publish(Tick(1)).unwrap();
    here.poll();
    let letters = sub.dead_letters();
    let event = letters.list()[0].event.id();
    drop(sub);
    here.poll();
    let spans = Recorded::of(|| {
        assert_eq!(letters.resend(event), Err(DeadLetterError::Ended));
    });
    all_over(&spans);
}

#[test]
fn what_waits_for_one_of_its_key_is_linked_when_its_turn_comes() {
    let (test, here) = bus();
    let task = test.bus.subscription("tick").by_key(|_: &Event| Some("one".into())).concurrency(2);
    let _sub = task.traced("all").task(async |_: Received<Tick>| waits().await).unwrap();
    let spans = Recorded::of(|| {
        for number in 0..3 {
            test.bus.publish(Tick(number)).unwrap();
        }
        for _ in 0..8 {
            here.poll();
        }
    });
    let followed: Vec<_> = handlings(&spans).iter().map(|span| span.follows.clone()).collect();
    assert_eq!(followed, [[0], [1], [2]]);
    all_over(&spans);
}

#[test]
fn what_never_reaches_the_handler_leaves_no_span_open() {
    for (overflow, handled) in [
        (Overflow::DropOldest, &[2, 3][..]),
        (Overflow::DropNewest, &[0, 1]),
        (Overflow::Conflate(rem::Key::topic()), &[3]),
    ] {
        for ended in [false, true] {
            let (test, here) = bus();
            let queue = test.bus.subscription("tick").queue(2, overflow.clone());
            let sub = queue.traced("all").task(async |_: Received<Tick>| ()).unwrap();
            let spans = Recorded::of(|| {
                for number in 0..4 {
                    test.bus.publish(Tick(number)).unwrap();
                }
                // Of what waits then nothing is handled.
                let _sub = (!ended).then_some(sub);
                here.poll();
            });
            let handlings = handlings(&spans);
            let followed: Vec<_> = handlings.iter().flat_map(|span| &span.follows).collect();
            let handled = if ended { &[] } else { handled };
            assert!(followed.into_iter().eq(handled), "{spans:#?}");
            all_over(&spans);
        }
    }
}

#[test]
fn a_subscriber_that_panics_as_an_attempt_is_given_up_harms_nobody() {
    let (test, here) = bus();
    let queue = test.bus.subscription("tick").queue(2, Overflow::Reject);
    let _sub = queue.traced("all").task(async |_: Received<Tick>| waits().await).unwrap();
    let recorded = Recorded::default();
    recorded.within(|| {
        test.bus.publish(Tick(0)).unwrap();
        here.poll();
        recorded.break_down();
        // A spawner that lets go of its futures while a handler waits.
        let given_up = std::mem::take(&mut *here.0.lock().unwrap());
        assert_eq!(given_up.len(), 1);
        drop(given_up);
    });
    all_over(&recorded.take());
}

#[test]
fn a_task_without_the_option_opens_none_and_one_with_it_is_called_where_nobody_wants_spans() {
    let (test, here) = bus();
    let recorder = Recorder::new(&test.bus);
    let plain = test.bus.subscription("tick").task(async |_: Received<Tick>| ()).unwrap();
    let spans = Recorded::of(|| {
        test.bus.publish(Tick(1)).unwrap();
        here.poll();
    });
    let names: Vec<_> = spans.iter().map(|span| span.name).collect();
    assert_eq!(names, ["publish"]);
    all_over(&spans);
    drop(plain);

    let sub = test
        .bus
        .subscription("tick")
        .traced("all")
        .task(async |_: Received<Tick>| Err::<(), _>("no"));
    let sub = sub.unwrap();
    test.bus.publish(Tick(2)).unwrap();
    here.poll();
    assert_eq!(sub.failures(), 1);
    assert_eq!(recorder.take().len(), 2);
}

#[test]
fn a_trace_goes_on_through_attempts_carried_futures_dead_letters_and_what_is_sent_again() {
    const GIVEN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let (test, here) = bus();
    let recorder = Recorder::new(&test.bus);
    let state = (test.bus.downgrade(), here.clone());
    let sub = test.bus.subscription("tick").retry(once()).dead_letter("dead");
    let sub = sub
        .task_with(state, async |(bus, here), tick: Received<Tick>| {
            let (bus, name) = (bus.upgrade().unwrap(), format!("attempt.{}", tick.attempt()));
            waits().await;
            bus.publish_to(name, Tick(0)).unwrap();
            let carried = carry(async move {
                waits().await;
                bus.publish_to("carried", Tick(0)).unwrap();
            });
            let carried: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(carried);
            here.add(carried);
            Err::<(), _>("no")
        })
        .unwrap();
    let given = test.bus.event(Tick(1)).metadata(TRACEPARENT, GIVEN).metadata(TRACESTATE, "rojo=1");
    given.publish().unwrap();
    let run = || {
        (0..5).for_each(|_| here.poll());
        test.clock.advance(SECOND);
        (0..5).for_each(|_| here.poll());
    };
    run();
    assert_eq!(sub.dead_letters().resend_all(), 1);
    run();
    let events = recorder.take();
    let mut topics: Vec<_> = events.iter().map(|event| event.topic().to_string()).collect();
    topics.sort();
    let twice = |topic| [topic, topic];
    let effects =
        [twice("attempt.1"), twice("attempt.2"), twice("carried"), twice("carried"), twice("dead")];
    assert_eq!(topics, [&effects.concat()[..], &["tick"]].concat());
    let given: TraceParent = GIVEN.parse().unwrap();
    let mut ids = HashSet::new();
    for event in &events {
        let parent = TraceParent::of(&**event).unwrap().unwrap();
        assert_eq!(parent.trace_id(), given.trace_id(), "{event}");
        assert!(parent.is_sampled());
        assert_eq!(event.metadata().get(TRACESTATE).unwrap(), "rojo=1");
        assert!(ids.insert(parent.span_id()), "{event} is a span of its own");
    }
}
