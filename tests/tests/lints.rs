//! The expansion is clean under lints that are stricter than anybody's: rustc's here, clippy's when clippy is run.

#![deny(
    warnings,
    future_incompatible,
    keyword_idents,
    let_underscore,
    missing_copy_implementations,
    missing_debug_implementations,
    missing_docs,
    nonstandard_style,
    refining_impl_trait,
    rust_2018_idioms,
    rust_2021_compatibility,
    rust_2024_compatibility,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unnameable_types,
    unreachable_pub,
    unsafe_code,
    unused,
    unused_extern_crates,
    unused_import_braces,
    unused_lifetimes,
    unused_qualifications,
    unused_results,
    variant_size_differences,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::default_numeric_fallback,
    clippy::else_if_without_else,
    clippy::exhaustive_structs,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::pattern_type_mismatch,
    clippy::shadow_reuse,
    clippy::shadow_same,
    clippy::shadow_unrelated,
    clippy::std_instead_of_core,
    clippy::string_slice,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm
)]

use core::marker::PhantomData;
use std::sync::Arc;

use rem::{Bus, Pattern, Subscriptions, Topic, TypedPattern};

/// A module, as a program has it, for what is private to be judged as well.
mod program {
    use core::fmt::{Display, Error};
    use core::marker::PhantomData;

    use rem::wire::RawEvent;
    use rem::{
        Bus, Captured, Event, EventType, Metadata, Pattern, Received, State, Topic, TypedPattern,
        handlers, on, pattern, topic,
    };
    use serde::{Deserialize, Serialize};

    /// Plain.
    #[derive(EventType, Debug, Clone, Copy, Serialize, Deserialize)]
    #[event(namespace = "cache")]
    #[non_exhaustive]
    pub enum CacheEvent {
        /// One.
        Hit,
        /// Two.
        #[deprecated = "there are no more misses"]
        Miss,
        /// Not published.
        #[event(skip)]
        Internal,
    }

    /// As it was first.
    #[derive(EventType, Debug, Clone, Serialize, Deserialize)]
    #[event(name = "renamed")]
    struct First {
        /// What it is about.
        number: u64,
    }

    impl ProviderEvent {
        const fn from_first(First { number }: First) -> Self {
            Self::Renamed { number, secret: String::new() }
        }
    }

    /// Everything.
    #[derive(EventType, Debug, Clone, Serialize, Deserialize)]
    #[event(namespace = "system.provider", rename_all = "kebab-case", group(Ends = "{ready,lost}"))]
    #[non_exhaustive]
    pub enum ProviderEvent {
        /// A unit.
        Ready,
        /// Named fields.
        Connected {
            /// A name.
            name: String,
        },
        /// A tuple.
        #[event(name = "lost")]
        Disconnected(u8),
        /// A template.
        #[event(topic = "{limit}.{name}.limited")]
        Limited {
            /// A name.
            name: String,
            /// A limit.
            limit: u64,
        },
        /// A template of a tuple.
        #[event(topic = "by.{1}")]
        By(u8, char),
        /// Old names.
        #[event(alias = "renamed-long-ago", version = 2, upcast = Self::from_first)]
        Renamed {
            /// What it is about.
            #[event(key)]
            number: u64,
            /// For nobody's eyes.
            #[event(redact)]
            secret: String,
        },
        /// Hidden in a tuple.
        Told(#[event(redact)] String, u8),
        /// Nested.
        #[event(nested)]
        Cache(CacheEvent),
        /// From a newer peer.
        #[event(other)]
        Unknown(RawEvent),
        /// Not published.
        #[event(skip)]
        Internal(u8),
        /// Neither.
        #[event(skip)]
        Hidden {
            /// A number.
            number: u8,
        },
    }

    /// Two variants, one of them nested.
    #[derive(EventType, Debug, Clone, Serialize, Deserialize)]
    #[non_exhaustive]
    pub enum Either {
        /// One.
        One,
        /// Nested.
        #[event(nested = "")]
        Cache(CacheEvent),
    }

    /// Nothing but nested.
    #[derive(EventType, Debug, Clone, Serialize, Deserialize)]
    #[non_exhaustive]
    pub enum Whole {
        /// Nested.
        #[event(nested = "")]
        Either(Either),
    }

    /// A struct.
    #[derive(EventType, Debug, Clone, Serialize, Deserialize)]
    #[event(topic = "order.{id}.placed")]
    #[non_exhaustive]
    pub struct Placed {
        /// An id.
        pub id: u64,
    }

    /// A unit struct, local.
    #[derive(EventType, Debug, Clone, Copy)]
    #[event(local)]
    #[non_exhaustive]
    pub struct Tick;

    /// Nothing is published.
    #[derive(EventType, Debug, Clone, Serialize, Deserialize)]
    #[non_exhaustive]
    pub enum Silent {
        /// Not published.
        #[event(skip)]
        Internal(u8),
    }

    /// Deprecated, as a whole and in its part.
    #[derive(EventType, Debug, Clone, Serialize, Deserialize)]
    #[deprecated = "it was a bad idea"]
    #[event(namespace = "old")]
    #[non_exhaustive]
    pub enum Old {
        /// A template.
        #[event(topic = "by.{id}")]
        By {
            /// An id.
            #[deprecated = "and so was this"]
            id: u8,
        },
        /// Nested.
        #[event(nested)]
        Cache(CacheEvent),
    }

