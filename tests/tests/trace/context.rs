//! `Trace`: which trace events belong to.

use std::collections::HashSet;
use std::sync::Arc;

use rem::EventId;
use rem::cloudevents::{Decoder, Encoder};
use rem::middleware::{Sample, Trace};
use rem::prelude::*;
use rem::testing::{Recorder, TestBus};
use rem::trace::{TRACEPARENT, TRACESTATE, TraceErrorKind, TraceParent};

use crate::{Tick, count_down};

const GIVEN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const STATE: &str = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE";

fn parent(event: &Event) -> TraceParent {
    TraceParent::of(event).unwrap().unwrap()
}

/// What is published by `run` on a bus whose ticks count down, traced so.
fn published(trace: Trace, run: impl FnOnce(&Bus)) -> Vec<Arc<Event>> {
    let test = TestBus::new();
    test.bus.middleware("**", trace).unwrap();
    let recorder = Recorder::new(&test.bus);
    let _sub = test.bus.on(count_down(&test.bus));
    run(&test.bus);
    recorder.take()
}

#[test]
fn effects_are_spans_of_the_trace_of_their_cause() {
    let events = published(Trace::new(), |bus| {
        bus.publish(Tick(3)).unwrap();
        bus.publish(Tick(0)).unwrap();
    });
    let parents: Vec<_> = events.iter().map(|event| parent(event)).collect();
    assert_eq!(parents.len(), 5);
    let spans: HashSet<_> = parents.iter().map(TraceParent::span_id).collect();
    assert_eq!(spans.len(), 5, "{parents:?}");
    let root = events[0].id();
    for parent in &parents[..4] {
        assert_eq!(parent.trace_id().get(), root.as_uuid().as_u128());
        assert!(parent.is_sampled());
    }
    assert_eq!(parents[4].trace_id().get(), events[4].id().as_uuid().as_u128());
}

#[test]
fn a_trace_of_another_process_goes_on_with_its_flag_and_state() {
    for (given, sampled) in [(GIVEN.to_owned(), true), (GIVEN.replace("-01", "-00"), false)] {
        // By its own sample every trace that begins here would be the other way.
        let trace = Trace::new().sample(Sample::ratio(f64::from(u8::from(!sampled))).unwrap());
        let events = published(trace, |bus| {
            let event = bus.event(Tick(2)).metadata(TRACEPARENT, given.as_str());
            event.metadata(TRACESTATE, "congo=t61rcWkgMzE").publish().unwrap();
        });
        let parents: Vec<_> = events.iter().map(|event| parent(event)).collect();
        assert_eq!(parents[0].to_string(), given);
        for (event, effect) in events.iter().zip(&parents).skip(1) {
            assert_eq!(effect.trace_id(), parents[0].trace_id());
            assert_ne!(effect.span_id(), parents[0].span_id());
            assert_eq!(effect.is_sampled(), sampled);
            assert_eq!(event.metadata().get(TRACESTATE).unwrap(), "congo=t61rcWkgMzE");
        }
        assert_ne!(parents[1].span_id(), parents[2].span_id());
    }
}

#[test]
fn what_is_no_trace_parent_is_kept_and_begins_nothing_and_its_effects_begin_a_trace() {
    for given in [serde_json::json!("00-0-0-01"), serde_json::json!(7)] {
        let events = published(Trace::new(), |bus| {
            let event = bus.event(Tick(1)).metadata(TRACEPARENT, given.clone());
            event.metadata(TRACESTATE, "lost=1").publish().unwrap();
        });
        assert_eq!(events[0].metadata().get(TRACEPARENT).unwrap(), &given);
        let error = TraceParent::of(&*events[0]).unwrap_err();
        assert!(matches!(
            error.kind(),
            TraceErrorKind::Dash | TraceErrorKind::Digit | TraceErrorKind::TooShort
        ));
        assert_eq!(parent(&events[1]).trace_id().get(), events[1].id().as_uuid().as_u128());
        assert_eq!(events[1].metadata().get(TRACESTATE), None);
    }
}

