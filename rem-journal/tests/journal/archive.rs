//! A journal that is read and not written.

use rem_core::wire::{Codec, RawEvent};
use rem_core::{Bus, HistoryErrorKind, PublishErrorKind, Timestamp};
use rem_journal::store::StoreErrorKind;
use rem_journal::{Archive, Journal};

use super::{all, bus, folder, publish};

fn archived(path: &std::path::Path) -> Bus {
    Bus::builder().history(Archive::open(path).unwrap()).build()
}

#[test]
fn all_that_was_committed_is_there_and_can_be_asked() {
    let (_folder, path) = folder();
    let live = bus(Journal::builder(), &path);
    let early = Timestamp::from_nanos(1_000);
    for order in 0..2_000 {
        let data = RawEvent::new(Codec::Json, format!("{{\"order\":{order}}}").into_bytes());
        let topic = if order % 100 == 0 { "order.lost" } else { "order.paid" };
        live.event(data).source("shop").timestamp(early).publish_to(topic).unwrap();
    }
    let id = publish(&live, "stock.low", "{}").id().unwrap();
    let expected = all(&live);
    drop(live);
    let past = archived(&path);
    assert_eq!(all(&past), expected);
    assert_eq!(past.query("order.lost").unwrap().count(), 20);
    assert_eq!(past.query("**").unwrap().id(id).events()[0].topic().as_str(), "stock.low");
    assert_eq!(past.query("**").unwrap().until(early).last(3).events().len(), 3);
    assert_eq!(past.query("**").unwrap().last(1).events()[0].sequence(), Some(2_001));
    let report = past.topology().history.unwrap();
    assert_eq!((report.kept, report.let_go), (2_001, 0));
    let checked = Archive::open(&path).unwrap().verify(|_| true).unwrap();
    assert!(checked.is_sound() && checked.records == 2_001, "{checked:?}");
}

#[test]
fn nothing_can_be_published_to_it() {
    let (_folder, path) = folder();
    publish(&bus(Journal::builder(), &path), "order.paid", "{}");
    let past = archived(&path);
    let data = RawEvent::new(Codec::Json, *b"{}");
    let error = past.publish_to("order.paid", data).unwrap_err();
    let PublishErrorKind::History(why) = error.kind() else { panic!("{error}") };
    assert_eq!(why.kind(), HistoryErrorKind::Closed);
    assert!(error.to_string().contains("Journal::open"), "{error}");
    assert_eq!(all(&past).len(), 1);
}

#[test]
fn many_read_it_and_nobody_while_one_writes() {
    let (_folder, path) = folder();
    let live = bus(Journal::builder(), &path);
    publish(&live, "order.paid", "{}");
    assert_eq!(Archive::open(&path).unwrap_err().kind(), StoreErrorKind::Locked);
    drop(live);
    let (one, two) = (archived(&path), archived(&path));
    assert_eq!(all(&one), all(&two));
    assert_eq!(Journal::open(&path).unwrap_err().kind(), StoreErrorKind::Locked);
    drop((one, two));
    publish(&bus(Journal::builder(), &path), "order.paid", "{}");
    assert_eq!(all(&archived(&path)).len(), 2);
    let nowhere = Archive::open(path.with_extension("none")).unwrap_err();
    assert!(nowhere.to_string().contains("none"), "{nowhere}");
}
