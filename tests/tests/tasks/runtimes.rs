//! The same tasks on each runtime, and on none.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rem::TaskFuture;
use rem::prelude::*;
use smol::Executor;

use crate::{Door, Job, LONG, Notes, Told, added, number};

/// What every runtime must do: 500 events, in order, handled by futures that wait now and then.
async fn handles_all(bus: Bus) {
    let notes = Notes::new();
    let sub = bus
        .subscription("job")
        .task_with(notes.clone(), async |notes, job: Received<Job>| {
            if number(&job).is_multiple_of(7) {
                smol::future::yield_now().await;
            }
            notes.note(number(&job));
        })
        .unwrap();
    for value in 0..500 {
        bus.publish_async(Job::Added(value)).await.unwrap();
    }
    bus.settle_async().await.unwrap();
    assert_eq!(notes.all(), (0..500).collect::<Vec<_>>());
    assert_eq!(sub.failures(), 0);
}

#[test]
fn on_tokio_in_one_thread() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let bus = Bus::builder().spawner(runtime.handle().clone()).build();
    runtime.block_on(handles_all(bus));
}

#[test]
fn on_tokio_in_several_threads() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
    let bus = Bus::builder().spawner(runtime.handle().clone()).build();
    runtime.block_on(handles_all(bus));
}

#[test]
fn on_smol() {
    let bus = Bus::builder().spawner(|task: TaskFuture| smol::spawn(task).detach()).build();
    smol::block_on(handles_all(bus));
}

#[test]
fn on_an_executor_of_the_programs() {
    let executor = Arc::new(Executor::new());
    let spawner = Arc::clone(&executor);
    let bus = Bus::builder().spawner(move |task: TaskFuture| spawner.spawn(task).detach()).build();
    smol::block_on(executor.run(handles_all(bus)));
}

#[test]
fn on_the_buss_own_threads() {
    smol::block_on(handles_all(Bus::new()));
}

#[test]
fn so_many_run_at_a_time_and_no_more() {
    let bus = Bus::new();
    let (door, (told, begun)) = (Door::default(), Told::new());
    let running = Arc::new(AtomicUsize::new(0));
    let state = (door.clone(), told, Arc::clone(&running));
    let _sub = bus
        .subscription("job")
        .concurrency(8)
        .task_with(state, async |(door, told, running), job: Received<Job>| {
            assert!(running.fetch_add(1, Ordering::SeqCst) < 8);
            told.tell(number(&job));
            door.pass().await;
            running.fetch_sub(1, Ordering::SeqCst);
        })
        .unwrap();
    (0..20).for_each(|value| drop(added(&bus, value)));
    for _ in 0..8 {
        begun.recv_timeout(LONG).unwrap();
    }
    assert!(begun.try_recv().is_err(), "the ninth waits");
    assert_eq!(running.load(Ordering::SeqCst), 8);
    door.open();
    bus.settle(LONG).unwrap();
    assert_eq!(begun.try_iter().count(), 12);
    assert_eq!(bus.stats().total.failed, 0);
}

/// A burst that no queue holds: publishers wait for room, and nothing is lost.
#[test]
fn publishers_wait_for_room_and_nothing_is_lost() {
    let bus = Bus::new();
    let count = Arc::new(AtomicUsize::new(0));
    let _sub = bus
        .subscription("job")
        .queue(4, Overflow::Block(LONG))
        .concurrency(3)
        .task_with(Arc::clone(&count), async |count, job: Received<Job>| {
            if number(&job).is_multiple_of(3) {
                smol::future::yield_now().await;
            }
            count.fetch_add(1, Ordering::Relaxed);
        })
        .unwrap();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..500).for_each(|value| drop(added(&bus, value))));
        }
    });
    bus.settle(LONG).unwrap();
    assert_eq!(count.load(Ordering::Relaxed), 2_000);
    assert_eq!(bus.stats().total.delivered, 2_000);
}
