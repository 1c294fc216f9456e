//! Receivers that come and go beside sends, under loom: see `state.rs` for the protocol.

use std::sync::Arc;

use loom::sync::atomic::{AtomicUsize, Ordering};

use super::Signal;
use crate::loom::{model, spawn};

type Numbers = Signal<usize, usize, usize>;

fn sent(signal: &Numbers) -> Vec<usize> {
    signal.send(&0).unwrap().into_values().collect()
}

/// A connection beside a send: the send sees it or not, whoever begins after it does.
#[test]
fn a_receiver_is_seen_by_what_begins_after_it() {
    model(|| {
        let signal = Numbers::new();
        let other = signal.clone();
        let sender = spawn(move || sent(&other));
        let first = signal.connect(|_| 1);
        assert_eq!(sent(&signal), [1]);
        let meanwhile = sender.join().unwrap();
        assert!([&[][..], &[1]].contains(&&*meanwhile), "{meanwhile:?}");
        drop(first);
        assert!(sent(&signal).is_empty());
    });
}

/// A receiver that goes beside a send: it is called or not, never by what begins after it, and nothing keeps it.
#[test]
fn a_receiver_that_is_gone_is_not_called_and_not_kept() {
    model(|| {
        let signal = Numbers::new();
        let called = Arc::new(AtomicUsize::new(0));
        let held = Arc::clone(&called);
        let receiver = signal.connect(move |_| held.fetch_add(1, Ordering::Relaxed));
        let other = signal.clone();
        let sender = spawn(move || sent(&other).len());
        drop(receiver);
        assert!(sent(&signal).is_empty());
        let meanwhile = sender.join().unwrap();
        assert_eq!(called.load(Ordering::Relaxed), meanwhile);
        assert_eq!(Arc::strong_count(&called), 1, "with no send after it");
    });
}

/// Two changes and a send that makes a plan: the plan of what was before never hides what is.
#[test]
fn a_plan_never_hides_a_later_change() {
    model(|| {
        let signal = Numbers::new();
        let first = signal.connect(|_| 1);
        let (connects, sends) = (signal.clone(), signal.clone());
        let connector = spawn(move || connects.connect_to(7, |_| 2));
        let sender = spawn(move || sent(&sends));
        drop(first);
        let second = connector.join().unwrap();
        assert_eq!(signal.by(&7).send(&0).unwrap().into_values().collect::<Vec<_>>(), [2]);
        assert!(sent(&signal).is_empty());
        sender.join().unwrap();
        assert_eq!(
            signal.by(&7).send(&0).unwrap().len(),
            1,
            "whoever was late has put nothing back"
        );
        drop(second);
    });
}

/// A guard is detached beside sends, which call its receiver once, before and after; and a receiver that is connected when it
/// is alone is seen by what begins after it.
#[test]
fn receivers_that_last_are_called_once_and_hide_nobody() {
    model(|| {
        let signal = Numbers::new();
        let first = signal.connect(|_| 1);
        let other = signal.clone();
        let sender = spawn(move || [sent(&other), sent(&other)]);
        first.detach();
        assert_eq!(sent(&signal), [1]);
        let second = signal.connect(|_| 2);
        assert_eq!(sent(&signal), [1, 2]);
        drop(second);
        assert_eq!(sent(&signal), [1]);
        for meanwhile in sender.join().unwrap() {
            assert!([&[1][..], &[1, 2]].contains(&&*meanwhile), "{meanwhile:?}");
        }
    });
}

/// Two detach theirs and send: the list that only grows has both, in their order.
#[test]
fn receivers_that_come_to_last_at_once_stand_in_their_order() {
    model(|| {
        let signal = Numbers::new();
        let other = signal.clone();
        let thread = spawn(move || {
            other.connect(|_| 2).detach();
            sent(&other)
        });
        signal.connect(|_| 2).detach();
        assert!([1, 2].contains(&sent(&signal).len()));
        assert!([1, 2].contains(&thread.join().unwrap().len()));
        assert_eq!((sent(&signal), signal.receivers().len()), (vec![2, 2], 2));
    });
}

/// Two threads change whom one receiver hears: neither change is lost.
#[test]
fn senders_that_are_told_at_once_are_all_heard() {
    model(|| {
        let signal = Numbers::new();
        let receiver = Arc::new(signal.connect_to(1, |_| 1));
        let other = Arc::clone(&receiver);
        let thread = spawn(move || other.connect_to(2));
        receiver.connect_to(3);
        receiver.disconnect_from(1);
        thread.join().unwrap();
        let heard = [1, 2, 3].map(|sender| signal.has_receivers_for(&sender));
        assert_eq!(heard, [false, true, true]);
    });
}

/// Guards that mute and end beside a send: it is heard again when the last is gone.
#[test]
fn muting_ends_with_the_last_guard() {
    model(|| {
        let signal = Numbers::new();
        let receiver = signal.connect(|_| 1);
        let guard = signal.mute();
        let other = signal.clone();
        let thread = spawn(move || {
            let guard = other.mute();
            let muted = sent(&other);
            drop(guard);
            muted
        });
        drop(guard);
        assert!(thread.join().unwrap().is_empty());
        assert_eq!(sent(&signal), [1]);
        drop(receiver);
    });
}
