//! The steps taken on a bus, and what came of each held against the model.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};
use rem::middleware::{filter, transform};
use rem::prelude::*;
use rem::{Key, PublishError, PublishErrorKind, SubscribeError, Token, TryRecvError};

use crate::Tick;
use crate::naive::{self, Changes, Delivery, Full, Item, KEPT, Naive, SETTLED, Seen, Told, Wish};
use crate::steps::{Model, Step};

/// Room in a queue that begins in the past: for all that a case publishes.
const ROOM: usize = 1_024;

pub(crate) struct Real {
    buses: Vec<Bus>,
    subscriptions: Vec<Held>,
    token: Token,
    seen: Arc<Mutex<Vec<Seen>>>,
}

enum Held {
    Nothing,
    Handler(Subscription),
    Stream(EventStream<Tick>),
    /// One that began in the past, and up to which number it was read.
    Past(EventStream<Tick>, u64),
}

impl StateMachineTest for Real {
    type SystemUnderTest = Self;
    type Reference = Model;

    fn init_test(_: &Naive) -> Self {
        let bus = Bus::builder().history(Ring::events(KEPT)).build();
        let (subscriptions, seen) = (Vec::new(), Arc::default());
        Self { buses: vec![bus], subscriptions, token: Token::new(), seen }
    }

    fn apply(mut real: Self, naive: &<Model as ReferenceStateMachine>::State, step: Step) -> Self {
        match step {
            Step::Publish { bus, topic, value } => {
                let told = told(real.buses[bus].publish_to(topic, Tick::B(value)));
                assert_eq!(told, naive.told);
            }
            Step::PublishTyped { bus, value } => {
                assert_eq!(told(real.buses[bus].publish(Tick::B(value))), naive.told);
            }
            Step::Subscribe(wish) => real.subscribe(&wish, naive),
            Step::End(at) => real.subscriptions[at] = Held::Nothing,
            Step::EndToken => std::mem::take(&mut real.token).end(),
            Step::Read { subscription, count } => real.read(subscription, count, naive),
            Step::Open { parent, prefix } => {
                let child = real.buses[parent].child(prefix);
                assert_eq!(child.is_ok(), naive.opened, "{child:?}");
                real.buses.extend(child.ok());
            }
            Step::Close(bus) => {
                real.buses[bus].close(Duration::ZERO);
            }
            Step::AddMiddleware { bus, pattern, changes } => {
                let added = add(&real.buses[bus], pattern, changes);
                assert_eq!(added.is_ok(), naive.opened, "{added:?}");
            }
            Step::Query { bus, pattern } => {
                let found = real.buses[bus].query(pattern).unwrap().of::<Tick>();
                let found: Vec<_> = found.iter().map(|event| brief(event)).collect();
                let wanted = naive.query(bus, pattern);
                assert!(found.iter().copied().eq(wanted.iter().map(|event| event.brief())));
            }
            Step::Latest { bus, pattern } => {
                let found = real.buses[bus].latest::<Tick>(pattern).unwrap();
                let found: Vec<_> = found.iter().map(|event| brief(event)).collect();
                let all = naive.query(bus, pattern);
                let newest = |(at, event): &(usize, &&naive::Event)| {
                    all[at + 1..].iter().all(|later| later.topic != event.topic)
                };
                let wanted = all.iter().enumerate().filter(newest);
                assert!(found.iter().copied().eq(wanted.map(|(_, event)| event.brief())));
            }
        }
        let seen = std::mem::take(&mut *real.seen.lock().unwrap());
        assert_eq!(seen, naive.seen, "what was called");
        real
    }

    /// Whether each subscription goes on; of a bus that is closed streams end when they are read.
    fn check_invariants(real: &Self, naive: &Naive) {
        for (at, (held, wanted)) in real.subscriptions.iter().zip(&naive.subscriptions).enumerate()
        {
            let active = match held {
                Held::Nothing | Held::Past(..) => continue,
                Held::Handler(subscription) => subscription.is_active(),
                Held::Stream(stream) => stream.subscription().is_active(),
            };
            if naive.is_open(wanted.wish.bus) || !wanted.is_queue() {
                assert_eq!(active, wanted.active, "subscription {at}: {wanted:?}");
            }
        }
    }

