//! The durable history of REM: events in one crash-safe file.
#![forbid(unsafe_code)]

mod archive;
mod event;
mod journal;
mod options;
mod positions;
pub mod record;
mod retention;
pub mod store;
mod sync;
mod tail;
mod writer;

pub use archive::Archive;
pub use journal::{Journal, JournalHandle, JournalStats};
pub use options::{Durability, JournalBuilder};
pub use retention::{Keep, Retention};
