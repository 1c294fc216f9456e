//! Handlers that are declared `traced`: inline ones and async ones, under their own names or others.

use std::sync::Arc;

use rem::middleware::{Spans, Trace};
use rem::prelude::*;
use rem::testing::TestBus;
use rem::{Argument, ArgumentError, HandlerCall, TaskFuture};

use crate::Tick;
use crate::recorded::{Noted, Spans as Recorded};
use crate::tasks::Here;

struct Billing;

/// An argument that cannot be made for every event.
struct Tenth;

impl<'c> Argument<'c> for Tenth {
    fn from_call(call: &HandlerCall<'c>) -> Result<Self, ArgumentError> {
        let tick = call.event().downcast_ref::<Tick>().map_or(0, |tick| tick.data.0);
        if tick == 10 { Ok(Self) } else { Err(ArgumentError::new("it is not the tenth")) }
    }
}

#[rem::handlers]
impl Billing {
    #[on("tick", traced)]
    fn see(&self, _event: &Event<Tick>) {
        drop(tracing::info_span!("work"));
    }

    #[on("tick", traced = "ledger")]
    fn keep(&self, event: Received<Tick>) -> Result<(), String> {
        Err(format!("no room for {}", event.data.0))
    }

    #[on("tick", traced = format!("count {}", 1 + 1))]
    fn argument(&self, _tenth: Tenth) {}

    #[on("tick", traced, once)]
    #[on("=tick", from = "desk", traced = "desk")]
    async fn wait(&self, _event: &Event<Tick>) {
        drop(tracing::info_span!("work"));
    }

    #[on("tick")]
    fn plain(&self) {}

    #[on("tick", traced)]
    fn panics(&self) {
        panic!("of its own");
    }
}

#[rem::on("tick", traced)]
fn function(_event: &Event) {}

#[test]
fn each_call_has_a_span_by_the_handlers_name_or_another() {
    let here = Here::default();
    let spawner = here.clone();
    let test = TestBus::with(Bus::builder().spawner(move |task: TaskFuture| spawner.add(task)));
    test.bus.middleware("**", Trace::new()).unwrap();
    test.bus.middleware("**", Spans::new()).unwrap();
    let _subs = test.bus.register(Arc::new(Billing)).unwrap();
    let _function = test.bus.register_fn::<function>().unwrap();
    let spans = Recorded::of(|| {
        let receipt = test.bus.publish(Tick(7)).unwrap();
        assert_eq!((receipt.delivered(), receipt.failed()), (4, 3));
        here.poll();
    });
    let handlings: Vec<_> = spans.iter().filter(|span| span.name == "handle").collect();
    let told: Vec<_> = handlings
        .iter()
        .map(|span| (span.field("subscription").unwrap(), span.field("error")))
        .collect();
    let argument = "argument `_tenth`: it is not the tenth";
    assert_eq!(
        told,
        [
            ("see", None),
            ("ledger", Some("no room for 7")),
            ("count 2", Some(argument)),
            ("panics", Some("it panicked")),
            ("function", None),
            ("wait", None),
        ]
    );
    assert!(handlings.iter().all(|span| span.parent.is_none() && span.follows == [0]));
    let attempts: Vec<_> = handlings.iter().map(|span| span.field("attempt")).collect();
    assert_eq!(attempts, [None, None, None, None, None, Some("1")]);
    let place = |name: &str| {
        let is_it = |span: &Noted| span.field("subscription") == Some(name);
        spans.iter().position(is_it)
    };
    let within: Vec<_> =
        spans.iter().filter(|span| span.name == "work").map(|span| span.parent).collect();
    assert_eq!(within, [place("see"), place("wait")]);
    assert!(spans.iter().all(|span| !span.is_open()), "{spans:#?}");
}
