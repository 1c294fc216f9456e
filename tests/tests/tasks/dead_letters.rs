//! Dead letters: told, kept, in order for each key, and never given to whom they left.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rem::prelude::*;
use rem::testing::TestBus;
use rem::{DeadLetter, DeadLetterError, SystemEvent, middleware};

use crate::{Job, LONG, Notes, SECOND, Told, added, number, of};

/// Fails as long as it is told to, and notes what it has handled.
#[derive(Clone)]
struct Weather {
    storms: Arc<AtomicBool>,
    handled: Notes<u64>,
}

impl Weather {
    fn new() -> Self {
        Self { storms: Arc::new(AtomicBool::new(true)), handled: Notes::new() }
    }
    fn calm(&self) {
        self.storms.store(false, Ordering::SeqCst);
    }
    fn handle(&self, job: &Event<Job>) -> Result<(), &'static str> {
        if self.storms.load(Ordering::SeqCst) && number(job) % 10 == 1 {
            return Err("storm");
        }
        self.handled.note(number(job));
        Ok(())
    }
}

fn numbers(sub: &Subscription) -> Vec<(u64, u32)> {
    let number = |letter: &DeadLetter| match letter.event.downcast_ref::<Job>() {
        Some(event) => (number(event), letter.attempts),
        None => panic!("{letter}"),
    };
    sub.dead_letters().list().iter().map(number).collect()
}

#[test]
fn what_has_failed_is_published_with_its_cause_and_listed() {
    let bus = Bus::new();
    let letters = Notes::new();
    let notes = letters.clone();
    let _letters = bus
        .subscribe("failed.job", move |letter: &Event<DeadLetter>| {
            notes.note((letter.data.clone(), letter.causation(), letter.correlation()));
        })
        .unwrap();
    let sub = bus
        .subscription("job")
        .dead_letter("failed.job")
        .task(async |_: Received<Job>| Err::<(), _>("no connection"))
        .unwrap();
    let id = added(&bus, 7).id().unwrap();
    bus.settle(LONG).unwrap();
    let [(letter, cause, story)] = &letters.all()[..] else { panic!("{:?}", letters.all()) };
    assert_eq!((letter.event.id(), *cause, *story), (id, Some(id), id));
    assert_eq!(
        (&*letter.error, letter.attempts, letter.panicked, letter.subscription),
        ("no connection", 1, false, sub.id())
    );
    assert_eq!(
        letter.to_string(),
        format!("`job.added` left {} to `job` after 1 attempt: no connection", sub.id())
    );
    assert_eq!(numbers(&sub), [(7, 1)]);
    assert_eq!(sub.dead_letters().discard(id), Ok(()));
    assert_eq!(sub.dead_letters().discard(id), Err(DeadLetterError::Unknown(id)));
    assert!(sub.dead_letters().is_empty());
}

#[test]
fn who_selects_the_topic_of_its_own_dead_letters_has_none_of_them() {
    let bus = Bus::new();
    let seen = Notes::new();
    let handle = async |notes: Notes<String>, event: Received| {
        notes.note(event.topic().to_string());
        Err::<(), _>("always")
    };
    // Each selects the other's dead letters, and its own.
    let _subs: Vec<_> = ["a", "b"]
        .into_iter()
        .map(|name| {
            let sub = bus.subscription("**").dead_letter(format!("failed.{name}"));
            sub.task_with(seen.clone(), handle).unwrap()
        })
        .collect();
    added(&bus, 1);
    bus.settle(LONG).unwrap();
    // What a handler publishes is in flight when it is published.
    while bus.stats().total.failed < 4 {
        std::thread::yield_now();
    }
    bus.settle(LONG).unwrap();
    let mut all = seen.all();
    all.sort();
    // The event to both; the letter of each to the other; and what that makes of it to nobody.
    assert_eq!(all, ["failed.a", "failed.b", "job.added", "job.added"]);
}

