//! Many threads at one signal.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use rem::Signal;

/// Sends, connections, guards and senders that change, all at once: no call is lost, none comes too late.
#[test]
fn receivers_come_and_go_while_it_is_sent() {
    let signal: Signal<u64, u64, u64> = Signal::new();
    let stays = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&stays);
    let _stays = signal.connect(move |_| count.fetch_add(1, Ordering::Relaxed));
    let stop = AtomicBool::new(false);
    let sends = thread::scope(|scope| {
        let sender = |own: u64| {
            let (signal, stop) = (&signal, &stop);
            move || {
                let mut sends = 0;
                while !stop.load(Ordering::Relaxed) || sends < 100 {
                    let results = match sends % 3 {
                        0 => signal.send(&own).unwrap().len(),
                        1 => signal.by(&own).send(&own).unwrap().len(),
                        _ => signal.by(&own).emit(&own).unwrap().delivered(),
                    };
                    assert!(results >= 1);
                    sends += 1;
                }
                sends
            }
        };
        let senders = [scope.spawn(sender(1)), scope.spawn(sender(2))];
        let changers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    for round in 0..2_000 {
                        let receiver = signal.connect_to(round % 3, |value| *value);
                        receiver.connect_to((round + 1) % 3);
                        let for_a_while = receiver.connected_to(rem::signal::Sender::Any);
                        assert!(signal.by(&(round % 3)).send(&0).unwrap().len() >= 2);
                        drop(for_a_while);
                        drop(receiver);
                    }
                })
            })
            .collect();
        for changer in changers {
            changer.join().unwrap();
        }
        stop.store(true, Ordering::Relaxed);
        senders.into_iter().map(|sender| sender.join().unwrap()).sum::<u64>()
    });
    assert_eq!(stays.load(Ordering::Relaxed), sends + 4_000, "who stays has had every one");
    assert_eq!(signal.receivers().len(), 1);
}

/// What happened before a send is seen by it, in whatever thread.
#[test]
fn a_connection_is_seen_by_what_begins_after_it() {
    let signal: Signal<u64, u64> = Signal::new();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..3_000 {
                    let calls = Arc::new(AtomicU64::new(0));
                    let count = Arc::clone(&calls);
                    let own = signal.connect(move |value| {
                        count.fetch_add(1, Ordering::Relaxed);
                        *value
                    });
                    assert!(signal.send(&1).unwrap().iter().any(|(id, _)| id == own.id()));
                    let id = own.id();
                    drop(own);
                    assert!(signal.send(&1).unwrap().iter().all(|(other, _)| other != id));
                }
            });
        }
    });
    assert!(!signal.has_receivers());
}

/// However many threads send, each receiver is called for each send.
#[test]
fn threads_that_send_at_once_lose_nothing() {
    let signal: Signal<u64> = Signal::new();
    let counts: Vec<_> = (0..8).map(|_| Arc::new(AtomicU64::new(0))).collect();
    let _kept: Vec<_> = counts
        .iter()
        .map(|count| {
            let count = Arc::clone(count);
            signal.connect(move |value| {
                count.fetch_add(*value, Ordering::Relaxed);
            })
        })
        .collect();
    thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| (0..1_000).for_each(|_| drop(signal.emit(&1).unwrap())));
        }
    });
    assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 10_000));
}
