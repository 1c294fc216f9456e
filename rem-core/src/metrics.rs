//! The numbers of a bus, told to the crate [`metrics`]: [`Collector`], and [`Measure`](crate::middleware::Measure) for times.
//!
//! Publishers count what they count anyway, for [`Bus::topology`](crate::Bus::topology), and nothing more: a collector reads it
//! when it is asked to. Each name is a metric, each metric has the labels beside it:
//!
//! | metric | kind | labels | what it is |
//! | --- | --- | --- | --- |
//! | `rem_published_total` | counter | `topic` | events recorded |
//! | `rem_delivered_total` | counter | `pattern`, `at` | events that a handler or reader has had |
//! | `rem_dropped_total` | counter | `pattern`, `at` | events that a queue lost |
//! | `rem_failed_total` | counter | `pattern`, `at` | events that a handler or filter failed at |
//! | `rem_mismatched_total` | counter | `pattern`, `at` | events of an unrelated type |
//! | `rem_missed_total` | counter | `pattern`, `at` | numbers of the history that were gone before they were read |
//! | `rem_waiting` | gauge | `pattern`, `at` | events that wait to be handled or read |
//! | `rem_lag` | gauge | `pattern`, `at` | numbers behind, of the one that is furthest behind |
//! | `rem_middleware_stopped_total` | counter | `middleware`, `at` | events that it did not want |
//! | `rem_middleware_failed_total` | counter | `middleware`, `at` | how often it failed |
//! | `rem_topics`, `rem_subscriptions`, `rem_children` | gauge | | how many there are |
//! | `rem_publish_seconds` | histogram | `events` | what [`Measure`](crate::middleware::Measure) measured |
//!
//! `at` is the line that made the subscription or added the middleware, as `src/main.rs:42`.
//!
//! # Bounds
//! A collector gives no more labels than it was [told to](Collector::labels): whatever topics and patterns come after the first
//! so many are one, with `$other` for each label. A label once given is kept.

mod collector;
mod labels;

pub use collector::Collector;
