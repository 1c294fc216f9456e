//! `topic!("…")`: a topic, checked by the same rules as at run time.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{LitStr, Path};

use crate::rem_path;

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    try_expand(input).unwrap_or_else(|error| error.to_compile_error())
}

fn try_expand(input: TokenStream) -> syn::Result<TokenStream> {
    let TopicInput { rem, text } = syn::parse2(input)?;
    rem_patterns::Topic::parse(text.value()).map_err(|error| {
        syn::Error::new(text.span(), format_args!("this is not a topic: {error}"))
    })?;
    let private = rem_path::private(&rem);
    Ok(quote!(const { #private::Topic::from_static(#text) }))
}

const USAGE: &str = "a topic that the compiler checks is a string literal: write `topic!(\"order.paid\")`, and parse \
                     others with `Topic::parse`";

struct TopicInput {
    rem: Path,
    text: LitStr,
}

impl Parse for TopicInput {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let rem = rem_path::parse(input)?;
        if !input.peek(LitStr) {
            let span = if input.is_empty() { Span::call_site() } else { input.span() };
            return Err(syn::Error::new(span, USAGE));
        }
        let text = input.parse()?;
        rem_path::end(input)?;
        Ok(Self { rem, text })
    }
}
