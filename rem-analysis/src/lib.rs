//! What a history adds up to: counts, rates, sums, means, least and greatest, and percentiles of events or of a number in their
//! data, by group and by window of time. Most programs use it through the facade, the package `rem-bus`, as `rem::analysis`
//! (feature `analysis`); with the feature `parquet` any query becomes a file that `DuckDB`, Polars and pandas read.
//!
//! It takes any sequence of events and goes through it once: of a history best [`Query::iter`](rem_core::Query::iter), which holds
//! two pages of it, however long it is.
//!
//! ```
//! use std::time::Duration;
//!
//! use rem_analysis::{Analysis, Group};
//! use rem_core::wire::{Codec, RawEvent};
//! use rem_core::{Bus, Ring, Timestamp};
//!
//! let bus = Bus::builder().history(Ring::events(1_000)).build();
//! let begun: Timestamp = "2024-03-01T09:00:00Z".parse()?;
//! for second in 0..120_u64 {
//!     let topic = if second % 3 == 0 { "db.primary.asked" } else { "db.replica.asked" };
//!     let data = RawEvent::new(Codec::Json, format!(r#"{{"latency_ms":{}}}"#, 10 + second % 7).into_bytes());
//!     bus.event(data).timestamp(begun + Duration::from_secs(second)).publish_to(topic)?;
//! }
//!
//! let table = Analysis::of("latency_ms")
//!     .by(Group::Segment(1))
//!     .every(Duration::from_secs(60))
//!     .percentiles([50.0, 99.0])
//!     .run(bus.query("db.**")?.iter())?;
//!
//! let first = &table.rows()[0];
//! assert_eq!((first.group()[0].as_deref(), first.events()), (Some("primary"), 20));
//! assert_eq!(first.percentile(99.0), Some(16.0));
//! println!("{table}"); // aligned, a line a row; `table.csv()` for spreadsheets, serde for all else
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod analysis;
mod error;
mod field;
mod group;
mod measure;
#[cfg(feature = "parquet")]
pub mod parquet;
mod percentiles;
mod show;
mod table;
mod window;

pub use analysis::Analysis;
pub use error::{AnalysisError, AnalysisErrorKind};
pub use group::Group;
pub use table::{Csv, Row, Table};
pub use window::Window;
