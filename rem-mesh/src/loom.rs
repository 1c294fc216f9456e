//! The protocols that threads share, under loom: every interleaving, up to a bound.
//!
//! `RUSTFLAGS="--cfg rem_loom" cargo test -p rem-mesh --release --lib loom`, or `cargo xtask loom`.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;
use rem_core::Timestamp;

use crate::consume::{Answers, Pending};
use crate::outbox::Outbox;
use crate::outbox::door::{Door, Fate};
use crate::settled::Settling;
use crate::transport::{ConsumerId, Delivery, Parcel, Subject, Ticket};
use crate::turn::Turn;
use crate::watched::Watched;

/// Ends a thread's sleep.
struct Unpark(thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits in a thread of loom's: one that is woken too seldom sleeps for ever, which loom tells.
fn wait<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(given) => return given,
            Poll::Pending => thread::park(),
        }
    }
}

#[test]
fn who_waits_for_a_change_sees_it() {
    loom::model(|| {
        let watched = Arc::new(Watched::new(0));
        let changes = Arc::clone(&watched);
        let thread = thread::spawn(move || {
            changes.change(|value| *value += 1);
            changes.change(|value| *value += 1);
        });
        wait(watched.until(|value| (*value == 2).then_some(())));
        thread.join().unwrap();
    });
}

#[test]
fn two_who_wait_are_both_woken() {
    loom::model(|| {
        let watched = Arc::new(Watched::new(false));
        let other = Arc::clone(&watched);
        let waits = thread::spawn(move || wait(other.until(|is| is.then_some(()))));
        let changes = Arc::clone(&watched);
        let changes = thread::spawn(move || changes.change(|is| *is = true));
        wait(watched.until(|is| is.then_some(())));
        waits.join().unwrap();
        changes.join().unwrap();
    });
}

