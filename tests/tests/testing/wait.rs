//! Waits: by pattern, type and count, in a thread and as a future.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use rem::prelude::*;
use rem::testing::{Recorder, TestBus, UnmetKind};

use super::support::{LIMIT, Order, StockLow, placed, stock_low};

#[test]
fn a_wait_ends_when_another_thread_publishes() {
    let test = TestBus::new();
    let recorder = Recorder::new(&test.bus);
    let bus = test.bus.clone();
    let publisher = thread::spawn(move || {
        for id in 0..100 {
            bus.publish(placed(id)).unwrap();
            bus.publish(Order::Paid { id }).unwrap();
        }
        bus.publish(stock_low()).unwrap();
    });
    let paid = recorder.wait_for("order.paid", LIMIT).unwrap();
    assert_eq!(paid.sequence(), Some(2));
    let paid = recorder.wait_for_count("order.paid", 99, LIMIT).unwrap();
    assert_eq!(paid.last().unwrap().sequence(), Some(200));
    assert_eq!(recorder.wait_for_type::<StockLow>(LIMIT).unwrap().data.item, "tea");
    publisher.join().unwrap();
    recorder.assert_quiet(LIMIT);
}

#[test]
fn an_expectation_waits_for_what_is_on_its_way_and_not_for_what_can_no_longer_hold() {
    let test = TestBus::new();
    let recorder = Recorder::new(&test.bus);
    let bus = test.bus.clone();
    let publisher = thread::spawn(move || {
        bus.publish(placed(1)).unwrap();
        bus.publish(Order::Paid { id: 1 }).unwrap();
    });
    recorder.expect().topic("order.placed").topic("order.paid").within(LIMIT).exactly();
    publisher.join().unwrap();
    test.bus.publish(stock_low()).unwrap();
    // Without end: but what came is another, so that no wait would mend it.
    let unmet = recorder.expect().topic("order.sent").within(Duration::MAX).try_in_a_row();
    assert_eq!(unmet.unwrap_err().kind(), UnmetKind::Other);
}

#[test]
fn a_wait_that_is_late_says_what_has_come() {
    let test = TestBus::new();
    let recorder = Recorder::new(&test.bus);
    test.bus.publish(placed(1)).unwrap();
    let late = recorder.wait_for("order.sent", Duration::from_millis(1)).unwrap_err();
    assert_eq!(late.kind(), UnmetKind::Missing);
    let said = late.to_string();
    assert!(said.contains("order.placed: Placed") && said.contains("within 1ms"), "{said}");
    assert!(recorder.wait_for("a..b", LIMIT).unwrap_err().kind() == UnmetKind::Pattern);
}

#[test]
fn a_future_ends_with_the_recorder() {
    let test = TestBus::new();
    let recorder = Recorder::new(&test.bus);
    let mut coming = Box::pin(recorder.wait_for_async("order.sent"));
    assert!(poll(&mut coming, Waker::noop()).is_pending());
    drop(recorder);
    let Poll::Ready(Err(ended)) = poll(&mut coming, Waker::noop()) else {
        panic!("it waits for ever")
    };
    assert!(ended.to_string().contains("nothing will come any more"), "{ended}");
}

struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn poll<F: Future + Unpin>(future: &mut F, waker: &Waker) -> Poll<F::Output> {
    std::pin::Pin::new(future).poll(&mut Context::from_waker(waker))
}

#[test]
fn a_future_is_woken_by_each_event_and_leaves_no_waker_behind() {
    let test = TestBus::new();
    let recorder = Recorder::new(&test.bus);
    let count = Arc::new(Count(AtomicUsize::new(0)));
    let waker = Waker::from(Arc::clone(&count));
    let mut coming = recorder.expect().topic("order.placed").topic("order.paid").coming();
    assert!(poll(&mut coming, &waker).is_pending() && poll(&mut coming, &waker).is_pending());
    test.bus.publish(placed(1)).unwrap();
    assert_eq!(count.0.load(Ordering::Relaxed), 1, "however often it was polled");
    assert!(poll(&mut coming, &waker).is_pending());
    test.bus.publish(Order::Paid { id: 1 }).unwrap();
    assert!(matches!(poll(&mut coming, &waker), Poll::Ready(Ok(met)) if met.len() == 2));

    let mut coming = recorder.expect().any().coming();
    assert!(poll(&mut coming, &waker).is_pending());
    drop(coming);
    drop(waker);
    assert_eq!(Arc::strong_count(&count), 1);
}

#[tokio::test]
async fn under_a_runtime_of_others() {
    let test = TestBus::new();
    let recorder = Recorder::new(&test.bus);
    let coming = recorder.wait_for_async("order.paid");
    let bus = test.bus.clone();
    let publisher = tokio::spawn(async move { bus.publish(Order::Paid { id: 5 }).map(drop) });
    let paid = tokio::time::timeout(LIMIT, coming).await.unwrap().unwrap();
    assert_eq!(paid.data.downcast_ref::<Order>(), Some(&Order::Paid { id: 5 }));
    publisher.await.unwrap().unwrap();
}

