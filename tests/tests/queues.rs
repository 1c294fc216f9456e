//! Queues and streams: what is delivered, what is lost and how that is told, and who waits for whom.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use futures_util::StreamExt;
use rem::prelude::*;
use rem::{Key, Lagged, PublishErrorKind, SystemEvent, TryRecvError};

#[derive(EventType, Debug, Clone, PartialEq)]
#[event(namespace = "job", local)]
enum Job {
    Added(u64),
    #[event(topic = "of.{name}")]
    Of {
        name: &'static str,
        value: u64,
    },
}

#[derive(EventType, Debug)]
#[event(namespace = "job", local)]
struct Other;

const LONG: Duration = Duration::from_secs(30);

fn added(bus: &Bus, numbers: impl IntoIterator<Item = u64>) -> Vec<Receipt> {
    numbers.into_iter().map(|number| bus.publish(Job::Added(number)).unwrap()).collect()
}

/// What a stream has, without waiting: `Ok` with the number of the job, or what was lost.
fn drain(stream: &mut EventStream<Job>) -> Vec<Result<u64, (u64, u64, u64)>> {
    std::iter::from_fn(|| match stream.try_recv() {
        Ok(event) => Some(Ok(number(&event.data))),
        Err(TryRecvError::Lagged(lagged)) => Some(Err(range(&lagged))),
        Err(TryRecvError::Empty | TryRecvError::Ended) => None,
    })
    .collect()
}

fn number(job: &Job) -> u64 {
    match job {
        Job::Added(number) | Job::Of { value: number, .. } => *number,
    }
}

fn range(lagged: &Lagged) -> (u64, u64, u64) {
    (lagged.missed(), lagged.from(), lagged.to())
}

fn queue(bus: &Bus, capacity: usize, overflow: Overflow) -> EventStream<Job> {
    bus.subscription("job").queue(capacity, overflow).stream().unwrap()
}

#[test]
fn a_thread_reads_what_another_publishes_until_the_bus_is_closed() {
    let bus = Bus::new();
    let mut stream = queue(&bus, 4, Overflow::Block(LONG));
    let reader = thread::spawn(move || {
        let numbers: Vec<u64> = stream.iter().map(|event| number(&event.unwrap().data)).collect();
        (numbers, stream.try_recv().unwrap_err())
    });
    let receipts = added(&bus, 0..1_000);
    bus.close();
    assert!(receipts.iter().all(|receipt| receipt.delivered() == 1 && receipt.matched() == 1));
    assert_eq!(reader.join().unwrap(), ((0..1_000).collect(), TryRecvError::Ended));
}

#[test]
fn a_stream_ends_with_the_last_handle_to_its_bus() {
    let bus = Bus::new();
    let mut stream = queue(&bus, 4, Overflow::Reject);
    added(&bus, [1]);
    drop(bus);
    assert_eq!(drain(&mut stream), [Ok(1)]);
    assert_eq!(stream.try_recv().unwrap_err(), TryRecvError::Ended);
}

#[test]
fn the_oldest_make_room_and_the_reader_is_told() {
    let bus = Bus::new();
    let mut stream = queue(&bus, 3, Overflow::DropOldest);
    let receipts = added(&bus, 1..=10);
    assert!(receipts.iter().all(|receipt| receipt.delivered() == 1 && receipt.dropped() == 0));
    assert_eq!(drain(&mut stream), [Err((7, 1, 7)), Ok(8), Ok(9), Ok(10)]);
    added(&bus, 11..=12);
    assert_eq!(drain(&mut stream), [Ok(11), Ok(12)]);
    let stats = stream.stats();
    assert_eq!((stats.delivered, stats.dropped, stats.waiting), (5, 7, 0));
}

#[test]
fn the_newest_are_lost_in_their_place() {
    let bus = Bus::new();
    let mut stream = queue(&bus, 3, Overflow::DropNewest);
    let receipts = added(&bus, 1..=5);
    let dropped: Vec<usize> = receipts.iter().map(Receipt::dropped).collect();
    assert_eq!(dropped, [0, 0, 0, 1, 1]);
    assert!(receipts.iter().all(|receipt| receipt.matched() == 1));
    assert_eq!(number(&stream.try_recv().unwrap().data), 1);
    added(&bus, 6..=7);
    assert_eq!(drain(&mut stream), [Ok(2), Ok(3), Err((2, 4, 5)), Ok(6), Err((1, 7, 7))]);
}

