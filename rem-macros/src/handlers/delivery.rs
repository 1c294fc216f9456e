//! The keys of an async handler: what its task does with the events that wait for it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use rem_patterns::Topic;
use syn::spanned::Spanned;
use syn::{Expr, ExprUnary, Lit, LitStr, UnOp};

use super::attr::{Key, is_integer, is_no_literal, is_text, literal, ungroup};
use crate::errors::Errors;

const BY_KEY: &str = "by_key";
const CONCURRENCY: &str = "concurrency";
const DEAD_LETTER: &str = "dead_letter";
const DURABLE: &str = "durable";
const KEEP_DEAD_LETTERS: &str = "keep_dead_letters";
const OVERFLOW: &str = "overflow";
const QUEUE: &str = "queue";
const RETRY: &str = "retry";
const TIME_LIMIT: &str = "time_limit";
const WINDOW: &str = "window";

const KEYS: &[&str] = &[
    QUEUE,
    OVERFLOW,
    CONCURRENCY,
    BY_KEY,
    RETRY,
    TIME_LIMIT,
    DEAD_LETTER,
    KEEP_DEAD_LETTERS,
    DURABLE,
    WINDOW,
];

/// What others call them, for whoever comes from there.
const ALSO_CALLED: &[(&str, &str)] = &[
    ("capacity", QUEUE),
    ("key", BY_KEY),
    ("limit", TIME_LIMIT),
    ("position", DURABLE),
    ("retries", RETRY),
    ("timeout", TIME_LIMIT),
    ("workers", CONCURRENCY),
];

/// How many calls may run at a time.
const MOST: u32 = 4_096;

pub(super) fn keys() -> impl Iterator<Item = &'static str> {
    KEYS.iter().copied()
}

pub(super) fn is_key(name: &str) -> bool {
    keys().any(|key| key == name)
}

/// The key that is meant by another name.
pub(super) fn meant(name: &str) -> Option<&'static str> {
    ALSO_CALLED.iter().find(|(other, _)| *other == name).map(|(_, key)| *key)
}

/// Whether the key may stand without a value.
pub(super) fn stands_alone(name: &str) -> bool {
    name == BY_KEY
}

/// The keys that were written, in their order.
#[derive(Default)]
pub(super) struct Keys(Vec<Written>);

struct Written {
    name: Ident,
    value: Option<Expr>,
}

impl Keys {
    /// Keeps a key whose value may be one.
    pub(super) fn add(&mut self, name: &str, key: Key, errors: &mut Errors) {
        match wrong(name, &key) {
            Some((span, text)) => errors.at(span, text),
            None => self.0.push(Written { name: key.name, value: key.value }),
        }
    }

    /// Says of each that it is not for a handler that is called inline.
    pub(super) fn refuse_inline(&self, handler: &Ident, errors: &mut Errors) {
        for Written { name, .. } in &self.0 {
            let is_durable = name == DURABLE || name == WINDOW;
            let whose = if is_durable {
                "which is given events as they are committed"
            } else {
                "whose events wait in a queue"
            };
            errors.at(
                name.span(),
                format_args!(
                    "`{name}` is of an async handler, {whose}: write `async fn {handler}`; or leave it out, for a plain \
                     `fn` is called inline, while the event is published"
                ),
            );
        }
    }

    /// Says of each that it is not for a handler that is durable, or of one that is not.
    pub(super) fn refuse_together(&self, errors: &mut Errors) {
        let is_durable = self.of(DURABLE).is_some();
        for Written { name, .. } in &self.0 {
            if is_durable && (name == QUEUE || name == OVERFLOW) {
                errors.at(
                    name.span(),
                    format_args!(
                        "`{name}` is of a queue, and a durable handler has none, for its events wait in the history: leave \
                         it out; `window = 64` says how many it may have in hand"
                    ),
                );
            } else if !is_durable && name == WINDOW {
                errors.at(
                    name.span(),
                    "`window` is of a durable handler: write `durable = \"…\"` too; or `queue = …`, which says how many \
                     events may wait",
                );
            }
        }
    }

    fn of(&self, key: &str) -> Option<&Written> {
        self.0.iter().find(|written| written.name == key)
    }

    /// The name under which it keeps its position, if that can be seen.
    pub(super) fn position(&self) -> Option<&LitStr> {
        match literal(self.of(DURABLE)?.value.as_ref()?) {
            Some(Lit::Str(name)) => Some(name),
            _ => None,
        }
    }

