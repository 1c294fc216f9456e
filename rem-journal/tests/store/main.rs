//! The store of the journal, as the journal uses it.

mod support;

mod append;
