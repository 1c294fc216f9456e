//! Servers that are killed: F1, F2 and F3.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rem::mesh::{Level, Mesh, MeshEvent};
use rem::prelude::*;
use rem_nats::testing::{Cluster, Server, Version};
use rem_tests::mesh;

use super::ledger::{Came, fault};
use super::rig::{
    LIMIT, Publishing, Told, eventually, is_disconnected, jetstream, journaled, on_both, pick,
    progress, shop, stored, tell,
};

/// Until the broker has acknowledged so many more.
fn acknowledged(mesh: &Mesh, more: u64, servers: &[Server]) {
    let until = mesh.stats().acknowledged + more;
    eventually(
        || mesh.stats().acknowledged >= until,
        || format!("{}\n{}", mesh.stats(), last_said(servers)),
    );
}

/// The end of what each server has logged.
fn last_said(servers: &[Server]) -> String {
    let said = servers.iter().map(|server| {
        let log = server.log();
        let lines: Vec<_> = log.lines().rev().take(25).collect();
        let lines: Vec<_> = lines.into_iter().rev().collect();
        format!("on {}:\n{}\n", server.port(), lines.join("\n"))
    });
    said.collect()
}

/// F1: the server is killed while the shop publishes, and started again on what it had stored. What was acknowledged is there, what was not
/// is sent again, each is there once and in its order.
#[test]
fn f1_a_server_that_is_killed_has_each_event_once_and_in_order_when_it_is_back() {
    on_both(|version| {
        let mut server = jetstream(version);
        let folder = tempfile::tempdir().unwrap();
        let bus = journaled(folder.path(), "shop");
        let mesh = shop(&bus, &server.url());
        let publishing = Publishing::on(&bus, 5);
        let kills = pick(3, 25);
        for kill in 0..kills {
            acknowledged(&mesh, 200 + kill * 37 % 400, std::slice::from_ref(&server));
            server.kill();
            // What was acknowledged until then is there, whatever follows.
            let acknowledged = usize::try_from(mesh.stats().acknowledged).unwrap();
            publishing.go_on_for(100);
            server.restart().unwrap();
            let kept = stored(&server.url());
            assert!(kept.len() >= acknowledged, "{} kept of {acknowledged}", kept.len());
            assert_eq!(fault(&kept, kept.len() as u64, true, &[]), None);
            progress("F1", version, kill + 1, kills);
        }
        let placed = publishing.end();
        assert!(mesh.leave(LIMIT).is_complete(), "{}", mesh.stats());
        assert_eq!(fault(&stored(&server.url()), placed, true, &[]), None);
        let stats = mesh.stats();
        assert_eq!(stats.acknowledged, placed);
        assert!(stats.resent > 0, "the server was killed, and nothing was sent again: {stats}");
        let more = format!("{} sent again, of which {} were there", stats.resent, stats.known);
        tell("F1", version, kills, placed, &more);
    });
}

/// Who said last that it leads the mesh's stream.
fn leader(servers: &[Server]) -> usize {
    let last = |server: &Server| {
        let log = server.log();
        let says = |line: &&str| line.contains("new stream leader for '$G > rem_main'");
        let line = log.lines().rev().find(says).map(str::to_owned)?;
        // Behind its process id stands the time, in an order that texts have too.
        line.split_once("] ").map(|(_, said)| said.to_owned())
    };
    let leads = (0..servers.len()).max_by_key(|at| last(&servers[*at])).unwrap();
    assert!(last(&servers[leads]).is_some(), "none of them says that it leads");
    leads
}

/// Whether so many more are acknowledged in time. If they are not, nobody leads the stream, as those servers say that are there: whose turn
/// it is they have to agree on by themselves.
fn go_on(mesh: &Mesh, more: u64, servers: &[Server], killed: usize) -> bool {
    let (until, end) = (mesh.stats().acknowledged + more, Instant::now() + LIMIT);
    while mesh.stats().acknowledged < until {
        if Instant::now() >= end {
            let others = servers.iter().enumerate().filter(|(at, _)| *at != killed);
            let leads = |server: &Server| {
                about_the_stream(server.port())?["cluster"]["leader"].as_str().map(str::to_owned)
            };
            let leads: Vec<_> = others.filter_map(|(_, server)| leads(server)).collect();
            assert!(
                leads.is_empty(),
                "{leads:?} lead, and {}\n{}",
                mesh.stats(),
                last_said(servers)
            );
            return false;
        }
        std::thread::park_timeout(Duration::from_millis(2));
    }
    true
}

/// Whether all three have all of the mesh's stream, as the server at that port says.
fn is_whole(port: u16) -> Option<bool> {
    let info = about_the_stream(port)?;
    let others = info["cluster"]["replicas"].as_array()?;
    let is_there = |other: &serde_json::Value| other["current"] == true && other["offline"] != true;
    Some(others.len() == 2 && others.iter().all(is_there))
}

/// What whoever leads the mesh's stream says of it, by way of the server at that port; nothing, if nobody does.
fn about_the_stream(port: u16) -> Option<serde_json::Value> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
    let ask = "CONNECT {\"verbose\":false}\r\nSUB whole 1\r\nPUB $JS.API.STREAM.INFO.rem_main whole 0\r\n\r\n";
    stream.write_all(ask.as_bytes()).ok()?;
    let mut lines = BufReader::new(stream);
    let mut line = String::new();
    while !line.starts_with("MSG ") {
        line.clear();
        (lines.read_line(&mut line).ok()? > 0).then_some(())?;
    }
    let mut body = vec![0; line.trim().rsplit(' ').next()?.parse().ok()?];
    lines.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