/// A subscription is there before the bell rings, and the keeper looks behind the count.
#[test]
fn what_is_settled_was_asked_for() {
    loom::model(|| {
        let settling = Arc::new(Settling::new());
        let (subscribed, asked) =
            (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let keeper = {
            let (settling, subscribed, asked) =
                (Arc::clone(&settling), Arc::clone(&subscribed), Arc::clone(&asked));
            thread::spawn(move || {
                let mut taken = 0;
                while let Some(count) = wait(settling.more_than(taken)) {
                    taken = count;
                    // What the transport is asked for is what is subscribed to when it is looked.
                    asked.fetch_or(subscribed.load(Ordering::Acquire), Ordering::AcqRel);
                    settling.done(count, Vec::new());
                }
            })
        };
        subscribed.store(true, Ordering::Release);
        settling.ring();
        assert!(wait(settling.reached(settling.count())).is_ok());
        assert!(asked.load(Ordering::Acquire), "it is settled, and not asked for");
        settling.close();
        keeper.join().unwrap();
    });
}

#[test]
fn who_waits_when_it_ends_is_told() {
    loom::model(|| {
        let settling = Arc::new(Settling::new());
        let closes = Arc::clone(&settling);
        let thread = thread::spawn(move || closes.close());
        assert!(wait(settling.reached(2)).is_err());
        assert_eq!(wait(settling.more_than(5)), None);
        thread.join().unwrap();
    });
}

/// Two publish, there is room for one, and who waits for its number is told when it is acknowledged.
#[test]
fn an_outbox_lets_in_as_many_as_there_is_room_for_and_who_waits_is_told() {
    loom::model(|| {
        let door = Arc::new(Door::new(Outbox::new().events(1), 0, 0));
        let other = Arc::clone(&door);
        let publishes = thread::spawn(move || other.enter(false).is_ok());
        let entered = door.enter(false).is_ok();
        let others = publishes.join().unwrap();
        assert!(entered != others, "one of two, not {entered} and {others}");
        assert_eq!(door.depth().0, 1);
        door.entered(Some(1));
        let sends = Arc::clone(&door);
        let pump = thread::spawn(move || sends.settle(1, Vec::new()));
        assert_eq!(wait(door.fate(1)), Fate::Acknowledged);
        pump.join().unwrap();
        assert!(door.enter(false).is_ok(), "there is room again");
    });
}

/// Who publishes is slow to say his number: by then it is sent, or the journal let go of it.
#[test]
fn what_is_settled_or_lost_is_counted_out_once_whoever_is_first() {
    loom::model(|| {
        let door = Arc::new(Door::new(Outbox::new().events(2), 0, 0));
        assert_eq!((door.enter(false), door.enter(false)), (Ok(true), Ok(true)));
        let says = Arc::clone(&door);
        let pump = thread::spawn(move || {
            says.lost(2..=3);
            says.settle(1, Vec::new());
        });
        door.entered(Some(1));
        door.entered(Some(2));
        assert!(matches!(wait(door.fate(2)), Fate::Unsent(_)));
        assert_eq!(wait(door.fate(1)), Fate::Acknowledged);
        pump.join().unwrap();
        assert_eq!(door.depth().0, 0, "both are out");
        assert_eq!((door.enter(false), door.enter(false)), (Ok(true), Ok(true)));
    });
}

#[test]
fn who_waits_for_an_acknowledgement_when_the_outbox_ends_is_told() {
    loom::model(|| {
        let door = Arc::new(Door::new(Outbox::new(), 0, 0));
        let ends = Arc::clone(&door);
        let pump = thread::spawn(move || {
            ends.settle(1, vec![(1, "too large".into())]);
            ends.end();
        });
        assert_eq!(wait(door.fate(1)), Fate::Unsent("too large".into()));
        assert_eq!(wait(door.fate(2)), Fate::Waits);
        pump.join().unwrap();
    });
}

/// What is waited for, at that attempt.
fn pending(attempt: u64) -> Pending {
    let parcel = Parcel::new(Subject::parse("a").expect("it is one"));
    let (at, ticket) = (Timestamp::from_nanos(1), Ticket::new("one"));
    let delivery = Delivery::new(parcel, ConsumerId(1), 1, at, ticket).attempt(attempt);
    Pending::new(&delivery, None, Duration::ZERO)
}

/// It takes the place of what waits, or one of its own if that is being answered.
#[test]
fn what_is_given_again_is_answered_once_or_twice_and_counted_out() {
    loom::model(|| {
        let answers = Arc::new(Answers::default());
        answers.push(pending(1));
        let gives = Arc::clone(&answers);
        let thread = thread::spawn(move || gives.push(pending(2)));
        drop(wait(answers.next()));
        answers.done();
        thread.join().unwrap();
        if answers.is_open() {
            drop(wait(answers.next()));
            answers.done();
        }
        wait(answers.empty());
        assert!(!answers.is_open());
    });
}

#[test]
fn who_leaves_waits_for_every_answer() {
    loom::model(|| {
        let (answers, given) = (Arc::new(Answers::default()), Arc::new(AtomicBool::new(false)));
        answers.push(pending(1));
        let (answering, gives) = (Arc::clone(&answers), Arc::clone(&given));
        let thread = thread::spawn(move || {
            drop(wait(answering.next()));
            gives.store(true, Ordering::Release);
            answering.done();
        });
        wait(answers.empty());
        assert!(given.load(Ordering::Acquire), "it was taken out, and not answered");
        thread.join().unwrap();
    });
}

#[test]
fn what_was_put_before_a_call_is_taken_by_one_at_a_time() {
    loom::model(|| {
        let turn = Arc::new(Turn::default());
        let (put, taken) =
            (Arc::new(loom::sync::atomic::AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let all = Arc::new(loom::sync::atomic::AtomicUsize::new(0));
        let call = |turn: Arc<Turn>, put: Arc<loom::sync::atomic::AtomicUsize>| {
            let (is_busy, all) = (Arc::clone(&taken), Arc::clone(&all));
            move || {
                // What a queue would do: its own order is not what is tried here.
                put.fetch_add(1, Ordering::Release);
                turn.call(|| {
                    assert!(!is_busy.swap(true, Ordering::Relaxed), "two work at once");
                    all.fetch_add(put.swap(0, Ordering::Acquire), Ordering::Relaxed);
                    is_busy.store(false, Ordering::Relaxed);
                });
            }
        };
        let others: Vec<_> =
            (0..2).map(|_| thread::spawn(call(Arc::clone(&turn), Arc::clone(&put)))).collect();
        call(Arc::clone(&turn), Arc::clone(&put))();
        others.into_iter().for_each(|other| other.join().unwrap());
        assert_eq!((put.load(Ordering::Relaxed), all.load(Ordering::Relaxed)), (0, 3));
    });
}