    /// The call that makes the handler a task.
    pub(super) fn begin(&self) -> TokenStream {
        let Some(Written { name, value }) = self.of(DURABLE) else {
            return quote!(.asynchronous());
        };
        let span = value.as_ref().map_or_else(|| name.span(), Spanned::span);
        quote_spanned!(span=> .#name(#value))
    }

    /// The calls that tell the task of the others.
    pub(super) fn calls(&self) -> impl Iterator<Item = TokenStream> + '_ {
        let others = self.0.iter().filter(|written| written.name != DURABLE);
        others.map(|Written { name, value }| {
            let span = value.as_ref().map_or_else(|| name.span(), Spanned::span);
            let way = match value {
                None => "by_declared_key",
                // A closure is told the types of its arguments by a method that takes nothing else.
                Some(value) if name == BY_KEY && is_closure(value) => "by_key_of",
                Some(_) => return quote_spanned!(span=> .#name(#value)),
            };
            let way = Ident::new(way, span);
            quote_spanned!(span=> .#way(#value))
        })
    }
}

fn wrong(name: &str, key: &Key) -> Option<(Span, String)> {
    let Some(value) = &key.value else {
        let text = format!("`{name}` takes {}", wanted(name));
        return (!stands_alone(name)).then(|| (key.name.span(), text));
    };
    let fault = || Some((value.span(), format!("`{name}` takes {}", wanted(name))));
    match name {
        BY_KEY | DURABLE if !is_text(value) || is_empty_text(value) => fault(),
        DEAD_LETTER => match literal(value) {
            Some(Lit::Str(text)) => match Topic::parse(text.value()) {
                Ok(topic) if topic.is_system() => Some((
                    text.span(),
                    "topics that begin with `$` are REM's own: name yours without it".to_owned(),
                )),
                Ok(_) => None,
                Err(error) => Some((text.span(), format!("this is not a topic: {error}"))),
            },
            Some(_) => fault(),
            None => None,
        },
        QUEUE | CONCURRENCY | RETRY | WINDOW if !is_integer(value) || is_below_one(value) => {
            fault()
        }
        CONCURRENCY if number(value).is_some_and(|calls| calls > MOST) => Some((
            value.span(),
            "at most 4,096 calls of a handler may run at a time: write less".to_owned(),
        )),
        KEEP_DEAD_LETTERS if !is_integer(value) || is_signed(value) => fault(),
        OVERFLOW | TIME_LIMIT if !is_no_literal(value) => fault(),
        _ => None,
    }
}

fn wanted(name: &str) -> &'static str {
    match name {
        QUEUE => "how many events may wait, 1 or more: write `queue = 1_024`",
        OVERFLOW => "what a full queue does: write `overflow = Overflow::DropOldest`",
        CONCURRENCY => "how many calls may run at a time, 1 or more: write `concurrency = 8`",
        BY_KEY => {
            "the name of a field or of metadata, or a function of `&Event`: write `by_key = \"order_id\"`; or nothing, for \
             the field that is marked `#[event(key)]`"
        }
        RETRY => {
            "how often to try again, 1 or more, or a `Retry`: write `retry = 3`, or `retry = Retry::times(3).backoff(…)`"
        }
        TIME_LIMIT => "a `Duration`: write `time_limit = Duration::from_secs(5)`",
        DEAD_LETTER => "a topic: write `dead_letter = \"failed.order\"`",
        KEEP_DEAD_LETTERS => "how many to keep: write `keep_dead_letters = 1_024`",
        DURABLE => "the name of its position in the history: write `durable = \"invoices\"`",
        _ => "how many events it may have in hand, 1 or more: write `window = 64`",
    }
}

fn is_closure(value: &Expr) -> bool {
    matches!(ungroup(value), Expr::Closure(_))
}

/// Below one, if that can be seen.
pub(super) fn is_below_one(value: &Expr) -> bool {
    // A sign before a number: there are no fewer than none.
    number(value) == Some(0) || is_signed(value)
}

fn is_signed(value: &Expr) -> bool {
    matches!(ungroup(value), Expr::Unary(ExprUnary { op: UnOp::Neg(_), .. }))
}

fn number(value: &Expr) -> Option<u32> {
    match literal(value) {
        Some(Lit::Int(number)) => Some(number.base10_parse().unwrap_or(u32::MAX)),
        _ => None,
    }
}

pub(super) fn is_empty_text(value: &Expr) -> bool {
    matches!(literal(value), Some(Lit::Str(text)) if text.value().is_empty())
}
