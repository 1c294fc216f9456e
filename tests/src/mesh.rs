//! Nodes of a mesh over NATS, as the tests have them in their own process and in others that they kill.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rem::journal::{Durability, Journal};
use rem::mesh::{Consumer, Import, Level, Mesh, MeshBuilder};
use rem::nats::{NatsBuilder, NatsTransport};
use rem::prelude::*;
use serde::{Deserialize, Serialize};

/// Set to `full`, the cases of failure take as long as a campaign has: `cargo xtask campaign faults`.
pub const LENGTH: &str = "REM_FAULTS";

/// Whether they do.
pub fn is_full() -> bool {
    std::env::var(LENGTH).is_ok_and(|length| length == "full")
}

/// How often a node asks its server whether it is there: in the campaign as often as unless told.
pub fn ping() -> Duration {
    if is_full() { Duration::from_secs(2) } else { Duration::from_millis(200) }
}

/// What the shop publishes, numbered from 0 without a gap.
#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "order")]
pub enum Order {
    /// What every case counts.
    Placed {
        /// Its number.
        id: u64,
    },
    /// Something else.
    Paid {
        /// Its number.
        id: u64,
    },
    /// What nobody asked for.
    Noted {
        /// Its number.
        id: u64,
    },
}

/// A bus whose journal is that file.
///
/// # Errors
/// When the journal cannot be opened.
pub fn journaled(file: &Path, source: &'static str) -> Result<Bus, Box<dyn Error>> {
    let durability = Durability::Every(Duration::from_millis(1));
    let journal = Journal::builder().durability(durability).open(file)?;
    Ok(Bus::builder().source(source).history(journal).build())
}

/// A transport in the making, with streams.
pub fn nats(url: &str) -> NatsBuilder {
    NatsTransport::builder(url).jetstream().ping_interval(ping())
}

/// A node in the making.
///
/// # Errors
/// For an address that is none.
pub fn node(bus: &Bus, url: &str, name: &str) -> Result<MeshBuilder, Box<dyn Error>> {
    Ok(Mesh::builder(bus).transport(nats(url).build()?).node(name))
}

/// The shop, whose orders leave at the level *Durable*.
///
/// # Errors
/// As [`node`].
pub fn shop(bus: &Bus, url: &str) -> Result<MeshBuilder, Box<dyn Error>> {
    Ok(node(bus, url, "shop")?.export_at(Level::Durable, "order"))
}

/// The office, which consumes them by the name `billing`. What was not answered comes again soon, and as often as it takes.
///
/// # Errors
/// As [`node`].
pub fn office(bus: &Bus, url: &str) -> Result<MeshBuilder, Box<dyn Error>> {
    let soon = Consumer::new("billing").time_to_answer(Duration::from_secs(1)).attempts(10_000);
    Ok(node(bus, url, "office")?.import_rule(Import::of("order").durable(soon)))
}

/// Orders that were placed, given from the journal of that bus to `handle`, each at least once whenever the process is killed: a handler that
/// is told of them by the bus alone has not seen those that were on the disk a moment before.
///
/// # Errors
/// When the bus has no journal, or another has the subscription.
pub fn handled(
    bus: &Bus,
    handle: impl Fn(u64) + Send + Sync + 'static,
) -> Result<Subscription, Box<dyn Error>> {
    let handle = Arc::new(handle);
    let orders = bus.subscription("order.placed").durable("billing");
    Ok(orders.task(move |order: Received<Order>| {
        let handle = Arc::clone(&handle);
        async move {
            if let Order::Placed { id } = order.data {
                handle(id);
            }
        }
    })?)
}
