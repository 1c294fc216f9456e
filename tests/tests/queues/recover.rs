//! What was lost and is asked for again.

use rem::prelude::*;
use rem::{Lagged, Payload, QueryError, Recovered, Shape, SystemEvent, TryRecvError};

use crate::{Job, Other, added, number, queue, range};

fn bus(events: usize) -> Bus {
    Bus::builder().history(Ring::events(events)).build()
}

/// The loss that a stream has to tell of next.
fn loss<T: Shape + ?Sized>(stream: &mut EventStream<T>) -> Lagged {
    match stream.try_recv() {
        Err(TryRecvError::Lagged(lagged)) => lagged,
        other => panic!("{other:?}"),
    }
}

/// The numbers of what is found again, and how many are gone.
fn found<T: Shape + ?Sized>(again: &Recovered<T>) -> (Vec<u64>, u64) {
    assert!(again.events.iter().all(Received::is_replay));
    (again.events.iter().map(|event| event.sequence().unwrap()).collect(), again.gone)
}

#[test]
fn a_loss_is_found_again_as_far_as_it_is_kept() {
    for (overflow, lost) in [(Overflow::DropOldest, 1..=6), (Overflow::DropNewest, 3..=8)] {
        for kept in [100, 8, 7, 5, 3, 2, 1] {
            let bus = bus(kept);
            let mut stream = queue(&bus, 2, overflow.clone());
            added(&bus, 1..=8);
            let mut read = Vec::new();
            let lagged = loop {
                match stream.try_recv() {
                    Ok(event) => read.push(number(&event.data)),
                    Err(TryRecvError::Lagged(lagged)) => break lagged,
                    Err(error) => panic!("{error}"),
                }
            };
            assert_eq!(range(&lagged), (6, *lost.start(), *lost.end()));
            let again = stream.recover(&lagged).unwrap();
            let oldest = 9_u64.saturating_sub(kept as u64).max(*lost.start());
            let expected: Vec<u64> = (oldest..=*lost.end()).collect();
            let gone = 6 - expected.len() as u64;
            assert_eq!(found(&again), (expected, gone), "{overflow}, {kept} kept");
            // Asked as often as one likes, and the stream goes on where it was.
            assert_eq!(found(&stream.recover(&lagged).unwrap()), found(&again));
            read.extend(
                std::iter::from_fn(|| stream.try_recv().ok()).map(|event| number(&event.data)),
            );
            assert!(read.iter().all(|number| !lost.contains(number)) && read.len() == 2);
        }
    }
}

#[test]
fn what_the_stream_does_not_select_is_not_found() {
    let bus = bus(100);
    let odd = |event: &Event| match event.downcast_ref::<Job>() {
        Some(event) => number(&event.data) % 2 == 1,
        None => true,
    };
    let mut typed: EventStream<Job> =
        bus.subscription("job").filter(odd).queue(1, Overflow::DropOldest).stream().unwrap();
    let mut any: EventStream =
        bus.subscription("job").filter(odd).queue(1, Overflow::DropOldest).stream().unwrap();
    for number in 1..=6 {
        added(&bus, [number]);
        bus.publish(Other).unwrap();
        bus.publish_to("elsewhere", Other).unwrap();
    }
    let (lagged, wider) = (loss(&mut typed), loss(&mut any));
    assert_eq!((range(&lagged), range(&wider)), ((2, 1, 7), (8, 1, 14)));
    assert_eq!(found(&typed.recover(&lagged).unwrap()), (vec![1, 7], 0));
    assert_eq!(found(&any.recover(&wider).unwrap()), (vec![1, 2, 5, 7, 8, 11, 13, 14], 0));
}

#[test]
fn a_loss_of_another_stream_gives_what_this_one_selects() {
    let bus = bus(100);
    let eu = bus.child("eu").unwrap();
    let mut all: EventStream =
        bus.subscription("**").queue(1, Overflow::DropOldest).stream().unwrap();
    let below = queue(&eu, 8, Overflow::DropOldest);
    added(&bus, [1, 2]);
    added(&eu, [3]);
    bus.publish_to("eu.elsewhere", Other).unwrap();
    let lagged = loss(&mut all);
    assert_eq!(range(&lagged), (3, 1, 3));
    // A child's stream reaches no further by it than its prefix.
    assert_eq!(found(&below.recover(&lagged).unwrap()), (vec![3], 2));
}

#[test]
fn system_events_are_gone() {
    let bus = bus(100);
    let mut system: EventStream<SystemEvent> =
        bus.subscription("$rem.**").queue(1, Overflow::DropOldest).stream().unwrap();
    let _failing = bus.on(|_: &Event<Job>| Err::<(), _>("no"));
    added(&bus, 1..=3);
    let lagged = loss(&mut system);
    assert_eq!(range(&lagged), (2, 0, 0));
    let again = system.recover(&lagged).unwrap();
    assert_eq!((again.events.len(), again.gone), (0, 2));
}

#[test]
fn a_loss_of_the_past_is_gone_by_its_nature() {
    let bus = bus(4);
    added(&bus, 1..=6);
    let mut stream: EventStream<dyn Payload> = bus
        .subscription("job")
        .from(Start::Sequence(1))
        .queue(1, Overflow::DropOldest)
        .stream()
        .unwrap();
    let lagged = loss(&mut stream);
    assert_eq!(range(&lagged), (2, 1, 2));
    assert_eq!(found(&stream.recover(&lagged).unwrap()), (vec![], 2));
}

#[test]
fn there_is_nothing_to_ask_without_a_history_or_a_bus() {
    let none = Bus::new();
    let mut stream = queue(&none, 1, Overflow::DropOldest);
    added(&none, 1..=2);
    let lagged = loss(&mut stream);
    assert!(matches!(stream.recover(&lagged), Err(QueryError::NoHistory)));
    drop(none);
    let error = stream.recover(&lagged).unwrap_err();
    assert!(matches!(error, QueryError::Gone));
    assert!(error.to_string().contains("keep a handle"), "{error}");

    // A bus that is closed has its history still.
    let closed = bus(8);
    let mut stream = queue(&closed, 1, Overflow::DropOldest);
    added(&closed, 1..=2);
    closed.close(std::time::Duration::ZERO);
    let lagged = loss(&mut stream);
    assert_eq!(found(&stream.recover(&lagged).unwrap()), (vec![1], 0));
}
