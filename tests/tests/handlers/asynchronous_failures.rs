//! What becomes of an event that an async handler fails at: tried again, published, kept; and nobody else is harmed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rem::prelude::*;
use rem::testing::TestBus;
use rem::{DeadLetter, PublishErrorKind};

use crate::support::{Door, LONG, Log, Order, bus, failures, paid, wait_for_lines};

const SECOND: Duration = Duration::from_secs(1);

fn backoff() -> Retry {
    Retry::times(2).backoff(SECOND, 2.0, 9 * SECOND).jitter(false)
}

struct Bank {
    is_open: AtomicBool,
    log: Log,
}

#[rem::handlers]
impl Bank {
    #[on(
        "order.{id}.paid",
        retry = backoff(),
        time_limit = 30 * SECOND,
        by_key = "id",
        dead_letter = "failed.order",
        keep_dead_letters = 8
    )]
    async fn paid(
        &self,
        Captured(id): Captured<u64>,
        event: Received<Order>,
    ) -> Result<(), &'static str> {
        self.log.add(format_args!("paid {id} attempt {}", event.attempt()));
        match id {
            1 if !self.is_open.load(Ordering::SeqCst) => Err("closed"),
            2 => {
                std::future::pending::<()>().await;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The letter comes to a handler of the same value.
    #[on("failed.order")]
    async fn failed(&self, letter: &Event<DeadLetter>) {
        self.log.add(format_args!("failed {}: {}", letter.data.attempts, letter.data.error));
    }
}

#[test]
fn it_is_tried_again_by_the_clock_and_then_a_dead_letter_that_can_be_sent_again() {
    let test = TestBus::new();
    let (bus, log) = (&test.bus, Log::default());
    let bank = Arc::new(Bank { is_open: AtomicBool::new(false), log: log.clone() });
    let subs = bus.register(Arc::clone(&bank)).unwrap();
    bus.publish(paid(1)).unwrap();
    for (wait, tried) in [(1, 1), (2, 2)] {
        assert!(test.clock.wait_for_timers(1, LONG));
        assert_eq!(log.take(), [format!("paid 1 attempt {tried}")]);
        test.clock.advance((wait * SECOND).saturating_sub(Duration::from_nanos(1)));
        assert_eq!(test.clock.timers(), 1, "it is not time yet");
        test.clock.advance(Duration::from_nanos(1));
    }
    wait_for_lines(&log, 2);
    bus.settle(LONG).unwrap();
    assert_eq!(log.take(), ["paid 1 attempt 3", "failed 3: closed"]);
    let (name, payments) = subs.iter().next().unwrap();
    assert_eq!((name, payments.failures(), payments.dead_letters().len()), ("paid", 1, 1));
    // One of the same key goes behind it, and one of another is handled.
    bus.publish(paid(1)).unwrap();
    bus.publish(paid(3)).unwrap();
    bus.settle(LONG).unwrap();
    assert_eq!(log.take(), ["paid 3 attempt 1"]);
    bank.is_open.store(true, Ordering::SeqCst);
    payments.dead_letters().resend_all();
    wait_for_lines(&log, 2);
    bus.settle(LONG).unwrap();
    assert_eq!(log.take(), ["paid 1 attempt 1", "paid 1 attempt 1"]);
    assert!(payments.dead_letters().is_empty());
}

#[test]
fn a_call_that_takes_too_long_has_failed() {
    let test = TestBus::new();
    let (bus, log) = (&test.bus, Log::default());
    let bank = Bank { is_open: AtomicBool::new(true), log: log.clone() };
    let _subs = bus.register(Arc::new(bank)).unwrap();
    bus.publish(paid(2)).unwrap();
    for wait in [30, 1, 30, 2, 30] {
        assert!(test.clock.wait_for_timers(1, LONG));
        test.clock.advance(wait * SECOND);
    }
    wait_for_lines(&log, 4);
    let lines = log.take();
    assert_eq!(lines[..3], [1, 2, 3].map(|attempt| format!("paid 2 attempt {attempt}")));
    assert_eq!(lines[3..], ["failed 3: it was not finished within 30s"]);
}

struct Panics {
    log: Log,
}

#[rem::handlers]
impl Panics {
    #[on("order.{id}.paid", concurrency = 2, retry = 1)]
    async fn panics(&self, Captured(id): Captured<u64>, event: Received<Order>) {
        let attempt = event.attempt();
        smol::future::yield_now().await;
        assert!(id != 13 && (id != 7 || attempt > 1), "no {id}");
        self.log.add(format_args!("first {id}"));
    }

    #[on("order.{id}.paid")]
    async fn calm(&self, Captured(id): Captured<u64>) {
        self.log.add(format_args!("second {id}"));
    }

    #[on("order.{id}.paid")]
    fn inline(&self, Captured(id): Captured<u64>) {
        self.log.add(format_args!("inline {id}"));
    }
}

#[test]
fn a_panic_harms_that_event_alone() {
    let test = TestBus::new();
    let (bus, log) = (&test.bus, Log::default());
    let (failed, _failures) = failures(bus);
    let subs = bus.register(Arc::new(Panics { log: log.clone() })).unwrap();
    for id in [13, 7, 1] {
        let receipt = bus.publish(paid(id)).unwrap();
        assert_eq!((receipt.delivered(), receipt.failed()), (3, 0), "the publisher feels nothing");
    }
    // The panicking two wait to be tried again, and hold both workers.
    assert!(test.clock.wait_for_timers(2, LONG));
    test.clock.advance(SECOND);
    bus.settle(LONG).unwrap();
    let mut lines = log.take();
    lines.sort();
    assert_eq!(
        lines,
        [
            "first 1",
            "first 7",
            "inline 1",
            "inline 13",
            "inline 7",
            "second 1",
            "second 13",
            "second 7"
        ]
    );
    assert_eq!(failed.take(), ["no 13"]);
    let failures: Vec<_> = subs.iter().map(|(_, each)| each.failures()).collect();
    assert_eq!(failures, [1, 0, 0]);
}

struct Full {
    door: Door,
    log: Log,
}

#[rem::handlers]
impl Full {
    #[on("order.*.paid", queue = 1, overflow = Overflow::Reject)]
    async fn paid(&self, event: Received<Order>) {
        self.log.add(event.topic());
        self.door.pass().await;
    }
}

#[test]
fn a_full_queue_does_what_its_handler_says() {
    let (bus, log) = bus();
    let door = Door::new();
    let _subs = bus.register(Arc::new(Full { door: door.clone(), log: log.clone() })).unwrap();
    bus.publish(paid(1)).unwrap();
    wait_for_lines(&log, 1);
    bus.publish(paid(2)).unwrap();
    let refused = bus.publish(paid(3)).unwrap_err();
    assert!(matches!(refused.kind(), PublishErrorKind::QueueFull { .. }), "{refused}");
    door.open();
    bus.settle(LONG).unwrap();
    assert_eq!(log.take(), ["order.1.paid", "order.2.paid"]);
}
