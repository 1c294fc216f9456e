//! Bridges in a ring: F12.

use rem::mesh::{Mesh, MeshBuilder};
use rem::nats::NatsTransport;
use rem::prelude::*;
use rem_nats::testing::Server;
use rem_tests::mesh::Order;

use super::ledger::{Came, fault};
use super::rig::{LIMIT, on_both, pick, tell};

/// F12: three buses in a ring, each pair of them a mesh of its own, so that each node is a bridge, and all publish at once. Each event comes
/// once to each bus.
#[test]
fn f12_round_a_ring_of_three_bridges_each_event_comes_once_to_each_bus() {
    on_both(|version| {
        let server = Server::start(version).unwrap();
        let each = pick(300, 20_000_u64);
        let room = usize::try_from(each * 3).unwrap();
        let buses: Vec<Bus> = (0..3).map(|_| Bus::new()).collect();
        let came: Vec<_> = buses.iter().map(Came::to).collect();
        let bridge = |bus: &Bus, mesh: &str, node: &str| -> MeshBuilder {
            let transport = NatsTransport::builder(server.url()).incoming(room, 1 << 30);
            let builder = Mesh::builder(bus).transport(transport.build().unwrap());
            builder.name(mesh).node(node).export("**").import("**").queue(room).reexport(true)
        };
        let mut meshes = Vec::new();
        for (at, bus) in buses.iter().enumerate() {
            for side in [at, (at + 1) % 3] {
                let bridge = bridge(bus, &format!("side-{side}"), &format!("n{at}"));
                meshes.push(bridge.join_blocking().unwrap());
            }
        }
        std::thread::scope(|scope| {
            for (at, bus) in (0..).zip(&buses) {
                scope.spawn(move || {
                    for id in 0..each {
                        bus.publish(Order::Placed { id: id * 3 + at }).unwrap();
                    }
                });
            }
        });
        let placed = each * 3;
        for (came, _) in &came {
            came.until(|orders| orders.len() as u64 >= placed, "all come");
        }
        for mesh in &meshes {
            assert!(mesh.leave(LIMIT).is_complete(), "{}", mesh.stats());
        }
        // What goes round any further would have come by now.
        for (came, _) in &came {
            assert_eq!(fault(&came.all(), placed, false, &[]), None);
        }
        let imported: u64 = meshes.iter().map(|mesh| mesh.stats().imported).sum();
        assert_eq!(imported, placed * 2, "each on two buses beside its own");
        let left: u64 = meshes.iter().map(|mesh| mesh.stats().duplicates).sum();
        let more = format!("{left} left out that came the other way round");
        tell("F12", version, 0, placed, &more);
    });
}
