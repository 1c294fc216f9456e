//! Nothing is retained by what is over: as many live bytes after ever so many rounds as after a few.

use std::sync::Arc;
use std::time::Duration;

use allocation_counter::measure;
use rem::prelude::*;
use rem::{Token, Wait};

use crate::{Job, added};

/// What may wait to be forgotten, however many rounds there are.
const FEW_BLOCKS: i64 = 600;
const FEW_BYTES: i64 = 96 * 1024;

/// What every round has at hand.
struct Desk {
    bus: Bus,
    token: Token,
    /// It is never read and always full.
    _full: EventStream<Job>,
}

impl Desk {
    fn new() -> Self {
        let bus = Bus::builder().topics(64).history(Ring::events(16)).build();
        let full = bus.subscription("stuck").queue(1, Overflow::DropNewest).stream().unwrap();
        bus.publish_to("stuck", Job::Added(0)).unwrap();
        bus.subscribe("**", |_: &Event| ()).unwrap().detach();
        Self { bus, token: Token::new(), _full: full }
    }

    /// Runs so many rounds; gives the bytes and blocks that stay.
    fn kept(&self, round: Round, rounds: u64) -> (i64, i64) {
        let info = measure(|| (0..rounds).for_each(|number| round(self, number)));
        (info.bytes_current, info.count_current)
    }
}

type Round = fn(&Desk, u64);

struct View(u64);

impl View {
    fn see(&self, event: &Event<Job>) {
        assert!(event.sequence() > Some(self.0));
    }
}

fn nothing(_: &Event<Job>) {}

const ROUNDS: &[(&str, Round)] = &[
    ("a guard is dropped", |desk, number| {
        let sub = desk.bus.subscribe(format!("a.{number}.*"), nothing).unwrap();
        desk.bus.publish_to(format!("a.{number}.b"), Job::Added(1)).unwrap();
        drop(sub);
    }),
    ("a handler is unsubscribed", |desk, number| {
        let sub = desk.bus.on(nothing);
        added(&desk.bus, number);
        sub.unsubscribe();
    }),
    ("a stream is dropped", |desk, number| {
        let past = desk.bus.subscription("job").from(Start::Last(2));
        let mut stream = past.queue(4, Overflow::DropOldest).stream::<Job>().unwrap();
        added(&desk.bus, number);
        stream.try_recv().unwrap();
    }),
    ("a handler has had its calls", |desk, number| {
        desk.bus.subscription("job").take(2).inline(nothing).unwrap().detach();
        added(&desk.bus, number);
        added(&desk.bus, number);
    }),
    ("a stream has given its events", |desk, number| {
        let queue = desk.bus.subscription("job").once().queue(4, Overflow::DropOldest);
        let mut stream = queue.stream::<Job>().unwrap();
        added(&desk.bus, number);
        stream.try_recv().unwrap();
    }),
    ("a token ends", |desk, number| {
        let token = Token::new();
        desk.bus.subscription("job").until(&token).inline(nothing).unwrap().detach();
        added(&desk.bus, number);
        token.end();
    }),
    ("a guard is dropped before its token ends", |desk, number| {
        let sub = desk.bus.subscription("job").until(&desk.token).inline(nothing).unwrap();
        added(&desk.bus, number);
        drop(sub);
    }),
    ("a closure says that it is over, and nobody asks", |desk, _| {
        desk.bus.subscription("never").until(|| true).inline(nothing).unwrap().detach();
    }),
    ("an owner is dropped, and no event comes", |desk, _| {
        let view = Arc::new(View(0));
        desk.bus.subscribe_weak("never", &view, View::see).unwrap().detach();
    }),
    ("an owner is dropped, and an event comes", |desk, number| {
        let view = Arc::new(View(0));
        desk.bus.on_weak(&view, View::see).detach();
        drop(view);
        added(&desk.bus, number);
    }),
    ("an event is waited for", |desk, number| {
        let wait: Wait<Job> = desk.bus.wait_for_async("job").unwrap();
        added(&desk.bus, number);
        wait.within(Duration::ZERO).unwrap();
    }),
    ("a wait comes to its limit", |desk, _| {
        desk.bus.wait_for::<Job>("never", Duration::ZERO).unwrap_err();
    }),
    ("a wait is dropped", |desk, number| {
        let wait: Wait = desk.bus.wait_for_async("job").unwrap();
        assert!(smol::block_on(smol::future::poll_once(wait)).is_none());
        added(&desk.bus, number);
    }),
    ("those who listen are waited for in vain", |desk, _| {
        desk.bus.ready("never", 9, Duration::ZERO).unwrap_err();
        assert!(
            smol::block_on(smol::future::poll_once(desk.bus.ready_async("never", 9))).is_none()
        );
    }),
    ("a bus does not settle", |desk, number| {
        added(&desk.bus, number);
        desk.bus.settle(Duration::ZERO).unwrap_err();
        assert!(smol::block_on(smol::future::poll_once(desk.bus.settle_async())).is_none());
    }),
    ("a child settles and is closed", |desk, number| {
        let child = desk.bus.child("eu").unwrap();
        let _sub = child.on(nothing);
        added(&child, number);
        child.settle(Duration::ZERO).unwrap();
        assert!(child.close(Duration::ZERO).is_complete());
    }),
    ("a topic is published once", |desk, number| {
        desk.bus.publish_to(format!("topic.{number}"), Job::Added(number)).unwrap();
    }),
];

#[test]
fn what_is_over_leaves_nothing() {
    let desk = Desk::new();
    let mut grown = Vec::new();
    for (what, round) in ROUNDS {
        desk.kept(*round, 500);
        let (bytes, blocks) = desk.kept(*round, 1_500);
        if blocks.abs() > FEW_BLOCKS || bytes.abs() > FEW_BYTES {
            grown.push(format!("{what}: {bytes} bytes in {blocks} blocks"));
        }
    }
    assert!(grown.is_empty(), "{grown:#?}");
}

#[test]
fn a_million_subscriptions_and_a_million_topics_leave_nothing() {
    let desk = Desk::new();
    let round: Round = |desk, number| {
        let sub = desk.bus.subscribe(format!("a.{}.*", number % 1_000), nothing).unwrap();
        desk.bus.publish_to(format!("topic.{number}"), Job::Added(number)).unwrap();
        drop(sub);
    };
    desk.kept(round, 10_000);
    // A tenth of them where each takes ten times as long.
    let (bytes, blocks) =
        desk.kept(round, if cfg!(debug_assertions) { 100_000 } else { 1_000_000 });
    let few = blocks.abs() < FEW_BLOCKS && bytes.abs() < FEW_BYTES;
    assert!(few, "{bytes} bytes in {blocks} blocks");
}
