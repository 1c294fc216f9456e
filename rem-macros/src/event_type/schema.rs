//! `const SCHEMA`: the type's topics, fields and documentation, as the user wrote them.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::ast::{Event, Input};
use super::expand::allow;
use super::version;
use crate::rem_path;

/// The names of the constants that [`outside`] makes.
fn events_name() -> Ident {
    Ident::new("__REM_EVENTS", Span::call_site())
}

pub(super) fn schema_name() -> Ident {
    Ident::new("__REM_SCHEMA", Span::call_site())
}

/// The constants that stand outside of the implementation. What asks them needs no bound of the trait, so that a type that
/// breaks a bound gets one error and not several; and those of a generic type are evaluated even if it is never used.
pub(super) fn outside(input: &Input<'_>, private: &TokenStream) -> TokenStream {
    if input.topics_depend() {
        return TokenStream::new(); // An item cannot name the parameters.
    }
    let events_name = events_name();
    let events = events(input, private);
    let events = quote!(const #events_name: &[#private::EventSchema] = #events;);
    let schema = input.is_generic().then(|| {
        let name = schema_name();
        let schema = schema(input, &events_name, private);
        let check = check_topics(input, &name, private);
        quote!(const #name: #private::Schema = #schema; #check)
    });
    quote!(#events #schema)
}

pub(super) fn expand(input: &Input<'_>, private: &TokenStream) -> TokenStream {
    if input.topics_depend() {
        // There is no index of them, for how many they are is known too late to be the length of an array.
        let schema = schema(input, events(input, private), private);
        let checked = rem_path::shown_at(input.ident.span(), quote!(#private::checked_topics));
        let versions = version::checks_within(input, private);
        return quote!(const SCHEMA: #private::Schema = { #versions #checked(&#schema) };);
    }
    let topics = topics(private);
    let schema = if input.is_generic() {
        let (name, versions) = (schema_name(), version::checks_within(input, private));
        quote!({ #versions #name })
    } else {
        schema(input, events_name(), private)
    };
    quote! {
        const SCHEMA: #private::Schema = #schema;
        const TOPICS: &'static #private::Topics<'static> = #topics;
    }
}

/// The index of all topics, where the constants of [`outside`] are. It is made where a pattern asks for it, and so is no
/// constant there itself.
pub(super) fn topics(private: &TokenStream) -> TokenStream {
    let events = events_name();
    quote!(&#private::index::<{ #private::segments(#events) }>(#events).topics())
}

/// What only the compiler can see: topics within nested types. Of a generic type this is done beside its constants.
pub(super) fn checks(input: &Input<'_>, private: &TokenStream) -> Option<TokenStream> {
    let ident = input.ident;
    let schema = quote!(<#ident as #private::EventType>::SCHEMA);
    (!input.is_generic()).then(|| check_topics(input, schema, private)).flatten()
}

fn check_topics(
    input: &Input<'_>,
    schema: impl ToTokens,
    private: &TokenStream,
) -> Option<TokenStream> {
    let allow = allow(input);
    let check =
        quote!(#allow const _: () = #private::check_topics::<{ #schema.topics() }>(&#schema););
    let any_nested = input.events.iter().any(|event| event.nested().is_some());
    any_nested.then(|| rem_path::shown_at(input.ident.span(), check))
}

fn schema(input: &Input<'_>, events: impl ToTokens, private: &TokenStream) -> TokenStream {
    let name = input.ident.unraw().to_string();
    let namespace = namespace(input);
    let doc = doc(&input.doc);
    let local = input.local.then(|| quote!(.local()));
    let open = input.events.iter().any(|event| event.other().is_some());
    let open = open.then(|| quote!(.open()));
    quote!(#private::Schema::new(#name, #namespace, #events) #doc #local #open)
}

/// The entries of all variants.
fn events(input: &Input<'_>, private: &TokenStream) -> TokenStream {
    let namespace = namespace(input);
    let published = input.events.iter().filter(|event| event.topic().is_some());
    let events = published
        .zip(0_u32..)
        .filter_map(|(event, place)| entry(event, place, &namespace, private));
    quote!(&[#(#events),*])
}

fn namespace(input: &Input<'_>) -> String {
    input.namespace.as_ref().map(syn::LitStr::value).unwrap_or_default()
}

/// The entry of one variant; a skipped one has none.
fn entry(
    event: &Event<'_>,
    place: u32,
    namespace: &str,
    private: &TokenStream,
) -> Option<TokenStream> {
    let topic = event.topic()?;
    let variant = event.ident.unraw().to_string();
    let fields = event.fields.iter().map(|field| {
        let (name, ty, doc) = (field.name(), source(field.ty), &field.doc);
        let key = field.key.map(|_| quote!(.key()));
        let redact = field.redact.map(|_| quote!(.redact()));
        quote!(#private::FieldSchema::new(#name, #ty, #doc) #key #redact)
    });
    let doc = doc(&event.doc);
    let nested = event.nested().map(|(_, ty)| {
        let schema = quote_spanned!(ty.span()=> <#ty as #private::Nested>::SCHEMA);
        quote!(.nested(&#schema))
    });
    let whole = (nested.is_none() && !topic.contains('{')).then(|| {
        let whole =
            if namespace.is_empty() { topic.to_owned() } else { format!("{namespace}.{topic}") };
        quote!(.whole(#whole))
    });
    let wired = (event.wire_index != place).then(|| {
        let index = event.wire_index;
        quote!(.wired_as(#index))
    });
    let new = quote!(#private::EventSchema::new(#variant, #topic, &[#(#fields),*]));
    let aliases = event.aliases.iter().map(|(alias, _)| alias.text());
    let aliases = (!event.aliases.is_empty()).then(|| quote!(.aliases(&[#(#aliases),*])));
    let version = (event.version > 1).then(|| {
        let version = event.version;
        quote!(.version(#version))
    });
    Some(quote!(#new #whole #doc #nested #aliases #version #wired))
}

fn doc(text: &str) -> Option<TokenStream> {
    (!text.is_empty()).then(|| quote!(.doc(#text)))
}

/// A type as a person writes it: `Option<Vec<u8>>`, where the tokens alone give `Option < Vec < u8 > >`.
fn source(ty: impl ToTokens) -> String {
    let mut text = String::new();
    write(ty.into_token_stream(), &mut text);
    text
}

fn write(tokens: TokenStream, text: &mut String) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::None => ("", ""),
                };
                separate(text, group.delimiter() == Delimiter::None);
                text.push_str(open);
                write(group.stream(), text);
                text.push_str(close);
            }
            TokenTree::Punct(punct) => match punct.as_char() {
                sign @ ('+' | '=') => text.extend([' ', sign, ' ']),
                '>' if text.ends_with('-') => {
                    text.truncate(text.len() - 1);
                    text.push_str(" -> ");
                }
                sign @ (',' | ';') => text.extend([sign, ' ']),
                sign => {
                    if matches!(sign, '&' | '*' | '\'') {
                        separate(text, true);
                    }
                    text.push(sign);
                }
            },
            word => {
                separate(text, true);
                text.push_str(&word.to_string());
            }
        }
    }
}

/// A space between two words.
fn separate(text: &mut String, before_word: bool) {
    if before_word
        && text.ends_with(|last: char| last.is_alphanumeric() || matches!(last, '_' | '>'))
    {
        text.push(' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_read_as_they_were_written() {
        for ty in [
            "u8",
            "Option<Vec<u8>>",
            "std::collections::HashMap<String, (u8, i64)>",
            "&'static str",
            "Box<dyn Fn(&str) -> u8 + Send + 'static>",
            "[u8; 32]",
            "fn(u8, u16) -> Option<()>",
            "<Vec<u8> as IntoIterator>::Item",
            "Arc<dyn Iterator<Item = u8>>",
            "*const u8",
            "()",
        ] {
            let parsed: syn::Type = syn::parse_str(ty).unwrap();
            assert_eq!(source(&parsed), ty);
        }
    }
}