    /// No variants.
    #[derive(EventType, Debug, Clone, Copy, Serialize, Deserialize)]
    #[non_exhaustive]
    pub enum Never {}

    /// Handlers, as a whole and in part.
    #[derive(Debug, Clone, Copy, Default)]
    #[non_exhaustive]
    pub struct Desk;

    #[handlers]
    impl Desk {
        /// Nothing but the event.
        #[on("system.provider.**", priority = 3)]
        pub const fn event(&self, _event: &Event<ProviderEvent>) {}

        /// Everything that is a handler's own.
        ///
        /// # Errors
        /// Never.
        #[on("order.{id}.placed", from = "desk", filter = Self::wanted)]
        pub fn owned(
            &self,
            event: Received<Placed>,
            Captured(id): Captured<u64>,
            bus: Bus,
            metadata: &Metadata,
        ) -> Result<(), Error> {
            if event.data.id != id || bus.is_closed() || !metadata.is_empty() {
                return Err(Error);
            }
            Ok(())
        }

        #[on]
        #[cfg(not(any()))]
        const fn every(&self, _event: &Event<CacheEvent>) {}

        const fn wanted(_event: &Event) -> bool {
            true
        }
    }

    /// Generic.
    #[derive(Debug, Clone, Copy)]
    #[non_exhaustive]
    pub struct Of<E> {
        /// The type.
        pub of: PhantomData<fn() -> E>,
    }

    #[handlers]
    impl<E: EventType> Of<E> {
        #[on]
        const fn every(&self, _event: &Event<E>) {}
    }

    /// As it was first, of any amount.
    #[derive(EventType, Debug, Clone, Copy, Serialize, Deserialize)]
    #[event(name = "weighed")]
    struct WeighedFirst<A> {
        /// How much.
        amount: A,
    }

    /// Of a type and a number, with bounds.
    #[derive(EventType, Debug, Clone, Serialize, Deserialize)]
    #[event(namespace = "weight", group(Amounts = "{weighed,of}.**"))]
    #[non_exhaustive]
    pub enum Weight<A, const N: usize>
    where
        A: Display + PartialEq,
    {
        /// A template.
        #[event(topic = "of.{amount}")]
        Of {
            /// How much.
            amount: A,
            /// For nobody's eyes.
            #[event(redact)]
            secret: A,
        },
        /// In a second version.
        #[event(version = 2, upcast = Self::from_first)]
        Weighed(#[event(key)] A),
        /// Nested.
        #[event(nested)]
        Cache(CacheEvent),
    }

    impl<A: Display + PartialEq, const N: usize> Weight<A, N> {
        fn from_first(WeighedFirst { amount }: WeighedFirst<A>) -> Self {
            Self::Weighed(amount)
        }
    }

    /// Nobody else's, of any type.
    #[derive(Debug, Clone, Copy, Serialize, Deserialize)]
    struct Own<T>(T);

    impl<T: Display> Display for Own<T> {
        fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
            self.0.fmt(f)
        }
    }

    /// In its topic is what is nobody else's.
    #[derive(EventType, Debug, Clone, Copy, Serialize, Deserialize)]
    #[event(topic = "kept.{own}")]
    #[non_exhaustive]
    pub struct Kept<T> {
        /// Its own.
        own: Own<T>,
    }

    /// Nests what it is given, deprecated.
    #[derive(EventType, Debug, Clone, Serialize, Deserialize)]
    #[deprecated = "it was a bad idea"]
    #[event(namespace = "around", group(Insides = "**"))]
    #[non_exhaustive]
    pub enum Around<E> {
        /// Nested.
        #[event(nested)]
        Inside(E),
    }

    /// A function.
    #[on("order.*.placed")]
    #[on("order.*")]
    pub fn audit(_event: &Event, _state: State<u8>) {}

    /// Used as by a program.
    #[must_use]
    pub fn made() -> (Topic, Pattern, TypedPattern<ProviderEvent>) {
        const TOPIC: Topic = topic!("order.paid");
        (TOPIC, pattern!("order.*"), pattern!(ProviderEvent, "cache.{hit,miss},!lost,by.*"))
    }
}

#[expect(deprecated, reason = "it is exported as long as it is there")]
pub use program::{Around, Old};
pub use program::{
    CacheEvent, Desk, Either, Kept, Never, Of, Placed, ProviderEvent, Silent, Tick, Weight, Whole,
    audit, made,
};

/// What is linted above is used as well.
#[test]
fn the_expansion_is_clean() {
    let (topic, pattern, typed): (Topic, Pattern, TypedPattern<ProviderEvent>) = made();
    assert!(pattern.matches(topic.as_str()), "{pattern} selects {topic}");
    assert!(typed.pattern().matches("cache.hit"), "{typed} selects cache.hit");

    let bus = Bus::builder().state(0_u8).build();
    let all = [
        bus.register(Arc::new(Desk)),
        bus.register(Arc::new(Of::<Weight<u8, 1>> { of: PhantomData })),
        bus.register_fn::<audit>(),
    ];
    let held: Vec<_> = all.iter().map(|subs| subs.as_ref().map_or(0, Subscriptions::len)).collect();
    assert_eq!(held, [3, 1, 2], "{all:?}");
}
