//! What a handler publishes has its event as its cause, whichever thread it comes to run in.

use rem::prelude::*;
use rem::{EventId, TaskFuture, carry};

use crate::{Job, LONG, Notes, Told, added};

/// The cause and the story of everything under `job.done`.
fn causes(bus: &Bus) -> (Notes<(Option<EventId>, EventId)>, Subscription) {
    let notes = Notes::new();
    let kept = notes.clone();
    let sub = bus
        .subscribe("job.done", move |event: &Event| {
            kept.note((event.causation(), event.correlation()));
        })
        .unwrap();
    (notes, sub)
}

#[test]
fn inline_handlers_tasks_and_carried_futures_are_one_story() {
    let bus = Bus::builder().spawner(|task: TaskFuture| smol::spawn(task).detach()).build();
    let (notes, _sub) = causes(&bus);
    // An inline handler publishes what the task is given.
    let weak = bus.downgrade();
    let _inline = bus
        .subscribe("job.added", move |_: &Event<Job>| {
            weak.upgrade().unwrap().publish(Job::Of { name: "a", value: 1 }).unwrap();
        })
        .unwrap();
    let (told, carried) = Told::new();
    let _task = bus
        .subscription("job.of.*")
        .task_with((bus.downgrade(), told), async |(bus, told), job: Received<Job>| {
            let bus = bus.upgrade().unwrap();
            // After it was moved to wherever it is polled next, too.
            for value in 0..3 {
                smol::future::yield_now().await;
                bus.publish_async(Job::Done(value)).await.unwrap();
            }
            let (own, other) = (bus.clone(), bus.clone());
            let id = job.id();
            smol::spawn(carry(async move {
                smol::future::yield_now().await;
                own.publish(Job::Done(4)).unwrap();
            }))
            .await;
            smol::spawn(async move { other.publish(Job::Done(5)).unwrap() }).await;
            told.tell(id);
        })
        .unwrap();
    let first = added(&bus, 1).id().unwrap();
    let id = carried.recv_timeout(LONG).unwrap();
    let all = notes.all();
    assert_eq!(all[..4], [(Some(id), first); 4]);
    assert_eq!(all[4].0, None, "a future that is not carried has no cause");
}

#[test]
fn outside_of_handlers_there_is_nothing_to_carry() {
    let bus = Bus::new();
    let (notes, _sub) = causes(&bus);
    smol::block_on(carry(async { bus.publish_async(Job::Done(1)).await })).unwrap();
    assert_eq!(notes.all().len(), 1);
    assert_eq!(notes.all()[0].0, None);
}

/// Between two polls of a handler its event causes nothing of the thread.
#[test]
fn a_handler_that_waits_causes_nothing() {
    let executor = std::rc::Rc::new(smol::LocalExecutor::new());
    let (queue, tasks) = smol::channel::unbounded();
    let bus = Bus::builder().spawner(move |task: TaskFuture| queue.try_send(task).unwrap()).build();
    let (notes, _sub) = causes(&bus);
    let _task = bus
        .subscription("job.added")
        .task_with(bus.downgrade(), async |bus, _: Received<Job>| {
            smol::future::yield_now().await;
            bus.upgrade().unwrap().publish(Job::Done(1)).unwrap();
        })
        .unwrap();
    executor.spawn(tasks.try_recv().unwrap()).detach();
    let id = added(&bus, 1).id().unwrap();
    assert!(executor.try_tick(), "it takes the event, and waits");
    bus.publish(Job::Done(2)).unwrap();
    while executor.try_tick() {}
    let causes: Vec<_> = notes.all().iter().map(|(cause, _)| *cause).collect();
    assert_eq!(causes, [None, Some(id)]);
}

/// A task that publishes what its own pattern selects: the chain has an end, as one of inline handlers has, whether the
/// handler publishes or a future that is carried, and the error says so.
#[test]
fn a_task_that_causes_itself_ends_in_an_error() {
    for is_carried in [false, true] {
        let bus = Bus::builder()
            .causal_depth(5)
            .spawner(|task: TaskFuture| smol::spawn(task).detach())
            .build();
        let (refused, told) = Told::new();
        let (calls, kept) = (Notes::new(), Notes::new());
        let noted = calls.clone();
        let _task = bus
            .subscription("job.done")
            .task_with(
                (bus.downgrade(), refused, noted, is_carried),
                async |(bus, refused, noted, is_carried), job: Received<Job>| {
                    let Job::Done(number) = job.data else { return };
                    noted.note(number);
                    let bus = bus.upgrade().unwrap();
                    let next = async move { bus.publish_async(Job::Done(number + 1)).await };
                    let said = if is_carried { smol::spawn(carry(next)).await } else { next.await };
                    if let Err(error) = said {
                        refused.tell(error.to_string());
                    }
                },
            )
            .unwrap();
        let note = kept.clone();
        let _inline =
            bus.subscribe("job.done", move |event: &Event<Job>| note.note(event.id())).unwrap();
        for round in 1..=2 {
            bus.publish(Job::Done(1)).unwrap();
            let said = told.recv_timeout(LONG).unwrap();
            assert!(
                said.contains(
                    "5 publishes have set off one another: … → job.done → job.done; break"
                ),
                "{said}"
            );
            assert_eq!(
                calls.all()[(round - 1) * 5..],
                [1, 2, 3, 4, 5],
                "each chain counts from its first"
            );
            assert_eq!(kept.all().len(), round * 5);
        }
    }
}
