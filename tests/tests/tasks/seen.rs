//! Tasks as they are looked at, what full queues do, and that nothing is kept.

use std::sync::Arc;

use rem::prelude::*;
use rem::{DeliveryReport, SystemEvent, TaskFuture, Unsubscribed};
use smol::Executor;

use crate::{Door, Job, LONG, Told, added, number, of};

#[test]
fn a_task_is_told_apart_and_its_numbers_add_up() {
    let bus = Bus::new();
    let (door, (told, begun)) = (Door::default(), Told::new());
    let _sub = bus
        .subscription("job.of.*")
        .queue(16, Overflow::DropNewest)
        .concurrency(2)
        .by_key("name")
        .keep_dead_letters(4)
        .task_with((door.clone(), told), async |(door, told), job: Received<Job>| {
            told.tell(());
            door.pass().await;
            if job.key().as_deref() == Some("bad") { Err("bad") } else { Ok(()) }
        })
        .unwrap();
    for (name, value) in [("a", 1), ("a", 2), ("bad", 3), ("bad", 4)] {
        of(&bus, name, value);
    }
    for _ in 0..2 {
        begun.recv_timeout(LONG).unwrap();
    }
    let report = &bus.topology().subscriptions[0];
    let DeliveryReport::Task { capacity: 16, concurrency: 2, running: 2, dead_letters: 0, .. } =
        report.delivery
    else {
        panic!("{report:?}");
    };
    assert_eq!((report.stats.matched(), report.stats.deferred), (4, 2));
    door.open();
    bus.settle(LONG).unwrap();
    let report = &bus.topology().subscriptions[0];
    assert!(
        report.to_string().contains("task 0/2, queue 0/16, drop newest, dead letters 2"),
        "{report}"
    );
    let stats = report.stats;
    assert_eq!((stats.delivered, stats.failed, stats.deferred, stats.matched()), (2, 1, 1, 4));
}

#[test]
fn what_a_full_queue_loses_is_counted_and_told() {
    let bus = Bus::new();
    let (door, (told, begun)) = (Door::default(), Told::new());
    let (tell, lost) = Told::new();
    let _lost = bus
        .subscribe("$rem.task.lost", move |event: &Event<SystemEvent>| {
            tell.tell(event.data.to_string());
        })
        .unwrap();
    let _sub = bus
        .subscription("job")
        .queue(2, Overflow::DropOldest)
        .task_with((door.clone(), told), async |(door, told), _: Received<Job>| {
            told.tell(());
            door.pass().await;
        })
        .unwrap();
    added(&bus, 0);
    begun.recv_timeout(LONG).unwrap();
    (1..=5).for_each(|value| drop(added(&bus, value)));
    door.open();
    bus.settle(LONG).unwrap();
    let lost = lost.recv_timeout(LONG).unwrap();
    assert!(lost.contains("lost 3 events: its queue was full"), "{lost}");
    let stats = bus.topology().subscriptions[1].stats;
    assert_eq!((stats.delivered, stats.dropped, stats.matched()), (3, 3, 6));
}

/// Of events that were handled or have failed, of their keys and of tasks that are over, nothing is kept. All in one thread,
/// in which is counted.
#[test]
fn nothing_is_kept() {
    let executor = Arc::new(Executor::new());
    let spawner = Arc::clone(&executor);
    let bus = Bus::builder().spawner(move |task: TaskFuture| spawner.spawn(task).detach()).build();
    let rounds = async |events: u64, tasks: u64| {
        for _ in 0..tasks {
            let sub = bus
                .subscription("job.added")
                .concurrency(3)
                .by_key(|event: &Event| Some(event.id().to_string().into()))
                .time_limit(LONG)
                .keep_dead_letters(8)
                .task(async |job: Received<Job>| {
                    smol::future::yield_now().await;
                    if number(&job).is_multiple_of(2) { Err("no") } else { Ok(()) }
                })
                .unwrap();
            for value in 0..events {
                bus.publish_async(Job::Added(value)).await.unwrap();
            }
            bus.settle_async().await.unwrap();
            assert_eq!(sub.dead_letters().len(), 8);
            assert_eq!(sub.unsubscribe_async().await, Unsubscribed::Done);
        }
    };
    let kept = |events, tasks| {
        let run = || smol::block_on(executor.run(rounds(events, tasks)));
        allocation_counter::measure(run).bytes_current
    };
    kept(2_000, 2); // what is made once and stays
    assert!(kept(20_000, 1) < 4_096, "events that are over");
    assert!(kept(100, 100) < 4_096, "tasks that are over");
    assert!(bus.topology().subscriptions.is_empty());
}
