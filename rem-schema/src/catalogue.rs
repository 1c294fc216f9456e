//! [`Catalogue`]: what a program publishes, what each event holds and who listens, for machines and for people.

mod async_api;
mod contents;
mod json_schema;
mod markdown;
mod seen;

use rem_core::EventType;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use seen::{Published, Seen, Subscriber};

use self::contents::Contents;
use crate::error::SchemaError;
use crate::given::Given;

/// The event types of a program, and what a running bus has seen of them.
///
/// ```
/// use rem_schema::{Catalogue, Seen, Subscriber};
/// # use rem_core::{EventType, EventSchema, Schema, TopicWriter, wire::Wiring};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Debug, Serialize, Deserialize, schemars::JsonSchema)]
/// # struct OrderPaid { id: u64 }
/// # impl EventType for OrderPaid {
/// #     const SCHEMA: Schema = Schema::new("OrderPaid", "order", &[EventSchema::new("OrderPaid", "{id}.paid", &[])]);
/// #     const WIRE: Option<Wiring<Self>> = Some(Wiring::new());
/// #     fn leaf(&self) -> usize { 0 }
/// #     fn write_topic(&self, out: &mut TopicWriter) -> std::fmt::Result { out.literal("paid") }
/// # }
/// let seen = Seen::new()
///     .published("order.7.paid", 3)
///     .subscriber(Subscriber::new("order.**").delivery("queue of 16").place("src/billing.rs:12"));
/// let catalogue = Catalogue::new("Shop").version("1.4.0").event_type::<OrderPaid>().seen(seen);
///
/// let document = catalogue.async_api()?;
/// assert_eq!(document["channels"]["order.id.paid"]["address"], "order.{id}.paid");
/// assert!(catalogue.markdown()?.contains("src/billing.rs:12"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "it is written by `json_schema`, `async_api` or `markdown`"]
pub struct Catalogue {
    title: String,
    version: String,
    description: String,
    types: Vec<Given>,
    seen: Option<Seen>,
}

impl Catalogue {
    /// A catalogue of nothing yet, for the program of that name.
    pub fn new(title: impl Into<String>) -> Self {
        let (version, description) = ("0.0.0".to_owned(), String::new());
        Self { title: title.into(), version, description, types: Vec::new(), seen: None }
    }

    /// The same for that version of the program, as in `env!("CARGO_PKG_VERSION")`; `0.0.0` unless said.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// The same with a few words on the program, in Markdown.
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = text.into();
        self
    }

    /// The same with the events of one more type.
    pub fn event_type<E: EventType + JsonSchema + DeserializeOwned>(mut self) -> Self {
        self.types.push(Given::described::<E>());
        self
    }

    /// The same with the events of a type that never leaves the process (`#[event(local)]`). They stand in the Markdown
    /// alone: the other documents are for those outside.
    pub fn local<E: EventType>(mut self) -> Self {
        self.types.push(Given::local::<E>());
        self
    }

    /// The same with what a running bus has seen, `seen(&bus)`: who published what, how often, and who subscribes. Without
    /// it every event is taken to be published and subscribed to.
    pub fn seen(mut self, seen: impl Into<Seen>) -> Self {
        self.seen = Some(seen.into());
        self
    }

    /// One JSON Schema (2020-12) for all events: an object of `topic` and `data`, with the schema of each event's data
    /// below `$defs`, by its topic.
    ///
    /// # Errors
    /// When the schema of some event's data cannot be found.
    pub fn json_schema(&self) -> Result<Value, SchemaError> {
        Ok(json_schema::write(self, &self.contents()?))
    }

    /// An AsyncAPI 3.0 document: a channel for each topic, with the fields of a template as its parameters; a message for
    /// each event; an operation for each channel that is published to (`send`) or listened to (`receive`).
    ///
    /// What AsyncAPI has no word for stands in `x-rem-…`: version, aliases, key, and fields that are not for every eye.
    ///
    /// # Errors
    /// When the schema of some event's data cannot be found.
    pub fn async_api(&self) -> Result<Value, SchemaError> {
        Ok(async_api::write(self, &self.contents()?))
    }

    /// A page in Markdown, with a picture in Mermaid's language: as GitHub, GitLab and rustdoc's readers show it.
    ///
    /// # Errors
    /// When the schema of some event's data cannot be found.
    pub fn markdown(&self) -> Result<String, SchemaError> {
        Ok(markdown::write(self, &self.contents()?))
    }

    fn contents(&self) -> Result<Contents, SchemaError> {
        Contents::of(&self.types, self.seen.as_ref())
    }
}
