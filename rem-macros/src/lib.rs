//! The derive and the macros of [REM](https://docs.rs/rem-bus), the Reactive Event Mesh.
//!
//! Programs use them through the package `rem-bus`, whose library is `rem` and which re-exports all of this crate. What
//! the macros write names items of `rem` that are no public API, so the two have the same version, always.
//!
//! | macro | what it makes |
//! | --- | --- |
//! | [`#[derive(EventType)]`](macro@EventType) | an enum or a struct whose values are published, each under a topic |
//! | [`topic!`] | a topic that the compiler has checked |
//! | [`pattern!`] | a pattern that the compiler has parsed and, given an event type, compared with its topics |
//!
//! Each mistake is an error at the place where it was made, which says what to write instead; all of them are reported
//! at once.
#![forbid(unsafe_code)]

mod event_type;
mod pattern_macro;
mod topic_macro;
mod rem_path;
mod keys;
mod name_case;
mod errors;

use proc_macro::TokenStream;
use syn::parse_macro_input;

/// Makes an enum or a struct an event type: its values can be published, each under the topic of its variant.
///
/// ```
/// use rem::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(EventType, Debug, Clone, Serialize, Deserialize)]
/// #[event(namespace = "system.provider")]
/// enum ProviderEvent {
///     /// A provider is ready to serve.
///     Connected { name: String, latency_ms: u32 },       // system.provider.connected
///     #[event(name = "lost")]
///     Disconnected(String),                              // system.provider.lost
///     #[event(topic = "by_name.{name}.rate_limited")]
///     RateLimited { name: String, retry_after_ms: u64 }, // system.provider.by_name.<name>.rate_limited
///     #[event(nested = "cache")]
///     Cache(CacheEvent),                                 // system.provider.cache.<…>
/// }
///
/// #[derive(EventType, Debug, Clone, Serialize, Deserialize)]
/// #[event(namespace = "cache")]
/// enum CacheEvent {
///     Hit,                                               // cache.hit, system.provider.cache.hit
///     Miss { key: String },                              // cache.miss, system.provider.cache.miss
/// }
///
/// #[derive(EventType, Debug, Clone, Serialize, Deserialize)]
/// #[event(topic = "order.{id}.placed")]
/// struct OrderPlaced {                                   // order.<id>.placed
///     id: u64,
/// }
///
/// let topics: Vec<String> = ProviderEvent::SCHEMA.leaves().into_iter().map(|leaf| leaf.topic).collect();
/// assert_eq!(topics, [
///     "system.provider.connected",
///     "system.provider.lost",
///     "system.provider.by_name.{name}.rate_limited",
///     "system.provider.cache.hit",
///     "system.provider.cache.miss",
/// ]);
/// ```
///
/// The type has to be `Debug`, `Send`, `Sync` and `'static`, and, unless it is `local`, serde's `Serialize` and
/// `Deserialize`. It has no generic parameters.
///
/// # Above the type
///
/// | attribute | meaning |
/// | --- | --- |
/// | `#[event(namespace = "system.provider")]` | What all topics of the type begin with. None unless said. |
/// | `#[event(rename_all = "kebab-case")]` | How names become segments, in serde's spellings: `lowercase`, `UPPERCASE`, `PascalCase`, `camelCase`, `snake_case` (unless said), `SCREAMING_SNAKE_CASE`, `kebab-case`, `SCREAMING-KEBAB-CASE`. `HTTPServer` is `http_server`; `PascalCase` leaves a name as it is. |
/// | `#[event(local)]` | Its events never leave the process, and it needs no serde. |
/// | `#[event(crate = path::to::rem)]` | Where REM is, if not at `::rem`. |
/// | `#[event(name = "…")]`, `#[event(topic = "…")]` | For a struct, which is one event: as above a variant. |
///
/// # Above a variant
///
/// | attribute | meaning |
/// | --- | --- |
/// | none | Its name in the case of `rename_all` is its topic below the namespace. |
/// | `#[event(name = "lost")]` | Another name, taken as it is: one segment. |
/// | `#[event(topic = "by_name.{name}.lost")]` | Any topic below the namespace. |
/// | `#[event(nested)]`, `#[event(nested = "a.b")]` | Its one field is an event type, whose topics stand below the variant's name, or below `a.b`. `nested = ""` puts them where the variant's own topic would be. |
/// | `#[event(skip)]` | Never published: `publish` gives the value back with an error. It is not in `SCHEMA`. |
///
/// # Templates
///
/// A `{field}` of a topic is the value of that field, as its [`Display`](std::fmt::Display) writes it; `{0}` is a field of
/// a tuple. It is a whole segment, and percent-encoded where that is needed, so that a value adds neither a level nor a
/// wildcard. A template is thus also the pattern that captures its fields. A value that makes the topic longer than 255
/// bytes is an error of `publish`. The field stays in the event's data.
///
/// # Nested types
///
/// When a nested event is published within its parent, the parent's topics replace the nested type's namespace. The nested
/// type has to be `Clone`, and local only if its parent is. Where it stands in one variant only, the derive writes
/// `From<Nested> for Parent` and `TryFrom<Parent> for Nested`, whose error is the parent given back.
///
/// ```
/// # use rem::prelude::*;
/// # #[derive(EventType, Debug, Clone, PartialEq)]
/// # #[event(local)]
/// # enum CacheEvent { Hit }
/// # #[derive(EventType, Debug, Clone, PartialEq)]
/// # #[event(local)]
/// # enum ProviderEvent { Connected, #[event(nested)] Cache(CacheEvent) }
/// let event = ProviderEvent::from(CacheEvent::Hit);
/// assert_eq!(CacheEvent::try_from(event), Ok(CacheEvent::Hit));
/// assert_eq!(CacheEvent::try_from(ProviderEvent::Connected), Err(ProviderEvent::Connected));
/// ```
///
/// # One topic, one variant
///
/// Two variants that can have the same topic are refused, templates and nested types included:
///
/// ```compile_fail
/// # use rem::prelude::*;
/// #[derive(EventType, Debug)]
/// #[event(local)]
/// enum OrderEvent {
///     #[event(topic = "{id}.paid")]
///     Paid { id: u64 },
///     #[event(topic = "all.{state}")]
///     All { state: String },
/// }
/// ```
/// ```text
/// error: `Paid` and `All` can both have the topic `all.paid`: give one of them another `name` or `topic`
/// ```
///
/// # What it writes
///
/// An implementation of `EventType`, whose constant `SCHEMA` holds topics, fields and documentation comments as they were
/// written, the conversions above, and constants that check what only the compiler knows. Writing a topic allocates
/// nothing; a fixed one is a copy of its bytes.
#[proc_macro_derive(EventType, attributes(event))]
pub fn derive_event_type(input: TokenStream) -> TokenStream {
    event_type::derive(&parse_macro_input!(input)).into()
}

