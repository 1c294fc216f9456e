//! Events as [CloudEvents 1.0](https://github.com/cloudevents/spec), so that programs which know nothing of REM read them
//! and are read.
//!
//! An [`Encoder`] writes an event in one of three ways: *structured*, one JSON object; a *batch*, an array of them; or
//! *binary*, a [`Message`] whose headers are the attributes and whose body is the data. A [`Decoder`] reads all three,
//! whoever wrote them, and makes a [`CloudEvent`]: data to be decoded as an event type, or published as it came.
//!
//! ```
//! use rem_core::cloudevents::{Decoder, Encoder};
//! # use rem_core::{Bus, Event, EventType, EventSchema, Schema, TopicWriter, wire::Wiring};
//! # use serde::{Serialize, Deserialize};
//! # #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
//! # struct Paid { order: u64 }
//! # impl EventType for Paid {
//! #     const SCHEMA: Schema = Schema::new("Paid", "order", &[EventSchema::new("Paid", "paid", &[])]);
//! #     const WIRE: Option<Wiring<Self>> = Some(Wiring::new());
//! #     fn leaf(&self) -> usize { 0 }
//! #     fn write_topic(&self, out: &mut TopicWriter) -> std::fmt::Result { out.literal("paid") }
//! # }
//! let bus = Bus::builder().source("//shop.example/orders").build();
//! let _out = bus.subscribe("**", |event: &Event| {
//!     let json = Encoder::new().structured(event)?; // application/cloudevents+json
//!     let read = Decoder::new().structured(&json)?;
//!     assert_eq!((read.topic().as_str(), read.source()), ("order.paid", Some("//shop.example/orders")));
//!     assert_eq!(read.decode::<Paid>()?, Paid { order: 42 });
//!     Ok::<(), Box<dyn std::error::Error>>(())
//! })?;
//! let receipt = bus.publish(Paid { order: 42 })?;
//! assert_eq!(receipt.delivered(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What becomes what
//! | event | attribute |
//! | --- | --- |
//! | id | `id` |
//! | topic | `type` |
//! | source | `source`, as it is if it is a URI-reference, else percent-encoded behind `rem:`; for an event without one that of the [`Encoder`] |
//! | timestamp | `time` |
//! | key | `subject` |
//! | data | `data`, or `data_base64` for what is not JSON; `datacontenttype` names the codec |
//! | version of the data | `remversion` |
//! | correlation, causation | `correlationid`, `causationid` |
//! | sequence | `sequence`, twenty digits, so that texts are ordered as the numbers are |
//! | scope | `remscope` |
//! | metadata | see below |
//!
//! Metadata whose name is made of at most 20 of `a`–`z` and `0`–`9` and whose value is a text, a boolean or an integer of
//! 32 bits is an extension attribute of its name; so `traceparent` and `tracestate` are what others look for. All other
//! metadata (nested values, other names, those of attributes) is one JSON text, the extension `remmeta`. Nothing is lost
//! on the way there and back. Headers have no types, so in binary mode a number or a boolean is in `remmeta` too.
//!
//! Fields that are marked `#[event(redact)]` are written as they are: who reads the event needs them. An [`Export`] blanks them.
//!
//! # Files
//! [`Export`] writes what was asked of a history as JSON lines, [`Import`] reads such a file back: onto a bus, or event by event.
//! Both take one event at a time, tell how far they are, and say where a file is damaged and how to go on behind it.
//!
//! # What others write
//! What an event of REM has no place for becomes metadata and leaves as what it was: unknown extensions under their names,
//! `subject` unless it is the key of the decoded data, `dataschema`, a `datacontenttype` that is not just the codec's, and an
//! `id`, a `correlationid`, `causationid` or `sequence` that is not of REM's form. The same names in the metadata of an event
//! of one's own are written as these attributes, where their values can be.
//!
//! An `id` that is a UUID, written as `EventId` writes it, is the event's id. Of any other the id is a UUID of version 5
//! made of source and id, which together are the identity of a cloud event: who reads it twice gets one id.
//!
//! Data in a media type that is neither JSON nor the MessagePack of this build is read as JSON that holds it: a text as a
//! JSON string, bytes as an array of numbers, so that `struct Page(String)` and `struct Picture(Vec<u8>)` decode.

mod assemble;
mod attributes;
mod binary;
mod cloud_event;
mod data;
mod decode;
mod encode;
mod error;
mod export;
mod import;
mod import_report;
mod json;
pub(crate) mod lines;
mod names;
mod progress;
mod read;
mod source;

pub use binary::Message;
pub use cloud_event::CloudEvent;
pub use decode::Decoder;
pub use encode::Encoder;
pub use error::{CloudEventError, CloudEventErrorKind};
pub use export::{Export, ExportError, ExportErrorKind, ExportReport};
pub use import::Import;
pub use import_report::{BadKind, BadRecord, ImportError, ImportErrorKind, ImportReport};
pub use progress::Progress;

/// The media type of an event in structured mode.
pub const MEDIA_TYPE: &str = "application/cloudevents+json";

/// The media type of a batch.
pub const BATCH_MEDIA_TYPE: &str = "application/cloudevents-batch+json";

/// How deep data and metadata nest at most; the same as the limit of JSON's reader.
const MAX_DEPTH: usize = 128;
