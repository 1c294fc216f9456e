//! `pattern!("…")` and `pattern!(Type, "…")`: patterns that the compiler has parsed and, for a type, compared.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use rem_patterns::constant::{ConstSegment, LoweredElement};
use rem_patterns::{Pattern, PatternErrorKind};
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{LitStr, Path, Token, Type};

use crate::rem_path;

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    try_expand(input).unwrap_or_else(|error| error.to_compile_error())
}

fn try_expand(input: TokenStream) -> syn::Result<TokenStream> {
    let PatternInput { rem, of, text } = syn::parse2(input)?;
    let pattern = parse(&text)?;
    let Some(of) = of else {
        return Ok(quote_spanned!(text.span()=> #rem::__private::checked_pattern(#text)));
    };
    let Some(elements) = pattern.to_const_parts() else {
        return Err(syn::Error::new(text.span(), NO_REGEX));
    };
    refuse_self(&of)?;
    // All of the check has the span of the literal, which is what it refuses.
    let span = text.span().resolved_at(Span::call_site());
    let private = quote_spanned!(span=> #rem::__private);
    let elements = elements.iter().map(|element| write_element(element, &private));
    let schema = quote_spanned!(of.span()=> <#of as #private::EventType>::SCHEMA);
    let check = quote_spanned! {span=>
        #private::check_pattern(
            &#schema,
            &#private::ConstPattern { text: #text, elements: &[#(#elements),*] },
        )
    };
    // An item, and not an inline `const`, which `cargo check` would not evaluate in code that is never called.
    Ok(quote! {{
        const _: () = #check;
        #private::TypedPattern::<#of>::checked(#text)
    }})
}

const NO_REGEX: &str = "a regular expression is not checked by the compiler: write `Pattern::regex(r\"…\")` instead of `pattern!`";

fn parse(text: &LitStr) -> syn::Result<Pattern> {
    Pattern::parse(text.value()).map_err(|error| match error.kind() {
        PatternErrorKind::RegexUnsupported => syn::Error::new(text.span(), NO_REGEX),
        _ => syn::Error::new(text.span(), format_args!("this is not a pattern: {error}")),
    })
}

/// The check is an item, and items do not know what `Self` is around them.
fn refuse_self(of: &Type) -> syn::Result<()> {
    fn find(tokens: TokenStream) -> Option<Span> {
        tokens.into_iter().find_map(|token| match token {
            TokenTree::Ident(ident) => (ident == "Self").then(|| ident.span()),
            TokenTree::Group(group) => find(group.stream()),
            _ => None,
        })
    }
    match find(of.to_token_stream()) {
        Some(span) => Err(syn::Error::new(
            span,
            "write the event type's name: `Self` is not known to `pattern!`",
        )),
        None => Ok(()),
    }
}

fn write_element(element: &LoweredElement<'_>, private: &TokenStream) -> TokenStream {
    let exclude = element.exclude;
    let segments = element.segments.iter().map(|segment| match segment {
        ConstSegment::Literal(text) => quote!(#private::ConstSegment::Literal(#text)),
        ConstSegment::One => quote!(#private::ConstSegment::One),
        ConstSegment::Many => quote!(#private::ConstSegment::Many),
        ConstSegment::Glob(text) => quote!(#private::ConstSegment::Glob(#text)),
    });
    quote!(#private::ConstElement { exclude: #exclude, segments: &[#(#segments),*] })
}

struct PatternInput {
    rem: Path,
    of: Option<Type>,
    text: LitStr,
}

impl Parse for PatternInput {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let rem = rem_path::parse(input)?;
        if input.is_empty() {
            return Err(
                input.error("write `pattern!(\"order.*\")` or `pattern!(OrderEvent, \"*\")`")
            );
        }
        let of = if input.peek(LitStr) {
            None
        } else {
            let of = input.parse()?;
            input.parse::<Token![,]>()?;
            Some(of)
        };
        if !input.peek(LitStr) {
            return Err(input
                .error("a pattern is a string literal here: parse others with `Pattern::parse`"));
        }
        let text = input.parse()?;
        rem_path::end(input)?;
        Ok(Self { rem, of, text })
    }
}