#[test]
fn events_of_other_topics_are_no_loss() {
    let bus = Bus::new();
    let _all = bus.subscribe("**", |_: &Event| ()).unwrap();
    let mut stream = queue(&bus, 1, Overflow::DropOldest);
    for number in 1..=3 {
        added(&bus, [number]);
        bus.publish_to("elsewhere", Other).unwrap();
    }
    assert_eq!(drain(&mut stream), [Err((2, 1, 3)), Ok(3)]);
}

#[test]
fn a_refused_event_leaves_no_trace() {
    let bus = Bus::builder().history(Ring::events(10)).build();
    let seen = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&seen);
    let _inline = bus.on(move |_: &Event<Job>| {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    let mut roomy = queue(&bus, 10, Overflow::Block(LONG));
    let mut full = queue(&bus, 1, Overflow::Reject);
    added(&bus, [1]);
    let error = bus.publish(Job::Added(2)).unwrap_err();
    let PublishErrorKind::QueueFull { subscription, pattern, place, capacity, limit } =
        error.kind()
    else {
        panic!("{error:?}");
    };
    assert_eq!(*subscription, full.subscription().id());
    assert_eq!((&**pattern, *capacity, *limit), ("job", 1, Duration::ZERO));
    assert!(place.file().ends_with("queues.rs"));
    assert_eq!(
        error.to_string(),
        format!(
            "`job.added` was not published: the queue of {subscription} to `job` ({place}) is full with 1 events; \
             publish again when its reader has read, give it more capacity, or an `Overflow` that drops"
        )
    );
    assert_eq!(error.into_data(), Job::Added(2));
    assert_eq!(drain(&mut roomy), [Ok(1)]);
    assert_eq!(drain(&mut full), [Ok(1)]);
    assert_eq!(seen.load(Ordering::Relaxed), 1);
    assert_eq!(bus.query("**").unwrap().events().len(), 1);
    assert_eq!(added(&bus, [3])[0].sequence(), Some(2), "no number was used up");
    assert_eq!((drain(&mut roomy), drain(&mut full)), (vec![Ok(3)], vec![Ok(3)]));
}

#[test]
fn a_publisher_waits_until_its_limit() {
    let bus = Bus::new();
    let limit = Duration::from_millis(20);
    let _full = queue(&bus, 1, Overflow::Block(limit));
    added(&bus, [1]);
    let error = bus.publish(Job::Added(2)).unwrap_err();
    assert!(
        matches!(error.kind(), PublishErrorKind::QueueFull { limit: waited, .. } if *waited == limit),
        "{error}"
    );
    assert!(error.to_string().contains("had no room for 20ms"), "{error}");
}

#[test]
fn whoever_waits_for_room_is_let_go_with_the_reader() {
    let bus = Bus::new();
    let full = queue(&bus, 1, Overflow::Block(LONG));
    added(&bus, [1]);
    let other = bus.clone();
    let publisher = thread::spawn(move || other.publish(Job::Added(2)).unwrap());
    thread::sleep(Duration::from_millis(10));
    drop(full);
    assert_eq!(publisher.join().unwrap().matched(), 0);
}

#[test]
fn a_reader_that_publishes_into_its_own_full_queue_is_told_at_once() {
    let bus = Bus::new();
    let mut stream = queue(&bus, 2, Overflow::Block(LONG));
    added(&bus, 1..=2);
    let other = bus.clone();
    let mut refused = None;
    for event in stream.iter() {
        let next = number(&event.unwrap().data) + 10;
        added(&other, [next]); // there is room for the one that was taken
        refused = other.publish(Job::Added(0)).err();
        break;
    }
    let error = refused.unwrap();
    assert!(matches!(error.kind(), PublishErrorKind::WouldDeadlock { .. }), "{error:?}");
    assert!(error.to_string().contains("its reader waits for this thread"), "{error}");
}

#[test]
fn two_readers_that_wait_for_one_another_are_told() {
    let bus = Bus::new();
    let mut streams = ["a", "b"].map(|name| {
        let topic = format!("job.of.{name}");
        bus.subscription(&*topic).queue(1, Overflow::Block(LONG)).stream::<Job>().unwrap()
    });
    let publish = |bus: &Bus, name| bus.publish(Job::Of { name, value: 0 });
    for name in ["a", "b"] {
        publish(&bus, name).unwrap();
    }
    let both = Barrier::new(2);
    // Each holds an event, finds the other's queue full, and would wait for the other to read.
    let results: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = streams
            .iter_mut()
            .zip(["b", "a"])
            .map(|(stream, to)| {
                let (bus, both) = (bus.clone(), &both);
                scope.spawn(move || {
                    let mut events = stream.iter();
                    both.wait();
                    let result = publish(&bus, to);
                    let read = events.next();
                    drop(events);
                    (result, read.is_some())
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let deadlocks = results.iter().filter(|(result, _)| {
        matches!(
            result.as_ref().map_err(|error| error.kind()),
            Err(PublishErrorKind::WouldDeadlock { .. })
        )
    });
    assert_eq!(deadlocks.count(), 1, "{results:?}");
    assert!(results.iter().all(|(_, read)| *read));
}

#[test]
fn the_last_of_each_key_is_kept_in_the_turn_of_the_first() {
    let bus = Bus::new();
    let mut stream = queue(&bus, 2, Overflow::Conflate(Key::topic()));
    let of = |name, value| bus.publish(Job::Of { name, value }).unwrap();
    for (name, value) in [("a", 1), ("b", 2), ("a", 3), ("a", 4), ("b", 5)] {
        assert_eq!(of(name, value).delivered(), 1);
    }
    assert_eq!(drain(&mut stream), [Ok(4), Ok(5)]);
    assert_eq!(stream.stats().replaced, 3);
    // More keys than room: the oldest event goes.
    for (name, value) in [("a", 6), ("b", 7), ("a", 8), ("c", 9)] {
        of(name, value);
    }
    assert_eq!(drain(&mut stream), [Ok(8), Err((1, 7, 7)), Ok(9)]);
}

#[test]
fn what_was_lost_is_read_again_from_the_history() {
    let bus = Bus::builder().history(Ring::events(6)).build();
    let mut stream = queue(&bus, 2, Overflow::DropOldest);
    for number in 1..=8 {
        added(&bus, [number]);
        bus.publish_to("elsewhere", Other).unwrap();
    }
    let Err(TryRecvError::Lagged(lagged)) = stream.try_recv() else { panic!("{stream:?}") };
    assert_eq!(range(&lagged), (6, 1, 11));
    let again = stream.recover(&lagged).unwrap();
    let numbers: Vec<u64> = again.events.iter().map(|event| number(&event.data)).collect();
    assert_eq!((numbers, again.gone), (vec![6], 5));
    assert_eq!(drain(&mut stream), [Ok(7), Ok(8)]);
    drop(bus);
    assert!(stream.recover(&lagged).is_err());
}

#[test]
fn filters_and_types_decide_before_the_queue() {
    for overflow in [Overflow::Block(LONG), Overflow::DropOldest] {
        let bus = Bus::new();
        let mut stream: EventStream<Job> = bus
            .subscription("job.**")
            .filter(|event| event.source() != Some("noise"))
            .queue(1, overflow)
            .stream()
            .unwrap();
        let told = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&told);
        let _system = bus
            .subscribe("$rem.event.mismatched", move |_: &Event<SystemEvent>| {
                counted.fetch_add(1, Ordering::Relaxed);
            })
            .unwrap();
        let noise = bus.event(Job::Added(1)).source("noise").publish().unwrap();
        assert_eq!(noise.matched(), 0);
        assert_eq!(bus.publish(Other).unwrap().matched(), 0);
        assert_eq!(stream.subscription().mismatches(), 1);
        assert_eq!(told.load(Ordering::Relaxed), 1);
        added(&bus, [2]);
        assert_eq!(drain(&mut stream), [Ok(2)]);
    }
}

#[test]
fn a_filter_or_key_that_panics_harms_nobody() {
    let bus = Bus::new();
    let mut failing = [
        bus.subscription("job")
            .filter(|_| panic!("no"))
            .queue(1, Overflow::Reject)
            .stream::<Job>()
            .unwrap(),
        queue(&bus, 1, Overflow::Conflate(Key::of(|_| panic!("no")))),
    ];
    let mut other = queue(&bus, 1, Overflow::Reject);
    let receipt = &added(&bus, [1])[0];
    assert_eq!((receipt.failed(), receipt.delivered()), (2, 1));
    for stream in &mut failing {
        assert_eq!(drain(stream), []);
        assert_eq!(stream.subscription().failures(), 1);
    }
    assert_eq!(drain(&mut other), [Ok(1)]);
}

#[test]
fn a_child_bus_reads_what_lies_below_it() {
    let bus = Bus::new();
    let eu = bus.child("eu").unwrap();
    let mut stream: EventStream<Job> =
        eu.subscription("job.{*what}").queue(8, Overflow::Reject).stream().unwrap();
    added(&bus, [1]);
    added(&eu, [2]);
    let event = stream.try_recv().unwrap();
    assert_eq!(event.topic().as_str(), "eu.job.added");
    assert_eq!(event.capture("what").as_deref(), Some("added"));
    assert_eq!(event.subscription(), stream.subscription().id());
    bus.close();
    assert_eq!(stream.try_recv().unwrap_err(), TryRecvError::Ended);
}

#[test]
fn system_events_are_queued_and_their_losses_counted() {
    let bus = Bus::new();
    let mut system: EventStream<SystemEvent> =
        bus.subscription("$rem.**").queue(2, Overflow::Block(LONG)).stream().unwrap();
    let _failing = bus.on(|_: &Event<Job>| Err::<(), _>("no"));
    added(&bus, 1..=5);
    for _ in 0..2 {
        let event = system.try_recv().unwrap();
        assert!(matches!(event.data, SystemEvent::HandlerFailed { .. }));
    }
    let Err(TryRecvError::Lagged(lagged)) = system.try_recv() else { panic!("{system:?}") };
    assert_eq!(range(&lagged), (3, 0, 0));
}

#[test]
fn a_handler_fills_queues_at_once() {
    let bus = Bus::new();
    let stream = queue(&bus, 8, Overflow::Block(LONG));
    let nested = bus.clone();
    let _sub = bus.on(move |event: &Event<Job>| {
        if event.data == Job::Added(1) {
            let receipt = nested.publish(Job::Added(2)).unwrap();
            assert_eq!((receipt.delivered(), receipt.deferred()), (1, 1));
        }
    });
    let receipt = &added(&bus, [1])[0];
    assert_eq!((receipt.delivered(), receipt.failed()), (2, 0));
    assert_eq!(stream.len(), 2);
}

/// Data whose `Drop` goes to the very queue that lets go of it.
#[derive(EventType, Debug)]
#[event(name = "bomb", local)]
struct Bomb(Option<Bus>);

impl Drop for Bomb {
    fn drop(&mut self) {
        if let Some(bus) = self.0.take() {
            let _ = bus.publish(Bomb(None));
        }
    }
}

#[test]
fn what_goes_is_dropped_under_no_lock() {
    let bus = Bus::new();
    for overflow in [Overflow::DropOldest, Overflow::DropNewest, Overflow::Conflate(Key::topic())] {
        let stream: EventStream = bus.subscription("bomb").queue(1, overflow).stream().unwrap();
        for _ in 0..3 {
            bus.publish(Bomb(Some(bus.clone()))).unwrap();
        }
        assert_eq!(stream.len(), 1);
        drop(stream);
    }
}

fn is_send<T: Send>(value: T) -> T {
    value
}

/// Two tasks: one reads, one publishes into a queue of two, with nothing lost.
async fn to_and_fro(spawn: impl FnOnce(Bus)) -> Vec<u64> {
    let bus = Bus::new();
    let mut stream = queue(&bus, 2, Overflow::Block(Duration::ZERO));
    spawn(bus);
    let mut numbers = Vec::new();
    while let Some(event) = is_send(stream.recv()).await {
        numbers.push(number(&event.unwrap().data));
    }
    assert!(stream.next().await.is_none(), "it is a `Stream` too");
    numbers
}

async fn publish_all(bus: Bus) {
    for number in 0..1_000 {
        is_send(bus.publish_async(Job::Added(number))).await.unwrap();
    }
}

#[test]
fn under_tokio() {
    for mut runtime in
        [tokio::runtime::Builder::new_current_thread(), tokio::runtime::Builder::new_multi_thread()]
    {
        let runtime = runtime.build().unwrap();
        let numbers = runtime.block_on(to_and_fro(|bus| drop(tokio::spawn(publish_all(bus)))));
        assert_eq!(numbers, (0..1_000).collect::<Vec<_>>());
    }
}

#[test]
fn under_smol() {
    let numbers = smol::block_on(to_and_fro(|bus| smol::spawn(publish_all(bus)).detach()));
    assert_eq!(numbers, (0..1_000).collect::<Vec<_>>());
}

#[test]
fn a_publish_that_waits_can_be_dropped() {
    let bus = Bus::new();
    let mut stream = queue(&bus, 1, Overflow::Block(LONG));
    added(&bus, [1]);
    let ready = smol::block_on(smol::future::or(
        async {
            bus.publish_async(Job::Added(2)).await.unwrap();
            true
        },
        async { false },
    ));
    assert!(!ready);
    assert_eq!(drain(&mut stream), [Ok(1)]);
    added(&bus, [3]);
    assert_eq!(drain(&mut stream), [Ok(3)]);
}

/// Several publishers at full speed beside a slow reader: everything is delivered or told, in order, and no range
/// encloses what was delivered.
fn account(overflow: &Overflow, capacity: usize) {
    const PUBLISHERS: u64 = 3;
    const EACH: u64 = 4_000;
    let bus = Bus::new();
    let _every = bus.subscribe("elsewhere", |_: &Event| ()).unwrap();
    let mut stream = queue(&bus, capacity, overflow.clone());
    let publishers: Vec<_> = (0..PUBLISHERS)
        .map(|publisher| {
            let bus = bus.clone();
            thread::spawn(move || {
                for number in 0..EACH {
                    let mut job = Job::Added(publisher * EACH + number);
                    while let Err(error) = bus.publish(job) {
                        assert!(matches!(error.kind(), PublishErrorKind::QueueFull { .. }));
                        job = error.into_data();
                        thread::yield_now();
                    }
                    if number % 7 == 0 {
                        bus.publish_to("elsewhere", Other).unwrap();
                    }
                }
            })
        })
        .collect();
    let closer = thread::spawn(move || {
        publishers.into_iter().for_each(|publisher| publisher.join().unwrap());
        bus.close();
    });
    let (mut delivered, mut lost, mut last) = (Vec::new(), Vec::new(), vec![None; 3]);
    for item in stream.iter() {
        match item {
            Ok(event) => {
                let number = number(&event.data);
                let publisher = usize::try_from(number / EACH).unwrap();
                assert!(last[publisher] < Some(number), "a publisher's events come in its order");
                last[publisher] = Some(number);
                delivered.push(event.sequence().unwrap());
            }
            Err(lagged) => lost.push(range(&lagged)),
        }
    }
    closer.join().unwrap();
    let missed: u64 = lost.iter().map(|(missed, ..)| missed).sum();
    assert_eq!(delivered.len() as u64 + missed, PUBLISHERS * EACH, "{overflow}");
    delivered.sort_unstable();
    delivered.dedup();
    assert_eq!(delivered.len() as u64 + missed, PUBLISHERS * EACH, "none came twice");
    for (missed, from, to) in lost {
        let at = delivered.partition_point(|sequence| *sequence < from);
        assert!(
            delivered.get(at).is_none_or(|sequence| *sequence > to),
            "{overflow}: {from} to {to}"
        );
        assert!(missed <= to - from + 1);
    }
    let may_lose = matches!(overflow, Overflow::DropOldest | Overflow::DropNewest);
    assert!(may_lose || missed == 0);
}

#[test]
fn every_event_is_accounted_for() {
    for overflow in [
        Overflow::DropOldest,
        Overflow::DropNewest,
        Overflow::Reject,
        Overflow::Block(Duration::ZERO),
        Overflow::Block(LONG),
    ] {
        for capacity in [1, 3, 256] {
            account(&overflow, capacity);
        }
    }
}
