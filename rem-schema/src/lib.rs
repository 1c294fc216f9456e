//! Schemas.
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
pub use catalogue::{Catalogue, Listener, Published, Topology};
pub use error::{SchemaError, SchemaErrorKind};
pub use lock::{Lock, LockError, LockErrorKind, LockMode, Locked};
pub use schemars::{self, JsonSchema};
