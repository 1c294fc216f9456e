//! A receiver that panics harms nobody, and is told of.

use std::ops::ControlFlow;
use std::panic::panic_any;

use rem::Signal;

use crate::{Log, delivered};

#[test]
fn the_results_of_all_come_even_when_some_panic() {
    let signal: Signal<u32, u32> = Signal::new();
    let receiver = |number: u32| {
        signal.connect(move |value| match number % 3 {
            0 => panic!("no {number}"),
            _ => value + number,
        })
    };
    let kept: Vec<_> = (0..8).map(receiver).collect();
    let results = signal.send(&10).unwrap();
    let seen: Vec<_> = results.iter().map(|(_, result)| result.ok().copied()).collect();
    let expected: Vec<_> = (0..8).map(|number| (number % 3 > 0).then_some(10 + number)).collect();
    assert_eq!(seen, expected);
    assert_eq!(results.values().copied().collect::<Vec<_>>(), [11, 12, 14, 15, 17]);
    let panics: Vec<_> = results.panics().map(|(id, panic)| (id, panic.message())).collect();
    assert_eq!(panics, [(kept[0].id(), "no 0"), (kept[3].id(), "no 3"), (kept[6].id(), "no 6")]);
    let (_, panic) = results.panics().next().unwrap();
    assert!(panic.place().file().ends_with("panics.rs"));
    assert!(panic.to_string().contains("panics.rs") && panic.to_string().ends_with("no 0"));

    let sent = signal.emit(&10).unwrap();
    assert_eq!((sent.delivered(), sent.panics().len()), (5, 3));
    let mut met = Vec::new();
    let all = signal.send_until(&10, |id, result| {
        met.push((id, result.is_ok()));
        ControlFlow::<()>::Continue(())
    });
    assert_eq!((all.unwrap(), met.len()), (None, 8));
    assert_eq!(met.iter().filter(|(_, is_ok)| *is_ok).count(), 5);

    let report = &signal.receivers()[3];
    assert_eq!((report.panics, report.last_panic.as_deref()), (3, Some("no 3")));
}

#[test]
fn one_alone_may_panic_too() {
    let signal: Signal<u32, u32> = Signal::new();
    let only = signal.connect(|_| panic_any(7));
    let results = signal.send(&1).unwrap();
    assert_eq!(results.len(), 1);
    let (receiver, result) = results.into_iter().next().unwrap();
    assert_eq!(receiver, only.id());
    assert_eq!(result.unwrap_err().message(), "a panic whose payload is not text");
    assert_eq!(signal.emit(&1).unwrap().panics().len(), 1);
    assert!(only.is_connected());
}

/// What is dropped last is user code as well.
#[test]
fn what_panics_as_it_is_dropped_harms_nobody() {
    #[derive(Debug)]
    struct Bomb(Log<&'static str>);
    impl Drop for Bomb {
        fn drop(&mut self) {
            self.0.push("dropped");
            panic!("a bomb");
        }
    }
    let log = Log::new();
    let bombs: Signal<u32, Bomb> = Signal::new();
    let (say, again) = (log.clone(), log.clone());
    let _first = bombs.connect(move |_| Bomb(say.clone()));
    let _second = bombs.connect(move |_| Bomb(again.clone()));
    let sent = bombs.emit(&1).unwrap();
    assert_eq!((sent.delivered(), sent.panics().len()), (0, 2), "a result that is not wanted");
    assert_eq!(log.take().len(), 2);

    // What receivers have captured.
    let signal: Signal<u32> = Signal::new();
    let connections: Vec<_> = (0..3)
        .map(|_| {
            let bomb = Bomb(log.clone());
            signal.connect(move |_| {
                let _ = &bomb;
            })
        })
        .collect();
    assert_eq!(delivered(&signal, 1), 3);
    let mut connections = connections.into_iter();
    drop(connections.next());
    assert_eq!(log.take().len(), 1);
    connections.for_each(rem::signal::Connection::detach);
    drop(signal);
    assert_eq!(log.take().len(), 2, "each by itself");
}

#[test]
fn the_callers_own_panic_is_the_callers() {
    let signal: Signal<u32> = Signal::new();
    let _kept = signal.connect(|_| ());
    let panics = std::panic::AssertUnwindSafe(|| {
        signal.send_until(&1, |_, _| -> ControlFlow<()> { panic!("mine") })
    });
    assert!(std::panic::catch_unwind(panics).is_err());
    for _ in 0..1_000 {
        assert_eq!(delivered(&signal, 1), 1, "and nothing of it stays");
    }
}
