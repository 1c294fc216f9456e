//! The tests of the whole crate, in one binary.

mod support;
mod errors;
mod tree;
mod algebra;
mod limits;
mod oracle;
mod corpus;
mod nats;
mod laws;
mod regressions;
mod values;
