//! The keys of deliveries that this version has not: read as they will be, and refused.
//!
//! A handler is called inline. With any of these it would be a task, be it one that reads its queue. When tasks are there,
//! their keys are read here.

use rem_patterns::Topic;
use syn::spanned::Spanned;
use syn::{Expr, Lit, Token};

use super::attr::{Key, is_integer, is_text, literal};
use crate::errors::Errors;

const BY_KEY: &str = "by_key";
const CONCURRENCY: &str = "concurrency";
const DEAD_LETTER: &str = "dead_letter";
const QUEUE: &str = "queue";
const RETRY: &str = "retry";

const KEYS: &[&str] = &[QUEUE, CONCURRENCY, BY_KEY, RETRY, DEAD_LETTER];

pub(super) fn keys() -> impl Iterator<Item = &'static str> {
    KEYS.iter().copied()
}

pub(super) fn is_key(name: &str) -> bool {
    keys().any(|key| key == name)
}

/// Says what is wrong with the value, or that there is no such delivery.
pub(super) fn refuse(name: &str, key: &Key, errors: &mut Errors) {
    if let Some((span, text)) = wrong(name, key) {
        errors.at(span, text);
        return;
    }
    errors.at(
        key.name.span(),
        format_args!(
            "`{name}` is of the delivery by task, which cannot be declared in this version: leave it out, and the handler is \
             called inline, while the event is published{}",
            if name == QUEUE { "; or read a queue in code, `bus.subscription(…).queue(…).stream()`" } else { "" }
        ),
    );
}

/// `async fn`, which is a task.
pub(super) fn refuse_async(token: Token![async], errors: &mut Errors) {
    errors.at(
        token.span,
        "an `async` handler is a task, which cannot be declared in this version: subscribe it in code, \
         `bus.subscription(…).task_with(…)`; or write a plain `fn`, which is called inline, while the event is published",
    );
}

fn wrong(name: &str, key: &Key) -> Option<(proc_macro2::Span, String)> {
    let Some(value) = &key.value else {
        return Some((key.name.span(), format!("`{name}` takes {}", wanted(name))));
    };
    let fault = || Some((value.span(), format!("`{name}` takes {}", wanted(name))));
    match name {
        BY_KEY if !is_text(value) || is_empty_text(value) => fault(),
        DEAD_LETTER => match literal(value) {
            Some(Lit::Str(text)) => Topic::parse(text.value())
                .err()
                .map(|error| (text.span(), format!("this is not a topic: {error}"))),
            Some(_) => fault(),
            None => None,
        },
        QUEUE | CONCURRENCY | RETRY if !is_integer(value) || is_below_one(value) => fault(),
        _ => None,
    }
}

fn wanted(name: &str) -> &'static str {
    match name {
        QUEUE => "how many events may wait, 1 or more: write `queue = 1_024`",
        CONCURRENCY => "how many calls may run at a time, 1 or more: write `concurrency = 8`",
        RETRY => "how often to try again, 1 or more: write `retry = 3`",
        BY_KEY => "the name of a field: write `by_key = \"order_id\"`",
        _ => "a topic: write `dead_letter = \"failed.order\"`",
    }
}

fn is_below_one(value: &Expr) -> bool {
    match literal(value) {
        Some(Lit::Int(number)) => number.base10_parse::<u32>().is_ok_and(|number| number == 0),
        // A sign before a number: there are no fewer than none.
        _ => matches!(value, Expr::Unary(_)),
    }
}

fn is_empty_text(value: &Expr) -> bool {
    matches!(literal(value), Some(Lit::Str(text)) if text.value().is_empty())
}
