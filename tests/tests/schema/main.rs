//! `rem::schema`: what is published of a type's data, what breaks who reads it, and the catalogue.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

mod bodies;
mod catalogue;
mod fields;
mod lock;
mod lock_file;
mod support;
