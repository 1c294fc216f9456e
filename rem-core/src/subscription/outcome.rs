//! [`Outcome`]: what a handler may return.

use std::fmt::Display;

/// What a handler may return: nothing, or a `Result` whose error can be displayed.
///
/// An error harms nobody else: it is counted in the receipt and on the subscription, and told as `$rem.handler.failed`.
#[diagnostic::on_unimplemented(
    message = "a handler cannot return `{Self}`",
    label = "this handler's return type",
    note = "return `()`, or a `Result<(), E>` with an `E` that implements `Display`; end an expression with `;` to return `()`",
    note = "a future is not waited for: to handle events in async code make a task, \
            `bus.subscription(…).task(…)`"
)]
pub trait Outcome {
    /// The error's text, if it is one.
    ///
    /// # Errors
    /// When the handler says so.
    fn outcome(self) -> Result<(), Box<str>>;
}

impl Outcome for () {
    fn outcome(self) -> Result<(), Box<str>> {
        Ok(())
    }
}

impl<E: Display> Outcome for Result<(), E> {
    fn outcome(self) -> Result<(), Box<str>> {
        self.map_err(|error| error.to_string().into())
    }
}

/// For a handler that only panics, `|event: &Event| todo!()` for example: its return type is `!`, which stable Rust can
/// mean but not write.
#[diagnostic::do_not_recommend]
impl Outcome for <fn() -> ! as Returns>::Value {
    fn outcome(self) -> Result<(), Box<str>> {
        self
    }
}

/// What a function returns.
#[expect(unnameable_types, reason = "a way to write `!`, of no use to others")]
pub trait Returns {
    /// That type.
    type Value;
}

impl<R> Returns for fn() -> R {
    type Value = R;
}
