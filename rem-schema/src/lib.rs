//! The schemas of REM's events, by [schemars]: a lock against changes that break who reads them, and a catalogue for
//! machines and for people. Most programs use it through the facade, the package `rem-bus`, as `rem::schema` (feature
//! `schema`).
//!
//! An event type takes part by one more derive; its fields' types have to have it too.
//!
//! ```
//! use rem_schema::{Catalogue, JsonSchema, bodies};
//! # use rem_core::{EventType, EventSchema, Schema, TopicWriter, wire::Wiring};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, Serialize, Deserialize, JsonSchema)] // and EventType
//! struct OrderPaid {
//!     id: u64,
//!     cents: u32,
//! }
//! # impl EventType for OrderPaid {
//! #     const SCHEMA: Schema = Schema::new("OrderPaid", "order", &[EventSchema::new("OrderPaid", "paid", &[])]);
//! #     const WIRE: Option<Wiring<Self>> = Some(Wiring::new());
//! #     fn leaf(&self) -> usize { 0 }
//! #     fn write_topic(&self, out: &mut TopicWriter) -> std::fmt::Result { out.literal("paid") }
//! # }
//!
//! // Of each event, what its data looks like …
//! let paid = &bodies::<OrderPaid>()?[0];
//! assert_eq!(paid.topic, "order.paid");
//! assert_eq!(paid.schema["properties"]["cents"]["type"], "integer");
//! // … and of all of them together, documents.
//! let document = Catalogue::new("Shop").event_type::<OrderPaid>().async_api()?;
//! assert_eq!(document["asyncapi"], "3.0.0");
//! # Ok::<(), rem_schema::SchemaError>(())
//! ```
//!
//! Where the crate is not a dependency under the name `schemars`, `#[schemars(crate = "rem::schema::schemars")]` says
//! where it is.
//!
//! # The data of an event
//! It is the body of its variant alone, as [the wire has it](rem_core::wire): the topic names the variant. Its schema is
//! that part of the type's own, whatever serde was told: names, tags, types nested to any depth. serde itself is asked
//! which name is which variant's. What does not know its name, a variant that was renamed by hand within a type that is
//! nested in a tagged one, is a [`SchemaError`] and no guess.
//!
//! schemars sees what serde's attributes say, and not what a function does: beside `#[serde(with = "…")]` write
//! `#[schemars(with = "…")]`, the type that is written.
//!
//! # The lock
//! [`assert_compatible!`] in a test writes what the events of some types are to `rem.lock.json`, once, and from then on
//! compares. It asks one question: **is all data that was read before still read**, by the code as it is now? So old
//! events in a history, in a journal or on their way from a peer that is not yet upgraded find who understands them.
//!
//! | change | |
//! | --- | --- |
//! | docs, titles, defaults, the order of fields and variants, names of types | nothing |
//! | a new event | nothing |
//! | a new field that may be missing: an `Option`, or `#[serde(default)]` | nothing |
//! | a field that is read no more, where unknown fields are passed over | nothing |
//! | a field that may be missing now, or `null` | nothing |
//! | a wider type: `u8` to `i32`, `u32` to `f64`, an enum with one more variant, a fixed text to any | nothing |
//! | another name or topic of an event, the old one as its `alias` | nothing |
//! | a higher `version`, for which the compiler wants an `upcast` | nothing |
//! | an event, a topic or an alias that is gone | breaks: `#[event(alias = "…")]` above what took its place |
//! | other fields in the template of a topic | breaks: give the new template to a new event |
//! | a lower `version` | breaks: versions only rise |
//! | a new field that must be there, or an old one that must be there now | breaks: `#[serde(default)]`, `Option`, or `version` and `upcast` |
//! | a narrower or another type, however deep: `i64` to `u64`, `f64` to `f32`, `Option<T>` to `T`, text to number | breaks: a new field, or `version` and `upcast` |
//! | a variant of an enum in the data that is gone | breaks: keep it to be read, or `version` and `upcast` |
//! | `deny_unknown_fields` where it was not | breaks: data of before may have what is unknown now |
//! | a variant without data that gets some | breaks: `version` and `upcast`, or a new event |
//! | a pattern, format or limit that was not there, `Vec` to a set | breaks: it refuses what was read |
//!
//! A breach is told by topic and path, with how to mend it:
//!
//! ```text
//! 1 event is not read as before, by shop/rem.lock.json:
//!
//! order.placed (Order::Placed, version 1)
//!     $.lines[*].item.price.amount: it was an integer (uint32), and is a string
//!     mend: put the type back, and add a new field for the new one; or write `#[event(version = 2, upcast = …)]` …
//! ```
//!
//! What may be written is said by the environment; `CI` counts as unset if it is empty, `0` or `false`:
//!
//! | `REM_LOCK` | `CI` | missing lock | change that breaks nothing | breach |
//! | --- | --- | --- | --- | --- |
//! | unset | unset | written | written | fails |
//! | unset | set | fails | passes, nothing written | fails |
//! | `locked` | any | fails | fails | fails |
//! | `write` | any | written | written | written |
//!
//! What breaks nothing is written without asking where people work, so that from then on it is held too; it is seen in the
//! diff of the commit. `REM_LOCK=locked` on a machine that only checks makes sure that nobody forgot, as
//! `cargo --locked` does. The file is sorted, holds nothing that does not bind, and is equal for equal types in any order.
//!
//! Shapes of before that an `upcast` reads are types as well: `assert_compatible!(Order, PaidV1)` holds them to what they
//! were, each by its topic and version.
//!
//! What it does not see: `#[serde(alias)]` on a field, which schemars does not know, so that a field renamed that way is
//! told as a new one; that the name of a field which is gone is used again for something else; what code does beyond
//! types, in `with`, `try_from` or an `upcast`; what other codecs than JSON would make of a change.
//!
//! # The catalogue
//! [`Catalogue`] gives JSON Schema, AsyncAPI 3.0 and a page in Markdown with a picture, from event types and from what a
//! running bus has seen ([`Seen`]): topics, fields, docs, versions, aliases, keys, what is not for every eye, how
//! often each topic was published and who subscribes to it.
//!
//! [schemars]: https://docs.rs/schemars
#![forbid(unsafe_code)]

mod body;
mod branch;
mod catalogue;
mod error;
mod given;
mod lock;
mod probe;
mod refs;

pub use body::{EventBody, bodies};
pub use catalogue::{Catalogue, Published, Seen, Subscriber};
pub use error::{SchemaError, SchemaErrorKind};
pub use lock::{Lock, LockError, LockErrorKind, LockMode, Locked};
pub use schemars::{self, JsonSchema};
