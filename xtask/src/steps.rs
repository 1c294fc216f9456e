//! What the steps of `cargo xtask test` do, one file a step that is more than one cargo command.

pub(crate) mod cargo;
pub(crate) mod budget;
pub(crate) mod msrv;
pub(crate) mod features;
pub(crate) mod unit;
pub(crate) mod ui;
pub(crate) mod loom;
pub(crate) mod instructions;
pub(crate) mod interleave;
pub(crate) mod bench_once;
pub(crate) mod package;
pub(crate) mod examples;
pub(crate) mod interop;
pub(crate) mod page;
pub(crate) mod servers;
