//! `#[derive(EventType)]`: parse, validate, expand; on a mistake, fall back.

mod attr;
mod ast;
mod template;
mod validate;
mod expand;
mod generics;
mod group;
mod marks;
mod schema;
mod version;
mod wire;
mod convert;
mod fallback;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::errors::Errors;

pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    try_derive(input).unwrap_or_else(|error| fallback::expand(input, &error))
}

fn try_derive(input: &DeriveInput) -> syn::Result<TokenStream> {
    let mut errors = Errors::default();
    let input = ast::Input::read(input, &mut errors);
    validate::validate(&input, &mut errors);
    errors.finish()?;
    Ok(expand::expand(&input))
}
