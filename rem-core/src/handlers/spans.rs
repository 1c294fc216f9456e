//! [`SpanName`]: what the spans of a handler call it, if there are spans.

/// What `traced` of a handler may be: the name by which its spans call it.
#[cfg_attr(
    feature = "tracing",
    diagnostic::on_unimplemented(
        message = "the spans of a handler cannot call it `{Self}`",
        label = "not a text",
        note = "write `traced = \"billing\"`, or `traced` alone for the handler's own name"
    )
)]
#[cfg_attr(
    not(feature = "tracing"),
    diagnostic::on_unimplemented(
        message = "`traced` opens spans of the crate tracing, for which REM needs its feature `tracing`",
        label = "there are no spans",
        note = "write `rem-bus = {{ version = \"…\", features = [\"tracing\"] }}` in Cargo.toml, or leave `traced` out"
    )
)]
#[doc(hidden)]
pub trait SpanName {
    /// The name.
    fn name(self) -> Box<str>;
}

#[cfg(feature = "tracing")]
#[diagnostic::do_not_recommend]
impl<N: Into<Box<str>>> SpanName for N {
    fn name(self) -> Box<str> {
        self.into()
    }
}
