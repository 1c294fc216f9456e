//! What comes again behind the window, and what clocks and ids say: F10 and F14.

use std::time::Duration;

use rem::Timestamp;
use rem::mesh::{Parcel, StreamSpec, Subject, Transport};
use rem_nats::testing::Proxy;
use rem_tests::crash::draw;
use rem_tests::mesh::{self, Order};

use super::ledger::{Came, fault};
use super::rig::{
    LIMIT, Publishing, Told, block_on, eventually, is_disconnected, jetstream, journaled, office,
    on_both, pick, progress, stored, stranger, tell,
};

/// For how long the stream knows an event.
const WINDOW: Duration = Duration::from_millis(300);

fn brief(spec: StreamSpec) -> StreamSpec {
    spec.window(WINDOW)
}

/// F10: acknowledgements are lost, and what was stored is sent again when the stream has forgotten it. It stands in the stream twice, as is
/// said; who imports it knows it still, and has each once.
#[test]
fn f10_behind_the_window_the_stream_has_it_twice_and_who_imports_it_once() {
    on_both(|version| {
        let server = jetstream(version);
        let folder = tempfile::tempdir().unwrap();
        let (bus, other) = (journaled(folder.path(), "shop"), journaled(folder.path(), "office"));
        let cable = Proxy::to(server.port()).unwrap();
        let (told, _telling) = Told::on(&bus);
        let mesh = mesh::shop(&bus, &cable.url()).unwrap().stream(brief).join_blocking().unwrap();
        let (came, _sub) = Came::to(&other);
        let reader = mesh::office(&other, &server.url()).unwrap();
        let reader = reader.stream(brief).join_blocking().unwrap();
        let probe = stranger(&server.url());
        let publishing = Publishing::on(&bus, 1);
        let rounds = pick(1, 10);
        for round in 0..rounds {
            let before = came.count();
            came.until(|orders| orders.len() as u64 > before + 50, "it stands");
            let lost = told.count(is_disconnected);
            // From here on the shop hears nothing, and is heard until it gives the connection up.
            cable.swallow(false, true);
            eventually(|| told.count(is_disconnected) > lost, || "it is found".into());
            // When this is forgotten, so is all that was stored before it.
            let key = format!("probe-{round}");
            let is_known = || {
                let subject = Subject::parse("rem.main.probe").unwrap();
                let stored = probe.streams().unwrap();
                let stored =
                    block_on(stored.store("rem_main", Parcel::new(subject), &key)).unwrap();
                block_on(stored).unwrap().duplicate
            };
            assert!(!is_known());
            eventually(|| !is_known(), || "its window never ends".into());
            cable.mend();
            let placed = publishing.count();
            eventually(|| mesh.stats().acknowledged >= placed, || mesh.stats().to_string());
            progress("F10", version, round + 1, rounds);
        }
        let placed = publishing.end();
        assert!(mesh.leave(LIMIT).is_complete());
        came.until(|orders| orders.len() as u64 >= placed, "all come");
        let mut kept = stored(&server.url());
        let twice = kept.len() as u64 - placed;
        assert!(twice > 0, "nothing is there twice");
        eventually(|| reader.stats().duplicates == twice, || reader.stats().to_string());
        assert!(reader.leave(LIMIT).is_complete());
        kept.sort_unstable();
        kept.dedup();
        assert_eq!(fault(&kept, placed, true, &[]), None, "in the stream, but for the second time");
        assert_eq!(fault(&came.all(), placed, true, &[]), None, "at the office");
        tell("F10", version, rounds, placed, &format!("{twice} in the stream twice, handled once"));
    });
}

/// F14: clocks of two shops that differ by years and go backwards while they publish, and one id that two sources use. The order is that of
/// the stream, each source's own is kept, and a source with an id is one event.
#[test]
fn f14_clocks_order_nothing_and_one_id_of_two_sources_is_two_events() {
    on_both(|version| {
        let server = jetstream(version);
        let folder = tempfile::tempdir().unwrap();
        let other = journaled(folder.path(), "office");
        let (came, _sub) = Came::to(&other);
        let reader = office(&other, &server.url());
        let each = pick(500, 20_000_u64);
        let shops = ["east", "west"].map(|name| journaled(folder.path(), name));
        let meshes: Vec<_> = shops
            .iter()
            .zip(["east", "west"])
            .map(|(bus, name)| {
                let node = mesh::node(bus, &server.url(), name).unwrap();
                // Two outboxes on two buses; the mesh is one.
                node.export_at(rem::mesh::Level::Durable, "order").join_blocking().unwrap()
            })
            .collect();
        std::thread::scope(|scope| {
            for (at, bus) in (0..).zip(&shops) {
                scope.spawn(move || {
                    for id in 0..each {
                        // Between 1970 and 2070, now forwards and now backwards.
                        let time =
                            Timestamp::from_nanos(draw((at, id)) % 3_155_760_000_000_000_000);
                        let order = Order::Placed { id: id * 2 + at };
                        bus.event(order).timestamp(time).publish().unwrap();
                    }
                });
            }
        });
        for mesh in &meshes {
            assert!(mesh.leave(LIMIT).is_complete(), "{}", mesh.stats());
        }
        came.until(|orders| orders.len() as u64 == each * 2, "all come");
        let kept = stored(&server.url());
        assert_eq!(fault(&kept, each * 2, false, &[]), None);
        assert_eq!(came.all(), kept, "in the order of the stream");
        for at in 0..2 {
            let own: Vec<_> = kept.iter().filter(|id| **id % 2 == at).collect();
            assert!(own.is_sorted(), "the order of one source");
        }

        let maker = stranger(&server.url());
        let id = "00000000-0000-4000-8000-000000000001";
        let sent = [("/a", 0, "2030"), ("/b", 1, "2001"), ("/a", 0, "2030"), ("/c", 2, "2015")];
        for (source, order, year) in sent {
            let json = format!(
                r#"{{"specversion":"1.0","id":"{id}","source":"{source}","type":"order.placed","time":"{year}-01-01T00:00:00Z","data":{{"id":{order}}}}}"#
            );
            let parcel = Parcel::new(Subject::parse("rem.main.order.placed").unwrap())
                .header("rem-home", "elsewhere")
                .header("rem-boot", "0123456789abcdef0123456789abcdef")
                .header("rem-hops", "0")
                .header("content-type", "application/cloudevents+json")
                .with_body(json);
            // Under another key each, so that it is the importer that tells them apart.
            let key = format!("{source}-{year}-{}", draw((source, came.count())));
            let stored = maker.streams().unwrap().store("rem_main", parcel, &key);
            block_on(block_on(stored).unwrap()).unwrap();
            let until = each * 2 + order + 1;
            came.until(|orders| orders.len() as u64 >= until, "it comes, or came before");
        }
        eventually(|| reader.stats().delivered >= each * 2 + 4, || reader.stats().to_string());
        assert!(reader.leave(LIMIT).is_complete());
        let last = came.all().split_off(usize::try_from(each * 2).unwrap());
        assert_eq!(last, [0, 1, 2], "one of each source");
        assert_eq!(reader.stats().duplicates, 1, "{}", reader.stats());
        tell(
            "F14",
            version,
            each * 2,
            each * 2 + 4,
            "each with a time of its own; one id of three sources",
        );
    });
}
