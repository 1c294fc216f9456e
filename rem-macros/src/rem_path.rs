//! Where expanded code finds REM: `::rem`, unless `crate = path` says otherwise.

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
