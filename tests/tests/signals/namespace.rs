//! Signals by name.

use std::sync::Arc;
use std::thread;

use rem::signal::NamespaceErrorKind;
use rem::{Namespace, Signal};

use crate::delivered;

static GLOBAL: Namespace = Namespace::new();

#[test]
fn one_name_is_one_signal() {
    let first: Signal<u32> = GLOBAL.signal("saved").unwrap();
    let second: Signal<u32> = GLOBAL.signal("saved").unwrap();
    let _kept = first.connect(|_| ());
    assert_eq!(delivered(&second, 1), 1);
    assert_eq!((first.name(), GLOBAL.contains("saved")), (Some("saved"), true));
    let below: Signal<u32> = GLOBAL.signal("saved.twice").unwrap();
    assert_eq!(delivered(&below, 1), 0, "names are flat");
    assert_eq!(GLOBAL.names(), ["saved".into(), "saved.twice".into()]);
}

#[test]
fn a_name_with_another_type_is_an_error_that_says_both() {
    let names = Namespace::new();
    let _saved: Signal<u32, String> = names.signal("saved").unwrap();
    let error = names.signal::<u32, (), u8>("saved").unwrap_err();
    let NamespaceErrorKind::OtherType { found, wanted } = error.kind() else { panic!("{error}") };
    assert_eq!(
        (&**found, &**wanted),
        ("Signal<u32, alloc::string::String>", "Signal<u32, (), u8>")
    );
    let text = error.to_string();
    assert!(
        text.contains("`saved`") && text.contains(&**found) && text.contains(&**wanted),
        "{text}"
    );
    assert!(names.get::<u32, (), ()>("saved").is_err());
    assert!(names.get::<u32, (), ()>("another").unwrap().is_none(), "and it is not made");
    assert!(format!("{names:?}").contains("Signal<u32, alloc::string::String>"));
}

#[test]
fn a_namespace_is_bounded() {
    let names = Namespace::with_limit(2);
    let _a: Signal<u32> = names.signal("a").unwrap();
    let b: Signal<u32> = names.signal("b").unwrap();
    let error = names.signal::<u32, (), ()>("c").unwrap_err();
    assert_eq!((error.name(), error.kind()), ("c", &NamespaceErrorKind::Full { limit: 2 }));
    assert!(error.to_string().contains("with_limit"));
    assert!(names.signal::<u32, (), ()>("a").is_ok());
    assert!(names.remove("b") && !names.remove("b"));
    let c: Signal<u32> = names.signal_with("c", |builder| builder.depth(1)).unwrap();
    assert_eq!((b.name(), c.name()), (Some("b"), Some("c")), "who has it has it still");
}

#[test]
fn a_namespace_has_room_for_10_000_signals_unless_told() {
    let names = Namespace::default();
    for number in 0..10_000 {
        assert!(names.signal::<u32, (), ()>(&number.to_string()).is_ok());
    }
    let error = names.signal::<u32, (), ()>("one more").unwrap_err();
    assert_eq!(error.kind(), &NamespaceErrorKind::Full { limit: 10_000 });
}

#[test]
fn threads_that_ask_at_once_have_the_same() {
    for _ in 0..50 {
        let names = Arc::new(Namespace::new());
        let signals: Vec<Signal<u32>> = thread::scope(|scope| {
            let ask = || scope.spawn(|| names.signal("one").unwrap());
            let threads: Vec<_> = (0..4).map(|_| ask()).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let _kept: Vec<_> = signals.iter().map(|signal| signal.connect(|_| ())).collect();
        assert!(signals.iter().all(|signal| delivered(signal, 1) == 4));
    }
}
