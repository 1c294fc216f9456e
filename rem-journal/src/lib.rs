//! The durable history of REM: events in one crash-safe file.
#![forbid(unsafe_code)]

pub mod record;
pub mod store;
