//! How long receivers last.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};

use rem::Signal;
use rem::signal::Connection;

use crate::{Log, delivered, sent};

/// A value whose owners are counted, and a receiver that captures it.
fn captured(signal: &Signal<u32, u32>) -> (Weak<()>, Connection) {
    let value = Arc::new(());
    let weak = Arc::downgrade(&value);
    let receiver = move |sent: &u32| {
        let _ = &value;
        *sent
    };
    (weak, signal.connect(receiver))
}

#[test]
fn a_guard_ends_its_receiver_and_drops_what_it_held() {
    let signal: Signal<u32, u32> = Signal::new();
    let (value, guard) = captured(&signal);
    let (other, other_guard) = captured(&signal);
    let (lasts, detached) = captured(&signal);
    detached.detach();
    assert_eq!(sent(&signal, 1), [1; 3]);
    assert!(guard.is_connected());
    drop(guard);
    assert_eq!(value.strong_count(), 0, "with no send after it");
    assert!(other_guard.disconnect());
    assert_eq!(other.strong_count(), 0);
    assert_eq!(sent(&signal, 1), [1]);
    let (late, guard) = captured(&signal);
    let clone = signal.clone();
    drop(signal);
    assert_eq!(sent(&clone, 1), [1; 2], "a clone is the same signal");
    drop(clone);
    assert_eq!((lasts.strong_count(), late.strong_count()), (0, 0));
    assert!(!guard.is_connected() && !guard.disconnect());
}

#[test]
fn guards_of_signals_of_any_type_stand_in_one_list() {
    let (numbers, texts) = (Signal::<u32>::new(), Signal::<str, usize>::new());
    let kept: Vec<Connection> = vec![numbers.connect(|_| ()), texts.connect(str::len)];
    assert!(numbers.has_receivers() && texts.has_receivers());
    drop(kept);
    assert!(!numbers.has_receivers() && !texts.has_receivers());
}

struct View {
    seen: AtomicU32,
    gone: Log<()>,
}

impl View {
    fn new() -> (Arc<Self>, Log<()>) {
        let gone = Log::new();
        (Arc::new(Self { seen: AtomicU32::new(0), gone: gone.clone() }), gone)
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as receivers take it")]
    fn see(&self, value: &u32) -> u32 {
        self.seen.fetch_add(*value, Ordering::Relaxed);
        *value
    }
}

impl Drop for View {
    fn drop(&mut self) {
        self.gone.push(());
    }
}

#[test]
fn a_method_is_called_as_long_as_its_owner_is_there() {
    let signal: Signal<u32, u32> = Signal::new();
    let (view, gone) = View::new();
    let guard = signal.connect_weak(&view, View::see);
    signal.connect_weak(&view, View::see).detach();
    assert_eq!(sent(&signal, 2), [2, 2]);
    assert_eq!(view.seen.load(Ordering::Relaxed), 4);
    assert!(signal.receivers().iter().all(|receiver| receiver.is_weak));
    drop(view);
    assert_eq!(gone.take().len(), 1, "nobody keeps it");
    assert!(!guard.is_connected() && !signal.has_receivers() && !signal.has_receivers_for(&()));
    assert_eq!((sent(&signal, 1), signal.receivers().len()), (vec![], 0));
}

/// A value whose last owner lets it go while its method runs lives until that returns, and is called no more.
#[test]
fn an_owner_may_go_in_the_middle_of_a_send() {
    let signal: Signal<u32, u32> = Signal::new();
    let (view, gone) = View::new();
    let last = Arc::new(Mutex::new(None));
    let (hold, still) = (Arc::clone(&last), gone.clone());
    let first = signal.connect_weak(&view, move |view: &View, value| {
        view.see(value);
        drop(hold.lock().unwrap().take());
        assert!(still.take().is_empty(), "it is kept while its method runs");
        1
    });
    let second = signal.connect_weak(&view, View::see);
    let _other = signal.connect(|_| 3);
    *last.lock().unwrap() = Some(view);
    assert_eq!(sent(&signal, 2), [1, 3], "the second finds it gone");
    assert_eq!(gone.take().len(), 1);
    assert!(!first.is_connected() && !second.is_connected());
    assert_eq!(sent(&signal, 2), [3]);
}

/// The last owner is dropped by the thread that sends, as part of the call.
#[test]
fn an_owner_that_panics_as_it_goes_is_a_panic_of_its_receiver() {
    struct Bomb(Mutex<Option<Arc<Bomb>>>);
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("a bomb");
        }
    }
    let signal: Signal<u32> = Signal::new();
    let bomb = Arc::new(Bomb(Mutex::new(None)));
    let _weak = signal.connect_weak(&bomb, |bomb: &Bomb, _| drop(bomb.0.lock().unwrap().take()));
    let _other = signal.connect(|_| ());
    *bomb.0.lock().unwrap() = Some(Arc::clone(&bomb));
    drop(bomb);
    let sent = signal.emit(&1).unwrap();
    assert_eq!((sent.delivered(), sent.panics().len()), (1, 1));
    assert_eq!(delivered(&signal, 1), 1);
}

