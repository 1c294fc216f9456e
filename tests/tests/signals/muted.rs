//! Signals that call nobody for a while.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread;

use rem::Signal;

use crate::delivered;

fn heard() -> (Signal<u32>, rem::signal::Connection) {
    let signal = Signal::new();
    let connection = signal.connect(|_: &u32| ());
    (signal, connection)
}

#[test]
fn muting_nests_in_any_order() {
    let (signal, _kept) = heard();
    let (first, second, third) = (signal.mute(), signal.mute(), signal.mute());
    for guard in [second, first] {
        drop(guard);
        assert_eq!(delivered(&signal, 1), 0);
        assert!(signal.is_muted() && signal.send(&1).unwrap().is_empty());
    }
    drop(third);
    assert_eq!((delivered(&signal, 1), signal.is_muted()), (1, false));
    let panics = || {
        let _muted = signal.mute();
        panic!("within");
    };
    assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
    assert_eq!(delivered(&signal, 1), 1);
}

#[test]
fn a_guard_mutes_every_thread_and_a_scope_its_own() {
    let (signal, _kept) = heard();
    let elsewhere = || thread::scope(|scope| scope.spawn(|| delivered(&signal, 1)).join().unwrap());
    let guard = signal.mute();
    assert_eq!((delivered(&signal, 1), elsewhere()), (0, 0));
    drop(guard);
    let within = signal.muted(|| {
        let inner = signal.muted(|| delivered(&signal, 1));
        assert!(signal.is_muted());
        (inner, delivered(&signal, 1), signal.send(&1).unwrap().len(), elsewhere())
    });
    assert_eq!(within, (0, 0, 0, 1), "the inner scope does not end the outer");
    assert_eq!((delivered(&signal, 1), signal.is_muted()), (1, false));
    let panics = || signal.muted(|| panic!("within"));
    assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
    assert_eq!(delivered(&signal, 1), 1);
}

#[test]
fn one_signal_is_muted_and_not_another() {
    let ((signal, _kept), (other, _also)) = (heard(), heard());
    assert_eq!(signal.muted(|| (delivered(&signal, 1), delivered(&other, 1))), (0, 1));
    let _guard = signal.mute();
    assert_eq!((delivered(&signal, 1), delivered(&other, 1)), (0, 1));
}

#[test]
fn receivers_come_and_go_while_it_is_muted() {
    let (signal, first) = heard();
    let guard = signal.mute();
    drop(first);
    let _second = signal.connect(|_| ());
    let third = signal.connect(|_| ());
    assert!(signal.has_receivers() && signal.has_receivers_for(&()));
    drop(third);
    assert_eq!(delivered(&signal, 1), 0);
    drop(guard);
    assert_eq!(delivered(&signal, 1), 1);
}

#[test]
fn a_receiver_may_mute_its_signal_and_the_send_goes_on() {
    let signal: Signal<u32> = Signal::new();
    let held = Arc::new(Mutex::new(Vec::new()));
    let (keep, own) = (Arc::clone(&held), signal.clone());
    let first = signal.connect(move |_| keep.lock().unwrap().push(own.mute()));
    let _second = signal.connect(|_| ());
    assert_eq!(delivered(&signal, 1), 2, "it was settled when it began");
    assert_eq!(delivered(&signal, 1), 0);
    held.lock().unwrap().clear();
    drop(first);
    assert_eq!(delivered(&signal, 1), 1);
}
