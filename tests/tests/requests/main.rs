//! Requests as a user has them: in one process, in threads and in async code, and from node to node.

mod nodes;

use std::future::IntoFuture as _;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};
use std::thread;
use std::time::Duration;

use futures_util::FutureExt as _;
use rem::prelude::*;
use rem::testing::{self, Recorder};
use rem::{Ordering, Request, RequestError};
use serde::{Deserialize, Serialize};

const LONG: Duration = Duration::from_secs(60);

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "price", name = "asked")]
struct Ask {
    item: u64,
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "price", name = "told")]
struct Price {
    item: u64,
    cents: u64,
}

#[derive(EventType, Debug)]
#[event(name = "tick", local)]
struct Tick;

impl Request for Ask {
    type Answer = Price;
}

fn price(ask: &Event<Ask>) -> Price {
    Price { item: ask.data.item, cents: ask.data.item * 100 }
}

#[test]
fn the_answer_is_an_event_caused_by_the_question() {
    let bus = Bus::builder().history(Ring::events(16)).build();
    let _shop = bus.answer(price);
    let told = bus.request(Ask { item: 3 }).wait().unwrap();
    assert_eq!(told.data, Price { item: 3, cents: 300 });
    let asked = bus.latest::<Ask>("price.asked").unwrap();
    let asked = asked.first().unwrap();
    assert_eq!(told.causation(), Some(asked.id()));
    assert_eq!(told.correlation(), asked.id());
    assert_eq!(bus.query("price").unwrap().count(), 2, "both stand in the history");
}

#[test]
fn under_one_order_it_waits_for_the_thread_that_has_the_question_in_hand() {
    let bus = Bus::builder().ordering(Ordering::Total).history(Ring::events(16)).build();
    let _shop = bus.answer(price);
    let (tell, begun) = channel();
    let (go, may_go) = channel::<()>();
    let may_go = Mutex::new(may_go);
    let _slow = bus.on(move |_: &Event<Tick>| {
        tell.send(()).unwrap();
        may_go.lock().unwrap().recv().unwrap();
    });
    thread::scope(|scope| {
        scope.spawn(|| bus.publish(Tick).unwrap());
        begun.recv().unwrap();
        let asks = scope.spawn(|| bus.request(Ask { item: 2 }).within(LONG).wait());
        // The other thread is still within its handler, and has the turn.
        while bus.query("price.asked").unwrap().count() == 0 {
            thread::yield_now();
        }
        go.send(()).unwrap();
        assert_eq!(asks.join().unwrap().unwrap().data, Price { item: 2, cents: 200 });
    });
}