    /// All receipts together are all that the bus has counted, less what still waits.
    fn teardown(real: Self, naive: Naive) {
        let query = real.buses[0].query("**").unwrap();
        assert_eq!(query.count(), naive.kept().len());
    }
}

impl Real {
    fn subscribe(&mut self, wish: &Wish, naive: &Naive) {
        let at = self.subscriptions.len();
        // What is gone by now is not of its past.
        let gone = naive.gone();
        let held = self.hold(wish, at, gone);
        assert_eq!(held.is_ok(), naive.opened, "{wish:?}: {:?}", held.err());
        self.subscriptions.push(held.unwrap_or(Held::Nothing));
    }

    fn hold(&self, wish: &Wish, at: usize, gone: u64) -> Result<Held, SubscribeError> {
        let bus = &self.buses[wish.bus];
        let Some(pattern) = wish.pattern else {
            return Ok(Held::Handler(bus.on(self.handler(bus, at, wish.delivery))));
        };
        let mut wanted = bus.subscription(pattern).priority(wish.priority);
        if wish.even {
            wanted = wanted.filter(|event| event.downcast_ref::<Tick>().is_some_and(is_even));
        }
        if let Some(take) = wish.take {
            wanted = wanted.take(take);
        }
        if wish.token {
            wanted = wanted.until(&self.token);
        }
        if wish.past {
            wanted = wanted.from(Start::Earliest);
        }
        Ok(match wish.delivery {
            Delivery::Queue { full, .. } if wish.past => {
                Held::Past(wanted.queue(ROOM, overflow(full)).stream()?, gone)
            }
            Delivery::Queue { room, full } => {
                Held::Stream(wanted.queue(room, overflow(full)).stream()?)
            }
            delivery => Held::Handler(wanted.inline(self.handler(bus, at, delivery))?),
        })
    }

    fn handler(
        &self,
        bus: &Bus,
        subscription: usize,
        delivery: Delivery,
    ) -> impl Fn(&Event<Tick>) -> Result<(), &'static str> + Send + Sync + 'static {
        let (seen, bus) = (Arc::clone(&self.seen), bus.downgrade());
        move |event| {
            let note = |one: Seen| seen.lock().unwrap().push(one);
            let (sequence, value) = brief(event);
            note(Seen::Call { subscription, sequence, value });
            match delivery {
                Delivery::Fails => Err("by design"),
                // Without a word: nobody is to read of hundreds.
                Delivery::Panics => std::panic::resume_unwind(Box::new("by design")),
                Delivery::Causes if value < SETTLED => {
                    let bus = bus.upgrade().unwrap();
                    note(Seen::Caused(told(bus.publish_to("c", Tick::B(value + SETTLED)))));
                    Ok(())
                }
                _ => Ok(()),
            }
        }
    }

    fn read(&mut self, at: usize, count: usize, naive: &Naive) {
        match &mut self.subscriptions[at] {
            Held::Stream(stream) => {
                let conflates = naive.subscriptions[at].conflates();
                let count = if conflates { usize::MAX } else { count };
                let items: Vec<_> = taken(stream).take(count).collect();
                let wanted: Vec<_> = naive.read.iter().map(brief_item).collect();
                if conflates {
                    assert_eq!(
                        without_places(&items),
                        without_places(&wanted),
                        "{items:?}, {wanted:?}"
                    );
                } else {
                    assert_eq!(items, wanted);
                }
            }
            Held::Past(stream, position) => {
                let wish = &naive.subscriptions[at].wish;
                let items: Vec<_> = taken(stream).collect();
                let goes_on = naive.subscriptions[at].active;
                from_the_past(&items, goes_on, position, wish, naive);
            }
            Held::Handler(_) | Held::Nothing => unreachable!("the model reads streams alone"),
        }
    }
}

/// An event by its number and value, or a loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Brief {
    Event(u64, u32),
    Lost(u64, u64, u64),
}

