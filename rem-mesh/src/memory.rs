//! A broker within the process, with faults by a seed: for tests of programs that use a mesh, and of the mesh itself.
//!
//! A [`MemoryBroker`] carries parcels between its [`MemoryTransport`]s as a server would: a subscription stands when it is
//! flushed, an inbox has room for so many, a connection can be lost and comes back. It has [streams](crate::Streams), as long as it is
//! there itself. [`Faults`] lose, repeat and hold back
//! parcels, the same for the same seed and the same order of publishes. Its [counts](BrokerCounts) say what crossed the wire.
//!
//! ```
//! use rem_mesh::memory::{Faults, MemoryBroker};
//!
//! let broker = MemoryBroker::new();
//! broker.faults(Faults::seeded(7).duplicate(0.1).hold_back(0.2, 5));
//! let shop = broker.transport("shop");
//! // … `Mesh::builder(&bus).transport(shop)` …
//! broker.cut("shop"); // its cable
//! broker.mend("shop");
//! broker.calm(); // no more faults, and what was held back arrives
//! # drop(shop);
//! ```

mod broker;
mod consumer;
mod faults;
mod link;
mod store;
mod stream;
mod streams;
mod transport;

use std::fmt;
use std::sync::Arc;

use broker::{Broker, Clock};
use rem_core::ManualClock;

pub use broker::BrokerCounts;
pub use faults::Faults;
pub use transport::MemoryTransport;

/// How many bytes a parcel has at most, unless told: as much as a server of NATS takes.
const MAX_PAYLOAD: usize = 1 << 20;

/// How many parcels wait for a reader, unless told.
const INBOX: usize = 65_536;

/// A broker within the process. A handle; its clones are the same broker.
#[derive(Clone)]
pub struct MemoryBroker(Arc<Broker>);

impl MemoryBroker {
    /// With no faults; a parcel has at most 1 MiB, an inbox room for 65,536.
    pub fn new() -> Self {
        Self::with(MAX_PAYLOAD, INBOX)
    }

    /// The same with other limits: of the bytes of a parcel, and of the parcels that wait for a reader.
    pub fn with(max_payload: usize, inbox: usize) -> Self {
        Self(Arc::new(Broker::new(max_payload, inbox.max(1), Clock::System)))
    }

    /// As [`new`](Self::new), and what its streams keep grows old by that clock.
    pub fn by(clock: &ManualClock) -> Self {
        Self(Arc::new(Broker::new(MAX_PAYLOAD, INBOX, Clock::Manual(clock.clone()))))
    }

    /// A transport of that name, which knows no echo. A new one, also if there was one of that name.
    pub fn transport(&self, name: &str) -> MemoryTransport {
        MemoryTransport::new(&self.0, name, true)
    }

    /// The same, and it is given what it published itself, as a broker does that cannot tell.
    pub fn echoing(&self, name: &str) -> MemoryTransport {
        MemoryTransport::new(&self.0, name, false)
    }

    /// What goes wrong from now on.
    pub fn faults(&self, faults: Faults) {
        self.0.set_faults(faults);
    }

    /// Nothing goes wrong any more, and what was held back arrives.
    pub fn calm(&self) {
        self.0.calm();
    }

    /// Cuts the connections of that name: what is on its way to them is lost, and so is what comes until they are
    /// [mended](Self::mend).
    pub fn cut(&self, name: &str) {
        self.0.cut(name);
    }

    /// They are connected again, and what they had subscribed stands.
    pub fn mend(&self, name: &str) {
        self.0.mend(name);
    }

    /// Answers no flush and acknowledges nothing until [`answer`](Self::answer): a broker that is slow. What is to be stored is.
    pub fn be_silent(&self) {
        self.0.set_silent(true);
    }

    /// Answers again.
    pub fn answer(&self) {
        self.0.set_silent(false);
    }

    /// Has no room in its streams, until it is told that it has.
    pub fn be_full(&self, is_full: bool) {
        self.0.set_full(is_full);
    }

    /// Deletes a stream with all that it keeps and all of its consumers, as an operator may; whether there was one.
    pub fn drop_stream(&self, name: &str) -> bool {
        self.0.change(|inside| inside.streams.remove(name).is_some())
    }

    /// Refuses to let anybody subscribe to what this filter covers; `None` to allow all again.
    pub fn forbid(&self, filter: Option<crate::SubjectFilter>) {
        self.0.forbid(filter);
    }

    /// What it did so far.
    pub fn counts(&self) -> BrokerCounts {
        self.0.counts()
    }

    /// The filters that stand, of every transport that is connected, in their order.
    pub fn standing(&self) -> Vec<crate::SubjectFilter> {
        self.0.standing()
    }
}

impl Default for MemoryBroker {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryBroker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryBroker").field("counts", &self.counts()).finish_non_exhaustive()
    }
}
