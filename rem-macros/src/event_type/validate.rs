//! The rules that need the whole type: what each part alone cannot get wrong.

use proc_macro2::Span;
use syn::{GenericParam, Lifetime};

use super::ast::{Event, Input, Role};
use super::group;
use super::template::{Template, check_topic};
use crate::errors::Errors;

/// As rem-patterns has them; a longer topic could never be published.
const MAX_SEGMENTS: usize = rem_patterns::MAX_SEGMENTS;
const MAX_BYTES: usize = rem_patterns::MAX_BYTES;

pub(super) fn validate(input: &Input<'_>, errors: &mut Errors) {
    generics(input, errors);
    namespace(input, errors);
    for event in &input.events {
        size(event, input, errors);
        system(event, input, errors);
        fields(event, errors);
        aliases(event, errors);
    }
    others(input, errors);
    group::validate(input, errors);
    overlap(&input.events, errors);
}

fn generics(input: &Input<'_>, errors: &mut Errors) {
    for param in &input.generics.params {
        if let GenericParam::Lifetime(param) = param {
            let Lifetime { ident, .. } = &param.lifetime;
            errors.on(
                param,
                format_args!(
                    "an event outlives its publisher, so that its type cannot borrow for `'{ident}`: hold owned data, \
                     or an `Arc`"
                ),
            );
        }
    }
}

/// A nested value is the nested type's to mark; and an event has one key.
fn fields(event: &Event<'_>, errors: &mut Errors) {
    let mut keys = event.fields.iter().filter_map(|field| field.key);
    if event.nested().is_some() {
        let marks = event.fields.iter().flat_map(|field| [field.key, field.redact]);
        for mark in marks.flatten() {
            errors.at(mark, "the value is another event type's: mark the fields of that type");
        }
    } else if keys.next().is_some() {
        for second in keys {
            errors.at(
                second,
                "an event has one key: leave one, or put both into one field with its own `Display`",
            );
        }
    }
}

fn namespace(input: &Input<'_>, errors: &mut Errors) {
    let Some(namespace) = &input.namespace else { return };
    let text = namespace.value();
    if text.is_empty() {
        errors.on(namespace, "an empty namespace is none: leave `namespace` out");
    } else if text.contains(['{', '}']) {
        errors.on(
            namespace,
            "a namespace is the same for all values: write a `{field}` into the `topic` of an event",
        );
    } else if let Err(message) = check_topic(&text, &text) {
        errors.on(namespace, message);
    } else if text.starts_with('$') {
        errors.on(namespace, SYSTEM);
    }
}

const SYSTEM: &str = "topics that begin with `$` are REM's own, and only REM publishes them: begin with another character";

/// A topic that is too long with its namespace. Nested types add to it; that is seen where constants are evaluated.
fn size(event: &Event<'_>, input: &Input<'_>, errors: &mut Errors) {
    let Some(topic) = event.topic() else { return };
    let namespace = input.namespace.as_ref().map(syn::LitStr::value).unwrap_or_default();
    let parts = [namespace.as_str(), topic].into_iter().filter(|part| !part.is_empty());
    let segments = parts.clone().flat_map(|part| part.split('.'));
    // A field is one byte at least.
    let bytes = segments
        .clone()
        .map(|segment| if segment.starts_with('{') { 2 } else { segment.len() + 1 });
    let (count, bytes) = (segments.count(), bytes.sum::<usize>().saturating_sub(1));
    if count > MAX_SEGMENTS || bytes > MAX_BYTES {
        errors.at(
            event.span,
            format_args!(
                "with its namespace this topic has {count} segments and {bytes} bytes, and a topic has at most \
                 {MAX_SEGMENTS} and {MAX_BYTES}: shorten it"
            ),
        );
    }
}

fn system(event: &Event<'_>, input: &Input<'_>, errors: &mut Errors) {
    if input.namespace.is_none() && event.topic().is_some_and(|topic| topic.starts_with('$')) {
        errors.at(event.span, SYSTEM);
    }
}

/// One variant holds what is not known, of a type that reads at all.
fn others(input: &Input<'_>, errors: &mut Errors) {
    let spans = input.events.iter().filter_map(|event| match event.role {
        Role::Other { span, .. } => Some((event, span)),
        _ => None,
    });
    for (at, (event, span)) in spans.enumerate() {
        if at > 0 {
            errors.at(
                span,
                format_args!("another variant is `other` already: drop it above `{}`", event.ident),
            );
        } else if input.local {
            errors.at(
                span,
                "a type that is `local` is never read from what others send, so that nothing is unknown to it: \
                 drop `other` or `local`",
            );
        }
    }
}

/// An alias has the fields of the topic, so that neither says less than the other.
fn aliases(event: &Event<'_>, errors: &mut Errors) {
    let Some(topic) = template(event) else { return };
    for (alias, span) in &event.aliases {
        if alias.fields() != topic.fields() {
            errors.at(
                *span,
                format_args!(
                    "an alias has the same `{{field}}`s as the topic, which is `{}`",
                    topic.text()
                ),
            );
        }
    }
}

/// Two variants of one topic. Those of nested types are compared where constants are evaluated.
fn overlap(events: &[Event<'_>], errors: &mut Errors) {
    for (at, event) in events.iter().enumerate() {
        for (own, (template, span)) in topics(event).enumerate() {
            let overlap = |(other, _): &(&Template, _)| template.overlap(other);
            if let Some(common) = topics(event).take(own).find_map(|other| overlap(&other)) {
                let message = "this alias says nothing new: the variant can have the topic";
                errors.at(span, format_args!("{message} `{common}` already"));
            }
            let of = |other| topics(other).find_map(|topic| Some((other, overlap(&topic)?)));
            if let Some((other, common)) = events[..at].iter().find_map(of) {
                let mend = if own == 0 { "another `name` or `topic`" } else { "another alias" };
                errors.at(
                    span,
                    format_args!(
                        "`{}` and `{}` can both have the topic `{common}`: give one of them {mend}",
                        other.ident, event.ident
                    ),
                );
            }
        }
    }
}

/// The topic, then the aliases.
fn topics<'e>(event: &'e Event<'_>) -> impl Iterator<Item = (&'e Template, Span)> {
    let own = template(event).map(|template| (template, event.span));
    let aliases = event.aliases.iter().map(|(alias, span)| (alias, *span));
    own.into_iter().chain(aliases.filter(move |_| own.is_some()))
}

fn template<'e>(event: &'e Event<'_>) -> Option<&'e Template> {
    match &event.role {
        Role::Topic(template) => Some(template),
        _ => None,
    }
}
