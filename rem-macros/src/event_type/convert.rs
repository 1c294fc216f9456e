//! `From` and `TryFrom` between a nested event type and its parent.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{GenericParam, Type};

use super::ast::{Event, Input};
use super::expand::{allow, local};

/// The conversions of each type that is nested once: where it is nested twice, a value does not tell which is meant.
///
/// What a parameter stands for may be any of the others; so it has one only where it is alone.
pub(super) fn expand(input: &Input<'_>) -> TokenStream {
    let nested = || input.events.iter().filter_map(|event| Some((event, event.nested()?.1)));
    let mut conversions = TokenStream::new();
    for (event, ty) in nested() {
        if is_any(input, ty) {
            // `TryFrom` for any type is not ours to implement, nor `From` for what is associated with one.
            if is_bare_parameter(input, ty) && nested().count() == 1 {
                conversions.extend(from(input, event, ty));
            }
        } else if nested().filter(|(_, other)| may_be_same(input, ty, other)).count() == 1 {
            conversions.extend(from(input, event, ty));
            conversions.extend(try_from(input, event, ty));
        }
    }
    conversions
}

/// Whether two types as they are written are one, or may become one with some parameters.
fn may_be_same(input: &Input<'_>, a: &Type, b: &Type) -> bool {
    if input.depends(a) || input.depends(b) {
        return last(a) == last(b) && !is_any(input, b);
    }
    a.to_token_stream().to_string() == b.to_token_stream().to_string()
}

/// A parameter, or what is associated with one.
fn is_any(input: &Input<'_>, ty: &Type) -> bool {
    input.depends(ty) && head(ty).is_none_or(|head| is_parameter(input, head))
}

/// The first name of a path, by which a parameter and what is associated with one are known; `None` for what is no plain
/// path.
fn head(ty: &Type) -> Option<&Ident> {
    match ty {
        Type::Group(group) => head(&group.elem),
        Type::Paren(paren) => head(&paren.elem),
        Type::Path(path) if path.qself.is_none() => Some(&path.path.segments.first()?.ident),
        _ => None,
    }
}

fn last(ty: &Type) -> Option<&Ident> {
    match ty {
        Type::Group(group) => last(&group.elem),
        Type::Paren(paren) => last(&paren.elem),
        Type::Path(path) => Some(&path.path.segments.last()?.ident),
        _ => None,
    }
}

fn is_parameter(input: &Input<'_>, ident: &Ident) -> bool {
    input.generics.params.iter().any(|param| match param {
        GenericParam::Type(param) => param.ident == *ident,
        _ => false,
    })
}

fn is_bare_parameter(input: &Input<'_>, ty: &Type) -> bool {
    head(ty).is_some_and(|head| is_parameter(input, head))
        && ty.to_token_stream().into_iter().count() == 1
}

fn from(input: &Input<'_>, event: &Event<'_>, ty: &Type) -> TokenStream {
    let (parent, variant, allow) = (input.ident, event.ident, allow(input));
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    let part = local("part");
    quote_spanned! {ty.span()=>
        #allow
        #[automatically_derived]
        impl #impl_generics ::core::convert::From<#ty> for #parent #type_generics #where_clause {
            fn from(#part: #ty) -> Self {
                Self::#variant(#part)
            }
        }
    }
}

fn try_from(input: &Input<'_>, event: &Event<'_>, ty: &Type) -> TokenStream {
    let (ident, variant, allow) = (input.ident, event.ident, allow(input));
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    let parent = quote_spanned!(ty.span()=> #ident #type_generics);
    let [part, value, other] = ["part", "value", "other"].map(local);
    let others =
        (input.events.len() > 1).then(|| quote!(#other => ::core::result::Result::Err(#other),));
    quote_spanned! {ty.span()=>
        #allow
        #[automatically_derived]
        impl #impl_generics ::core::convert::TryFrom<#parent> for #ty #where_clause {
            type Error = #parent;

            fn try_from(#value: #parent) -> ::core::result::Result<Self, #parent> {
                match #value {
                    #ident::#variant(#part) => ::core::result::Result::Ok(#part),
                    #others
                }
            }
        }
    }
}