/// Each event that is wanted comes once and in its order, or is in a loss that the history has let go.
fn from_the_past(
    items: &[Brief],
    to_the_end: bool,
    position: &mut u64,
    wish: &Wish,
    naive: &Naive,
) {
    let gone = naive.gone();
    let wanted = |after: u64, before: u64| {
        let between = naive
            .events
            .iter()
            .filter(move |event| event.sequence > after && event.sequence < before);
        between.filter(|event| naive.wants(wish, event)).count()
    };
    for item in items {
        match *item {
            Brief::Event(sequence, value) => {
                assert_eq!(
                    wanted(*position, sequence),
                    0,
                    "{item:?} of {items:?} after {position}"
                );
                let event = &naive.events[usize::try_from(sequence).unwrap() - 1];
                assert_eq!(event.value, value);
                assert!(naive.wants(wish, event), "{event:?} for {wish:?}");
                *position = sequence;
            }
            Brief::Lost(_, from, to) => {
                assert!(
                    from > *position && to <= gone,
                    "{item:?} after {position}, {gone} are gone"
                );
                assert_eq!(wanted(*position, from), 0, "{item:?} of {items:?} after {position}");
                *position = to;
            }
        }
    }
    if to_the_end {
        assert_eq!(wanted(*position, u64::MAX), 0, "{items:?} up to {position}");
    }
}

/// The events, and how many were lost.
fn without_places(items: &[Brief]) -> (Vec<(u64, u32)>, u64) {
    let (mut events, mut lost) = (Vec::new(), 0);
    for item in items {
        match *item {
            Brief::Event(sequence, value) => events.push((sequence, value)),
            Brief::Lost(missed, ..) => lost += missed,
        }
    }
    (events, lost)
}

fn taken(stream: &mut EventStream<Tick>) -> impl Iterator<Item = Brief> + '_ {
    std::iter::from_fn(|| match stream.try_recv() {
        Ok(event) => Some(Brief::Event(event.sequence().unwrap(), event.data.value())),
        Err(TryRecvError::Lagged(lost)) => Some(Brief::Lost(lost.missed(), lost.from(), lost.to())),
        Err(TryRecvError::Empty | TryRecvError::Ended) => None,
    })
}

fn brief(event: &Event<Tick>) -> (u64, u32) {
    (event.sequence().unwrap(), event.data.value())
}

fn is_even(event: &Event<Tick>) -> bool {
    event.data.value().is_multiple_of(2)
}

fn brief_item(item: &Item) -> Brief {
    match item {
        Item::Event(event) => Brief::Event(event.sequence, event.value),
        Item::Lost(missed, from, to) => Brief::Lost(*missed, *from, *to),
    }
}

fn told(result: Result<Receipt, PublishError<Tick>>) -> Told {
    match result {
        Ok(receipt) if receipt.stopped().is_some() => Told::Stopped,
        Ok(receipt) => Told::Receipt {
            sequence: receipt.sequence().unwrap_or_default(),
            delivered: receipt.delivered(),
            deferred: receipt.deferred(),
            dropped: receipt.dropped(),
            failed: receipt.failed(),
        },
        Err(error) => match error.kind() {
            PublishErrorKind::QueueFull { .. } => Told::QueueFull,
            PublishErrorKind::Middleware { .. } => Told::MiddlewareFailed,
            PublishErrorKind::Closed => Told::Closed,
            other => panic!("{other:?}"),
        },
    }
}

fn overflow(full: Full) -> Overflow {
    match full {
        Full::Refuse => Overflow::Reject,
        Full::DropOldest => Overflow::DropOldest,
        Full::DropNewest => Overflow::DropNewest,
        Full::Conflate => Overflow::Conflate(Key::topic()),
    }
}

fn add(bus: &Bus, pattern: &str, changes: Changes) -> Result<(), SubscribeError> {
    match changes {
        Changes::StopsOdd => bus.middleware(
            pattern,
            filter("odd", |draft: &Draft| draft.downcast_ref::<Tick>().is_some_and(is_even)),
        ),
        Changes::Adds(more) => bus.middleware(
            pattern,
            transform("adds", move |draft: &mut Draft| {
                draft.data_mut::<Tick>().map(|tick| *tick = Tick::B(tick.value() + more))
            }),
        ),
        Changes::Fails => {
            bus.middleware(pattern, transform("fails", |_: &mut Draft| Err("by design")))
        }
    }
}
