//! Topics, the patterns that select them, and an index that finds the patterns for a topic.
//!
//! A [`Topic`] is the dotted name of one kind of event, `system.provider.connected`. A [`Pattern`] selects topics, and a
//! [`PatternTree`] finds, among a million patterns, those that select one topic. The crate is the language of REM's event
//! bus and stands on its own: `no_std` with `alloc`, no unsafe code, and no dependency but, if you want them, `regex` and
//! `serde_core`.
//!
//! ```
//! use rem_patterns::{Pattern, PatternTree, Topic};
//!
//! let pattern = Pattern::parse("order.{id}.{paid,refunded}")?;
//! let topic = Topic::parse("order.42.paid")?;
//! let captures = pattern.captures(&topic).expect("the pattern selects the topic");
//! assert_eq!(captures.get("id").as_deref(), Some("42"));
//!
//! let mut tree = PatternTree::new();
//! tree.insert(&pattern, "money");
//! tree.insert(&Pattern::parse("order,!order.*.heartbeat")?, "log");
//! let mut found = Vec::new();
//! tree.for_each_match(&topic, |_, value| found.push(*value));
//! found.sort();
//! assert_eq!(found, ["log", "money"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Topics
//! A topic has 1 to [`MAX_SEGMENTS`] segments between dots, at most [`MAX_BYTES`] bytes in all. A segment is one or more
//! characters other than whitespace, control characters and any of `. * > ? [ ] { } , ! =`. [`Topic::escape`] makes any
//! text a segment. A topic whose first segment begins with `$` is the system's own.
//!
//! # Patterns
//! | pattern | selects |
//! | --- | --- |
//! | `system.provider` | the topic itself and everything below it: an event reaches its exact match and every parent |
//! | `=system.provider` | that topic alone |
//! | `*` | exactly one segment |
//! | `**` | zero or more segments, anywhere, any number of times |
//! | `>` | one or more segments, last only |
//! | `conn*`, `v?`, `[a-c]1`, `[!x]*`, `{opened,closed}` | a glob inside one segment; a choice has a comma and no dot |
//! | `{id}`, `{*rest}` | a whole segment: as `*`, as `**` in last place, and [captured](Pattern::captures) |
//! | `order,!order.*.heartbeat` | a set: any of these and none of those |
//! | `{~…~}` | a [regular expression](Pattern::regex) over the whole topic, or after literal segments over the rest |
//!
//! A pattern with a wildcard, glob or capture is anchored at both ends; only a plain name selects what is below it. A
//! topic that begins with `$` is selected only by a pattern whose first segment is a literal that begins with `$`: no
//! wildcard and no regular expression reaches it. Within a segment `*` is any text, empty too, `?` one character, `[…]` one
//! character of a class, `[!…]` one outside it, and `{a,b}` either of two globs, which may be empty and do not nest.
//! Characters are Unicode scalar values; case matters.
//!
//! Where a pattern can select a topic in several ways, `**` takes as little as it can, from the left; that decides what is
//! captured.
//!
//! # Features
//! - `regex` (default): [`Pattern::regex`] and `{~…~}`.
//! - `std` (default): the index is seeded, so that nobody can choose segments that collide in it.
//! - `serde`: topics and patterns as their texts.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

mod topic;
mod segment;
mod glob;
mod pattern;
mod tree;
mod language;
mod nats;
mod explain;
pub mod constant;
mod error;
#[cfg(feature = "serde")]
mod serde;

pub use error::{PatternError, PatternErrorKind, TopicError, TopicErrorKind};
pub use language::{TooLarge, UnionError};
pub use nats::Cover;
pub use pattern::{Captures, IntoPattern, Pattern};
pub use topic::{MAX_BYTES, MAX_SEGMENTS, Topic, TopicFault, check_topic, validate};
pub use tree::{PatternKey, PatternTree};
