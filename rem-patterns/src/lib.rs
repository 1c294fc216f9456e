//! Topics and the patterns that select them.
//!
//! # Patterns
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod topic;
mod segment;
mod glob;
mod pattern;
mod tree;
pub mod constant;
mod error;

pub use error::{PatternError, PatternErrorKind, TopicError, TopicErrorKind};
pub use pattern::{Captures, IntoPattern, Pattern};
pub use topic::{MAX_BYTES, MAX_SEGMENTS, Topic, TopicFault, check_topic, validate};
pub use tree::{PatternKey, PatternTree};
