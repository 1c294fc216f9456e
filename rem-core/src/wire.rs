//! How the data of an event leaves the process and comes back: the body of its variant alone, in one [`Codec`].
//!
//! The topic names the variant, so the data does not: `Connected { name, latency_ms }` under `system.provider.connected`
//! is the object of its two fields. What serde's attributes say of names, defaults and skipped fields holds. Fields that
//! a reader does not know are passed over, unless the type denies them.
//!
//! ```
//! use rem_core::wire::{Body, Codec, RawEvent};
//! # use rem_core::{EventType, EventSchema, Schema, TopicWriter, wire::Wiring};
//! # use serde::{Serialize, Deserialize};
//! # #[derive(Debug, Serialize, Deserialize)]
//! # struct Paid { order: u64 }
//! # impl EventType for Paid {
//! #     const SCHEMA: Schema = Schema::new("Paid", "order", &[EventSchema::new("Paid", "paid", &[])]);
//! #     const WIRE: Option<Wiring<Self>> = Some(Wiring::new());
//! #     fn leaf(&self) -> usize { 0 }
//! #     fn write_topic(&self, out: &mut TopicWriter) -> std::fmt::Result { out.literal("paid") }
//! # }
//! let body = Paid { order: 42 }.encode(Codec::Json)?;
//! assert_eq!(body, br#"{"order":42}"#);
//! assert_eq!(Paid::decode("paid", &Body::new(Codec::Json, &body))?.order, 42);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod body;
mod codec;
mod error;
mod find;
mod mask;
mod raw;
mod upcast;
mod variant_in;
mod variant_out;

#[doc(hidden)]
pub use body::wired;
pub use body::{Body, Wiring};
pub use codec::{Codec, ParseCodecError};
pub use error::{DecodeError, DecodeErrorKind, EncodeError};
pub(crate) use mask::masked;
pub use mask::{Mask, MaskError, MaskErrorKind};
pub use raw::RawEvent;
#[doc(hidden)]
pub use {
    raw::Other,
    upcast::{Upcast, check_upcast, upcast},
};

#[doc(hidden)]
pub use find::{decode_variant, encode_variant};
