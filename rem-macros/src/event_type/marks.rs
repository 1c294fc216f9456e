//! What fields are marked for: `fn key`, and `fn fmt_data` and `fn blank` for data that is not for every eye.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::ast::{Event, Field, Input};
use super::expand::local;

pub(super) fn expand(input: &Input<'_>, private: &TokenStream) -> TokenStream {
    let key = key(input, private);
    let fmt_data = fmt_data(input, private);
    let blank = blank(input, private);
    quote!(#key #fmt_data #blank)
}

/// `fn key`, unless no value has one.
fn key(input: &Input<'_>, private: &TokenStream) -> Option<TokenStream> {
    let part = local("part");
    let mut arms = TokenStream::new();
    for event in &input.events {
        let constructor = event.constructor();
        if let Some((_, ty)) = event.nested() {
            let nested = quote_spanned!(ty.span()=> <#ty as #private::Nested>::key(#part));
            arms.extend(quote!(#constructor(#part) => #nested,));
        } else if let Some(field) = event.fields.iter().find(|field| field.key.is_some()) {
            let (member, binding) = (&field.member, field.binding());
            let value = quote!(#private::key_field(#binding));
            arms.extend(quote! {
                #constructor { #member: #binding, .. } => ::core::option::Option::Some(#value),
            });
        }
    }
    let others = others(input, |event| {
        event.nested().is_some() || event.fields.iter().any(|field| field.key.is_some())
    });
    let others = others.map(|others| quote!(#others => ::core::option::Option::None,));
    (!arms.is_empty()).then(|| {
        quote! {
            fn key(&self) -> ::core::option::Option<#private::Text> {
                match self { #arms #others }
            }
        }
    })
}

/// `fn fmt_data`, unless all may be shown as it is.
fn fmt_data(input: &Input<'_>, private: &TokenStream) -> Option<TokenStream> {
    let [part, f] = ["part", "f"].map(local);
    let mut arms = TokenStream::new();
    for event in &input.events {
        let constructor = event.constructor();
        if let Some((_, ty)) = event.nested() {
            let name = event.ident.unraw().to_string();
            let nested = quote_spanned!(ty.span()=> <#ty as #private::Nested>::shown(#part));
            let hides = quote_spanned!(ty.span()=> <#ty as #private::Nested>::redacts(#part));
            arms.extend(quote! {
                #constructor(#part) if #hides => {
                    #f.debug_tuple(#name).field(&#nested).finish()
                }
            });
        } else if hides(event) {
            arms.extend(masked(event, private));
        }
    }
    let others = others(input, hides);
    let others = others.map(|others| quote!(#others => ::core::fmt::Debug::fmt(self, #f),));
    (!arms.is_empty()).then(|| {
        quote! {
            fn fmt_data(&self, #f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                match self { #arms #others }
            }
        }
    })
}

/// `fn blank`, unless there is nothing to blank.
fn blank(input: &Input<'_>, private: &TokenStream) -> Option<TokenStream> {
    let part = local("part");
    let mut arms = TokenStream::new();
    for event in &input.events {
        let constructor = event.constructor();
        if let Some((_, ty)) = event.nested() {
            let nested = quote_spanned!(ty.span()=> <#ty as #private::Nested>::blank(#part));
            arms.extend(quote!(#constructor(#part) => #nested,));
        } else if hides(event) {
            let marked = || event.fields.iter().filter(|field| field.redact.is_some());
            let members = marked().map(|field| {
                let (member, binding) = (&field.member, field.binding());
                quote!(#member: #binding)
            });
            let blanked = marked().map(|field| {
                let (name, binding) = (field.name(), field.binding());
                quote! {
                    if !#private::Blank(#binding).rem_blank() {
                        return ::core::result::Result::Err(#name);
                    }
                }
            });
            arms.extend(quote! {
                #constructor { #(#members,)* .. } => {
                    #(#blanked)*
                    ::core::result::Result::Ok(())
                }
            });
        }
    }
    let others = others(input, |event| event.nested().is_some() || hides(event));
    let others = others.map(|others| quote!(#others => ::core::result::Result::Ok(()),));
    (!arms.is_empty()).then(|| {
        quote! {
            fn blank(&mut self) -> ::core::result::Result<(), #private::FieldName> {
                #[allow(unused_imports, reason = "of use for a field whose type has no `Default`")]
                use #private::CannotBlank as _;
                match self { #arms #others }
            }
        }
    })
}

fn hides(event: &Event<'_>) -> bool {
    event.fields.iter().any(|field| field.redact.is_some())
}

/// The arm of a variant with fields that are not shown: as `derive(Debug)` has it, but for them.
fn masked(event: &Event<'_>, private: &TokenStream) -> TokenStream {
    let f = local("f");
    let constructor = event.constructor();
    let name = event.ident.unraw().to_string();
    let named = event.fields.iter().any(|field| matches!(field.member, syn::Member::Named(_)));
    let members = event.fields.iter().map(|field| {
        let (member, binding) = (&field.member, field.binding());
        if field.redact.is_some() { quote!(#member: _) } else { quote!(#member: #binding) }
    });
    let value = |field: &Field<'_>| {
        if field.redact.is_some() {
            return quote!(&#private::REDACTED);
        }
        let binding = field.binding();
        quote!(#binding)
    };
    let values = event.fields.iter().map(|field| {
        let (name, value) = (field.name(), value(field));
        if named { quote!(.field(#name, #value)) } else { quote!(.field(#value)) }
    });
    let builder = if named { quote!(debug_struct) } else { quote!(debug_tuple) };
    quote! {
        #constructor { #(#members,)* } => #f.#builder(#name) #(#values)* .finish(),
    }
}

/// A pattern of all variants that are not `done`, if there are any.
fn others(input: &Input<'_>, done: impl Fn(&Event<'_>) -> bool) -> Option<TokenStream> {
    let left = input.events.iter().filter(|event| !done(event));
    let patterns: Vec<TokenStream> = left.map(Event::pattern).collect();
    (!patterns.is_empty()).then(|| quote!(#(#patterns)|*))
}
