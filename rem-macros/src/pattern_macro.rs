//! `pattern!("…")` and `pattern!(Type, "…")`: patterns that the compiler has parsed and, for a type, compared.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use rem_patterns::constant::{
    ConstClass, ConstElement, ConstForm, ConstPattern, ConstPiece, ConstSegment, ConstText,
};
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
    // Whether this crate's parser knows regular expressions depends on who else is built with it; the answer does not.
    let Some(constant) = pattern.to_const() else {
        return Err(syn::Error::new(text.span(), NO_REGEX));
    };
    let private = rem_path::private(&rem);
    let Some(of) = of else {
        return Ok(quote!(#private::checked_pattern(#text)));
    };
    refuse_self(&of)?;
    // Shown at the literal, which is what it refuses; but a type that is none, at the type.
    let pattern = write_pattern(&constant, &private);
    let check = rem_path::shown_at(text.span(), quote!(#private::check_pattern));
    let of_type = quote_spanned!(of.span()=> <#of as #private::EventType>);
    let check = quote_spanned!(text.span()=> #check(#of_type::SCHEMA, #of_type::TOPICS, &#pattern));
    // An item, and not an inline `const`, which `cargo check` would not evaluate in code that is never called.
    Ok(quote! {{
        const _: () = #check;
        #private::TypedPattern::<#of>::checked(#text)
    }})
}

const NO_REGEX: &str = "a regular expression is not checked by the compiler: write `Pattern::regex(r\"…\")` instead of `pattern!`";

const USAGE: &str = "a pattern that the compiler checks is a string literal: write `pattern!(\"order.*\")` or \
                     `pattern!(OrderEvent, \"*\")`, and parse others with `Pattern::parse`";

/// The pattern that a literal is, without a regular expression.
pub(crate) fn parse(text: &LitStr) -> syn::Result<Pattern> {
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

pub(crate) fn write_pattern(pattern: &ConstPattern<'_>, private: &TokenStream) -> TokenStream {
    let ConstPattern { text, elements } = pattern;
    let elements = elements.iter().map(|element| write_element(element, private));
    quote!(#private::ConstPattern { text: #text, elements: &[#(#elements),*] })
}

fn write_element(element: &ConstElement<'_>, private: &TokenStream) -> TokenStream {
    let ConstElement { exclude, system, many, segments } = element;
    let segments = segments.iter().map(|segment| match segment {
        ConstSegment::Literal(text) => {
            let text = write_text(text, private);
            quote!(#private::ConstSegment::Literal(#text))
        }
        ConstSegment::One => quote!(#private::ConstSegment::One),
        ConstSegment::Many => quote!(#private::ConstSegment::Many),
        ConstSegment::Glob(text) => {
            let text = write_text(text, private);
            quote!(#private::ConstSegment::Glob(#text))
        }
    });
    quote! {
        #private::ConstElement {
            exclude: #exclude, system: #system, many: #many, segments: &[#(#segments),*],
        }
    }
}

fn write_text(text: &ConstText<'_>, private: &TokenStream) -> TokenStream {
    let ConstText { text, forms, classes, pieces, ascii } = text;
    let forms = forms.iter().map(|ConstForm([head, head_said, tail, tail_said, rest])| {
        quote!(#private::ConstForm([#head, #head_said, #tail, #tail_said, #rest]))
    });
    let classes = classes.iter().map(|ConstClass { tail, shift, set }| {
        quote!(#private::ConstClass { tail: #tail, shift: #shift, set: #set })
    });
    let pieces = pieces.iter().map(|ConstPiece { place, tail, len, bytes: (bytes, mask) }| {
        quote! {
            #private::ConstPiece { place: #place, tail: #tail, len: #len, bytes: (#bytes, #mask) }
        }
    });
    quote! {
        #private::ConstText {
            text: #text, forms: &[#(#forms),*], classes: &[#(#classes),*],
            pieces: &[#(#pieces),*], ascii: #ascii,
        }
    }
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
            return Err(syn::Error::new(Span::call_site(), USAGE));
        }
        let of = if input.peek(LitStr) {
            None
        } else {
            let of: Type = input.parse()?;
            if input.parse::<Option<Token![,]>>()?.is_none() {
                return Err(syn::Error::new_spanned(of, USAGE));
            }
            Some(of)
        };
        if !input.peek(LitStr) {
            return Err(syn::Error::new(input.span(), USAGE));
        }
        let text = input.parse()?;
        rem_path::end(input)?;
        Ok(Self { rem, of, text })
    }
}
