//! Where expanded code finds REM: `::rem`, unless `crate = path` says otherwise.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::quote;
use syn::parse::ParseStream;
use syn::{Path, Token};

/// The facade, which is what users depend on.
pub(crate) fn default() -> Path {
    syn::parse_quote!(::rem)
}

/// `crate = path,` at the beginning of a macro's input, if it is there.
pub(crate) fn parse(input: ParseStream<'_>) -> syn::Result<Path> {
    // A type may begin with `crate` as well, but no `=` follows then.
    if !(input.peek(Token![crate]) && input.peek2(Token![=])) {
        return Ok(default());
    }
    input.parse::<Token![crate]>()?;
    input.parse::<Token![=]>()?;
    let path = input.call(Path::parse_mod_style)?;
    input.parse::<Token![,]>()?;
    Ok(path)
}

/// The end of a macro's input, after a comma or none.
pub(crate) fn end(input: ParseStream<'_>) -> syn::Result<()> {
    input.parse::<Option<Token![,]>>()?;
    if input.is_empty() { Ok(()) } else { Err(input.error("nothing more is expected here")) }
}

/// The module that holds what expanded code may name.
pub(crate) fn private(rem: &Path) -> TokenStream {
    quote!(#rem::__private)
}

/// The same tokens shown at `span`, as an error that the compiler finds in them will be.
pub(crate) fn shown_at(span: Span, tokens: TokenStream) -> TokenStream {
    let respan = |mut token: TokenTree| {
        if let TokenTree::Group(group) = &token {
            token = Group::new(group.delimiter(), shown_at(span, group.stream())).into();
        }
        token.set_span(token.span().located_at(span));
        token
    };
    tokens.into_iter().map(respan).collect()
}
