//! Settling, closing, unsubscribing, and what ends by itself.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rem::prelude::*;
use rem::{InFlight, SettleErrorKind, Token, Unsubscribed, WaitErrorKind};

use crate::{Door, Job, LONG, Notes, Told, added, number};

/// A task whose calls wait before a door, and what they have begun with.
fn held(bus: &Bus) -> (Subscription, Door, std::sync::mpsc::Receiver<u64>) {
    let (door, (told, begun)) = (Door::default(), Told::new());
    let sub = bus
        .subscription("job")
        .task_with((door.clone(), told), async |(door, told), job: Received<Job>| {
            told.tell(number(&job));
            door.pass().await;
        })
        .unwrap();
    (sub, door, begun)
}

#[test]
fn settling_waits_for_what_is_queued_and_running_and_names_it() {
    let bus = Bus::new();
    let (sub, door, begun) = held(&bus);
    (1..=3).for_each(|value| drop(added(&bus, value)));
    begun.recv_timeout(LONG).unwrap();
    let error = bus.settle(Duration::from_millis(1)).unwrap_err();
    assert_eq!(error.kind(), SettleErrorKind::Late);
    assert_eq!(
        error.to_string(),
        format!(
            "the bus has not settled within 1ms: 1 call of the task of {sub} running, 2 queued; let them finish, or \
             wait longer"
        )
    );
    assert!(matches!(error.in_flight(), [InFlight::Task { running: 1, queued: 2, .. }]));
    thread::scope(|scope| {
        scope.spawn(|| bus.settle(LONG).unwrap());
        door.open();
    });
    assert_eq!(begun.try_iter().count(), 2);
    assert_eq!(bus.stats().total.deferred, 0);
}

#[test]
fn a_bus_that_is_never_quiet_settles() {
    let bus = Bus::new();
    // Each event publishes the next, for ever.
    let sub = bus
        .subscription("job")
        .task_with(bus.downgrade(), async |bus, job: Received<Job>| {
            if let Some(bus) = bus.upgrade() {
                let _ = bus.publish_async(Job::Added(number(&job) + 1)).await;
            }
        })
        .unwrap();
    added(&bus, 0);
    for _ in 0..20 {
        bus.settle(LONG).unwrap();
    }
    assert_eq!(sub.unsubscribe(), Unsubscribed::Done);
}

#[test]
fn within_a_handler_nothing_is_waited_for_that_would_be_itself() {
    let bus = Bus::new();
    let (told, said) = Told::new();
    let own = Arc::new(std::sync::Mutex::new(None::<Subscription>));
    let sub = bus
        .subscription("job")
        .task_with(
            (bus.downgrade(), told, Arc::clone(&own)),
            async |(bus, told, own), _: Received<Job>| {
                let bus = bus.upgrade().unwrap();
                let settled = bus.settle(LONG).unwrap_err().kind();
                let settled_async = bus.settle_async().await.unwrap_err().kind();
                let sub = own.lock().unwrap().take().unwrap();
                let closed = bus.close(LONG).is_complete();
                told.tell((settled, settled_async, sub.unsubscribe(), closed));
            },
        )
        .unwrap();
    *own.lock().unwrap() = Some(sub);
    added(&bus, 1);
    let within = SettleErrorKind::Within;
    let said = said.recv_timeout(LONG).unwrap();
    assert_eq!(said, (within, within, Unsubscribed::Running, false));
}

#[test]
fn closing_has_all_handled_first_and_says_what_is_not() {
    let bus = Bus::new();
    let (sub, door, begun) = held(&bus);
    (1..=3).for_each(|value| drop(added(&bus, value)));
    begun.recv_timeout(LONG).unwrap();
    let report = bus.close(Duration::from_millis(1));
    assert!(
        matches!(report.in_flight(), [InFlight::Task { running: 1, queued: 2, .. }]),
        "{report}"
    );
    door.open();
    assert!(bus.close(LONG).is_complete());
    assert_eq!(begun.try_iter().collect::<Vec<_>>(), [2, 3]);
    assert_eq!(sub.unsubscribe(), Unsubscribed::Done);
}

/// Those that wait behind others of their key are handled too, whether those fail or not.
#[test]
fn closing_has_parked_events_handled() {
    for fails in [false, true] {
        let bus = Bus::new();
        let (door, (told, begun)) = (Door::default(), Told::new());
        let _sub = bus
            .subscription("job")
            .concurrency(3)
            .by_key(|_: &Event| Some("one".into()))
            .task_with(
                (door.clone(), told, fails),
                async |(door, told, fails), job: Received<Job>| {
                    told.tell(number(&job));
                    door.pass().await;
                    if fails { Err("no") } else { Ok(()) }
                },
            )
            .unwrap();
        (1..=4).for_each(|value| drop(added(&bus, value)));
        begun.recv_timeout(LONG).unwrap();
        assert!(!bus.close(Duration::from_millis(1)).is_complete());
        door.open();
        assert!(bus.close(LONG).is_complete());
        assert_eq!(begun.try_iter().collect::<Vec<_>>(), [2, 3, 4], "{fails}");
    }
}

