//! Handlers that are declared in one place: what `#[handlers]` and `#[on("…")]` implement, and how a bus registers them.

mod argument;
mod captured;
mod error;
mod filter;
mod until;
mod spans;
mod guard;
mod holder;
mod register;
mod shared;
mod task;

pub use argument::{Argument, HandlerCall};
pub use captured::Captured;
pub use error::{ArgumentError, RegisterError, RegisterErrorKind};
pub use filter::Filters;
pub use guard::Subscriptions;
pub use register::{HandlerSetup, Registrar, take};
pub use shared::State;
pub use spans::SpanName;
pub use task::{Retries, TaskCall, TaskSetup};
pub use until::Lasts;

pub(crate) use shared::States;

/// A type with handlers: what `#[handlers]` above an impl block implements.
///
/// [`Bus::register`](crate::Bus::register) subscribes all of them at once.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no handlers to register",
    label = "no handlers",
    note = "write `#[rem::handlers]` above an `impl` block of `{Self}`, and `#[on(\"…\")]` above its methods"
)]
pub trait Handlers: Sized + 'static {
    /// Tells of each handler. Written by the macro, with whose version it changes.
    #[doc(hidden)]
    fn handlers(registrar: &mut Registrar<'_, Self>);
}

/// A function that is a handler: what `#[on("…")]` above it implements, for a type of the function's name.
///
/// [`Bus::register_fn`](crate::Bus::register_fn) subscribes it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler to register",
    label = "not a handler",
    note = "write `#[rem::on(\"…\")]` above the function, and name it: `bus.register_fn::<its_name>()`"
)]
pub trait HandlerFn {
    /// Tells of the handler. Written by the macro, with whose version it changes.
    #[doc(hidden)]
    fn handlers(registrar: &mut Registrar<'_, ()>);
}
