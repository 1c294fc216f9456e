//! Events as CloudEvents 1.0: what is written is read again, what others write is understood, what is wrong is told.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

mod checks;
mod errors;
mod files;
mod masked;
mod foreign;
mod published;
mod round_trip;
mod support;
