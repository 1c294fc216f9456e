//! Shared by the programs of this package: a year of real flights, the graph of jobs and the journal that they become, and a
//! morning's mail from GitHub.
#![forbid(unsafe_code)]

mod bar;
pub mod flights;
pub mod github;
pub mod jobs;
mod lines;
pub mod recorder;

pub use bar::Bar;
pub use lines::{Line, Lines};
