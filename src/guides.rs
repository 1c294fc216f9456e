//! Guides: how something is done from beginning to end, beside what each item says of itself.
//!
//! They are the chapters of a book, which `cargo xtask book` builds, with contents and a search. Those that lead through several
//! features are here with the feature `full`.

#[cfg(feature = "full")]
#[doc = include_str!("../docs/start.md")]
pub mod start {}

#[cfg(feature = "full")]
#[doc = include_str!("../docs/patterns.md")]
pub mod patterns {}

#[cfg(feature = "full")]
#[doc = include_str!("../docs/event-types.md")]
pub mod event_types {}

#[cfg(feature = "full")]
#[doc = include_str!("../docs/delivery.md")]
pub mod delivery {}

#[doc = include_str!("../docs/write-a-middleware.md")]
pub mod write_a_middleware {}

#[cfg(feature = "full")]
#[doc = include_str!("../docs/children.md")]
pub mod children {}

#[cfg(feature = "full")]
#[doc = include_str!("../docs/history.md")]
pub mod history {}

#[cfg(feature = "journal")]
#[doc = include_str!("../docs/journal.md")]
pub mod journal {}

#[doc = include_str!("../docs/requests.md")]
pub mod requests {}

#[cfg(feature = "full")]
#[doc = include_str!("../docs/testing.md")]
pub mod testing {}

#[cfg(feature = "projections")]
#[doc = include_str!("../docs/projections.md")]
pub mod projections {}

#[cfg(feature = "effects")]
#[doc = include_str!("../docs/effects.md")]
pub mod effects {}

#[cfg(feature = "partition")]
#[doc = include_str!("../docs/partition.md")]
pub mod partition {}

#[cfg(feature = "mesh")]
#[doc = include_str!("../docs/mesh.md")]
pub mod mesh {}

#[cfg(feature = "nats")]
#[doc = include_str!("../docs/nats.md")]
pub mod nats {}

#[cfg(feature = "mesh")]
#[doc = include_str!("../docs/scale.md")]
pub mod scale {}

#[cfg(feature = "inspector")]
#[doc = include_str!("../docs/inspector.md")]
pub mod inspector {}

#[cfg(feature = "full")]
#[doc = include_str!("../docs/performance.md")]
pub mod performance {}

#[doc = include_str!("../docs/coming-from-blinker.md")]
pub mod coming_from_blinker {}

#[cfg(feature = "full")]
#[doc = include_str!("../docs/coming-from-tokio-broadcast.md")]
pub mod coming_from_tokio_broadcast {}

#[cfg(feature = "full")]
#[doc = include_str!("../docs/coming-from-eventemitter2.md")]
pub mod coming_from_eventemitter2 {}

#[cfg(feature = "full")]
#[doc = include_str!("../docs/coming-from-nats.md")]
pub mod coming_from_nats {}

#[cfg(feature = "full")]
#[doc = include_str!("../docs/stability.md")]
pub mod stability {}
