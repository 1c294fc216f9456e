//! Durable subscriptions with async handlers: what they are given, and where they go on.

use std::future::poll_fn;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use futures_util::FutureExt as _;
use rem::prelude::*;
use rem::{DurableHistory as _, SystemEvent, TaskFuture, Token, Unsubscribed};

use crate::calls::{Asked, Calls, calls};
use crate::disk::Disk;
use crate::{LONG, Paid, bus};

/// Publishes them and commits.
fn pay(bus: &Bus, disk: &Disk, orders: impl IntoIterator<Item = u64>) {
    for order in orders {
        bus.publish(Paid { order }).unwrap();
    }
    disk.commit();
}

fn invoices(bus: &Bus) -> (Subscription, Calls) {
    let (asked, calls) = calls();
    let sub = bus.subscription("order").durable("invoices").task_with(asked, handler).unwrap();
    (sub, calls)
}

async fn handler(asked: Asked, paid: Received<Paid>) -> Result<(), String> {
    asked.call(&paid).await
}

fn until(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        thread::yield_now();
    }
}

fn position(disk: &Disk) -> Option<u64> {
    disk.position("invoices")
}

#[test]
fn only_committed_events_are_given_each_once_and_in_their_order() {
    let disk = Disk::new(1_000_000).keeping(10_000);
    let bus = bus(&disk);
    let (seen, early) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicU64::new(0)));
    let state = (Arc::clone(&seen), Arc::clone(&early), disk.clone());
    let _sub = bus
        .subscription("order")
        .durable("invoices")
        .task_with(state, async |(seen, early, disk), paid: Received<Paid>| {
            early.fetch_add(u64::from(paid.sequence() > Some(disk.committed())), SeqCst);
            seen.lock().unwrap().push(paid.data.order);
        })
        .unwrap();
    thread::scope(|scope| {
        scope.spawn(|| (0..2_000).for_each(|order| drop(bus.publish(Paid { order }).unwrap())));
        while seen.lock().unwrap().len() < 2_000 {
            disk.commit();
            thread::yield_now();
        }
    });
    assert_eq!(*seen.lock().unwrap(), (0..2_000).collect::<Vec<_>>());
    assert_eq!(early.load(SeqCst), 0, "given before they were committed");
    until(|| position(&disk) == Some(2_000));
}

#[test]
fn the_position_is_noted_when_the_handler_has_returned() {
    let disk = Disk::new(8);
    let bus = bus(&disk);
    let (sub, calls) = invoices(&bus);
    assert_eq!(position(&disk), Some(0), "noted before anything is published");
    pay(&bus, &disk, [1, 2]);
    let call = calls.next();
    assert_eq!((call.order, call.is_replay, position(&disk)), (1, false, Some(0)));
    call.answer(Ok(()));
    let second = calls.next();
    assert_eq!(position(&disk), Some(1));
    // The guard goes while the call runs, which goes on to its end.
    let ending = sub.unsubscribe_async();
    second.answer(Ok(()));
    assert_eq!(smol::block_on(ending), Unsubscribed::Done);
    assert_eq!(position(&disk), Some(2));
}

#[test]
fn what_was_under_way_comes_again_after_a_restart() {
    let disk = Disk::new(8);
    let first = bus(&disk);
    let (sub, calls) = invoices(&first);
    pay(&first, &disk, 1..=4);
    calls.next().answer(Ok(()));
    let under_way = calls.next();
    // As a crash has it: nobody waits for anything.
    drop((sub, under_way, calls));
    drop(first);
    let again = bus(&disk.again());
    let (_sub, calls) = invoices(&again);
    for order in 2..=4 {
        let call = calls.next();
        assert_eq!((call.order, call.is_replay, call.attempt), (order, false, 1));
        call.answer(Ok(()));
    }
    pay(&again, &disk, [5]);
    assert_eq!(calls.next().order, 5);
}

#[test]
fn the_position_is_below_the_oldest_that_is_not_handled() {
    let disk = Disk::new(8);
    let bus = bus(&disk);
    let (asked, calls) = calls();
    let durable = bus.subscription("order").durable("invoices").concurrency(3);
    let _sub = durable.task_with(asked, handler).unwrap();
    pay(&bus, &disk, 1..=5);
    let mut three = calls.take(3);
    assert_eq!(three.iter().map(|call| call.order).collect::<Vec<_>>(), [1, 2, 3]);
    three.pop().unwrap().answer(Ok(()));
    three.pop().unwrap().answer(Ok(()));
    let two = calls.take(2);
    assert_eq!(two.iter().map(|call| call.order).collect::<Vec<_>>(), [4, 5]);
    assert_eq!(position(&disk), Some(0), "the first is under way");
    assert_eq!(bus.positions()[0].in_hand, 5);
    three.pop().unwrap().answer(Ok(()));
    until(|| position(&disk) == Some(3));
    two.into_iter().rev().for_each(|call| call.answer(Ok(())));
    until(|| position(&disk) == Some(5));
}