/// F2: of three servers that keep the stream, the one that leads is killed and started again later. Nothing that was acknowledged is lost,
/// nothing is there twice, and the shop is told that it has to wait, which it does for as long as nobody leads.
#[test]
fn f2_a_cluster_whose_leader_is_killed_loses_nothing_and_tells_of_the_outage() {
    let versions = pick(&Version::ALL[1..], &Version::ALL[..]);
    for version in versions {
        let mut cluster = Cluster::start(*version).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let bus = journaled(folder.path(), "shop");
        let (told, _telling) = Told::on(&bus);
        // Three have to agree first on who leads.
        let begun = Instant::now();
        let mesh = loop {
            let builder = mesh::shop(&bus, &cluster.urls()).unwrap();
            match builder.stream(|spec| spec.replicas(3)).join_blocking() {
                Ok(mesh) => break mesh,
                Err(error) => assert!(begun.elapsed() < LIMIT, "{error}"),
            }
        };
        let publishing = Publishing::on(&bus, 2);
        let (kills, mut waited) = (pick(1, 5), 0);
        let is_outage = |event: &MeshEvent| {
            is_disconnected(event) || matches!(event, MeshEvent::Stalled { .. })
        };
        for kill in 0..kills {
            acknowledged(&mesh, 1_000, cluster.servers());
            let before = told.count(is_outage);
            let leads = leader(cluster.servers());
            cluster.servers()[leads].kill();
            // Two are enough to go on, and mostly do.
            let goes_on = go_on(&mesh, 1_000, cluster.servers(), leads);
            assert!(told.count(is_outage) > before, "nothing was told: {:?}", told.all());
            cluster.servers()[leads].restart().unwrap();
            if !goes_on {
                waited += 1;
                acknowledged(&mesh, 1_000, cluster.servers());
            }
            // One at a time: what is promised is that of three one may fail.
            let port = cluster.servers()[leads].port();
            eventually(
                || is_whole(port) == Some(true),
                || format!("the three are not whole again: {}", mesh.stats()),
            );
            progress("F2", *version, kill + 1, kills);
        }
        acknowledged(&mesh, 1_000, cluster.servers());
        let placed = publishing.end();
        assert!(mesh.leave(LIMIT).is_complete(), "{}", mesh.stats());
        // While nobody leads each is refused by itself, and one behind it may be taken by who leads next.
        assert_eq!(fault(&stored(&cluster.urls()), placed, false, &[]), None);
        let (stats, outages) = (mesh.stats(), told.count(is_outage));
        assert_eq!(stats.acknowledged, placed);
        let more = format!("{} sent again, {outages} outages told", stats.resent);
        let more = match waited {
            0 => more,
            times => format!("{more}, {times} of them until the third server was back"),
        };
        tell("F2", *version, kills, placed, &more);
    }
}

/// F3: the server is killed under events of the level *Fast*. What is missing was published between the moment at which the server was
/// there for the last time and the one at which both nodes had settled again, and both were told that they were disconnected.
#[test]
fn f3_what_is_fast_is_lost_where_both_were_told_that_they_are_disconnected() {
    on_both(|version| {
        let mut server = Server::start(version).unwrap();
        let (shop, office) = (Bus::new(), Bus::new());
        let (came, _sub) = Came::to(&office);
        let join = |bus: &Bus, name: &str| {
            let transport = rem::nats::NatsTransport::builder(server.url());
            let transport = transport.ping_interval(mesh::ping()).build().unwrap();
            Mesh::builder(bus).transport(transport).node(name).level(Level::Fast)
        };
        let from = join(&shop, "shop").export("order").join_blocking().unwrap();
        let to = join(&office, "office").import("order").join_blocking().unwrap();
        let publishing = Publishing::on(&shop, 5);
        let kills = pick(3, 20);
        let mut gaps = Vec::new();
        for kill in 0..kills {
            publishing.go_on_for(300);
            // All before this one have come.
            let begins = publishing.count();
            came.until(|orders| orders.last() >= Some(&begins), "those before the kill come");
            server.kill();
            publishing.go_on_for(300);
            server.restart().unwrap();
            let back = |mesh: &Mesh| mesh.stats().disconnected > kill && mesh.is_connected();
            eventually(|| back(&from) && back(&to), || format!("{}; {}", from.stats(), to.stats()));
            from.settled_within(LIMIT).unwrap();
            to.settled_within(LIMIT).unwrap();
            // The next is on its way perhaps; who is placed behind it comes.
            let ends = publishing.count() + 1;
            gaps.push(begins..ends);
            came.until(|orders| orders.last() > Some(&ends), "those behind the kill come");
            progress("F3", version, kill + 1, kills);
        }
        let placed = publishing.end();
        assert!(from.leave(LIMIT).is_complete());
        came.until(|orders| orders.last() == Some(&(placed - 1)), "the last comes");
        assert_eq!(fault(&came.all(), placed, true, &gaps), None);
        let (lost, stats) = (placed - came.count(), from.stats());
        assert_eq!((stats.lost, stats.disconnected, to.stats().disconnected), (0, kills, kills));
        assert!(to.leave(LIMIT).is_complete());
        tell("F3", version, kills, placed, &format!("{lost} lost, each where that was told"));
    });
}
