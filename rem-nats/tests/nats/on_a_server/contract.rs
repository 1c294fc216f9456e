//! The transport keeps every clause of the contract, on both servers, on a runtime of its own and on one that is given.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use rem_mesh::Transport;
use rem_mesh::contract::{Venue, check};
use rem_nats::testing::{Proxy, Server, Version};
use tokio::runtime::{Handle, Runtime};

use super::support::{builder, on_both};

/// One server, and a cable for each name.
struct Wire {
    server: Server,
    cables: Mutex<HashMap<String, Proxy>>,
    handle: Option<Handle>,
}

impl Wire {
    fn on(version: Version, handle: Option<Handle>) -> Self {
        let server = Server::builder(version).jetstream().start().unwrap();
        Self { server, cables: Mutex::default(), handle }
    }
}

impl Venue for Wire {
    fn transport(&self, name: &str) -> Arc<dyn Transport> {
        let mut cables = self.cables.lock().unwrap();
        let cable =
            cables.entry(name.to_owned()).or_insert_with(|| Proxy::to(self.server.port()).unwrap());
        let mut builder = builder(&cable.url()).incoming(1_500, 64 << 20).jetstream();
        if let Some(handle) = &self.handle {
            builder = builder.handle(handle.clone());
        }
        Arc::new(builder.build().unwrap())
    }

    fn cut(&self, name: &str) -> bool {
        self.cables.lock().unwrap().get(name).unwrap().cut();
        true
    }

    fn mend(&self, name: &str) {
        self.cables.lock().unwrap().get(name).unwrap().mend();
    }

    fn too_many(&self) -> Option<usize> {
        Some(20_000)
    }
}

fn holds(wire: &Wire) {
    let report = check(wire).unwrap_or_else(|breach| panic!("{breach}\n{}", wire.server.log()));
    assert_eq!(report.not_asked(), [""; 0]);
    assert_eq!(report.held().len(), 21);
}

#[test]
fn every_clause_is_kept_on_a_runtime_of_its_own() {
    on_both(|version| holds(&Wire::on(version, None)));
}

#[test]
fn every_clause_is_kept_on_a_runtime_that_is_given() {
    let runtime = Runtime::new().unwrap();
    holds(&Wire::on(Version::Modern, Some(runtime.handle().clone())));
}