#[test]
fn unsubscribing_waits_for_the_running_call_and_starts_no_other() {
    struct Held(Told<&'static str>);
    impl Drop for Held {
        fn drop(&mut self) {
            self.0.tell("dropped");
        }
    }
    let bus = Bus::new();
    let (door, (told, begun)) = (Door::default(), Told::new());
    let held = Arc::new(Held(told.clone()));
    let sub = bus
        .subscription("job")
        .concurrency(2)
        .task_with((door.clone(), told, held), async |(door, told, _held), _: Received<Job>| {
            told.tell("begun");
            door.pass().await;
            told.tell("ended");
        })
        .unwrap();
    (1..=5).for_each(|value| drop(added(&bus, value)));
    let two: Vec<_> = (0..2).map(|_| begun.recv_timeout(LONG).unwrap()).collect();
    assert_eq!(two, ["begun"; 2]);
    thread::scope(|scope| {
        let unsubscribed = scope.spawn(|| sub.unsubscribe());
        while !bus.topology().subscriptions.is_empty() {
            thread::yield_now();
        }
        door.open();
        assert_eq!(unsubscribed.join().unwrap(), Unsubscribed::Done);
    });
    assert_eq!(begun.try_iter().collect::<Vec<_>>(), ["ended", "ended", "dropped"]);
    bus.settle(LONG).unwrap();
}

#[test]
fn unsubscribing_in_async_code_waits_too() {
    let bus = Bus::new();
    let (sub, door, begun) = held(&bus);
    added(&bus, 1);
    begun.recv_timeout(LONG).unwrap();
    let unsubscribed = sub.unsubscribe_async();
    door.open();
    assert_eq!(smol::block_on(unsubscribed), Unsubscribed::Done);
}

#[test]
fn a_retry_is_a_new_call_and_does_not_start_after_the_end() {
    let test = rem::testing::TestBus::new();
    let notes = Notes::new();
    let sub = test
        .bus
        .subscription("job")
        .retry(Retry::times(9))
        .task_with(notes.clone(), async |notes, job: Received<Job>| {
            notes.note(job.attempt());
            Err::<(), _>("no")
        })
        .unwrap();
    added(&test.bus, 1);
    assert!(test.clock.wait_for_timers(1, LONG));
    assert_eq!(sub.unsubscribe(), Unsubscribed::Done, "it does not wait for the clock");
    test.clock.advance(LONG);
    assert_eq!((notes.all(), test.clock.timers()), (vec![1], 0));
}

#[test]
fn it_ends_with_its_calls_and_with_its_token() {
    let bus = Bus::new();
    let notes = Notes::new();
    let token = Token::new();
    let take = |sub: rem::SubscriptionBuilder<'_>| {
        sub.retry(Retry::times(2).backoff(Duration::ZERO, 1.0, Duration::ZERO)).task_with(
            notes.clone(),
            async |notes: Notes<(u64, u32)>, job: Received<Job>| {
                notes.note((number(&job), job.attempt()));
                if job.attempt() == 1 { Err("once more") } else { Ok(()) }
            },
        )
    };
    let once = take(bus.subscription("job").once()).unwrap();
    (1..=3).for_each(|value| drop(added(&bus, value)));
    while once.is_active() || notes.all().len() < 2 {
        thread::yield_now();
    }
    assert_eq!(once.unsubscribe(), Unsubscribed::Done);
    assert_eq!(notes.all(), [(1, 1), (1, 2)], "one call, with its retry");
    take(bus.subscription("job").take(0)).unwrap().detach();
    take(bus.subscription("job").until(&token)).unwrap().detach();
    added(&bus, 4);
    bus.settle(LONG).unwrap();
    token.end();
    assert_eq!(added(&bus, 5).delivered(), 0);
    bus.settle(LONG).unwrap();
    assert_eq!(notes.all()[2..], [(4, 1), (4, 2)]);
    assert!(bus.topology().subscriptions.is_empty());
}

#[test]
fn what_is_queued_is_handled_when_the_bus_is_gone_and_its_threads_end() {
    struct Last(Told<()>);
    impl Drop for Last {
        fn drop(&mut self) {
            self.0.tell(());
        }
    }
    let notes = Notes::new();
    let (told, ended) = Told::new();
    let last = Arc::new(Last(told));
    let bus = Bus::new();
    bus.subscription("job")
        .task_with((notes.clone(), last), async |(notes, _last), job: Received<Job>| {
            smol::future::yield_now().await;
            notes.note(number(&job));
        })
        .unwrap()
        .detach();
    (0..100).for_each(|value| drop(added(&bus, value)));
    drop(bus);
    ended.recv_timeout(LONG).unwrap();
    assert_eq!(notes.all(), (0..100).collect::<Vec<_>>());
}

#[test]
fn a_closed_bus_starts_no_task() {
    let bus = Bus::new();
    bus.close(LONG);
    let error = bus.subscription("job").task(async |_: Received| ()).unwrap_err();
    assert!(error.to_string().contains("closed"), "{error}");
    let wait = bus.wait_for::<Job>("job", Duration::ZERO).unwrap_err();
    assert_eq!(wait.kind(), WaitErrorKind::Subscribe);
}