#[test]
fn quiet_waits_for_what_is_in_flight() {
    let test = TestBus::new();
    let recorder = Recorder::new(&test.bus);
    let own = test.bus.clone();
    let (go, may_go) = mpsc::channel();
    let mut stream =
        test.bus.subscription("order.placed").queue(8, Overflow::Reject).stream().unwrap();
    let reader = thread::spawn(move || {
        let _placed: Received = stream.recv_timeout(LIMIT).unwrap();
        // Queues come before inline handlers, and the recorder is one.
        may_go.recv_timeout(LIMIT).unwrap();
        own.publish(Order::Paid { id: 1 }).unwrap();
    });
    test.bus.publish(placed(1)).unwrap();
    go.send(()).unwrap();
    recorder.expect().topic("order.placed").topic("order.paid").within(LIMIT).exactly();
    recorder.assert_quiet(LIMIT);
    reader.join().unwrap();
}

/// However long they would wait: what is closed, by whomever, or gone delivers nothing more.
#[test]
fn waits_end_at_once_when_the_bus_is_closed_or_gone() {
    type End = fn(Bus);
    let ends: [(&str, End); 3] = [
        ("closed", |bus| assert!(bus.close(LIMIT).is_complete())),
        ("closed by a future", |bus| drop(bus.close_async())),
        ("gone", drop),
    ];
    for (how, end) in ends {
        let bus = Bus::new();
        let recorder = Recorder::new(&bus);
        let child: Recorder = Recorder::of(&bus, "order.paid").unwrap();
        let wait = bus.wait_for_async::<dyn rem::Payload>("order.sent").unwrap();
        let mut coming = Box::pin(recorder.wait_for_async("order.sent"));
        let count = Arc::new(Count(AtomicUsize::new(0)));
        assert!(poll(&mut coming, &Waker::from(Arc::clone(&count))).is_pending());
        bus.publish(placed(1)).unwrap();
        let late = thread::scope(|scope| {
            let waits = scope.spawn(|| recorder.wait_for("order.sent", Duration::MAX).unwrap_err());
            let counts = scope.spawn(|| child.wait_for_count("**", 2, Duration::MAX).unwrap_err());
            let waits_on_bus = scope.spawn(|| wait.within(Duration::MAX).unwrap_err());
            end(bus);
            assert_eq!(counts.join().unwrap().kind(), UnmetKind::Ended, "{how}");
            assert_eq!(waits_on_bus.join().unwrap().kind(), rem::WaitErrorKind::Ended, "{how}");
            waits.join().unwrap()
        });
        assert_eq!(late.kind(), UnmetKind::Ended, "{how}");
        let said = late.to_string();
        assert!(
            said.contains("the bus is closed or gone") && said.contains("order.placed"),
            "{said}"
        );
        assert!(count.0.load(Ordering::Relaxed) >= 1, "{how}: the future is woken");
        assert!(matches!(poll(&mut coming, Waker::noop()), Poll::Ready(Err(_))), "{how}");
        recorder.expect().topic("order.placed").within(Duration::MAX).exactly();
        assert!(recorder.expect().any().within(Duration::MAX).try_exactly().is_err(), "{how}");
    }
}

/// A child that is closed ends its own recorders, and no other.
#[test]
fn a_child_that_is_closed_ends_its_own() {
    let test = TestBus::new();
    let child = test.bus.child("order").unwrap();
    let (all, below) = (Recorder::new(&test.bus), Recorder::new(&child));
    assert!(child.close(LIMIT).is_complete());
    let ended = below.wait_for("paid", Duration::MAX).unwrap_err();
    assert_eq!(ended.kind(), UnmetKind::Ended);
    test.bus.publish(placed(1)).unwrap();
    all.expect().topic("order.placed").within(LIMIT).exactly();
}

/// A task's retries and its time limit by a clock that the test turns, told by what the recorder has: no time passes.
#[test]
fn a_clock_that_is_turned_and_a_recorder_drive_retries_and_time_limits() {
    const HOUR: Duration = Duration::from_secs(3_600);
    let test = TestBus::new();
    let recorder: Recorder<Order> = Recorder::of(&test.bus, "order.paid").unwrap();
    let _task = test
        .bus
        .subscription("order.placed")
        .retry(Retry::times(2).backoff(HOUR, 1.0, HOUR).jitter(false))
        .time_limit(24 * HOUR)
        .task_with(test.bus.downgrade(), async |bus, placed: Received<Order>| {
            let id = placed.attempt();
            bus.upgrade().unwrap().publish(Order::Paid { id }).unwrap();
            match placed.attempt() {
                1 => Err("no"),
                2 => std::future::pending().await, // until its time is over
                _ => Ok(()),
            }
        })
        .unwrap();
    test.bus.publish(placed(1)).unwrap();
    for attempt in 1..=3 {
        recorder.expect().equal(Order::Paid { id: attempt }).within(LIMIT).exactly();
        // What it waits for now: to be tried again, the end of its time and then that, nothing.
        let times: &[Duration] = match attempt {
            1 => &[HOUR],
            2 => &[24 * HOUR, HOUR],
            _ => &[],
        };
        for time in times {
            assert!(test.clock.wait_for_timers(1, LIMIT));
            recorder.assert_nothing_more();
            test.clock.advance(*time);
        }
    }
    recorder.assert_quiet(LIMIT);
}