#[test]
fn results_know_how_many_of_them_are_left() {
    let signal: Signal<u32, u32> = Signal::new();
    let _one = signal.connect(|sent| *sent);
    let _fails = signal.connect(|_| -> u32 { panic!("by design") });
    let _other = signal.connect(|sent| 2 * sent);
    let results = signal.send(&1).unwrap();
    let mut left = results.iter();
    assert_eq!(left.len(), 3);
    assert!(left.next().is_some_and(|(_, first)| first.is_ok_and(|value| *value == 1)));
    assert!(left.next().is_some_and(|(_, second)| second.is_err()));
    assert_eq!((left.len(), left.count()), (1, 1));
}

/// Of owners that went while nothing was sent nothing stays but as many as are live.
#[test]
fn what_ended_unseen_is_found_by_those_who_come_after() {
    let signal: Signal<u32, u32> = Signal::new();
    let (stays, _) = View::new();
    let _live: Vec<_> = (0..10).map(|_| signal.connect_weak(&stays, View::see)).collect();
    for _ in 0..10_000 {
        let (view, _) = View::new();
        signal.connect_weak(&view, View::see).detach();
    }
    let kept = format!("{signal:?}");
    let (_, count) = kept.split_once("receivers: ").unwrap();
    let count: usize = count.split([',', ' ']).next().unwrap().parse().unwrap();
    assert!((10..100).contains(&count), "{kept}");
    assert_eq!(signal.receivers().len(), 10);
}

#[test]
fn what_receivers_drop_may_use_the_signal() {
    struct Sends(Signal<u32, u32>, Log<usize>);
    impl Drop for Sends {
        fn drop(&mut self) {
            // Under no lock, or it would never end.
            let _again = self.0.connect(|value| *value);
            self.1.push(self.0.send(&1).unwrap().len());
        }
    }
    let (signal, log) = (Signal::<u32, u32>::new(), Log::new());
    let held = Sends(signal.clone(), log.clone());
    let guard = signal.connect(move |value| {
        let _ = &held;
        *value
    });
    let _other = signal.connect(|value| *value);
    assert_eq!(sent(&signal, 1), [1, 1]);
    drop(guard);
    assert_eq!(log.take(), [2]);
    assert_eq!(sent(&signal, 1), [1]);
}

/// Sends read those that last where they stand, if nobody else is called, and else the list of all.
#[test]
fn those_that_last_are_called_as_the_others_are() {
    let signal: Signal<u32, u32> = Signal::new();
    let connect = |number: u32| signal.connect(move |_| number);
    for number in 0..3 {
        connect(number).detach();
        assert_eq!(
            sent(&signal, 1),
            (0..=number).collect::<Vec<_>>(),
            "each after a send of its own"
        );
    }
    let guarded = connect(3);
    assert_eq!(sent(&signal, 1), [0, 1, 2, 3]);
    connect(4).detach();
    assert_eq!(sent(&signal, 1), [0, 1, 2, 3, 4]);
    drop(guarded);
    assert_eq!((sent(&signal, 1), delivered(&signal, 1)), (vec![0, 1, 2, 4], 4));
    let muted = signal.mute();
    assert_eq!(delivered(&signal, 1), 0);
    drop(muted);
    assert_eq!((signal.muted(|| delivered(&signal, 1)), delivered(&signal, 1)), (0, 4));
    signal.receiver().priority(1).connect(|_| 5).detach();
    assert_eq!((sent(&signal, 1), delivered(&signal, 1)), (vec![5, 0, 1, 2, 4], 5), "before them");
}

/// Who is connected within a send waits for the next, also where a send within that one has called it.
#[test]
fn those_that_last_are_settled_when_a_send_begins() {
    let signal: Signal<u32, u32> = Signal::new();
    let own = signal.clone();
    signal
        .connect(move |depth| {
            if *depth == 0 {
                return 0;
            }
            own.connect(|_| 1).detach();
            u32::try_from(sent(&own, 0).len()).unwrap()
        })
        .detach();
    assert_eq!(sent(&signal, 1), [2], "two within, and it alone without");
    assert_eq!(sent(&signal, 0), [0, 1]);
}

/// One that panics among them, first, last and in between: the others are called, by `send` and by `emit`.
#[test]
fn those_that_last_are_isolated_from_one_another() {
    for broken in 0..4 {
        let signal: Signal<u32, u32> = Signal::new();
        for number in 0..4 {
            let receiver = move |_: &u32| if number == broken { panic!("broken") } else { number };
            signal.connect(receiver).detach();
            if number % 2 == 1 {
                let _ = signal.emit(&1).unwrap(); // so that they stand in two parts
            }
        }
        let results = signal.send(&1).unwrap();
        let seen: Vec<_> = results.into_iter().map(|(_, result)| result.ok()).collect();
        let whole: Vec<_> = (0..4).map(|number| (number != broken).then_some(number)).collect();
        assert_eq!(seen, whole);
        let emitted = signal.emit(&1).unwrap();
        assert_eq!((emitted.delivered(), emitted.panics().len()), (3, 1));
    }
}
