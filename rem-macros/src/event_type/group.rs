//! Groups: some of a type's events by a name, as a function that gives the pattern.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Ident, LitStr};

use super::ast::Input;
use super::expand::allow;
use super::schema;
use crate::errors::Errors;
use crate::name_case::NameCase;
use crate::{pattern_macro, rem_path};

/// Two groups of one name.
pub(super) fn validate(input: &Input<'_>, errors: &mut Errors) {
    for (at, group) in input.groups.iter().enumerate() {
        let name = function(&group.name);
        if input.groups[..at].iter().any(|other| function(&other.name) == name) {
            errors.on(
                &group.name,
                format_args!("there is a group `{}` already: name it otherwise", group.name),
            );
        }
        // Of a type without parameters `pattern!` says so.
        if input.is_generic() {
            errors.take(pattern_macro::parse(&group.pattern));
        }
    }
}

/// A function for each group, which `pattern!` checks against the type's topics.
pub(super) fn expand(input: &Input<'_>) -> Option<TokenStream> {
    if input.is_generic() {
        return None; // They stand beside the constants that they are checked against.
    }
    let rem = &input.rem;
    functions(input, |pattern| {
        let ident = input.ident;
        quote!(#rem::pattern!(crate = #rem, #ident, #pattern))
    })
}

/// The same of a generic type. They stand where the constants are that the pattern is compared with.
pub(super) fn beside(input: &Input<'_>, private: &TokenStream) -> Option<TokenStream> {
    if !input.is_generic() {
        return None;
    }
    functions(input, |text| {
        // What is no pattern has been refused.
        let constant = pattern_macro::parse(text).ok().and_then(|pattern| pattern.to_const())?;
        let pattern = pattern_macro::write_pattern(&constant, private);
        let pattern = rem_path::shown_at(text.span(), pattern);
        let check = if input.topics_depend() {
            let this = quote!(<Self as #private::EventType>);
            quote!(const { #private::check_pattern(#this::SCHEMA, #this::TOPICS, &#pattern) };)
        } else {
            let (schema, topics) = (schema::schema_name(), schema::topics(private));
            quote!(const _: () = #private::check_pattern(#schema, #topics, &#pattern);)
        };
        let check = rem_path::shown_at(text.span(), check);
        Some(quote!(#check #private::TypedPattern::<Self>::checked(#text)))
    })
}

fn functions<B: ToTokens>(input: &Input<'_>, body: impl Fn(&LitStr) -> B) -> Option<TokenStream> {
    let (ident, vis, allow) = (input.ident, input.vis, allow(input));
    let private = rem_path::private(&input.rem);
    let functions = input.groups.iter().map(|group| {
        let name = function(&group.name);
        let doc = format!(
            " The events of the group `{}`: `{}`, below the namespace.",
            group.name,
            group.pattern.value()
        );
        let body = body(&group.pattern);
        quote! {
            #[doc = #doc]
            #vis fn #name() -> #private::TypedPattern<Self> {
                #body
            }
        }
    });
    let functions: Vec<_> = functions.collect();
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    let predicates = where_clause.map(|clause| &clause.predicates).into_iter().flatten();
    let bounds =
        input.is_generic().then(|| quote!(where #(#predicates,)* Self: #private::EventType));
    (!functions.is_empty()).then(|| {
        quote! {
            #allow
            #[automatically_derived]
            impl #impl_generics #ident #type_generics #bounds {
                #(#functions)*
            }
        }
    })
}

/// `Connections` and `connections` name the same function.
fn function(name: &Ident) -> Ident {
    let snake = NameCase::Snake.apply(&name.unraw().to_string());
    // Where that is a keyword it is raw, or, where it cannot be raw either, the name stays as it is.
    let function = syn::parse_str::<Ident>(&snake);
    let Ok(mut function) = function.or_else(|_| syn::parse_str(&format!("r#{snake}"))) else {
        return name.clone();
    };
    function.set_span(name.span());
    function
}
