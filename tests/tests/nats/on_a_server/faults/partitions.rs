//! Cables that are cut or swallow what passes, and servers that hang: F6.

use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use rem::mesh::Mesh;
use rem::prelude::*;
use rem_nats::testing::{Proxy, Server, Version};
use rem_tests::mesh::is_full;

use super::ledger::{Came, fault};
use super::rig::{
    LIMIT, Publishing, Told, eventually, is_disconnected, jetstream, journaled, office, pick,
    progress, shop, stored, tell,
};

/// What becomes of the way between a node and its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Partition {
    /// Connections end, and none comes about.
    Cut,
    /// They stay, and nothing passes.
    Blackhole,
    /// Nothing passes towards the server.
    HalfOpenUp,
    /// Nothing passes from it.
    HalfOpenDown,
    /// The server itself is held (`SIGSTOP`).
    Held,
}

/// Whose way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Shop,
    Office,
    Both,
}

const ALL: [(Side, Partition); 9] = [
    (Side::Shop, Partition::Cut),
    (Side::Shop, Partition::Blackhole),
    (Side::Shop, Partition::HalfOpenUp),
    (Side::Shop, Partition::HalfOpenDown),
    (Side::Office, Partition::Cut),
    (Side::Office, Partition::Blackhole),
    (Side::Office, Partition::HalfOpenUp),
    (Side::Office, Partition::HalfOpenDown),
    (Side::Both, Partition::Held),
];

/// How long each lasts in a campaign; in a test, until it was found and some more orders wait.
const LONG: Duration = Duration::from_secs(30);

impl Partition {
    fn begin(self, cable: &Proxy, server: &Server) {
        match self {
            Self::Cut => cable.cut(),
            Self::Blackhole => cable.swallow(true, true),
            Self::HalfOpenUp => cable.swallow(true, false),
            Self::HalfOpenDown => cable.swallow(false, true),
            Self::Held => server.pause().unwrap(),
        }
    }

    fn end(self, cable: &Proxy, server: &Server) {
        match self {
            Self::Held => server.resume().unwrap(),
            _ => cable.mend(),
        }
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cut => "cut",
            Self::Blackhole => "blackhole",
            Self::HalfOpenUp => "half-open, up",
            Self::HalfOpenDown => "half-open, down",
            Self::Held => "SIGSTOP",
        })
    }
}

/// One end of the mesh, with its own cable and what it was told.
struct End {
    cable: Proxy,
    mesh: Mesh,
    told: Told,
    _telling: Subscription,
}

impl End {
    fn of(bus: &Bus, server: &Server, join: impl Fn(&Bus, &str) -> Mesh) -> Self {
        let cable = Proxy::to(server.port()).unwrap();
        let (told, telling) = Told::on(bus);
        let mesh = join(bus, &cable.url());
        Self { cable, mesh, told, _telling: telling }
    }
}

fn case(version: Version) {
    let server = jetstream(version);
    let folder = tempfile::tempdir().unwrap();
    let (bus, other) = (journaled(folder.path(), "shop"), journaled(folder.path(), "office"));
    let (came, _sub) = Came::to(&other);
    let from = End::of(&bus, &server, shop);
    let to = End::of(&other, &server, office);
    let publishing = Publishing::on(&bus, pick(5, 1));
    // In a test a cut is a cut on either side; each way of being silent is tried where it is told apart.
    let is_tried = |(side, partition): &(Side, Partition)| {
        is_full() || *side != Side::Office || *partition == Partition::Blackhole
    };
    let tried: Vec<_> = ALL.iter().copied().filter(is_tried).collect();
    let mut slowest = Duration::ZERO;
    for (at, (side, partition)) in tried.iter().enumerate() {
        let before = came.count();
        came.until(|orders| orders.len() as u64 > before, "it stands");
        let ends: Vec<&End> = match side {
            Side::Shop => vec![&from],
            Side::Office => vec![&to],
            Side::Both => vec![&from, &to],
        };
        let begun = Instant::now();
        partition.begin(&ends[0].cable, &server);
        for end in &ends {
            let found = || end.told.first(begun, is_disconnected);
            eventually(|| found().is_some(), || format!("{side:?}, {partition}: never found"));
            slowest = slowest.max(found().unwrap() - begun);
        }
        // What is published meanwhile waits, and more of it the longer it lasts.
        if ends.iter().any(|end| end.mesh.node() == "shop") {
            let waiting = from.mesh.stats().waiting;
            publishing.go_on_for(300);
            let grown = from.mesh.stats().waiting;
            // One may have been let in before the first look, and be counted as published after it.
            assert!(grown + 1 >= waiting + 300, "{waiting} waited, and then {grown}");
        } else {
            publishing.go_on_for(300);
        }
        if is_full() {
            // A campaign's partition lasts as long as it says.
            thread::sleep(LONG.saturating_sub(begun.elapsed()));
        }
        let placed = publishing.count();
        partition.end(&ends[0].cable, &server);
        eventually(
            || from.mesh.stats().acknowledged >= placed,
            || format!("{side:?}, {partition}: {}", from.mesh.stats()),
        );
        came.until(|orders| orders.len() as u64 >= placed, "what was published meanwhile comes");
        progress("F6", version, at as u64 + 1, tried.len() as u64);
    }
    let placed = publishing.end();
    assert!(from.mesh.leave(LIMIT).is_complete(), "{}", from.mesh.stats());
    assert_eq!(fault(&stored(&server.url()), placed, true, &[]), None, "in the stream");
    came.until(|orders| orders.len() as u64 >= placed, "all come");
    assert!(to.mesh.leave(LIMIT).is_complete());
    // What was on its way to the office when its cable failed is given again, behind others.
    assert_eq!(fault(&came.all(), placed, false, &[]), None, "at the office");
    let (shop, office) = (from.mesh.stats(), to.mesh.stats());
    let more = format!(
        "found within {} ms at the most; {} sent again, {} given again, of which {} had come",
        slowest.as_millis(),
        shop.resent,
        office.redelivered,
        office.duplicates
    );
    tell("F6", version, tried.len() as u64, placed, &more);
}

/// F6: the way between a node and its server is partitioned, in each way, on each side. It is found, what is published waits meanwhile, and
/// when the way is back it is sent in order; each is in the stream and at the office once.
#[test]
fn f6_a_partition_is_found_and_what_waits_is_sent_in_order_and_each_comes_once() {
    // Most of it is waiting, so both at a time.
    thread::scope(|scope| {
        for version in Version::ALL {
            scope.spawn(move || case(version));
        }
    });
}