#[test]
fn sent_again_it_is_handled_before_what_waits() {
    let bus = Bus::new();
    let weather = Weather::new();
    let sub = bus
        .subscription("job")
        .keep_dead_letters(10)
        .task_with(weather.clone(), async |weather, job: Received<Job>| weather.handle(&job))
        .unwrap();
    let first = added(&bus, 1).id().unwrap();
    added(&bus, 2);
    added(&bus, 11);
    bus.settle(LONG).unwrap();
    assert_eq!(numbers(&sub), [(1, 1), (11, 1)]);
    let stats = bus.stats().total;
    assert_eq!((stats.delivered, stats.failed, stats.matched()), (1, 2, 3));
    sub.dead_letters().resend(first).unwrap();
    bus.settle(LONG).unwrap();
    assert_eq!(numbers(&sub), [(1, 1), (11, 1)], "it failed again, and is in its old place");
    weather.calm();
    assert_eq!(sub.dead_letters().resend_all(), 2);
    bus.settle(LONG).unwrap();
    assert_eq!(weather.handled.all(), [2, 1, 11]);
    assert!(sub.dead_letters().is_empty());
    let stats = bus.stats().total;
    assert_eq!((stats.delivered, stats.failed, stats.deferred, stats.dropped), (3, 3, 0, 0));
}

/// With one worker and with several: what follows a dead letter of its key goes behind it.
#[test]
fn dead_letters_keep_the_order_of_their_key() {
    for concurrency in [1, 4] {
        let bus = Bus::new();
        let weather = Weather::new();
        let sub = bus
            .subscription("job.of.*")
            .concurrency(concurrency)
            .by_key("name")
            .dead_letter("failed")
            .task_with(weather.clone(), async |weather, job: Received<Job>| {
                smol::future::yield_now().await;
                weather.handle(&job)
            })
            .unwrap();
        let first = of(&bus, "a", 1);
        let second = of(&bus, "a", 2);
        of(&bus, "b", 3);
        bus.settle(LONG).unwrap();
        let third = of(&bus, "a", 4);
        of(&bus, "b", 5);
        bus.settle(LONG).unwrap();
        assert_eq!(weather.handled.all(), [3, 5], "{concurrency}: other keys go on");
        assert_eq!(numbers(&sub), [(1, 1), (2, 0), (4, 0)]);
        let stats = bus.stats().total;
        assert_eq!((stats.delivered, stats.failed, stats.deferred), (2, 1, 2), "{concurrency}");
        let letters = sub.dead_letters();
        assert_eq!(letters.resend(second), Err(DeadLetterError::Behind(second)));
        assert_eq!(letters.resend_all(), 1, "it fails again");
        bus.settle(LONG).unwrap();
        assert_eq!(numbers(&sub), [(1, 1), (2, 0), (4, 0)]);
        weather.calm();
        letters.resend(first).unwrap();
        while !letters.is_empty() {
            std::thread::yield_now();
        }
        of(&bus, "a", 6);
        bus.settle(LONG).unwrap();
        assert_eq!(weather.handled.all(), [3, 5, 1, 2, 4, 6], "{concurrency}");
        assert_eq!(letters.resend(third), Err(DeadLetterError::Unknown(third)));
        let stats = bus.stats().total;
        assert_eq!((stats.delivered, stats.failed, stats.deferred), (6, 2, 0), "{concurrency}");
    }
}

#[test]
fn thrown_away_it_lets_those_behind_it_go_on() {
    let bus = Bus::new();
    let weather = Weather::new();
    let sub = bus
        .subscription("job.of.*")
        .concurrency(2)
        .by_key("name")
        .keep_dead_letters(10)
        .task_with(weather.clone(), async |weather, job: Received<Job>| weather.handle(&job))
        .unwrap();
    let first = of(&bus, "a", 1);
    let second = of(&bus, "a", 2);
    bus.settle(LONG).unwrap();
    of(&bus, "a", 21);
    of(&bus, "a", 3);
    bus.settle(LONG).unwrap();
    let letters = sub.dead_letters();
    letters.discard(first).unwrap();
    while letters.list().first().is_none_or(|letter| letter.attempts == 0) {
        std::thread::yield_now();
    }
    bus.settle(LONG).unwrap();
    assert_eq!(weather.handled.all(), [2], "up to the next that fails");
    assert_eq!(numbers(&sub), [(21, 1), (3, 0)]);
    assert_eq!(letters.resend(second), Err(DeadLetterError::Unknown(second)));
    assert_eq!(letters.discard_all(), 2);
    bus.settle(LONG).unwrap();
    assert_eq!(weather.handled.all(), [2], "none of them is handled");
    of(&bus, "a", 4);
    bus.settle(LONG).unwrap();
    assert_eq!(weather.handled.all(), [2, 4], "the key is free");
    let stats = bus.stats().total;
    assert_eq!((stats.delivered, stats.failed, stats.dropped), (2, 2, 1));
}