#[test]
fn a_cause_that_is_named_and_not_at_hand_is_of_no_trace_here() {
    let test = TestBus::new();
    test.bus.middleware("**", Trace::new()).unwrap();
    let recorder = Recorder::new(&test.bus);
    let other: EventId = "0190163d-8694-739b-aea5-966c26f8ad91".parse().unwrap();
    let inner = test.bus.downgrade();
    let _sub = test.bus.subscribe("first", move |_: &Event<Tick>| {
        inner.upgrade().unwrap().event(Tick(2)).causation(other).publish_to("second").unwrap();
    });
    test.bus.publish_to("first", Tick(1)).unwrap();
    let events = recorder.take();
    assert_eq!(events[1].causation(), Some(other));
    assert_ne!(parent(&events[0]).trace_id(), parent(&events[1]).trace_id());
}

#[test]
fn a_sample_marks_traces_whole_and_lets_all_pass() {
    let trace = Trace::new().sample(Sample::ratio(0.5).unwrap());
    let events = published(trace, |bus| {
        for _ in 0..200 {
            bus.publish(Tick(1)).unwrap();
        }
    });
    assert_eq!(events.len(), 400);
    let sampled: Vec<bool> = events.iter().map(|event| parent(event).is_sampled()).collect();
    assert!(sampled.chunks(2).all(|story| story[0] == story[1]));
    // Of fixed ids: always the same choice.
    let kept = sampled.iter().filter(|kept| **kept).count();
    assert!((120..=280).contains(&kept), "{kept}");
}

#[test]
fn an_id_given_again_is_the_same_span_and_the_nil_id_has_a_trace() {
    let id = |text: &str| -> EventId { text.parse().unwrap() };
    let known = id("0190163d-8694-739b-aea5-966c26f8ad91");
    let nil = id("00000000-0000-0000-0000-000000000000");
    let events = published(Trace::new(), |bus| {
        for id in [known, known, nil] {
            bus.event(Tick(0)).id(id).publish().unwrap();
        }
    });
    assert_eq!(parent(&events[0]), parent(&events[1]));
    assert_ne!(parent(&events[2]).trace_id().get(), 0);
}

#[test]
fn a_cloud_event_carries_it_there_and_back() {
    let events = published(Trace::new(), |bus| {
        let event = bus.event(Tick(1)).metadata(TRACEPARENT, GIVEN);
        event.metadata(TRACESTATE, STATE).publish().unwrap();
    });
    let event = Arc::clone(&events[0]).downcast_arc::<Tick>().unwrap();
    let sent = Encoder::new().structured(&event).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&sent).unwrap();
    assert_eq!(json["traceparent"], GIVEN);
    assert_eq!(json["tracestate"], STATE);

    // Another process, in which it has effects.
    let there = published(Trace::new(), |bus| {
        Decoder::new().structured(&sent).unwrap().publish(bus).unwrap();
    });
    assert_eq!(parent(&there[0]).to_string(), GIVEN);
    assert_eq!(parent(&there[1]).trace_id(), parent(&there[0]).trace_id());
    assert_eq!(there[1].metadata().get(TRACESTATE).unwrap(), STATE);
}

#[test]
fn a_story_that_is_given_is_that_of_all_effects() {
    let story: EventId = "0190163d-8694-739b-aea5-966c26f8ad91".parse().unwrap();
    let events = published(Trace::new(), |bus| {
        bus.event(Tick(3)).correlation(story).publish().unwrap();
        bus.publish(Tick(3)).unwrap();
    });
    let stories: Vec<_> = events.iter().map(|event| event.correlation()).collect();
    assert_eq!(stories[..4], [story; 4]);
    assert_eq!(stories[4..], [events[4].id(); 4]);
    for effects in [&events[..4], &events[4..]] {
        let causes: Vec<_> = effects.iter().map(|event| event.causation()).collect();
        let ids = effects.iter().map(|event| Some(event.id()));
        assert_eq!(causes, [None].into_iter().chain(ids).take(4).collect::<Vec<_>>());
    }
}
