//! Each test needs servers, and fails where there are none.

mod asked;
mod let_in;
mod live;
mod sent;

use std::path::Path;
use std::time::Duration;

use rem_core::wire::{Codec, RawEvent};
use rem_core::{Bus, Timestamp};
use rem_journal::Journal;
use rem_mesh::{Level, Mesh, MeshBuilder};
use rem_nats::NatsTransport;
use rem_nats::testing::{Server, Version};

/// How long something that must come may take.
const LIMIT: Duration = Duration::from_secs(30);

/// On both servers, one after the other; which of them it was stands in the panic.
fn on_both(test: impl Fn(Version)) {
    for version in Version::ALL {
        println!("on nats-server {}", version.number());
        test(version);
    }
}

/// A node of the mesh `main` in the making.
fn node(bus: &Bus, url: &str, name: &str) -> MeshBuilder {
    let transport = NatsTransport::builder(url).ping_interval(Duration::from_millis(200));
    Mesh::builder(bus).transport(transport.jetstream().build().unwrap()).node(name)
}

/// A program whose orders are stored in the mesh's stream.
struct Shop {
    bus: Bus,
    mesh: Mesh,
}

impl Shop {
    fn open(journal: &Path, server: &Server) -> Self {
        let bus = Bus::builder().history(Journal::open(journal).unwrap()).build();
        let builder = node(&bus, &server.url(), "shop").export_at(Level::Durable, "order");
        let mesh = builder.join_blocking().unwrap();
        Self { bus, mesh }
    }

    /// An order a minute, every third of the web and every fifth lost: stored when it is back.
    fn orders(&self, numbers: std::ops::RangeInclusive<u64>) {
        let begun: Timestamp = "2026-01-01T09:00:00Z".parse().unwrap();
        for order in numbers {
            let topic =
                if order % 5 == 0 { format!("order.{order}.lost") } else { "order.paid".into() };
            let data = format!(r#"{{"order":{order},"price":{}}}"#, order * 10).into_bytes();
            let event = self.bus.event(RawEvent::new(Codec::Json, data));
            let event = event.source(if order % 3 == 0 { "web" } else { "shop" });
            let event = event.timestamp(begun + Duration::from_secs(60 * order));
            let receipt = event.publish_to(topic.as_str()).unwrap();
            self.mesh.replicated(&receipt).wait(LIMIT).unwrap();
        }
    }

    /// Leaves its journal to others.
    fn close(self) {
        assert!(self.mesh.leave(LIMIT).is_complete());
        assert!(self.bus.close(LIMIT).is_complete());
    }
}

fn with_streams(version: Version) -> Server {
    Server::builder(version).jetstream().start().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
