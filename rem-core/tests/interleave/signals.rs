//! Signals: receivers that come and go while others send.

use std::sync::Arc;

use rem_core::Signal;
use rem_core::testing::interleave::spawn;
use rem_core::testing::interleave::sync::atomic::{AtomicU64, Ordering};

use crate::{Faults, join, run};

/// Who is connected all the time hears each send once; who disconnects is not called by a send that begins then.
#[test]
fn who_is_connected_hears_each_send_once() {
    run(|| {
        let saved: Signal<u64> = Signal::new();
        let (heard, faults) = (Arc::new(AtomicU64::new(0)), Faults::default());
        let count = Arc::clone(&heard);
        let _always = saved.connect(move |value: &u64| {
            count.fetch_add(*value, Ordering::SeqCst);
        });
        let senders = [1, 10].map(|value| {
            let saved = saved.clone();
            spawn(move || {
                for _ in 0..3 {
                    assert!(saved.emit(&value).unwrap().delivered() >= 1);
                }
            })
        });
        let comers = [100, 1_000].map(|own| {
            let (saved, faults) = (saved.clone(), faults.clone());
            spawn(move || {
                let told = faults.clone();
                let connection = saved.connect(move |value: &u64| {
                    // Its own is sent when it is gone; what others send may be on its way to it.
                    told.unless(*value != own, || {
                        "called by a send that began after its end".into()
                    });
                });
                drop(connection);
                saved.emit(&own).unwrap();
            })
        });
        join(senders.into_iter().chain(comers));
        assert_eq!(heard.load(Ordering::SeqCst), 3 + 30 + 1_100);
        faults.check();
        assert_eq!(saved.receivers().len(), 1);
    });
}