#[test]
fn no_more_than_the_window_are_taken_beyond_the_oldest() {
    let disk = Disk::new(64);
    let bus = bus(&disk);
    let (asked, calls) = calls();
    let durable = bus.subscription("order").durable("invoices").window(2).concurrency(8);
    let _sub = durable.task_with(asked, handler).unwrap();
    pay(&bus, &disk, 1..=20);
    for oldest in (1..=19).step_by(2) {
        let mut two = calls.take(2);
        assert_eq!(two.iter().map(|call| call.order).collect::<Vec<_>>(), [oldest, oldest + 1]);
        // The younger is handled first, which makes no room.
        two.pop().unwrap().answer(Ok(()));
        assert_eq!(bus.positions()[0].in_hand, 2);
        assert!(calls.are_none(), "a third is taken");
        two.pop().unwrap().answer(Ok(()));
    }
    until(|| position(&disk) == Some(20));
}

#[test]
fn an_event_that_fails_for_good_counts_as_handled_and_is_told() {
    let disk = Disk::new(16);
    let bus = bus(&disk);
    let (asked, calls) = calls();
    let mut letters: EventStream =
        bus.subscription("failed.order").queue(8, Overflow::Reject).stream().unwrap();
    let durable = bus.subscription("order").durable("invoices");
    let durable = durable.retry(Retry::times(1).backoff(Duration::ZERO, 1.0, Duration::ZERO));
    let sub = durable.dead_letter("failed.order").task_with(asked, handler).unwrap();
    pay(&bus, &disk, [1, 2]);
    for attempt in 1..=2 {
        let call = calls.next();
        assert_eq!((call.order, call.attempt, position(&disk)), (1, attempt, Some(0)));
        call.answer(Err("no paper"));
    }
    calls.next().answer(Ok(()));
    until(|| position(&disk) == Some(2));
    assert!(letters.recv_timeout(LONG).is_ok());
    assert_eq!((sub.failures(), sub.dead_letters().list().len()), (1, 1));
}

#[test]
fn what_is_behind_a_dead_letter_is_not_handled_and_comes_again() {
    let disk = Disk::new(16);
    let first = bus(&disk);
    let keyed = |bus: &Bus, asked: Asked| {
        let durable = bus.subscription("order").durable("invoices").concurrency(2);
        let durable = durable.by_key(|_: &Event| Some("one".into())).keep_dead_letters(8);
        durable.task_with(asked, handler).unwrap()
    };
    let (asked, calls) = calls();
    let sub = keyed(&first, asked);
    pay(&first, &disk, [1, 2, 3]);
    calls.next().answer(Err("no paper"));
    until(|| sub.dead_letters().list().len() == 3);
    assert_eq!(position(&disk), Some(1), "the letter counts, and those behind it do not");
    drop((sub, first));
    let again = bus(&disk.again());
    let (asked, calls) = self::calls();
    let sub = keyed(&again, asked);
    let call = calls.next();
    assert_eq!(call.order, 2);
    call.answer(Err("no ink"));
    until(|| sub.dead_letters().list().len() == 2);
    // Thrown away it lets the other go on.
    let letters = sub.dead_letters();
    let event = letters.list()[0].event.id();
    letters.discard(event).unwrap();
    let call = calls.next();
    assert_eq!(call.order, 3);
    call.answer(Ok(()));
    until(|| position(&disk) == Some(3));
}

#[test]
fn what_was_to_be_tried_again_when_it_ended_comes_again() {
    let disk = Disk::new(16);
    let bus = bus(&disk);
    let (asked, calls) = calls();
    let durable = bus.subscription("order").durable("invoices").retry(Retry::times(5));
    let sub = durable.task_with(asked, handler).unwrap();
    pay(&bus, &disk, [1]);
    let call = calls.next();
    let ending = sub.unsubscribe_async();
    call.answer(Err("no paper"));
    assert_eq!(smol::block_on(ending), Unsubscribed::Done);
    assert_eq!(position(&disk), Some(0));
    let (_sub, calls) = invoices(&bus);
    assert_eq!(calls.next().order, 1);
}

#[test]
fn what_a_spawner_drops_comes_again() {
    let disk = Disk::new(16);
    let futures = Arc::new(Mutex::new(Vec::<TaskFuture>::new()));
    let kept = Arc::clone(&futures);
    let spawner = move |future| kept.lock().unwrap().push(future);
    let bus = Bus::builder().history(disk.clone()).spawner(spawner).build();
    let run = || {
        for future in futures.lock().unwrap().iter_mut() {
            let _ = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).now_or_never();
        }
    };
    let (asked, calls) = calls();
    let durable = bus.subscription("order").durable("invoices").concurrency(2);
    let _sub = durable.task_with(asked, handler).unwrap();
    pay(&bus, &disk, [1, 2]);
    run();
    assert_eq!(calls.take(2).len(), 2);
    // One of the two workers goes, and the other has its event when it is done with its own.
    let dropped = futures.lock().unwrap().remove(0);
    drop(dropped);
    assert_eq!((position(&disk), bus.stats().total.failed), (Some(0), 0));
    let last = futures.lock().unwrap().remove(0);
    drop(last);
    let (_sub, calls) = invoices(&bus);
    run();
    assert_eq!((calls.next().order, position(&disk)), (1, Some(0)));
}

