//! `From` and `TryFrom` between a nested event type and its parent.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

use super::ast::{Event, Input};
use super::expand::allow;

/// The conversions of each type that is nested once: where it is nested twice, a value does not tell which is meant.
pub(super) fn expand(input: &Input<'_>) -> TokenStream {
    let nested = |event: &Event<'_>| event.nested().map(|(_, ty)| ty.to_token_stream().to_string());
    let written: Vec<String> = input.events.iter().filter_map(nested).collect();
    let mut conversions = TokenStream::new();
    for event in &input.events {
        let Some((_, ty)) = event.nested() else { continue };
        let this = ty.to_token_stream().to_string();
        if written.iter().filter(|&other| *other == this).count() == 1 {
            conversions.extend(pair(input, event, ty));
        }
    }
    conversions
}

fn pair(input: &Input<'_>, event: &Event<'_>, ty: &Type) -> TokenStream {
    let (parent, variant) = (input.ident, event.ident);
    let other =
        (input.events.len() > 1).then(|| quote!(other => ::core::result::Result::Err(other),));
    let allow = allow(input);
    quote_spanned! {ty.span()=>
        #allow
        #[automatically_derived]
        impl ::core::convert::From<#ty> for #parent {
            fn from(part: #ty) -> Self {
                Self::#variant(part)
            }
        }

        #allow
        #[automatically_derived]
        impl ::core::convert::TryFrom<#parent> for #ty {
            type Error = #parent;

            fn try_from(value: #parent) -> ::core::result::Result<Self, #parent> {
                match value {
                    #parent::#variant(part) => ::core::result::Result::Ok(part),
                    #other
                }
            }
        }
    }
}
