//! What a signal tells of its receivers.

use std::sync::Arc;

use rem::Signal;
use rem::signal::{Cause, Connection, Sender};

use crate::{Log, delivered};

/// All that is told: `+` for what is heard, `-` for what is not any more.
fn watch(signal: &Signal<u32, (), &'static str>) -> (Log<String>, [Connection; 2]) {
    let log = Log::new();
    let (plus, minus) = (log.clone(), log.clone());
    let connected = signal.receiver_connected().connect(move |told| {
        plus.push(format!("+{} {:?} weak={}", told.receiver, told.sender, told.is_weak));
    });
    let disconnected = signal.receiver_disconnected().connect(move |told| {
        minus.push(format!("-{} {:?} {:?}", told.receiver, told.sender, told.cause));
    });
    (log, [connected, disconnected])
}

#[test]
fn changes_are_told_when_they_are_so() {
    let signal = Signal::new();
    let (log, _kept) = watch(&signal);
    let has = signal.clone();
    let after = signal.receiver_connected().connect(move |told| {
        assert!(has.receivers().iter().any(|receiver| receiver.id == told.receiver));
    });
    let any = signal.connect(|_| ());
    let shop = signal.connect_to("shop", |_| ());
    shop.connect_to("shop"); // which it hears already
    shop.connect_to("stock");
    shop.disconnect_from("shop");
    shop.disconnect_from("shop");
    let for_a_while = shop.connected_to(Sender::Any);
    drop(for_a_while);
    drop(any);
    shop.detach();
    assert_eq!(
        log.take(),
        [
            "+receiver 1 Any weak=false",
            "+receiver 2 Is(\"shop\") weak=false",
            "+receiver 2 Is(\"stock\") weak=false",
            "-receiver 2 Some(Is(\"shop\")) Disconnected",
            "+receiver 2 Any weak=false",
            "-receiver 2 Some(Any) Disconnected",
            "-receiver 1 None Disconnected",
        ]
    );
    assert_eq!(signal.untold_changes(), 0);
    drop(after); // it holds the signal
}

#[test]
fn an_owner_that_is_gone_is_told_of_too() {
    let signal: Signal<u32, (), &str> = Signal::new();
    let (log, _kept) = watch(&signal);
    let owner = Arc::new(());
    signal.connect_weak(&owner, |(), _| ()).detach();
    drop(owner);
    assert_eq!(log.take(), ["+receiver 1 Any weak=true"]);
    assert_eq!(signal.emit(&1).unwrap().delivered(), 0);
    assert_eq!(log.take(), [format!("-receiver 1 None {:?}", Cause::OwnerGone)]);
    assert_eq!(signal.emit(&1).unwrap().delivered(), 0);
    assert!(log.take().is_empty(), "once");
}

#[test]
fn a_watcher_may_disconnect_what_it_is_told_of() {
    let signal: Signal<u32> = Signal::new();
    let held: Log<Connection> = Log::new();
    let (own, keep) = (signal.clone(), held.clone());
    let watcher = signal.receiver_connected().connect(move |_| {
        if own.receivers().len() < 3 {
            keep.push(own.connect(|_| ()));
        }
        drop(keep.take().pop());
    });
    let first = signal.connect(|_| ());
    assert_eq!((delivered(&signal, 1), first.is_connected()), (1, true));
    drop(watcher);
}

/// What cannot be told is counted: a watcher that is async, or connects for ever.
#[test]
fn what_cannot_be_told_is_counted() {
    let signal: Signal<u32> = Signal::new();
    let waits = signal.receiver_connected().connect_async(async |_| ());
    let _first = signal.connect(|_| ());
    assert_eq!(signal.untold_changes(), 1);
    drop(waits);

    let own = signal.clone();
    let endless = signal.receiver_connected().connect(move |_| own.connect(|_| ()).detach());
    let _second = signal.connect(|_| ());
    assert_eq!(signal.untold_changes(), 2, "the depth of sends in one another ends it");
    assert!(signal.receivers().len() < 100);
    drop(endless);
}