#[test]
fn it_ends_with_so_many_events_or_a_token_and_goes_on_behind_them() {
    let disk = Disk::new(16);
    let bus = bus(&disk);
    let token = Token::new();
    let (asked, calls) = calls();
    let durable = || bus.subscription("order").durable("invoices");
    let sub = durable().take(2).task_with(asked.clone(), handler).unwrap();
    pay(&bus, &disk, 1..=4);
    calls.next().answer(Ok(()));
    calls.next().answer(Ok(()));
    until(|| !sub.is_active());
    assert_eq!(sub.unsubscribe(), Unsubscribed::Done);
    let sub = durable().until(&token).task_with(asked.clone(), handler).unwrap();
    let call = calls.next();
    assert_eq!(call.order, 3);
    token.end();
    call.answer(Ok(()));
    assert_eq!(sub.unsubscribe(), Unsubscribed::Done);
    assert!(calls.are_none());
    let _sub = durable().task_with(asked, handler).unwrap();
    assert_eq!(calls.next().order, 4);
}

#[test]
fn what_it_does_not_select_is_passed_by_and_noted_now_and_then() {
    let disk = Disk::new(10_000).keeping(10_000);
    let bus = bus(&disk);
    let (asked, calls) = calls();
    let durable = bus.subscription("order").durable("invoices");
    let durable = durable.filter(|event| event.source() == Some("shop"));
    let _sub = durable.task_with(asked, handler).unwrap();
    pay(&bus, &disk, 1..=1_000);
    until(|| position(&disk) >= Some(768));
    bus.event(Paid { order: 1_001 }).source("shop").publish().unwrap();
    disk.commit();
    let call = calls.next();
    assert_eq!((call.order, bus.positions()[0].lag), (1_001, 1));
    call.answer(Ok(()));
    until(|| position(&disk) == Some(1_001));
}

#[test]
fn what_the_history_let_go_is_counted_and_told() {
    let disk = Disk::new(1_000);
    let bus = bus(&disk);
    let (sub, _) = invoices(&bus);
    assert_eq!(sub.unsubscribe(), Unsubscribed::Done);
    pay(&bus, &disk, 1..=100);
    let mut lost: EventStream<SystemEvent> =
        bus.subscription("$rem.task.lost").queue(8, Overflow::Reject).stream().unwrap();
    let (sub, calls) = invoices(&bus);
    assert_eq!(calls.next().order, 37, "of 100 the newest 64 are kept");
    assert_eq!(sub.missed(), 36);
    let told = lost.recv_timeout(LONG).unwrap();
    assert!(matches!(told.data, SystemEvent::TaskLost { events: 36, .. }), "{told}");
}

#[test]
fn while_the_disk_refuses_it_asks_again_when_the_clock_says() {
    let disk = Disk::new(16);
    let test = rem::testing::TestBus::with(Bus::builder().history(disk.clone()));
    let (_sub, calls) = invoices(&test.bus);
    until(|| disk.waiters() > 0);
    test.bus.publish(Paid { order: 1 }).unwrap();
    disk.break_down(true);
    assert!(test.clock.wait_for_timers(1, LONG), "it waits for a time");
    let asked = disk.asked();
    thread::yield_now();
    assert_eq!(disk.asked(), asked, "it does not spin");
    test.clock.advance(Duration::from_secs(1));
    until(|| disk.asked() > asked);
    disk.break_down(false);
    disk.commit();
    until(|| {
        test.clock.advance(Duration::from_secs(1));
        position(&disk) == Some(0) && test.clock.timers() == 0
    });
    assert_eq!(calls.next().order, 1);
}

#[test]
fn settling_waits_for_what_is_in_hand_and_closing_leaves_the_rest_for_the_next_start() {
    let disk = Disk::new(16);
    let first = bus(&disk);
    let (_sub, calls) = invoices(&first);
    pay(&first, &disk, 1..=3);
    let call = calls.next();
    let error = first.settle(Duration::from_millis(1)).unwrap_err();
    assert!(error.to_string().contains("1 call of the task of"), "{error}");
    let report = first.close(Duration::from_millis(1));
    assert!(report.to_string().contains("1 call of the task of"), "{report}");
    call.answer(Ok(()));
    let report = first.close(LONG);
    assert!(report.is_complete(), "{report}");
    assert_eq!(position(&disk), Some(1));
    assert!(calls.are_none(), "closed, it takes no more");
    let again = bus(&disk.again());
    let (_sub, calls) = invoices(&again);
    assert_eq!(calls.next().order, 2);
}

#[test]
fn a_detached_one_lasts_as_long_as_the_bus_and_keeps_it_from_nothing() {
    let disk = Disk::new(16);
    let first = bus(&disk);
    let (sub, calls) = invoices(&first);
    sub.detach();
    pay(&first, &disk, [1]);
    calls.next().answer(Ok(()));
    until(|| position(&disk) == Some(1));
    let weak = first.downgrade();
    drop(first);
    until(|| weak.upgrade().is_none());
    // Its handler goes with the bus.
    until(|| calls.are_over());
}
