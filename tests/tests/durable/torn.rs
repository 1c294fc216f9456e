//! An append of several events on whose disk there is room for some.

use std::sync::{Arc, Mutex};

use rem::prelude::*;
use rem::{AppendRefusal, HistoryErrorKind, Ordering};

use super::disk::Disk;
use super::{LONG, Paid};

const fn paid(order: u64) -> Paid {
    Paid { order }
}

fn buses(disk: &Disk) -> [(&'static str, Bus); 2] {
    let total = Bus::builder().history(disk.clone().again()).ordering(Ordering::Total).build();
    [("per publisher", Bus::builder().history(disk.clone()).build()), ("total", total)]
}

#[test]
fn what_is_on_the_disk_stays_and_the_rest_comes_back() {
    for at in 0..2 {
        // Nothing but the ring holds an event, and it holds the last alone: who has it no more is published all the same.
        let disk = Disk::new(8).at_once().keeping(1);
        let [first, second] = buses(&disk);
        let (name, bus) = if at == 0 { first } else { second };
        let seen: Arc<Mutex<Vec<u64>>> = Arc::default();
        let noted = Arc::clone(&seen);
        bus.on(move |event: &Event<Paid>| noted.lock().unwrap().push(event.data.order)).detach();

        disk.room(2);
        let error = bus.append([paid(1), paid(2), paid(3), paid(4)]).publish().unwrap_err();
        let Some(AppendRefusal::Torn { kept: 2, error: why }) = error.refusal() else {
            panic!("{name}: {error}")
        };
        assert_eq!(why.kind(), HistoryErrorKind::Store, "{name}");
        assert_eq!(error.events(), [paid(3), paid(4)], "{name}: those alone come back");
        assert_eq!(*seen.lock().unwrap(), [1, 2], "{name}: and were not delivered");
        assert_eq!(disk.stored(), [1, 2], "{name}");

        // When there is room again, they are appended as the error says, behind those that nobody has.
        disk.break_down(false);
        let rest = error.into_events();
        let receipts = bus.append(rest).publish().unwrap();
        receipts[1].durable().wait(LONG).unwrap();
        assert_eq!(*seen.lock().unwrap(), [1, 2, 3, 4], "{name}");
        assert_eq!(disk.stored().len(), 4, "{name}");
    }
}

#[test]
fn a_disk_that_takes_none_leaves_no_trace() {
    let disk = Disk::new(8).at_once();
    let bus = Bus::builder().history(disk.clone()).build();
    disk.room(0);
    let error = bus.append([paid(1), paid(2)]).publish().unwrap_err();
    assert!(matches!(error.refusal(), Some(AppendRefusal::Torn { kept: 0, .. })), "{error}");
    assert_eq!(error.events(), [paid(1), paid(2)]);
    assert!(disk.stored().is_empty());
}
