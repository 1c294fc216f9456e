//! Ends: a subscription that is over is over, whatever is published meanwhile.

use std::sync::Arc;

use rem_core::testing::interleave::spawn;
use rem_core::testing::interleave::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use rem_core::{Bus, Event, Ring, Start, Token, Unsubscribed};

use crate::{Faults, LONG, Tick, bus, join, publishers, run};

/// When `unsubscribe` has returned no call runs or comes, and what the handler held is dropped.
#[test]
fn nothing_is_called_after_unsubscribe() {
    run(|| {
        let bus = bus(Bus::builder().history(Ring::events(8)));
        let faults = Faults::default();
        let publishing = publishers(&bus, 2, 3);
        let enders = [Start::Latest, Start::Last(2)].map(|from| {
            let (bus, faults) = (bus.clone(), faults.clone());
            spawn(move || {
                let ground = Arc::new(AtomicBool::new(true));
                let stand = Arc::clone(&ground);
                let handle = move |event: &Event<Tick>| {
                    for when in ["called after its end", "ended within its call"] {
                        faults.unless(stand.load(Ordering::SeqCst), || format!("{event}: {when}"));
                    }
                };
                let sub = bus.subscription("tick").from(from).inline(handle).unwrap();
                assert_eq!(sub.unsubscribe(), Unsubscribed::Done);
                ground.store(false, Ordering::SeqCst);
                assert_eq!(Arc::strong_count(&ground), 1, "the handler is dropped");
            })
        });
        join(publishing.into_iter().chain(enders));
        faults.check();
    });
}

/// `once` and `take` allow so many calls, whoever publishes.
#[test]
fn publishers_share_the_calls() {
    run(|| {
        let bus = bus(Bus::builder());
        let [once, twice] = [(); 2].map(|()| Arc::new(AtomicU64::new(0)));
        let count = |count: &Arc<AtomicU64>| {
            let count = Arc::clone(count);
            move |_: &Event<Tick>| {
                count.fetch_add(1, Ordering::SeqCst);
            }
        };
        let _once = bus.subscription("tick").once().inline(count(&once)).unwrap();
        let _twice = bus.subscription("tick").take(2).inline(count(&twice)).unwrap();
        join(publishers(&bus, 3, 1));
        assert_eq!((once.load(Ordering::SeqCst), twice.load(Ordering::SeqCst)), (1, 2));
    });
}

/// What hangs on a token ends with it, also what is made with it meanwhile.
#[test]
fn a_token_ends_all_that_hangs_on_it() {
    run(|| {
        let bus = bus(Bus::builder());
        let (token, calls) = (Token::new(), Arc::new(AtomicU64::new(0)));
        let makers = [0, 1].map(|_| {
            let (bus, token, calls) = (bus.clone(), token.clone(), Arc::clone(&calls));
            spawn(move || {
                let count = move |_: &Event<Tick>| {
                    calls.fetch_add(1, Ordering::SeqCst);
                };
                bus.subscription("tick").until(&token).inline(count).unwrap().detach();
            })
        });
        let (ends, publishing) = (token.clone(), publishers(&bus, 1, 1));
        let ender = spawn(move || ends.end());
        join(makers.into_iter().chain([ender]).chain(publishing));
        bus.settle(LONG).unwrap();
        let before = calls.load(Ordering::SeqCst);
        assert_eq!(bus.publish(Tick::Of { publisher: 9, number: 0 }).unwrap().matched(), 0);
        assert_eq!(calls.load(Ordering::SeqCst), before);
        assert_eq!(bus.topology().subscriptions.len(), 0);
    });
}