/// A topic that the compiler has checked: a constant of type `Topic`, which costs nothing to clone.
///
/// ```
/// use rem::{Topic, topic};
///
/// const PAID: Topic = topic!("order.paid");
/// assert_eq!(PAID.depth(), 2);
/// ```
///
/// What is no topic does not compile:
///
/// ```compile_fail
/// rem::topic!("order..paid");
/// ```
/// ```text
/// error: this is not a topic: at byte 6: a segment of a topic is not empty: write one dot between two segments, none at the ends
///          | order..paid
///          |       ^
/// ```
///
/// Where REM is not at `::rem`: `topic!(crate = path::to::rem, "order.paid")`.
#[proc_macro]
pub fn topic(input: TokenStream) -> TokenStream {
    topic_macro::expand(input.into()).into()
}

/// A pattern that the compiler has checked.
///
/// `pattern!("…")` is a `Pattern` whose syntax is right, so that there is no error to handle where the program runs. It is
/// parsed there anew, once for each evaluation.
///
/// ```
/// use rem::pattern;
///
/// let pattern = pattern!("order.*.{created,paid},!order.7");
/// assert!(pattern.matches("order.8.paid"));
/// ```
///
/// `pattern!(Type, "…")` is a `TypedPattern<Type>`, relative to the namespace of the event type. A pattern that can select
/// none of its topics is refused, by `cargo check` too and in code that is never called.
///
/// ```
/// use rem::prelude::*;
///
/// #[derive(EventType, Debug)]
/// #[event(local, namespace = "system.provider")]
/// enum ProviderEvent {
///     Connected,
///     #[event(topic = "by_name.{name}.rate_limited")]
///     RateLimited { name: String },
/// }
///
/// let bus = Bus::new();
/// let _limited = bus.on_pattern(
///     pattern!(ProviderEvent, "by_name.*.rate_limited"),
///     |event: &Event<ProviderEvent>| println!("{event}"),
/// );
/// # bus.publish(ProviderEvent::Connected)?;
/// # bus.publish(ProviderEvent::RateLimited { name: "a".to_owned() })?;
/// # Ok::<(), rem::PublishError<ProviderEvent>>(())
/// ```
/// ```compile_fail
/// # use rem::prelude::*;
/// # #[derive(EventType, Debug)]
/// # #[event(local, namespace = "system.provider")]
/// # enum ProviderEvent { Connected }
/// pattern!(ProviderEvent, "conected");
/// ```
/// ```text
/// error[E0080]: evaluation panicked: `conected` selects no topic of `ProviderEvent`: the nearest is `connected`
/// ```
///
/// The type is named, not `Self` or a parameter of a function, for the check is an item of its own. Its steps grow with
/// the number of the type's topics: a thousand are no burden to the compiler.
///
/// Where REM is not at `::rem`: `pattern!(crate = path::to::rem, "order.*")`.
#[proc_macro]
pub fn pattern(input: TokenStream) -> TokenStream {
    pattern_macro::expand(input.into()).into()
}