#[test]
fn the_oldest_makes_room_and_that_is_told() {
    let bus = Bus::new();
    let (told, lost) = Told::new();
    let _lost = bus
        .subscribe("$rem.task.lost", move |event: &Event<SystemEvent>| {
            told.tell(event.data.to_string());
        })
        .unwrap();
    let sub = bus
        .subscription("job")
        .keep_dead_letters(2)
        .task(async |_: Received<Job>| Err::<(), _>("no"))
        .unwrap();
    (1..=3).for_each(|value| drop(added(&bus, value)));
    bus.settle(LONG).unwrap();
    assert_eq!(numbers(&sub), [(2, 1), (3, 1)]);
    let lost = lost.recv_timeout(LONG).unwrap();
    assert!(lost.contains("lost 1 event: dead letters made room for newer ones"), "{lost}");
}

#[test]
fn without_dead_letters_a_key_goes_on_after_a_failure() {
    let bus = Bus::new();
    let weather = Weather::new();
    let sub = bus
        .subscription("job.of.*")
        .concurrency(2)
        .by_key("name")
        .task_with(weather.clone(), async |weather, job: Received<Job>| weather.handle(&job))
        .unwrap();
    of(&bus, "a", 1);
    of(&bus, "a", 2);
    bus.settle(LONG).unwrap();
    while weather.handled.all().is_empty() {
        std::thread::yield_now();
    }
    assert_eq!((weather.handled.all(), sub.failures()), (vec![2], 1));
    assert!(sub.dead_letters().list().is_empty());
}

#[test]
fn a_dead_letter_that_cannot_be_published_is_kept_and_told() {
    let bus = Bus::new();
    let told = Notes::new();
    let notes = told.clone();
    let _failed = bus
        .subscribe("$rem.handler.failed", move |event: &Event<SystemEvent>| {
            if let SystemEvent::HandlerFailed { error, .. } = &event.data {
                notes.note(error.to_string());
            }
        })
        .unwrap();
    bus.middleware(
        "failed",
        middleware::transform("no", |_: &mut Draft| Err::<(), _>("not today")),
    )
    .unwrap();
    let _heard = bus.subscribe("failed", |_: &Event| ()).unwrap();
    let sub = bus
        .subscription("job")
        .dead_letter("failed")
        .task(async |_: Received<Job>| Err::<(), _>("no"))
        .unwrap();
    added(&bus, 1);
    bus.settle(LONG).unwrap();
    assert_eq!(numbers(&sub), [(1, 1)]);
    let told = told.all();
    assert_eq!((told.len(), &*told[0]), (2, "no"));
    assert!(told[1].starts_with("no dead letter was published under `failed`: "), "{told:?}");
    assert_eq!(sub.failures(), 1);
}

#[test]
fn a_dead_letter_does_not_wait_for_ever_for_who_does_not_read() {
    let test = TestBus::new();
    let bus = &test.bus;
    let mut unread: EventStream =
        bus.subscription("failed").queue(1, Overflow::Block(LONG)).stream().unwrap();
    let sub = bus
        .subscription("job")
        .dead_letter("failed")
        .task(async |_: Received<Job>| Err::<(), _>("no"))
        .unwrap();
    (1..=2).for_each(|value| drop(added(bus, value)));
    assert!(test.clock.wait_for_timers(1, LONG));
    test.clock.advance(SECOND);
    bus.close(Duration::ZERO);
    while sub.dead_letters().len() < 2 {
        std::thread::yield_now();
    }
    assert_eq!(unread.iter().count(), 1);
    assert_eq!(numbers(&sub), [(1, 1), (2, 1)]);
}

#[test]
fn a_child_publishes_its_dead_letters_below_its_prefix() {
    let bus = Bus::new();
    let eu = bus.child("eu").unwrap();
    let topics = Notes::new();
    let notes = topics.clone();
    let _letters =
        bus.subscribe("**", move |event: &Event| notes.note(event.topic().to_string())).unwrap();
    let _sub = eu
        .subscription("job")
        .dead_letter("failed")
        .task(async |_: Received<Job>| Err::<(), _>("no"))
        .unwrap();
    added(&eu, 1);
    bus.settle(LONG).unwrap();
    let mut topics = topics.all();
    topics.sort();
    assert_eq!(topics, ["eu.failed", "eu.job.added"]);
}

#[test]
fn a_topic_that_is_none_is_an_error() {
    let bus = Bus::new();
    for (topic, said) in [("a..b", "no topic for dead letters"), ("$rem.x", "REM's own")] {
        let error = bus.subscription("job").dead_letter(topic).task(async |_: Received| ());
        let error = error.unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}
