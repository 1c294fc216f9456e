//! Whom receivers hear.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rem::Signal;
use rem::signal::{SendErrorKind, Sender};

use crate::Log;

type Numbers<S> = Signal<u32, u32, S>;

fn by<S: Eq + Hash + Send + Sync + 'static>(signal: &Numbers<S>, sender: &S) -> Vec<u32> {
    signal.by(sender).send(&0).unwrap().into_values().collect()
}

#[test]
fn a_sender_is_one_by_value() {
    let signal: Numbers<String> = Signal::new();
    let _shop = signal.connect_to("shop".to_owned(), |_| 1);
    let _any = signal.connect(|_| 2);
    assert_eq!(by(&signal, &["sh", "op"].concat()), [1, 2], "an equal one is the same");
    assert_eq!(by(&signal, &"stock".to_owned()), [2]);
    assert_eq!(signal.send(&0).unwrap().len(), 1, "sent by nobody");
}

/// No sender stands for all of them but `Any`.
#[test]
fn zero_is_a_sender_as_any_other() {
    let signal: Numbers<u64> = Signal::new();
    let _zero = signal.connect_to(0, |_| 1);
    assert_eq!((by(&signal, &0), by(&signal, &5)), (vec![1], vec![]));
    let nothing: Numbers<Option<u8>> = Signal::new();
    let _none = nothing.connect_to(None, |_| 1);
    assert_eq!((by(&nothing, &None), by(&nothing, &Some(0))), (vec![1], vec![]));
}

#[test]
fn a_receiver_is_called_once_whatever_it_hears() {
    let signal: Numbers<&str> = Signal::new();
    let receiver = signal.receiver().to("shop").to("shop").to(Sender::Any).connect(|_| 1);
    receiver.connect_to("shop");
    receiver.connect_to(Sender::Any);
    assert_eq!((by(&signal, &"shop"), by(&signal, &"stock")), (vec![1], vec![1]));
    let only = signal.receiver().to("till").to("till").connect(|_| 2);
    assert_eq!(by(&signal, &"till"), [1, 2]);
    only.disconnect_from("till");
    assert_eq!(by(&signal, &"till"), [1], "told twice, it is one sender still");
    let senders = &signal.receivers()[0].senders;
    let mut names: Vec<_> = senders.iter().map(|sender| format!("{sender:?}")).collect();
    names.sort();
    assert_eq!(names, ["Any", "Is(\"shop\")"]);
}

#[test]
fn a_receiver_leaves_one_sender_and_stays_with_others() {
    let signal: Numbers<&str> = Signal::new();
    let receiver = signal.connect_to("shop", |_| 1);
    receiver.connect_to("stock");
    assert!(signal.has_receivers_for(&"shop"));
    receiver.disconnect_from("shop");
    assert!(!signal.has_receivers_for(&"shop") && signal.receivers_for(&"shop").is_empty());
    assert_eq!((by(&signal, &"shop"), by(&signal, &"stock")), (vec![], vec![1]));
    receiver.disconnect_from("stock");
    assert!(receiver.is_connected() && !signal.has_receivers(), "it hears nobody");
    receiver.connect_to(Sender::Any);
    assert_eq!(by(&signal, &"shop"), [1]);
    receiver.connect_to("shop");
    receiver.disconnect_from(Sender::Any);
    assert_eq!((by(&signal, &"shop"), by(&signal, &"stock")), (vec![1], vec![]));
    receiver.disconnect_from("never heard");
    assert_eq!(signal.receivers_for(&"shop")[0].id, receiver.id());
}

#[test]
fn for_a_while_one_hears_another_and_then_what_one_heard() {
    let signal: Numbers<&str> = Signal::new();
    let receiver = signal.connect_to("shop", |_| 1);
    let heard = || ["shop", "stock"].map(|sender| signal.has_receivers_for(&sender));
    let (shop, stock) = (receiver.connected_to("shop"), receiver.connected_to("stock"));
    let again = receiver.connected_to("stock");
    assert_eq!(heard(), [true, true]);
    assert_eq!(by(&signal, &"shop"), [1], "once");
    drop(stock);
    assert_eq!(heard(), [true, true], "the other guard lives");
    drop(again);
    drop(shop);
    assert_eq!(heard(), [true, false], "as before");
    {
        let _any = receiver.connected_to(Sender::Any);
        assert_eq!(heard(), [true, true]);
        let _stock = receiver.connected_to("stock");
        // What is changed for good meanwhile lasts.
        receiver.connect_to("stock");
        receiver.disconnect_from("shop");
    }
    assert_eq!(heard(), [false, true]);
    let late = receiver.connected_to("shop");
    drop(receiver);
    assert_eq!(heard(), [false, false]);
    drop(late);
}

