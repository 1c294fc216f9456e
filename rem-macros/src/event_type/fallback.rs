//! What the derive writes when the input is wrong: the mistakes, and an implementation that does nothing, so that no
//! "the trait is not implemented" follows from them.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput};

use super::attr::{Place, TypeAttrs};
use crate::errors::Errors;
use crate::rem_path;

pub(super) fn expand(input: &DeriveInput, error: &syn::Error) -> TokenStream {
    let errors = error.to_compile_error();
    if matches!(input.data, Data::Union(_)) {
        return errors; // It cannot be `Debug`, so that the implementation would be a mistake of its own.
    }
    let place = if matches!(input.data, Data::Enum(_)) { Place::Enum } else { Place::Struct };
    // Its mistakes are in `error` already; the path is wanted, for another may not exist.
    let attrs = TypeAttrs::read(&input.attrs, place, &mut Errors::default());
    let private = rem_path::private(&attrs.crate_path.unwrap_or_else(rem_path::default));
    let ident = &input.ident;
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    let predicates = where_clause.map(|clause| &clause.predicates).into_iter().flatten();
    quote! {
        #errors

        #[automatically_derived]
        impl #impl_generics #private::EventType for #ident #type_generics
        where
            #(#predicates,)*
            Self: ::core::fmt::Debug + ::core::marker::Send + ::core::marker::Sync + 'static,
        {
            const SCHEMA: #private::Schema = #private::Schema::new("", "", &[]);

            fn leaf(&self) -> ::core::primitive::usize {
                ::core::primitive::usize::MAX
            }

            fn write_topic(&self, _: &mut #private::TopicWriter) -> ::core::fmt::Result {
                ::core::result::Result::Err(::core::fmt::Error)
            }
        }
    }
}
