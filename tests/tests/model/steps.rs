//! The steps that are taken, chosen by chance among those that mean something where the model stands.

use proptest::prelude::*;
use proptest::sample::select;
use proptest_state_machine::ReferenceStateMachine;

use crate::naive::{Changes, Delivery, Full, Naive, Wish};

/// Topics below some bus; `a.b` is the type's own.
const TOPICS: &[&str] = &["a", "a.b", "a.b.c", "a.c", "b", "b.a", "c", "c.a.b"];

const PATTERNS: &[&str] =
    &["**", "*", "a", "a.b", "=a", "a.*", "*.b", "**.b", "a.>", "c", "a,!a.c", "b,c", "**,!c.**"];

const PREFIXES: &[&str] = &["a", "b", "a.b", "c"];

#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Under a topic by name.
    Publish {
        bus: usize,
        topic: &'static str,
        value: u32,
    },
    /// Under that of the type.
    PublishTyped {
        bus: usize,
        value: u32,
    },
    Subscribe(Wish),
    /// Lets go of a subscription.
    End(usize),
    EndToken,
    Read {
        subscription: usize,
        count: usize,
    },
    Open {
        parent: usize,
        prefix: &'static str,
    },
    Close(usize),
    AddMiddleware {
        bus: usize,
        pattern: &'static str,
        changes: Changes,
    },
    Query {
        bus: usize,
        pattern: &'static str,
    },
    Latest {
        bus: usize,
        pattern: &'static str,
    },
}

/// The model as it takes steps.
#[derive(Debug)]
pub(crate) struct Model;

impl ReferenceStateMachine for Model {
    type State = Naive;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Naive> {
        Just(Naive::new()).boxed()
    }

    fn transitions(state: &Naive) -> BoxedStrategy<Step> {
        let bus = 0..state.buses();
        let (topic, pattern) = (select(TOPICS), select(PATTERNS));
        let value = 0..10_u32;
        let publish = (bus.clone(), topic, value.clone())
            .prop_map(|(bus, topic, value)| Step::Publish { bus, topic, value });
        let typed = (bus.clone(), value).prop_map(|(bus, value)| Step::PublishTyped { bus, value });
        let open = (bus.clone(), select(PREFIXES))
            .prop_map(|(parent, prefix)| Step::Open { parent, prefix });
        let middleware = (bus.clone(), pattern.clone(), changes())
            .prop_map(|(bus, pattern, changes)| Step::AddMiddleware { bus, pattern, changes });
        let query =
            (bus.clone(), pattern.clone()).prop_map(|(bus, pattern)| Step::Query { bus, pattern });
        let latest =
            (bus.clone(), pattern).prop_map(|(bus, pattern)| Step::Latest { bus, pattern });
        let mut steps = vec![
            (12, publish.boxed()),
            (4, typed.boxed()),
            (6, wish(state.buses()).prop_map(Step::Subscribe).boxed()),
            (2, open.boxed()),
            (1, middleware.boxed()),
            (2, query.boxed()),
            (1, latest.boxed()),
            (1, Just(Step::EndToken).boxed()),
        ];
        // The root stays open: nothing is left to do behind its end.
        if state.buses() > 1 {
            steps.push((1, (1..state.buses()).prop_map(Step::Close).boxed()));
        }
        let held: Vec<_> = (0..state.subscriptions.len()).filter(|at| state.is_held(*at)).collect();
        if !held.is_empty() {
            steps.push((2, select(held.clone()).prop_map(Step::End).boxed()));
        }
        let readable = |at: &usize| state.subscriptions[*at].is_readable();
        let streams: Vec<_> = held.into_iter().filter(readable).collect();
        if !streams.is_empty() {
            let read = (select(streams), prop_oneof![Just(1_usize), Just(2), Just(1_000)])
                .prop_map(|(subscription, count)| Step::Read { subscription, count });
            steps.push((6, read.boxed()));
        }
        prop::strategy::Union::new_weighted(steps).boxed()
    }

