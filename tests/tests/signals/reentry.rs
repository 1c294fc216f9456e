//! Receivers that send.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rem::Signal;
use rem::signal::SendErrorKind;

use crate::{Log, delivered};

#[test]
fn what_a_receiver_sends_is_handed_over_at_once() {
    let signal: Signal<u32> = Signal::new();
    let log = Log::new();
    let (say, own) = (log.clone(), signal.clone());
    let first = signal.connect(move |value| {
        say.push(("first", *value));
        if *value < 3 {
            assert_eq!(own.emit(&(value + 1)).unwrap().delivered(), 2);
        }
    });
    let say = log.clone();
    let _second = signal.connect(move |value| say.push(("second", *value)));
    assert_eq!(delivered(&signal, 1), 2);
    let first_then = [("first", 1), ("first", 2), ("first", 3)];
    let then_second = [("second", 3), ("second", 2), ("second", 1)];
    assert_eq!(log.take(), [first_then, then_second].concat());
    drop(first);
}

/// Neither the stack ends nor the thread: the send that would be too deep is refused, with what to do.
#[test]
fn endless_recursion_is_an_error() {
    for depth in [1, 10, 64] {
        let signal: Signal<u32> = Signal::builder().name("loop").depth(depth).build();
        let (deepest, errors) = (Arc::new(AtomicU32::new(0)), Log::new());
        let (own, reached, failed) = (signal.clone(), Arc::clone(&deepest), errors.clone());
        let receiver = signal.connect(move |value| {
            reached.fetch_max(*value, Ordering::Relaxed);
            if let Err(error) = own.emit(&(value + 1)) {
                failed.push(error);
            }
        });
        assert_eq!(delivered(&signal, 1), 1);
        assert_eq!(deepest.load(Ordering::Relaxed) as usize, depth);
        let errors = errors.take();
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].kind(), &SendErrorKind::TooDeep { limit: depth });
        let text = errors[0].to_string();
        assert!(text.contains("`loop`") && text.contains(&depth.to_string()), "{text}");
        assert_eq!(delivered(&signal, 1), 1, "and it can be sent again");
        drop(receiver);
    }
}

#[test]
fn sends_stand_64_deep_in_one_another_unless_told() {
    let signal: Signal<u32, u32> = Signal::new();
    let own = signal.clone();
    let receiver = signal.connect(move |value| match own.send(&(value + 1)) {
        Ok(results) => results.into_values().sum(),
        Err(_) => *value,
    });
    assert_eq!(signal.send(&1).unwrap().into_values().sum::<u32>(), 64);
    drop(receiver);
}

#[test]
fn two_signals_that_send_one_another_end_too() {
    let (there, back) = (Signal::<u32, u32>::new(), Signal::<u32, u32>::new());
    let answer = |other: &Signal<u32, u32>| {
        let other = other.clone();
        move |value: &u32| match other.send(&(value + 1)) {
            Ok(results) => results.into_values().sum(),
            Err(_) => *value,
        }
    };
    let guards = [there.connect(answer(&back)), back.connect(answer(&there))];
    assert_eq!(there.send(&1).unwrap().into_values().sum::<u32>(), 64, "64 in one another");
    drop(guards);
}
