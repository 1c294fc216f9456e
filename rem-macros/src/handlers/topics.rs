//! The pattern of a handler, parsed; and what asks the compiler whether it selects a topic of an event type.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use rem_patterns::constant::ConstPattern;
use rem_patterns::{Pattern, PatternErrorKind, Topic};
use syn::spanned::Spanned;
use syn::{LitStr, Type};

use crate::pattern_macro::write_pattern;
use crate::rem_path;

pub(super) struct Topics {
    pub(super) text: LitStr,
    pattern: Pattern,
    constant: ConstPattern<'static>,
}

const NO_REGEX: &str = "a regular expression is not checked by the compiler: subscribe to `Pattern::regex(r\"…\")` in \
                        code, by `bus.subscribe`";

impl Topics {
    pub(super) fn parse(text: LitStr) -> syn::Result<Self> {
        let pattern = Pattern::parse(text.value()).map_err(|error| match error.kind() {
            PatternErrorKind::RegexUnsupported => syn::Error::new(text.span(), NO_REGEX),
            _ => syn::Error::new(text.span(), format_args!("this is not a pattern: {error}")),
        })?;
        // Whether this crate's parser knows regular expressions depends on who else is built with it.
        match pattern.to_const() {
            Some(constant) => Ok(Self { text, pattern, constant }),
            None => Err(syn::Error::new(text.span(), NO_REGEX)),
        }
    }

    pub(super) fn captures_nothing(&self) -> bool {
        self.pattern.capture_names().next().is_none()
    }

    /// A topic that both select, if there is one and it is found within a moment.
    pub(super) fn meets(&self, other: &Self) -> Option<Topic> {
        self.pattern.intersects(&other.pattern).ok().flatten()
    }

    /// What selects the topics of both, in words; what is taken from one of them would be taken from the other, too.
    pub(super) fn in_one_set_with(&self, other: &Self) -> String {
        let (this, other) = (self.text.value(), other.text.value());
        if [&this, &other].iter().any(|text| text.contains('!')) {
            return "set".to_owned();
        }
        format!("set, `\"{other},{this}\"`")
    }

    /// An expression that the compiler refuses, in a constant, if the pattern selects no topic of the type.
    pub(super) fn check(&self, of: &Type, private: &TokenStream) -> TokenStream {
        let Self { text, constant, .. } = self;
        // Shown at the literal, which is what it refuses; but a type that is none, at the type.
        let pattern = rem_path::shown_at(text.span(), write_pattern(constant, private));
        let check = rem_path::shown_at(text.span(), quote!(#private::check_whole_pattern));
        let of = event_type(of, private);
        let arguments = quote_spanned!(text.span()=> (#of::SCHEMA, #of::TOPICS, &#pattern));
        quote!(#check #arguments)
    }
}

/// The same for `#[on]` without a pattern, if the type has no topics.
pub(super) fn check_every_topic(of: &Type, private: &TokenStream) -> TokenStream {
    let check = rem_path::shown_at(of.span(), quote!(#private::check_every_topic));
    let span = of.span();
    let of = event_type(of, private);
    let arguments = quote_spanned!(span=> (#of::SCHEMA));
    quote!(#check #arguments)
}

fn event_type(of: &Type, private: &TokenStream) -> TokenStream {
    quote_spanned!(of.span()=> <#of as #private::EventType>)
}
