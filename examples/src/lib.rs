//! Shared by the programs of this package: a year of real flights, and a morning's mail from GitHub.
#![forbid(unsafe_code)]

mod bar;
pub mod flights;
pub mod github;
pub mod jobs;
mod lines;
pub mod recorder;

pub use bar::Bar;
pub use lines::{Line, Lines};
