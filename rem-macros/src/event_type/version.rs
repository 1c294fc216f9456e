//! Versions: `fn upcast`, and that the chain from version to version has no hole.

use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned;
use syn::{Ident, Path};

use super::ast::{Event, Input};
use super::expand::{allow, local};
use crate::rem_path;

/// `fn upcast`, for a type of which some event has had another shape.
pub(super) fn expand(input: &Input<'_>, private: &TokenStream) -> Option<TokenStream> {
    let [place, body] = ["place", "body"].map(local);
    let mut arms = TokenStream::new();
    for (number, event) in published(input).enumerate() {
        let Some(upcast) = &event.upcast else { continue };
        let value = quote!(#private::upcast::<_, Self, _>(#upcast, #body));
        let value = rem_path::shown_at(upcast.span(), value);
        arms.extend(quote!(#number => ::core::option::Option::Some(#value),));
    }
    (!arms.is_empty()).then(|| {
        quote! {
            fn upcast(
                #place: ::core::primitive::usize,
                #body: &#private::Body<'_>,
            ) -> ::core::option::Option<::core::result::Result<Self, #private::DecodeError>> {
                match #place {
                    #arms
                    _ => ::core::option::Option::None,
                }
            }
        }
    })
}

/// A constant for each function: the compiler knows the type that it takes, and that has a version.
pub(super) fn checks(input: &Input<'_>, private: &TokenStream) -> TokenStream {
    if input.is_generic() {
        return TokenStream::new();
    }
    let allow = allow(input);
    upcasts(input)
        .map(|(upcast, version)| check(&named(upcast, input.ident), version, private))
        .map(|check| quote!(#allow const _: () = #check;))
        .collect()
}

/// The same within a constant of a generic type, for a constant of its own could not name the parameters.
pub(super) fn checks_within(input: &Input<'_>, private: &TokenStream) -> TokenStream {
    let checks = upcasts(input).map(|(upcast, version)| check(upcast, version, private));
    quote!(#(#checks;)*)
}

fn upcasts<'i>(input: &'i Input<'_>) -> impl Iterator<Item = (&'i Path, u32)> {
    let events = input.events.iter().filter(|_| !input.local);
    events.filter_map(|event| Some((event.upcast.as_ref()?, event.version)))
}

fn check(upcast: &Path, version: u32, private: &TokenStream) -> TokenStream {
    rem_path::shown_at(upcast.span(), quote!(#private::check_upcast(&#upcast, #version)))
}

/// The path for use outside an `impl`, where `Self` has no meaning.
fn named(path: &Path, ident: &Ident) -> Path {
    let mut path = path.clone();
    if let Some(first) = path.segments.first_mut().filter(|first| first.ident == "Self") {
        first.ident = ident.clone();
    }
    path
}

fn published<'i>(input: &'i Input<'_>) -> impl Iterator<Item = &'i Event<'i>> {
    input.events.iter().filter(|event| event.topic().is_some())
}
