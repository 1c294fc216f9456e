//! What the macros write when the input is wrong: the mistakes, what the user wrote, and an implementation that does
//! nothing, so that no "the trait is not implemented" follows from them.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{ItemFn, ItemImpl, Path};

use super::expand;
use crate::rem_path;

pub(super) fn beside(error: &syn::Error, item: &impl ToTokens) -> TokenStream {
    let errors = error.to_compile_error();
    quote!(#errors #item)
}

pub(super) fn block(rem: &Path, error: &syn::Error, block: &ItemImpl) -> TokenStream {
    let private = rem_path::private(rem);
    let errors = error.to_compile_error();
    let implementation = block.trait_.is_none().then(|| {
        let method = quote!(fn handlers(_: &mut #private::Registrar<'_, Self>) {});
        expand::implementation(block, &private, &method)
    });
    quote!(#errors #block #implementation)
}

pub(super) fn function(rem: &Path, error: &syn::Error, function: &ItemFn) -> TokenStream {
    let private = rem_path::private(rem);
    let errors = error.to_compile_error();
    let method = quote!(fn handlers(_: &mut #private::Registrar<'_, ()>) {});
    let marker = expand::marker(function, &private, &method);
    quote!(#errors #function #marker)
}
