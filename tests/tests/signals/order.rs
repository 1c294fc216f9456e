//! The order in which receivers are called, and who is called when receivers change meanwhile.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use rem::Signal;
use rem::signal::Connection;

use crate::{Log, delivered, sent};

#[test]
fn receivers_are_called_in_the_order_in_which_they_were_connected() {
    let signal: Signal<u32, u32> = Signal::new();
    let mut connections: Vec<_> =
        (0..100).map(|number| signal.connect(move |value| value + number)).collect();
    assert_eq!(sent(&signal, 1), (1..101).collect::<Vec<_>>());
    drop(connections.remove(50));
    connections.push(signal.connect(|_| 0));
    let expected: Vec<_> = (1..51).chain(52..101).chain([0]).collect();
    assert_eq!(sent(&signal, 1), expected);
    let ids: Vec<_> = signal.receivers().iter().map(|receiver| receiver.id).collect();
    let called: Vec<_> = signal.send(&1).unwrap().iter().map(|(receiver, _)| receiver).collect();
    assert_eq!(ids, called, "results name their receivers");
    assert_eq!(ids[0], connections[0].id());
}

#[test]
fn a_higher_priority_comes_first_whoever_is_heard() {
    let signal: Signal<u32, char, &str> = Signal::new();
    let at = |priority: i32| signal.receiver().priority(priority);
    let _kept = [
        at(0).connect(|_| 'c'),
        at(i32::MIN).to("shop").connect(|_| 'f'),
        at(0).to("shop").connect(|_| 'd'),
        at(i32::MAX).to("shop").connect(|_| 'a'),
        at(1).connect(|_| 'b'),
        at(-1).connect(|_| 'e'),
    ];
    let by_shop: String = signal.by(&"shop").send(&1).unwrap().into_values().collect();
    let by_nobody: String = signal.send(&1).unwrap().into_values().collect();
    assert_eq!((&*by_shop, &*by_nobody), ("abcdef", "bce"));
    let priorities: Vec<_> = signal.receivers().iter().map(|receiver| receiver.priority).collect();
    assert_eq!(priorities, [i32::MAX, 1, 0, 0, -1, i32::MIN]);
}

/// As in a snapshot: one connected meanwhile waits for the next send, one disconnected before its turn is not called.
#[test]
fn who_is_called_is_settled_when_a_send_begins() {
    for by_results in [true, false] {
        let signal: Signal<u32> = Signal::new();
        let log = Log::new();
        let held: Arc<Mutex<Vec<Connection>>> = Arc::default();
        let (keep, say, weak) = (Arc::clone(&held), log.clone(), signal.clone());
        let first = signal.connect(move |_| {
            say.push("first");
            let mut kept = keep.lock().unwrap();
            let gone = kept.pop();
            let say = say.clone();
            kept.insert(0, weak.connect(move |_| say.push("new")));
            drop(kept);
            drop(gone);
        });
        for name in ["second", "third"] {
            let say = log.clone();
            held.lock().unwrap().push(signal.connect(move |_| say.push(name)));
        }
        let send = || {
            if by_results { signal.send(&1).unwrap().len() } else { delivered(&signal, 1) }
        };
        assert_eq!(send(), 2);
        assert_eq!(log.take(), ["first", "second"], "the third has gone before its turn");
        assert_eq!(send(), 2);
        assert_eq!(log.take(), ["first", "new"]);
        drop(first); // it holds the signal
        held.lock().unwrap().clear();
    }
}

#[test]
fn a_receiver_may_disconnect_itself() {
    let signal: Signal<u32, u32> = Signal::new();
    let own: Arc<Mutex<Option<Connection>>> = Arc::default();
    let take = Arc::clone(&own);
    *own.lock().unwrap() = Some(signal.connect(move |value| {
        drop(take.lock().unwrap().take());
        value + 1
    }));
    let _other = signal.connect(|value| value + 2);
    assert_eq!(sent(&signal, 1), [2, 3], "its call goes on to its end");
    assert_eq!(sent(&signal, 1), [3]);
    assert_eq!(Arc::strong_count(&own), 1, "it is dropped");
}

#[test]
fn the_first_answer_can_be_enough() {
    let signal: Signal<u32, Option<u32>> = Signal::new();
    let asked = Log::new();
    let _kept: Vec<_> = [None, Some(1), Some(2)]
        .into_iter()
        .map(|answer| {
            let asked = asked.clone();
            signal.connect(move |_| {
                asked.push(answer);
                answer
            })
        })
        .collect();
    let first = signal.send_until(&1, |_, answer| match answer {
        Ok(Some(answer)) => ControlFlow::Break(answer),
        _ => ControlFlow::Continue(()),
    });
    assert_eq!(first.unwrap(), Some(1));
    assert_eq!(asked.take(), [None, Some(1)], "nobody is called in vain");
    let never = signal.send_until(&1, |_, _| ControlFlow::<()>::Continue(()));
    assert_eq!((never.unwrap(), asked.take().len()), (None, 3));
}

#[test]
fn values_that_have_no_size_can_be_sent() {
    let text: Signal<str, usize> = Signal::new();
    let _length = text.connect(str::len);
    assert_eq!(text.send("four").unwrap().values().copied().collect::<Vec<_>>(), [4]);
    let list: Signal<[u8], u32> = Signal::default();
    let _sum = list.connect(|bytes| bytes.iter().map(|byte| u32::from(*byte)).sum());
    assert_eq!(list.send(&[1, 2]).unwrap().into_values().sum::<u32>(), 3);
    assert!(Signal::<dyn Fn()>::new().send(&|| ()).unwrap().is_empty());
}
