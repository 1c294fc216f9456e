//! What can go wrong, told with what, where and how to mend it.

mod attach;
mod command;
mod live;
mod past;

pub use attach::{AttachError, SnapshotError};
pub use command::{CommandError, RegistryError};
pub use live::{FoldError, ProjectionError, WaitError};
pub use past::{RebuildError, TagError, TravelError};