    fn apply(mut state: Naive, step: &Step) -> Naive {
        state.begin();
        match step {
            Step::Publish { bus, topic, value } => state.publish(*bus, topic, *value),
            Step::PublishTyped { bus, value } => state.publish(*bus, "a.b", *value),
            Step::Subscribe(wish) => state.subscribe(wish.clone()),
            Step::End(at) => state.end(*at),
            Step::EndToken => state.end_token(),
            Step::Read { subscription, count } => state.read(*subscription, *count),
            Step::Open { parent, prefix } => state.open(*parent, prefix),
            Step::Close(bus) => state.close(*bus),
            Step::AddMiddleware { bus, pattern, changes } => {
                state.add_middleware(*bus, pattern, *changes);
            }
            Step::Query { .. } | Step::Latest { .. } => {}
        }
        state
    }

    /// When steps before it are left out to find a shorter failure, a step may mean nothing any more.
    fn preconditions(state: &Naive, step: &Step) -> bool {
        match step {
            Step::Publish { bus, .. }
            | Step::PublishTyped { bus, .. }
            | Step::Open { parent: bus, .. }
            | Step::Close(bus)
            | Step::AddMiddleware { bus, .. }
            | Step::Query { bus, .. }
            | Step::Latest { bus, .. } => *bus < state.buses(),
            Step::Subscribe(wish) => wish.bus < state.buses(),
            Step::End(at) => state.is_held(*at),
            Step::Read { subscription: at, .. } => {
                state.is_held(*at) && state.subscriptions[*at].is_readable()
            }
            Step::EndToken => true,
        }
    }
}

fn changes() -> impl Strategy<Value = Changes> {
    prop_oneof![
        3 => Just(Changes::StopsOdd),
        3 => (1..4_u32).prop_map(Changes::Adds),
        1 => Just(Changes::Fails),
    ]
}

fn wish(buses: usize) -> impl Strategy<Value = Wish> {
    prop_oneof![6 => by_pattern(buses), 1 => by_type(buses)]
}

fn by_pattern(buses: usize) -> impl Strategy<Value = Wish> {
    let take = prop_oneof![4 => Just(None), 1 => (0..4_u64).prop_map(Some)];
    let seldom = || prop::bool::weighted(0.2);
    let rest = (seldom(), seldom(), seldom());
    (0..buses, select(PATTERNS), -1..2_i32, take, rest, delivery()).prop_map(
        |(bus, pattern, priority, take, (even, token, past), delivery)| {
            // What a handler publishes while it is called with the past has rules of its own.
            let past = past && delivery != Delivery::Causes;
            // A stream that begins there is read to its end, whichever that is, and has room for all.
            let (take, delivery) = match delivery {
                Delivery::Queue { room, .. } if past => {
                    (None, Delivery::Queue { room, full: Full::DropOldest })
                }
                _ => (take, delivery),
            };
            Wish { bus, pattern: Some(pattern), priority, even, take, token, past, delivery }
        },
    )
}

fn by_type(buses: usize) -> impl Strategy<Value = Wish> {
    (0..buses, handler()).prop_map(|(bus, delivery)| Wish {
        bus,
        pattern: None,
        priority: 0,
        even: false,
        take: None,
        token: false,
        past: false,
        delivery,
    })
}

fn handler() -> impl Strategy<Value = Delivery> {
    prop_oneof![
        4 => Just(Delivery::Notes),
        1 => Just(Delivery::Fails),
        1 => Just(Delivery::Panics),
        2 => Just(Delivery::Causes),
    ]
}

fn delivery() -> impl Strategy<Value = Delivery> {
    let full = select(vec![Full::Refuse, Full::DropOldest, Full::DropNewest, Full::Conflate]);
    let queue = (1..4_usize, full).prop_map(|(room, full)| Delivery::Queue { room, full });
    prop_oneof![8 => handler(), 5 => queue]
}
