//! How values leave the process: by serde, except that a nested type writes and reads its own.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::ast::Input;
use super::expand::local;
use super::version;
use crate::rem_path;

/// `const WIRE`, and `fn encode_into`, `fn raw` and `fn decode` for a type with others in it. A local type has none of them.
pub(super) fn expand(input: &Input<'_>, private: &TokenStream) -> Option<TokenStream> {
    if input.local {
        return None;
    }
    // Shown at the type's name, and by it: so the compiler says where serde's traits are missing, not what was expanded.
    let ident = input.ident;
    let of = if input.is_generic() { quote!(Self) } else { quote!(#ident) };
    let wired = rem_path::shown_at(ident.span(), quote!(#private::wired::<#of>()));
    let own = quote! {
        const WIRE: ::core::option::Option<#private::Wiring<Self>> = #wired;
    };
    let [part, codec, out, topic, below, body, place] =
        ["part", "codec", "out", "topic", "below", "body", "place"].map(local);
    let mut raws = TokenStream::new();
    let mut writes = TokenStream::new();
    let mut reads = TokenStream::new();
    let published = input.events.iter().filter(|event| event.topic().is_some());
    for (number, event) in published.enumerate() {
        let Some((prefix, ty)) = event.nested() else { continue };
        let constructor = event.constructor();
        let nested = quote_spanned!(ty.span()=> <#ty as #private::Nested>);
        raws.extend(quote!(#constructor(#part) => #nested::raw(#part),));
        writes.extend(quote!(#constructor(#part) => #nested::encode_into(#part, #codec, #out),));
        reads.extend(quote! {
            #number => if let ::core::option::Option::Some(#below) = #private::below(#topic, #prefix) {
                return #nested::decode(#below, #body).map(#constructor);
            },
        });
    }
    let mut holds = None;
    for event in &input.events {
        let Some(ty) = event.other() else { continue };
        let constructor = event.constructor();
        let other = quote_spanned!(ty.span()=> <#ty as #private::Other>);
        raws.extend(
            quote!(#constructor(#part) => ::core::option::Option::Some(#other::raw(#part)),),
        );
        writes.extend(quote!(#constructor(#part) => #other::encode_into(#part, #codec, #out),));
        holds = Some(quote! {
            fn other(#part: #private::RawEvent) -> ::core::option::Option<Self> {
                ::core::option::Option::Some(#constructor(#other::of(#part)))
            }
        });
    }
    let upcasts = version::expand(input, private);
    let own = quote!(#own #upcasts);
    if writes.is_empty() {
        return Some(own);
    }
    let written =
        |event: &super::ast::Event<'_>| event.nested().is_some() || event.other().is_some();
    let others = input.events.iter().any(|event| !written(event));
    let no_raw = others.then(|| quote!(_ => ::core::option::Option::None,));
    let others = others.then(|| quote!(_ => #private::encode_variant(self, #codec, #out),));
    // A type that is open, and nests none, has every topic that it has by itself.
    let find = (!reads.is_empty()).then(|| {
        quote! {
            if let ::core::option::Option::Some((#place, _)) =
                <Self as #private::EventType>::SCHEMA.variant_of(#topic) {
                match #place { #reads _ => {} }
            }
        }
    });
    Some(quote! {
        #own
        #holds

        fn encode_into(
            &self,
            #codec: #private::Codec,
            #out: &mut #private::Bytes,
        ) -> ::core::result::Result<(), #private::EncodeError> {
            match self { #writes #others }
        }

        fn raw(&self) -> ::core::option::Option<&#private::RawEvent> {
            match self { #raws #no_raw }
        }

        fn decode(
            #topic: &::core::primitive::str,
            #body: &#private::Body<'_>,
        ) -> ::core::result::Result<Self, #private::DecodeError> {
            #find
            #private::decode_variant(#topic, #body)
        }
    })
}
