//! The block under `#[handlers]`: its methods that are handlers, taken apart; the others as they are.

use syn::{Attribute, Ident, ImplItem, ItemImpl};

use super::attr::{self, On, Place};
use super::signature::{self, Takes};
use super::topics::Topics;
use crate::errors::Errors;

/// A method or a function that is a handler.
pub(super) struct Handler {
    pub(super) name: Ident,
    /// One for each `#[on(…)]` above it.
    pub(super) ons: Vec<On>,
    pub(super) takes: Takes,
    /// The `#[cfg(…)]` above it: what is left out is not registered.
    pub(super) cfgs: Vec<Attribute>,
    pub(super) deprecated: bool,
}

/// The block without our attributes, and its handlers.
pub(super) fn read(mut block: ItemImpl, errors: &mut Errors) -> (ItemImpl, Vec<Handler>) {
    if let Some((path, _)) = &block.trait_ {
        errors.on(
            path,
            "`#[handlers]` stands above a type's own `impl` block: move the handlers there, for a trait's methods are \
             not the bus's to call",
        );
    }
    let of_trait = block.trait_.is_some();
    let mut handlers = Vec::new();
    for item in &mut block.items {
        let ImplItem::Fn(method) = item else { continue };
        let (ons, others): (Vec<_>, Vec<_>) =
            std::mem::take(&mut method.attrs).into_iter().partition(attr::is_on);
        method.attrs = others;
        if ons.is_empty() || of_trait {
            continue;
        }
        let ons = ons.iter().map(|on| On::of(on, Place::Method, errors)).collect();
        let handler = Handler::new(ons, &method.sig, &method.attrs, Place::Method, errors);
        method.attrs.push(lints());
        handlers.push(handler);
    }
    refuse_same_positions(&handlers, errors);
    if handlers.is_empty() && !of_trait {
        errors.on(
            &block.self_ty,
            "there is no handler in this block: write `#[on(\"…\")]` above a method, or remove `#[handlers]`",
        );
    }
    (block, handlers)
}

impl Handler {
    pub(super) fn new(
        ons: Vec<On>,
        signature: &syn::Signature,
        attrs: &[Attribute],
        place: Place,
        errors: &mut Errors,
    ) -> Self {
        let takes = signature::read(signature, place, errors);
        let cfgs = attrs.iter().filter(|attr| attr.path().is_ident("cfg")).cloned().collect();
        let deprecated = attrs.iter().any(|attr| attr.path().is_ident("deprecated"));
        let handler = Self { name: signature.ident.clone(), ons, takes, cfgs, deprecated };
        handler.validate(errors);
        handler
    }

    /// What the pattern and the arguments mean together.
    fn validate(&self, errors: &mut Errors) {
        for (at, on) in self.ons.iter().enumerate() {
            if self.takes.is_async {
                if let Some(priority) = &on.priority {
                    errors.on(priority, PRIORITY);
                }
                on.task.refuse_together(errors);
            } else {
                on.task.refuse_inline(&self.name, errors);
            }
            if let Some(group) = &on.group {
                if on.topics.is_some() {
                    errors.on(
                        group,
                        "a pattern says already which topics it handles: leave that or the group",
                    );
                } else if self.takes.event.is_none() {
                    errors.on(
                        group,
                        "a group is of an event type: take `&Event<T>` or `Received<T>` of it",
                    );
                }
                continue;
            }
            let Some(topics) = &on.topics else {
                if self.takes.event.is_none() && !on.refused {
                    errors.at(
                        on.span,
                        "say which topics it handles: `#[on(\"order.*\")]`, or take `&Event<T>` for every topic of `T`",
                    );
                } else if let Some(captured) = self.takes.captured() {
                    errors.at(
                        captured,
                        "without a pattern nothing is captured: write one, `#[on(\"order.{id}\")]`",
                    );
                }
                continue;
            };
            if topics.captures_nothing()
                && let Some(captured) = self.takes.captured()
            {
                let text = topics.text.value();
                errors.at(
                    captured,
                    format_args!("the pattern `{text}` captures nothing: name what is wanted, as in `order.{{id}}`"),
                );
            }
            self.refuse_twice(at, topics, errors);
        }
    }

    /// Refuses a pattern that has the handler called twice where one call was meant.
    fn refuse_twice(&self, at: usize, topics: &Topics, errors: &mut Errors) {
        let on = &self.ons[at];
        for (before, other) in
            self.ons[..at].iter().filter_map(|on| Some((on, on.topics.as_ref()?)))
        {
            if other.text.value() == topics.text.value() {
                let text = "this pattern stands above the handler already: it would be called twice for each event";
                return errors.on(&topics.text, text);
            }
            let counted = [on, before].iter().find_map(|on| on.calls.as_ref());
            let Some(calls) = counted else { continue };
            // What else they ask of an event may keep them apart.
            if [on, before].iter().any(|on| on.from.is_some() || on.filter.is_some()) {
                continue;
            }
            if let Some(topic) = topics.meets(other) {
                let key = calls.key();
                let set = topics.in_one_set_with(other);
                let text = format_args!(
                    "`{topic}` is selected by `{}` too, and `{key}` counts the calls of each pattern by itself, so that one \
                     event would be two calls: write one {set}, which is one subscription",
                    other.text.value()
                );
                return errors.on(&topics.text, text);
            }
        }
    }
}

/// Refuses names of positions that are in use as soon as they are registered.
pub(super) fn refuse_same_positions(handlers: &[Handler], errors: &mut Errors) {
    let mut seen = Vec::new();
    for handler in handlers {
        // Of handlers that are left out by turns, two may have one name.
        if !handler.cfgs.is_empty() {
            continue;
        }
        for name in handler.ons.iter().filter_map(|on| on.task.position()) {
            let text = name.value();
            if seen.contains(&text) {
                errors.on(
                    name,
                    "another subscription of these handlers has this position, which one at a time may have: give each a \
                     name of its own",
                );
            }
            seen.push(text);
        }
    }
}

const PRIORITY: &str = "`priority` says when an inline handler is called, and an async one is called by its task, which has \
                        the event before any of them: leave it out, or write a plain `fn`";

/// What the bus decides about the signature of a handler is no fault of the one who writes it.
pub(super) fn lints() -> Attribute {
    syn::parse_quote! {
        #[allow(
            clippy::needless_pass_by_value,
            clippy::trivially_copy_pass_by_ref,
            clippy::unused_async,
            clippy::unused_self,
            reason = "the bus decides how a handler is called"
        )]
    }
}
