//! The implementation, from an input that has been found right: nothing here can fail.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Member;
use syn::spanned::Spanned;

use super::ast::{Event, Field, Input, Role, Shape};
use super::template::{Segment, Template};
use super::{convert, group, marks, schema, version, wire};
use crate::rem_path;

pub(super) fn expand(input: &Input<'_>) -> TokenStream {
    let private = rem_path::private(&input.rem);
    let ident = input.ident;
    let (impl_generics, type_generics, _) = input.generics.split_for_impl();
    let where_clause = input.where_clause(&private);
    let outside = schema::outside(input, &private);
    let schema = schema::expand(input, &private);
    let leaf = leaf(input, &private);
    let write_topic = write_topic(input, &private);
    let write_alias = write_alias(input, &private);
    let nesting = nesting(input, &private);
    let marks = marks::expand(input, &private);
    let wire = wire::expand(input, &private);
    let conversions = convert::expand(input);
    let checks = schema::checks(input, &private);
    let versions = version::checks(input, &private);
    let groups = group::expand(input);
    let groups_beside = group::beside(input, &private);
    let allow = allow(input);
    quote! {
        #allow
        const _: () = {
            #outside
            #[automatically_derived]
            impl #impl_generics #private::EventType for #ident #type_generics #where_clause {
                #schema
                #leaf
                #write_topic
                #write_alias
                #nesting
                #marks
                #wire
            }
            #groups_beside
        };
        #conversions
        #checks
        #versions
        #groups
    }
}

