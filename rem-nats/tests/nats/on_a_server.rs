//! Each test needs servers, and fails where there are none.

mod contract;
mod hostile;
mod jwt;
mod losses;
mod meshes;
mod refusals;
mod security;
mod silence;
mod streams;
mod support;
