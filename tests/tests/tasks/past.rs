//! Tasks that begin in the past.

use std::thread;

use rem::prelude::*;

use crate::{Door, Job, LONG, Notes, added, number, of};

#[test]
fn the_past_comes_first_with_no_gap_and_no_repeat() {
    let bus = Bus::builder().history(Ring::events(10_000)).build();
    let notes = Notes::new();
    (0..500).for_each(|value| drop(added(&bus, value)));
    thread::scope(|scope| {
        scope.spawn(|| (500..1_000).for_each(|value| drop(added(&bus, value))));
        let _sub = bus
            .subscription("job")
            .from(Start::Earliest)
            .task_with(notes.clone(), async |notes, job: Received<Job>| {
                if number(&job).is_multiple_of(11) {
                    smol::future::yield_now().await;
                }
                notes.note((number(&job), job.is_replay()));
            })
            .unwrap();
        while notes.all().len() < 1_000 {
            thread::yield_now();
        }
    });
    let all = notes.all();
    assert_eq!(
        all.iter().map(|(number, _)| *number).collect::<Vec<_>>(),
        (0..1_000).collect::<Vec<_>>()
    );
    assert!(all[..500].iter().all(|(_, is_replay)| *is_replay));
    assert!(all.is_sorted_by_key(|(_, is_replay)| !is_replay), "once live, it stays so");
}

#[test]
fn several_workers_share_the_past_and_keep_keys_in_order() {
    let bus = Bus::builder().history(Ring::events(10_000)).build();
    let notes = Notes::new();
    for value in 0..200 {
        of(&bus, ["a", "b", "c"][usize::try_from(value % 3).unwrap()], value);
    }
    let sub = bus
        .subscription("job.of.*")
        .from(Start::Last(100))
        .concurrency(4)
        .by_key("name")
        .task_with(notes.clone(), async |notes, job: Received<Job>| {
            if number(&job).is_multiple_of(5) {
                smol::future::yield_now().await;
            }
            notes.note(number(&job));
        })
        .unwrap();
    for value in 200..300 {
        of(&bus, ["a", "b", "c"][usize::try_from(value % 3).unwrap()], value);
    }
    while notes.all().len() < 200 {
        thread::yield_now();
    }
    for key in 0..3 {
        let of_key = notes.all().into_iter().filter(|value| value % 3 == key);
        let wanted = (100..300).filter(|value| value % 3 == key);
        assert_eq!(of_key.collect::<Vec<_>>(), wanted.collect::<Vec<_>>());
    }
    assert_eq!((sub.failures(), bus.stats().total.delivered), (0, 200));
}

#[test]
fn what_the_history_let_go_is_counted() {
    let bus = Bus::builder().history(Ring::events(4)).build();
    (0..10).for_each(|value| drop(added(&bus, value)));
    let notes = Notes::new();
    let sub = bus
        .subscription("job")
        .from(Start::Sequence(1))
        .task_with(notes.clone(), async |notes, job: Received<Job>| notes.note(number(&job)))
        .unwrap();
    while notes.all().len() < 4 {
        thread::yield_now();
    }
    assert_eq!((notes.all(), sub.missed()), (vec![6, 7, 8, 9], 6));
}

#[test]
fn one_that_ends_while_it_reads_the_past_reads_no_more() {
    let bus = Bus::builder().history(Ring::events(100)).build();
    (0..10).for_each(|value| drop(added(&bus, value)));
    let (notes, door) = (Notes::new(), Door::default());
    let state = (notes.clone(), door.clone());
    let sub = bus
        .subscription("job")
        .from(Start::Earliest)
        .concurrency(2)
        .task_with(state, async |(notes, door), job: Received<Job>| {
            notes.note(number(&job));
            door.pass().await;
        })
        .unwrap();
    while notes.all().len() < 2 {
        thread::yield_now();
    }
    let ended = sub.unsubscribe_async();
    door.open();
    smol::block_on(ended);
    assert_eq!(notes.all().len(), 2);
    let error = Bus::new().subscription("job").from(Start::Earliest).task(async |_: Received| ());
    assert!(error.unwrap_err().to_string().contains("needs a history"));
}

/// Of the past, which the queue does not count; sent again it comes through the queue, which does.
#[test]
fn what_failed_in_the_past_is_sent_again_and_then_over() {
    let bus = Bus::builder().history(Ring::events(10)).build();
    let first = added(&bus, 1).id().unwrap();
    let notes = Notes::new();
    let sub = bus
        .subscription("job")
        .from(Start::Earliest)
        .keep_dead_letters(10)
        .task_with(notes.clone(), async |notes, job: Received<Job>| {
            notes.note((number(&job), job.is_replay()));
            if notes.all().len() == 1 { Err("too early") } else { Ok(()) }
        })
        .unwrap();
    while sub.dead_letters().is_empty() {
        thread::yield_now();
    }
    sub.dead_letters().resend(first).unwrap();
    // The past is over then; until it is, what is published may be read with it.
    while notes.all().len() < 2 {
        thread::yield_now();
    }
    added(&bus, 2);
    bus.settle(LONG).unwrap();
    assert_eq!(notes.all(), [(1, true), (1, true), (2, false)]);
    assert!(sub.dead_letters().is_empty());
    let deferred = bus.stats().total.deferred;
    assert_eq!(deferred, 0, "what is under way would be counted so");
}