#[test]
fn a_waker_that_panics_keeps_nobody_else_waiting() {
    struct Broken;
    impl Wake for Broken {
        fn wake(self: Arc<Self>) {
            panic!("a waker that panics");
        }
    }
    let bus = Bus::new();
    let (tell, heard) = channel();
    let _heard = bus.on(move |_: &Event<Ask>| tell.send(()).unwrap());
    let requester = bus.requester::<Ask>();
    let mut broken = requester.ask(Ask { item: 1 }).within(LONG).into_future();
    let waker = Waker::from(Arc::new(Broken));
    assert!(broken.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    thread::scope(|scope| {
        let waits = scope.spawn(|| requester.ask(Ask { item: 2 }).within(LONG).wait());
        // What was published before the end waits for it.
        (0..2).for_each(|_| heard.recv().unwrap());
        bus.close(Duration::ZERO);
        assert!(matches!(waits.join().unwrap(), Err(RequestError::Closed)));
    });
    assert!(matches!(broken.now_or_never(), Some(Err(RequestError::Closed))));
}

#[test]
fn each_of_many_that_ask_at_once_has_its_own_answer() {
    let bus = Bus::new();
    let _shop = bus.answer(price);
    let requester = bus.requester::<Ask>();
    thread::scope(|scope| {
        for from in 0..8 {
            let requester = &requester;
            scope.spawn(move || {
                for item in from * 1_000..(from + 1) * 1_000 {
                    let told = requester.ask(Ask { item }).within(LONG).wait().unwrap();
                    assert_eq!(told.data, Price { item, cents: item * 100 });
                }
            });
        }
    });
    assert_eq!(requester.waiting(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_answers_later_and_async_code_awaits_it() {
    let bus = Bus::new();
    let weak = bus.downgrade();
    let _shop = bus
        .subscription("price.asked")
        .task(move |ask: Received<Ask>| {
            let bus = weak.upgrade().unwrap();
            async move {
                tokio::task::yield_now().await;
                bus.reply(&ask, price(&ask)).map(drop)
            }
        })
        .unwrap();
    let requester = bus.requester::<Ask>();
    let asks: Vec<_> = (0..200)
        .map(|item| {
            let asking = requester.ask(Ask { item }).within(LONG);
            tokio::spawn(async move { asking.await.map(|told| told.data.clone()) })
        })
        .collect();
    for (item, ask) in (0..200).zip(asks) {
        assert_eq!(ask.await.unwrap().unwrap(), Price { item, cents: item * 100 });
    }
    // Under another runtime, and without a requester that is kept.
    let told = smol::block_on(bus.request(Ask { item: 7 }).into_future()).unwrap();
    assert_eq!(told.data.cents, 700);
}

#[test]
fn the_first_answer_counts_and_others_are_events() {
    let bus = Bus::new();
    let seen = Recorder::new(&bus);
    let _first = bus.answer(|ask: &Event<Ask>| Price { item: ask.data.item, cents: 1 });
    let _second = bus.answer(|ask: &Event<Ask>| Price { item: ask.data.item, cents: 2 });
    let requester = bus.requester::<Ask>();
    assert_eq!(requester.ask(Ask { item: 1 }).wait().unwrap().data.cents, 1);
    assert_eq!(requester.waiting(), 0);
    assert_eq!(seen.wait_for_count("price.told", 2, LONG).unwrap().len(), 2);
    // What nobody asked is no answer.
    bus.publish(Price { item: 9, cents: 9 }).unwrap();
    assert_eq!(requester.waiting(), 0);
}

#[test]
fn one_who_cannot_answer_leaves_it_to_others() {
    let bus = Bus::new();
    let _none = bus.answer(|_: &Event<Ask>| Err::<Price, _>("not known here"));
    let _some = bus.answer(price);
    assert_eq!(bus.request(Ask { item: 2 }).wait().unwrap().data.cents, 200);
}

#[test]
fn a_question_of_a_child_is_answered_there() {
    let bus = Bus::new();
    let (eu, us) = (bus.child("eu").unwrap(), bus.child("us").unwrap());
    let _shop = bus.answer(price);
    let (give, heard) = channel();
    let _other = us.on(move |price: &Event<Price>| give.send(price.data.clone()).unwrap());
    let told = eu.request(Ask { item: 4 }).wait().unwrap();
    assert_eq!(told.topic().as_str(), "eu.price.told");
    assert!(heard.try_recv().is_err(), "and nowhere else");
}

#[test]
fn without_an_answer_it_is_said_why() {
    let test = testing::TestBus::new();
    let (bus, clock) = (test.bus.clone(), test.clock.clone());
    let nobody = bus.request(Ask { item: 1 }).wait().unwrap_err();
    assert!(matches!(nobody, RequestError::Nobody), "{nobody}");

    let _fails = bus.answer(|_: &Event<Ask>| -> Result<Price, &str> { panic!("no") });
    let mut late = bus.request(Ask { item: 1 }).within(LONG).into_future();
    assert!((&mut late).now_or_never().is_none());
    clock.advance(LONG.saturating_sub(Duration::from_nanos(1)));
    assert!((&mut late).now_or_never().is_none());
    clock.advance(Duration::from_nanos(1));
    let error = late.now_or_never().unwrap().unwrap_err();
    let RequestError::TimedOut { limit: LONG, heard: 1, failed: 1 } = error else {
        panic!("{error}")
    };
    assert!(error.to_string().contains("no `Price` came within 60s for `Ask`"), "{error}");

    bus.middleware("price.asked", rem::middleware::filter("closed", |_| false)).unwrap();
    let stopped = bus.request(Ask { item: 1 }).wait().unwrap_err();
    assert!(matches!(&stopped, RequestError::Stopped { by } if &**by == "closed"), "{stopped}");

    bus.close(Duration::ZERO);
    let RequestError::Publish(error) = bus.request(Ask { item: 5 }).wait().unwrap_err() else {
        panic!("a closed bus publishes nothing")
    };
    assert_eq!(error.into_data(), Ask { item: 5 }, "the question comes back");
}

#[test]
fn a_bus_that_is_closed_ends_the_wait() {
    let bus = Bus::new();
    let _hears = bus.on(|_: &Event<Ask>| ());
    let (requester, other) = (bus.requester::<Ask>(), bus.clone());
    let waits = thread::spawn({
        let requester = requester.clone();
        move || requester.ask(Ask { item: 1 }).within(LONG).wait().map(drop)
    });
    while requester.waiting() == 0 {
        thread::yield_now();
    }
    other.close(Duration::ZERO);
    let error = waits.join().unwrap().unwrap_err();
    // Published before the close, or refused by it.
    assert!(matches!(error, RequestError::Closed | RequestError::Publish(_)), "{error}");
}

#[test]
fn a_wait_within_a_handler_that_would_not_end_is_told_at_once() {
    let bus = Bus::new();
    let _shop = bus.answer(price);
    let (give, came) = channel();
    let weak = bus.downgrade();
    let _asks = bus.on(move |_: &Event<Tick>| {
        give.send(weak.upgrade().unwrap().request(Ask { item: 1 }).wait().map(drop)).unwrap();
    });
    bus.publish(Tick).unwrap();
    let error = came.recv().unwrap().unwrap_err();
    assert!(matches!(error, RequestError::WithinHandler), "{error}");
}

#[test]
fn more_than_may_wait_are_refused_with_the_question() {
    let bus = Bus::new();
    let _hears = bus.on(|_: &Event<Ask>| ());
    let requester = bus.requester::<Ask>();
    let mut waits = Vec::new();
    for item in 0..1 << 16 {
        let mut wait = requester.ask(Ask { item }).within(LONG).into_future();
        assert!((&mut wait).now_or_never().is_none());
        waits.push(wait);
    }
    let error = requester.ask(Ask { item: 77 }).wait().unwrap_err();
    let RequestError::TooMany { question: Ask { item: 77 }, limit: 65_536 } = error else {
        panic!("{error}")
    };
    waits.pop(); // dropped, it waits no more
    assert_eq!(requester.waiting(), (1 << 16) - 1);
}
