//! Groups: some of a type's events by a name, as a function that gives the pattern.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Ident;
use syn::ext::IdentExt;

use super::ast::Input;
use super::expand::allow;
use crate::errors::Errors;
use crate::name_case::NameCase;
use crate::rem_path;

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
    }
}

/// A function for each group, which `pattern!` checks against the type's topics.
pub(super) fn expand(input: &Input<'_>) -> Option<TokenStream> {
    let (ident, vis, rem, allow) = (input.ident, input.vis, &input.rem, allow(input));
    let private = rem_path::private(rem);
    let functions = input.groups.iter().map(|group| {
        let (name, pattern) = (function(&group.name), &group.pattern);
        let doc = format!(
            " The events of the group `{}`: `{}`, below the namespace.",
            group.name,
            pattern.value()
        );
        quote! {
            #[doc = #doc]
            #vis fn #name() -> #private::TypedPattern<#ident> {
                #rem::pattern!(crate = #rem, #ident, #pattern)
            }
        }
    });
    let functions: Vec<_> = functions.collect();
    (!functions.is_empty()).then(|| {
        quote! {
            #allow
            #[automatically_derived]
            impl #ident {
                #(#functions)*
            }
        }
    })
}

/// `Connections` and `connections` name the same function.
fn function(name: &Ident) -> Ident {
    let mut function = name.clone();
    // A name that is a keyword in this case stays as it is.
    if let Ok(snake) = syn::parse_str::<Ident>(&NameCase::Snake.apply(&name.unraw().to_string())) {
        function = snake;
        function.set_span(name.span());
    }
    function
}