/// What stands above each item that names a deprecated type.
pub(super) fn allow(input: &Input<'_>) -> Option<TokenStream> {
    input.deprecated.then(|| quote!(#[allow(deprecated)]))
}

/// `fn leaf`: the topics are numbered through, those of nested types where they stand.
fn leaf(input: &Input<'_>, private: &TokenStream) -> TokenStream {
    let mut arms = TokenStream::new();
    let part = local("part");
    let any_nested = input.events.iter().any(|event| event.nested().is_some());
    let published = input.events.iter().filter(|event| event.topic().is_some());
    for (place, event) in published.enumerate() {
        // After a nested type the numbers are known where constants are evaluated, not here.
        let first = if any_nested {
            quote!(const { <Self as #private::EventType>::SCHEMA.first_leaf(#place) })
        } else {
            quote!(#place)
        };
        let pattern = event.pattern();
        arms.extend(if let Some((_, ty)) = event.nested() {
            let constructor = event.constructor();
            let inner = quote_spanned!(ty.span()=> <#ty as #private::Nested>::leaf(#part));
            // A skipped variant of the nested type has the greatest number, and keeps it.
            quote!(#constructor(#part) => ::core::primitive::usize::saturating_add(#first, #inner),)
        } else {
            quote!(#pattern => #first,)
        });
    }
    // What has no topic of its own has no number either: its topic is looked up as text, or there is none.
    let without = |event: &Event<'_>| event.topic().is_none();
    arms.extend(one_arm(input, without, &quote!(::core::primitive::usize::MAX)));
    let body = match_self(input, &arms);
    quote! {
        fn leaf(&self) -> ::core::primitive::usize {
            #body
        }
    }
}

/// `fn write_topic`.
fn write_topic(input: &Input<'_>, private: &TokenStream) -> TokenStream {
    let out = local("out");
    let part = local("part");
    let mut arms = TokenStream::new();
    for event in &input.events {
        match &event.role {
            Role::Topic(template) => {
                let pattern = event.pattern_of_template(template);
                let body = write_template(template, event, &out, private);
                arms.extend(quote!(#pattern => { #body }));
            }
            Role::Nested { prefix, ty } => {
                let constructor = event.constructor();
                let write_prefix = (!prefix.is_empty()).then(|| {
                    let prefix = format!("{prefix}.");
                    quote!(#private::TopicWriter::literal(#out, #prefix)?;)
                });
                let write_part =
                    quote_spanned!(ty.span()=> <#ty as #private::Nested>::write_topic(#part, #out));
                arms.extend(quote!(#constructor(#part) => { #write_prefix #write_part }));
            }
            Role::Other { ty, .. } => {
                let constructor = event.constructor();
                let other =
                    quote_spanned!(ty.span()=> <#ty as #private::Other>::write_topic(#part, #out));
                arms.extend(quote!(#constructor(#part) => #other,));
            }
            Role::Skipped => {}
        }
    }
    let skipped = |event: &Event<'_>| event.topic().is_none() && event.other().is_none();
    let never = quote!(::core::result::Result::Err(::core::fmt::Error));
    arms.extend(one_arm(input, skipped, &never));
    let body = match_self(input, &arms);
    quote! {
        fn write_topic(&self, #out: &mut #private::TopicWriter) -> ::core::fmt::Result {
            #body
        }
    }
}

/// `fn write_alias`, for a type that has some.
fn write_alias(input: &Input<'_>, private: &TokenStream) -> Option<TokenStream> {
    let [out, alias] = ["out", "alias"].map(local);
    let mut arms = TokenStream::new();
    for event in &input.events {
        for (place, (template, _)) in event.aliases.iter().enumerate() {
            let pattern = event.pattern_of_template(template);
            let body = write_template(template, event, &out, private);
            arms.extend(quote!((#place, #pattern) => { #body }));
        }
    }
    (!arms.is_empty()).then(|| {
        quote! {
            fn write_alias(
                &self,
                #alias: ::core::primitive::usize,
                #out: &mut #private::TopicWriter,
            ) -> ::core::fmt::Result {
                match (#alias, self) {
                    #arms
                    _ => ::core::result::Result::Err(::core::fmt::Error),
                }
            }
        }
    })
}

/// The pieces of a template one after the other; the last one's result is the result.
fn write_template(
    template: &Template,
    event: &Event<'_>,
    out: &Ident,
    private: &TokenStream,
) -> TokenStream {
    let mut steps = Vec::new();
    let mut literal = String::new();
    let write_literal = |text: &str| quote!(#private::TopicWriter::literal(#out, #text));
    for (at, segment) in template.segments().iter().enumerate() {
        if at > 0 {
            literal.push('.');
        }
        match segment {
            Segment::Literal(text) => literal.push_str(text),
            Segment::Field(field) => {
                if !literal.is_empty() {
                    steps.push(write_literal(&literal));
                    literal.clear();
                }
                let binding = event.fields[*field].binding();
                let value = quote!(#private::topic_field(#binding));
                steps.push(quote!(#private::TopicWriter::field(#out, #value)));
            }
        }
    }
    if !literal.is_empty() {
        steps.push(write_literal(&literal));
    }
    let last = steps.pop();
    quote!(#(#steps?;)* #last)
}

/// `fn part` and `fn lift`, for a type with others in it.
fn nesting(input: &Input<'_>, private: &TokenStream) -> Option<TokenStream> {
    let [part, topic, below, value] = ["part", "topic", "below", "value"].map(local);
    let mut parts = TokenStream::new();
    let mut lifts = TokenStream::new();
    for event in &input.events {
        let Some((prefix, ty)) = event.nested() else { continue };
        let constructor = event.constructor();
        let make = quote_spanned!(ty.span()=> <#ty as #private::Nested>::part(#part));
        parts.extend(quote!(#constructor(#part) => ::core::option::Option::Some(#make),));
        let lift = quote_spanned!(ty.span()=> <#ty as #private::Nested>::of(#part, #below));
        lifts.extend(quote! {
            if let ::core::option::Option::Some(#below) = #private::below(#topic, #prefix) {
                if let ::core::option::Option::Some(#value) = #lift {
                    return ::core::option::Option::Some(#constructor(#value));
                }
            }
        });
    }
    if parts.is_empty() {
        return None;
    }
    let others = input.events.iter().filter(|event| event.nested().is_none()).map(Event::pattern);
    let others: Vec<_> = others.collect();
    let others =
        (!others.is_empty()).then(|| quote!(#(#others)|* => ::core::option::Option::None,));
    Some(quote! {
        fn part(&self) -> ::core::option::Option<#private::Part<'_>> {
            match self { #parts #others }
        }

        fn lift(
            #part: &dyn #private::Payload,
            #topic: &::core::primitive::str,
        ) -> ::core::option::Option<Self> {
            #lifts
            ::core::option::Option::None
        }
    })
}

/// `match self`, or what stands for it where there is nothing to match.
fn match_self(input: &Input<'_>, arms: &TokenStream) -> TokenStream {
    if input.events.is_empty() { quote!(match *self {}) } else { quote!(match self { #arms }) }
}

/// One arm for all variants of a kind.
fn one_arm(
    input: &Input<'_>,
    of: impl Fn(&Event<'_>) -> bool,
    result: &TokenStream,
) -> Option<TokenStream> {
    let patterns = input.events.iter().filter(|event| of(event)).map(Event::pattern);
    let patterns: Vec<_> = patterns.collect();
    (!patterns.is_empty()).then(|| quote!(#(#patterns)|* => #result,))
}

/// A name for a local variable that no name of the user's collides with. Its span hides it from the user's code; and since a
/// constant of the same name would be matched where the variable is bound, it is a name that nobody gives a constant.
pub(super) fn local(name: &str) -> Ident {
    format_ident!("__rem_{name}", span = Span::mixed_site())
}

impl Event<'_> {
    pub(super) fn constructor(&self) -> TokenStream {
        let ident = self.ident;
        if self.shape == Shape::Struct { quote!(Self) } else { quote!(Self::#ident) }
    }

    /// Matches the variant, whatever it holds.
    pub(super) fn pattern(&self) -> TokenStream {
        let constructor = self.constructor();
        if self.shape == Shape::UnitVariant { constructor } else { quote!(#constructor { .. }) }
    }

    /// Matches the variant and binds the fields of its template.
    fn pattern_of_template(&self, template: &Template) -> TokenStream {
        let bound: Vec<_> = template
            .segments()
            .iter()
            .filter_map(|segment| match segment {
                Segment::Field(field) => Some(&self.fields[*field]),
                Segment::Literal(_) => None,
            })
            .collect();
        if bound.is_empty() {
            return self.pattern();
        }
        let constructor = self.constructor();
        let members = bound.iter().map(|field| &field.member);
        let bindings = bound.iter().map(|field| field.binding());
        quote!(#constructor { #(#members: #bindings,)* .. })
    }
}

impl Field<'_> {
    /// What the field is bound to: a local name, shown at the field, where its mistakes are.
    pub(super) fn binding(&self) -> Ident {
        let shown_at = match &self.member {
            Member::Named(ident) => ident.span(),
            Member::Unnamed(_) => self.ty.span(),
        };
        let span = Span::mixed_site().located_at(shown_at);
        format_ident!("__rem_field_{}", self.name(), span = span)
    }
}
