//! `#[derive(EventType)]`: parse, validate, expand; on a mistake, fall back.

mod attr;
mod ast;
mod template;
mod validate;
mod expand;
mod generics;
mod group;
mod marks;
mod schema;
mod version;
mod wire;
mod convert;
mod fallback;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::errors::Errors;

pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    try_derive(input).unwrap_or_else(|error| fallback::expand(input, &error))
}

fn try_derive(input: &DeriveInput) -> syn::Result<TokenStream> {
    let mut errors = Errors::default();
    let input = ast::Input::read(input, &mut errors);
    validate::validate(&input, &mut errors);
    errors.finish()?;
    Ok(expand::expand(&input))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proc_macro2::TokenTree;

    use super::*;

    /// What the paths from the root begin with: `::core::fmt::Result` with `core`.
    fn roots(tokens: TokenStream, roots: &mut BTreeSet<String>) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let text = |at: Option<usize>| at.map(|at| tokens[at].to_string()).unwrap_or_default();
        for (at, token) in tokens.iter().enumerate() {
            let before = |count| text(at.checked_sub(count));
            match token {
                TokenTree::Group(group) => self::roots(group.stream(), roots),
                TokenTree::Ident(ident) if before(1) == ":" && before(2) == ":" => {
                    let keyword = ["as", "dyn", "for", "return"].contains(&before(3).as_str());
                    let arrow = before(3) == ">" && before(4) == "-";
                    let path =
                        before(3).ends_with(|last: char| last == '>' || last.is_alphanumeric());
                    if keyword || arrow || !path {
                        roots.insert(ident.to_string());
                    }
                }
                _ => {}
            }
        }
    }

    /// So serde may have any name in the user's manifest. (That nothing of the prelude is needed, tests without it show.)
    #[test]
    fn what_is_written_names_rem_and_core_alone() {
        let input = syn::parse_quote! {
            #[event(namespace = "shop", group(All = "**"), rename_all = "kebab-case")]
            enum Shop<Id: Named, const N: usize> {
                #[event(topic = "by.{id}", alias = "of.{id}", version = 2, upcast = Self::older)]
                Opened { #[event(key)] id: Id, #[event(redact)] by: [u8; N] },
                #[event(nested)]
                Cache(Cache),
                #[event(other)]
                Unknown(RawEvent),
                #[event(skip)]
                Internal,
            }
        };
        let written = derive(&input);
        let mut roots = BTreeSet::new();
        self::roots(written.clone(), &mut roots);
        assert_eq!(Vec::from_iter(roots), ["core", "rem"], "{written}");
    }
}