#[test]
fn a_body_runs_with_a_receiver_and_others_stay() {
    let signal: Signal<u32, u32> = Signal::new();
    let _before = signal.connect(|value| *value);
    let len = || signal.send(&1).unwrap().len();
    assert_eq!(
        signal.connected_to(|value| value + 1, || (len(), signal.connected_to(|_| 3, len))),
        (2, 3)
    );
    assert_eq!(len(), 1);
    let panics = || signal.connected_to(|_| 0, || panic!("within"));
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(panics)).is_err());
    assert_eq!(len(), 1);
}

#[test]
fn a_receiver_can_be_told_who_sends() {
    let signal: Signal<u32, String, &str> = Signal::new();
    let name = |sender: Option<&&str>, _: &u32| sender.map_or("nobody", |name| *name).to_owned();
    let _told = signal.receiver().connect_with_sender(name);
    assert_eq!(signal.by(&"shop").send(&1).unwrap().into_values().collect::<String>(), "shop");
    assert_eq!(signal.send(&1).unwrap().into_values().collect::<String>(), "nobody");
}

#[test]
fn many_senders_are_told_apart() {
    let signal: Numbers<u32> = Signal::new();
    let _kept: Vec<_> =
        (0..1_000).map(|sender| signal.connect_to(sender, move |_| sender)).collect();
    let _some = signal.receiver().to(7).to(8).priority(1).connect(|_| 9_999);
    for sender in 0..1_000 {
        let mut expected = vec![sender];
        if matches!(sender, 7 | 8) {
            expected.insert(0, 9_999);
        }
        assert_eq!(by(&signal, &sender), expected);
    }
    assert!(!signal.has_receivers_for(&1_000));
}

/// A sender whose own code panics is an error or a count, and takes nobody with it.
#[test]
fn senders_may_panic_as_they_are_hashed_or_compared() {
    #[derive(Clone)]
    struct Odd {
        value: u32,
        fuse: Arc<AtomicU32>,
    }
    impl Odd {
        fn burn(&self) {
            assert!(self.fuse.load(Ordering::Relaxed) == 0, "odd");
        }
    }
    impl PartialEq for Odd {
        fn eq(&self, other: &Self) -> bool {
            self.burn();
            self.value == other.value
        }
    }
    impl Eq for Odd {}
    impl Hash for Odd {
        fn hash<H: Hasher>(&self, state: &mut H) {
            self.burn();
            self.value.hash(state);
        }
    }
    let fuse = Arc::new(AtomicU32::new(0));
    let odd = |value| Odd { value, fuse: Arc::clone(&fuse) };
    let signal: Numbers<Odd> = Signal::new();
    let receiver = signal.connect_to(odd(1), |_| 1);
    let any = signal.connect(|_| 2);
    assert_eq!(by(&signal, &odd(1)), [1, 2]);
    fuse.store(1, Ordering::Relaxed);
    let error = signal.by(&odd(1)).send(&0).unwrap_err();
    assert_eq!(error.kind(), &SendErrorKind::Sender { panic: "odd".into() });
    assert!(error.to_string().contains("Hash"), "{error}");
    assert!(signal.has_receivers_for(&odd(1)), "there is one who hears any");
    drop(any);
    assert!(!signal.has_receivers_for(&odd(1)));
    receiver.connect_to(odd(2));
    drop(receiver.connected_to(odd(3)));
    fuse.store(0, Ordering::Relaxed);
    let report = &signal.receivers()[0];
    assert!(report.panics > 0 && report.last_panic.as_deref() == Some("odd"));
    assert_eq!((by(&signal, &odd(2)), by(&signal, &odd(3))), (vec![], vec![]));
    // Until something changes, the plan is as it was made while hashing panicked.
    let _next = signal.connect(|_| 3);
    assert_eq!(by(&signal, &odd(1)), [1, 3]);
}

#[test]
fn a_sender_is_dropped_with_the_last_who_hears_it() {
    #[derive(PartialEq, Eq, Hash)]
    struct Name(u32, Gone);
    struct Gone(Log<()>);
    impl PartialEq for Gone {
        fn eq(&self, _: &Self) -> bool {
            true
        }
    }
    impl Eq for Gone {}
    impl Hash for Gone {
        fn hash<H: Hasher>(&self, _: &mut H) {}
    }
    impl Drop for Gone {
        fn drop(&mut self) {
            self.0.push(());
            panic!("as it goes");
        }
    }
    let gone = Log::new();
    let signal: Numbers<Name> = Signal::new();
    let receiver = signal.connect_to(Name(1, Gone(gone.clone())), |_| 1);
    receiver.connect_to(Name(2, Gone(gone.clone())));
    assert!(signal.has_receivers());
    drop(receiver);
    assert_eq!(gone.take().len(), 2);
}
