//! Ready-made middleware: what each lets pass, changes, stops and tells; and what a middleware around the rest sees.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

mod around;
mod deduplicate;
mod enrich;
mod log;
mod options;
mod rate_limit;
mod redact;
mod sample;
mod support;
mod timing;
