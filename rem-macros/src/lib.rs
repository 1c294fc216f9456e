//! The derive and the macros of [REM](https://docs.rs/rem-bus), the Reactive Event Mesh.
//!
//! Programs use them through the package `rem-bus`, whose library is `rem` and which re-exports all of this crate. What
//! the macros write names items of `rem` that are no public API, so the two have the same version, always.
//!
//! | macro | what it makes |
//! | --- | --- |
//! | [`#[derive(EventType)]`](macro@EventType) | an enum or a struct whose values are published, each under a topic |
//! | [`topic!`] | a topic that the compiler has checked |
//! | [`#[handlers]`](macro@handlers) | an impl block whose methods handle events, registered at once |
//! | [`#[on("…")]`](macro@on) | a function, or a method of such a block, that handles what a pattern selects |
//! | [`pattern!`] | a pattern that the compiler has parsed and, given an event type, compared with its topics |
//!
//! Each mistake is an error at the place where it was made, which says what to write instead; all of them are reported
//! at once.
//!
//! The documentation of each macro is a file of its own in `docs/`, for its examples depend on the facade, which this
//! crate cannot: they are run with the tests of the whole system.
#![forbid(unsafe_code)]

mod event_type;
mod pattern_macro;
mod topic_macro;
mod handlers;
mod rem_path;
mod keys;
mod name_case;
mod errors;

use proc_macro::TokenStream;
use syn::parse_macro_input;

#[cfg_attr(not(doctest), doc = include_str!("../docs/event_type.md"))]
#[proc_macro_derive(EventType, attributes(event))]
pub fn derive_event_type(input: TokenStream) -> TokenStream {
    event_type::derive(&parse_macro_input!(input)).into()
}

#[cfg_attr(not(doctest), doc = include_str!("../docs/topic.md"))]
#[proc_macro]
pub fn topic(input: TokenStream) -> TokenStream {
    topic_macro::expand(input.into()).into()
}

#[cfg_attr(not(doctest), doc = include_str!("../docs/pattern.md"))]
#[proc_macro]
pub fn pattern(input: TokenStream) -> TokenStream {
    pattern_macro::expand(input.into()).into()
}

#[cfg_attr(not(doctest), doc = include_str!("../docs/handlers.md"))]
#[proc_macro_attribute]
pub fn handlers(args: TokenStream, item: TokenStream) -> TokenStream {
    handlers::handlers(args.into(), &item.into()).into()
}

#[cfg_attr(not(doctest), doc = include_str!("../docs/on.md"))]
#[proc_macro_attribute]
pub fn on(args: TokenStream, item: TokenStream) -> TokenStream {
    handlers::on(args.into(), &item.into()).into()
}
