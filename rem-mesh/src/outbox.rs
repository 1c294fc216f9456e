//! The outbox: what is to leave at the levels *Durable* and *Replicated*, sent from the bus's journal until it is acknowledged.
//!
//! It is a durable subscription on the journal and has no store of its own: its position is the number below which the broker
//! has acknowledged all. `intake.rs` stands where events are published and counts them into `door.rs`, which says what happens
//! when too many wait; `pump.rs` reads, sends and moves the position.

pub(crate) mod begin;
pub(crate) mod door;
mod hand;
pub(crate) mod intake;
mod numbers;
pub(crate) mod pump;

use std::time::Duration;

/// How much may wait to be acknowledged by the broker, and what happens beyond that: see
/// [`MeshBuilder::outbox`](crate::MeshBuilder::outbox).
///
/// ```
/// use std::time::Duration;
///
/// use rem_mesh::{Outbox, WhenFull};
///
/// let outbox = Outbox::new().events(50_000).when_full(WhenFull::Wait(Duration::from_secs(2)));
/// # drop(outbox);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outbox {
    pub(crate) events: u64,
    pub(crate) bytes: u64,
    pub(crate) when_full: WhenFull,
    pub(crate) in_flight: usize,
    pub(crate) patience: Duration,
}

/// What becomes of an event that is published while the outbox is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum WhenFull {
    /// It is not published: [`PublishErrorKind::Middleware`](rem_core::PublishErrorKind::Middleware) by the name `Outbox`, with the event.
    #[default]
    Refuse,
    /// Its publisher waits in its thread for room, so long at most, also in `publish_async`; then it is refused.
    Wait(Duration),
    /// It is published, and the oldest that wait are not sent: counted, and told as `$rem.mesh.overflow`. The journal has
    /// them still.
    DropOldest,
}

impl Default for Outbox {
    fn default() -> Self {
        Self {
            events: 1_000_000,
            bytes: 1 << 30,
            when_full: WhenFull::Refuse,
            in_flight: 1_024,
            patience: Duration::from_secs(10),
        }
    }
}

impl Outbox {
    /// 1,000,000 events and 1 GiB, beyond which publishing is refused; 1,024 in flight, and 10 seconds for the broker to acknowledge
    /// one.
    pub fn new() -> Self {
        Self::default()
    }

    /// So many events may wait. At the start of a process those that wait in the journal are counted from above, until they are
    /// read: by the numbers behind the position.
    #[must_use]
    pub fn events(mut self, most: u64) -> Self {
        self.events = most.max(1);
        self
    }

    /// So many bytes may wait, estimated: as many as wait times the mean size of the last parcels that were read to be sent.
    #[must_use]
    pub fn bytes(mut self, most: u64) -> Self {
        self.bytes = most.max(1);
        self
    }

    /// What happens beyond that.
    #[must_use]
    pub fn when_full(mut self, policy: WhenFull) -> Self {
        self.when_full = policy;
        self
    }

    /// How many may be sent and not acknowledged. One at a time costs a round trip each.
    #[must_use]
    pub fn in_flight(mut self, most: usize) -> Self {
        self.in_flight = most.max(1);
        self
    }

    /// How long the transport may need to take one, and the broker to acknowledge it; then it is sent again with all behind it, by the
    /// same ids. A transport may give up before that, and then it is sent again as well: that over NATS does after five seconds unless
    /// told.
    #[must_use]
    pub fn patience(mut self, time: Duration) -> Self {
        self.patience = time;
        self
    }
}
