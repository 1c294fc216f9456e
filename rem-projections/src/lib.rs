//! State from events, for REM: projections that are folded from the history and kept up to date, looked at without waiting,
//! at any moment of the past; and commands that are decided by such a state and appended only while that holds.
//!
//! ```
//! use std::time::Duration;
//!
//! use rem_core::{Bus, Event, EventType as _, Ring};
//! use rem_macros::EventType;
//! use rem_projections::{Projection, Projector};
//!
//! #[derive(EventType, Debug, Clone, serde::Serialize, serde::Deserialize)]
//! #[event(crate = rem_core, namespace = "account")]
//! enum Account {
//!     Paid { cents: u64 },
//! }
//!
//! #[derive(Clone, Default)]
//! struct Total(u64);
//!
//! impl Projection for Total {
//!     type Event = Account;
//!
//!     fn apply(&mut self, event: &Event<Account>) {
//!         let Account::Paid { cents } = &event.data;
//!         self.0 += cents;
//!     }
//! }
//!
//! let bus = Bus::builder().history(Ring::events(10_000)).build();
//! bus.publish(Account::Paid { cents: 250 })?; // before there is a projection
//! let total = Projector::builder("total").attach(&bus, Total::default())?;
//!
//! let receipt = bus.publish(Account::Paid { cents: 50 })?;
//! total.wait_for(receipt.sequence().unwrap_or(0), Duration::from_secs(1))?; // one's own write
//! assert_eq!(total.state().0, 300);
//! assert_eq!(total.at(1)?.0, 250); // as it was
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod projection;
mod builder;
mod projector;
mod view;
mod waiters;
mod reaching;
mod slot;
mod shared;
mod worker;
mod fold;
mod policy;
mod snapshots;
mod travel;
mod difference;
mod changed;
mod rebuild;
mod registry;
mod command;
mod scenario;
mod error;
mod sync;
#[cfg(all(test, rem_loom))]
mod loom;

pub use builder::ProjectorBuilder;
pub use changed::{Mirror, StateChanged};
pub use command::{Commands, Decide, Done};
pub use difference::{Change, Difference, changes};
pub use error::{
    AttachError, CommandError, FoldError, ProjectionError, RebuildError, RegistryError,
    SnapshotError, TagError, TravelError, WaitError,
};
pub use policy::{OnFailure, Skipped};
pub use projection::Projection;
pub use projector::{Projector, Report, Status};
pub use reaching::Reaching;
pub use rebuild::{Progress, Rebuild};
pub use registry::Projections;
pub use scenario::{Given, When, given};
pub use snapshots::{SnapshotStore, Stored};
pub use travel::{Moment, Past};
pub use view::View;
