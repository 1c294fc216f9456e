//! Guides: how something is done from beginning to end, beside what each item says of itself.

#[doc = include_str!("../docs/write-a-middleware.md")]
pub mod write_a_middleware {}

#[doc = include_str!("../docs/requests.md")]
pub mod requests {}

#[cfg(feature = "effects")]
#[doc = include_str!("../docs/effects.md")]
pub mod effects {}

#[cfg(feature = "inspector")]
#[doc = include_str!("../docs/inspector.md")]
pub mod inspector {}

#[cfg(feature = "journal")]
#[doc = include_str!("../docs/journal.md")]
pub mod journal {}

#[cfg(feature = "mesh")]
#[doc = include_str!("../docs/mesh.md")]
pub mod mesh {}

#[cfg(feature = "nats")]
#[doc = include_str!("../docs/nats.md")]
pub mod nats {}

#[cfg(feature = "mesh")]
#[doc = include_str!("../docs/scale.md")]
pub mod scale {}

#[cfg(feature = "partition")]
#[doc = include_str!("../docs/partition.md")]
pub mod partition {}

#[cfg(feature = "projections")]
#[doc = include_str!("../docs/projections.md")]
pub mod projections {}

#[doc = include_str!("../docs/coming-from-blinker.md")]
pub mod coming_from_blinker {}
