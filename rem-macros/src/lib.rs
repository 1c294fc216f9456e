//! The derive and the macros of REM.
#![forbid(unsafe_code)]

mod event_type;
mod pattern_macro;
mod topic_macro;
mod rem_path;
mod keys;
mod name_case;
mod errors;

use proc_macro::TokenStream;
use syn::parse_macro_input;

/// Implements `EventType`.
#[proc_macro_derive(EventType, attributes(event))]
pub fn derive_event_type(input: TokenStream) -> TokenStream {
    event_type::derive(&parse_macro_input!(input)).into()
}

/// A topic, checked by the compiler.
#[proc_macro]
pub fn topic(input: TokenStream) -> TokenStream {
    topic_macro::expand(input.into()).into()
}

/// A pattern, checked by the compiler.
#[proc_macro]
pub fn pattern(input: TokenStream) -> TokenStream {
    pattern_macro::expand(input.into()).into()
}
