//! `#[on("…", key = value)]` as typed values that keep their spans.

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, ExprUnary, Ident, Lit, LitStr, Meta, Path, Token, UnOp};

use super::delivery;
use super::topics::Topics;
use crate::errors::Errors;
use crate::{keys, rem_path};

const CRATE: &str = keys::CRATE;
const FILTER: &str = "filter";
const FROM: &str = "from";
const GROUP: &str = "group";
const ONCE: &str = "once";
const PRIORITY: &str = "priority";
const START: &str = "start";
const TAKE: &str = "take";
const TRACED: &str = "traced";
const UNTIL: &str = "until";

/// What may stand in `#[on(…)]`, beside the pattern and the keys of async handlers.
const KEYS: &[&str] = &[FROM, FILTER, START, PRIORITY, ONCE, TAKE, UNTIL, TRACED, GROUP];

/// One `#[on(…)]`: one subscription.
pub(super) struct On {
    pub(super) span: Span,
    /// `None` for every topic of the event type.
    pub(super) topics: Option<Topics>,
    /// A function that gives the pattern of a group.
    pub(super) group: Option<Expr>,
    pub(super) from: Option<Expr>,
    /// Where in the past it begins.
    pub(super) start: Option<Expr>,
    pub(super) priority: Option<Expr>,
    pub(super) filter: Option<Expr>,
    pub(super) calls: Option<Calls>,
    pub(super) until: Option<Expr>,
    pub(super) traced: Option<SpanName>,
    pub(super) task: delivery::Keys,
    pub(super) rem: Option<Path>,
    /// A mistake has been told of it; what is missing may be its consequence.
    pub(super) refused: bool,
}

/// How often the handler is called before it ends.
pub(super) enum Calls {
    Once(Span),
    Take(Expr),
}

impl Calls {
    /// The key that says so.
    pub(super) fn key(&self) -> &'static str {
        match self {
            Self::Once(_) => ONCE,
            Self::Take(_) => TAKE,
        }
    }
}

/// What the spans of the handler's calls call it.
pub(super) enum SpanName {
    /// As it is called, said at that place.
    Own(Span),
    Other(Expr),
}

/// What `#[on(…)]` stands above.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Method,
    Function,
}

/// `#[on]`, by whatever path.
pub(super) fn is_on(attr: &Attribute) -> bool {
    attr.path().segments.last().is_some_and(|last| last.ident == "on")
}

/// The argument of `#[handlers(…)]`, which is `crate = path` or nothing.
pub(super) fn parse_crate(args: TokenStream) -> syn::Result<Path> {
    let parse = |input: ParseStream<'_>| {
        if input.is_empty() {
            return Ok(rem_path::default());
        }
        if !(input.peek(Token![crate]) && input.peek2(Token![=])) {
            return Err(input.error(
                "`#[handlers]` takes `crate = path` or nothing: what concerns one handler stands in its `#[on(…)]`",
            ));
        }
        input.parse::<Token![crate]>()?;
        input.parse::<Token![=]>()?;
        let path = input.call(Path::parse_mod_style)?;
        rem_path::end(input)?;
        Ok(path)
    };
    parse.parse2(args)
}

impl On {
    /// Reads an attribute that stands above a handler.
    pub(super) fn of(attr: &Attribute, place: Place, errors: &mut Errors) -> Self {
        let span = attr.path().segments.last().map_or_else(Span::call_site, |on| on.ident.span());
        let args = match &attr.meta {
            Meta::Path(_) => TokenStream::new(),
            Meta::List(list) => list.tokens.clone(),
            Meta::NameValue(meta) => {
                errors.on(&meta.value, "the pattern stands in parentheses: write `#[on(\"…\")]`");
                return Self { refused: true, ..Self::empty(span) };
            }
        };
        Self::read(args, span, place, errors)
    }

    /// Reads what stands in the parentheses.
    pub(super) fn read(args: TokenStream, span: Span, place: Place, errors: &mut Errors) -> Self {
        let mut on = Self::empty(span);
        let parsed = Punctuated::<Entry, Token![,]>::parse_terminated.parse2(args);
        let Some(entries) = errors.take(parsed) else { return Self { refused: true, ..on } };
        let mut seen: Vec<String> = Vec::new();
        for (at, entry) in entries.into_iter().enumerate() {
            match entry {
                Entry::Pattern(text) if at == 0 => {
                    on.topics = errors.take(Topics::parse(text));
                    on.refused = on.topics.is_none();
                }
                Entry::Pattern(text) => errors.on(
                    text,
                    "one pattern comes first, before the keys: for several write a set, `\"a.*,b.*\"`, or a second \
                     `#[on(\"…\")]`",
                ),
                Entry::Key(key) => {
                    let name = key.name.unraw().to_string();
                    // A pattern by a name would be a key without a value.
                    on.refused |= key.value.is_none()
                        && ![ONCE, TRACED].contains(&&*name)
                        && !delivery::stands_alone(&name);
                    if seen.contains(&name) {
                        let text = format!("`{name}` stands here twice: leave one");
                        errors.at(key.name.span(), text);
                        continue;
                    }
                    on.set(&name, key, place, errors);
                    seen.push(name);
                }
            }
        }
        on
    }

    fn empty(span: Span) -> Self {
        Self {
            span,
            topics: None,
            group: None,
            from: None,
            start: None,
            priority: None,
            filter: None,
            calls: None,
            until: None,
            traced: None,
            task: delivery::Keys::default(),
            rem: None,
            refused: false,
        }
    }

    fn set(&mut self, name: &str, key: Key, place: Place, errors: &mut Errors) {
        match name {
            FROM => self.from = key.value(is_text, "a string: write `from = \"shop\"`", errors),
            START => {
                let wanted = "where in the past it begins: write `start = Start::Earliest`";
                self.start = key.value(is_no_literal, wanted, errors);
            }
            UNTIL => {
                let wanted = "what ends it, a `&Token`, or a function of nothing, or of `&self`, that returns `true` when \
                              it is over: write `until = Self::is_over` or `until = &*SHIFT`";
                self.until = key.value(is_no_literal, wanted, errors);
            }
            TRACED => {
                if key.value.is_none() {
                    self.traced = Some(SpanName::Own(key.name.span()));
                    return;
                }
                let wanted = "what its spans call it: write `traced = \"billing\"`; or nothing, for the handler's own \
                              name";
                let is_right = |value: &Expr| is_text(value) && !delivery::is_empty_text(value);
                self.traced = key.value(is_right, wanted, errors).map(SpanName::Other);
            }
            PRIORITY => {
                self.priority = key.value(is_integer, "a number: write `priority = 10`", errors);
            }
            FILTER => {
                let wanted = "a function of `&Event`, or of `&self` and `&Event`: write `filter = Self::wanted` or `filter = |event| …`";
                self.filter = key.value(is_no_literal, wanted, errors);
            }
            GROUP => {
                let wanted = "a group of an event type: write `group = Order::settled`, where `Order` has \
                              `#[event(group(Settled = \"…\"))]`";
                self.group = key.value(is_no_literal, wanted, errors);
                self.refused |= self.group.is_none();
            }
            ONCE => match &key.value {
                Some(value) => errors.on(value, "`once` stands alone: write `once`, or `take = 3`"),
                None => self.last(Calls::Once(key.name.span()), key.name.span(), errors),
            },
            TAKE => {
                let (span, wanted) =
                    (key.name.span(), "how many calls it lasts, 1 or more: write `take = 3`");
                let is_right = |value: &Expr| is_integer(value) && !delivery::is_below_one(value);
                if let Some(calls) = key.value(is_right, wanted, errors) {
                    self.last(Calls::Take(calls), span, errors);
                }
            }
            CRATE if place == Place::Function => {
                let path = key.value(is_path, "a path: write `crate = ::path::to::rem`", errors);
                self.rem = path.and_then(|path| match path {
                    Expr::Path(path) => Some(path.path),
                    _ => None,
                });
            }
            CRATE => errors.at(
                key.name.span(),
                "`crate` belongs to the whole block: write `#[handlers(crate = …)]` above the `impl`",
            ),
            _ if delivery::is_key(name) => self.task.add(name, key, errors),
            _ => {
                let all = || KEYS.iter().copied().chain(delivery::keys());
                let takes = || {
                    let of = |keys: &mut dyn Iterator<Item = &'static str>| keys::list(keys);
                    format!(
                        "{}, and for an async one {}",
                        of(&mut KEYS.iter().copied()),
                        of(&mut delivery::keys())
                    )
                };
                let hint = match delivery::meant(name).or_else(|| keys::nearest(name, all())) {
                    Some(nearest) => format!("did you mean `{nearest}`?"),
                    None if key.value.is_none() => format!(
                        "the pattern is a string literal, `#[on(\"…\")]`, and after it come {}",
                        takes()
                    ),
                    None => format!("a handler takes {}", takes()),
                };
                errors.at(key.name.span(), format_args!("there is no key `{name}`: {hint}"));
            }
        }
    }

    /// Notes how many calls it lasts, which is said once.
    fn last(&mut self, calls: Calls, span: Span, errors: &mut Errors) {
        if self.calls.is_some() {
            errors.at(span, "`once` is `take = 1`: leave one of them");
        }
        self.calls = Some(calls);
    }
}

/// One of what commas separate.
enum Entry {
    Pattern(LitStr),
    Key(Key),
}

/// `key = value`, or a key whose value was forgotten.
pub(super) struct Key {
    pub(super) name: Ident,
    pub(super) value: Option<Expr>,
}

impl Parse for Entry {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(LitStr) {
            return input.parse().map(Self::Pattern);
        }
        if input.peek(Lit) {
            return Err(input.error("a pattern is a string literal: write `#[on(\"order.*\")]`"));
        }
        // `crate` is a keyword, and so may be what a user mistypes.
        let name = input.call(Ident::parse_any)?;
        if input.peek(syn::token::Paren) {
            return Err(input.error(format_args!("write `{name} = …`, without parentheses")));
        }
        let value = match input.parse::<Option<Token![=]>>()? {
            Some(sign) if input.is_empty() || input.peek(Token![,]) => {
                let text = format!("the value is missing: write `{name} = …`");
                return Err(syn::Error::new(sign.span, text));
            }
            Some(_) => Some(input.parse()?),
            None => None,
        };
        Ok(Self::Key(Key { name, value }))
    }
}

impl Key {
    /// The value, if it may be what is wanted: of what is no literal the compiler knows the type.
    pub(super) fn value(
        self,
        is_right: fn(&Expr) -> bool,
        wanted: &str,
        errors: &mut Errors,
    ) -> Option<Expr> {
        let Self { name, value } = self;
        match value {
            Some(value) if is_right(ungroup(&value)) => Some(value),
            Some(value) => {
                errors.on(value, format_args!("`{name}` takes {wanted}"));
                None
            }
            None => {
                errors.at(name.span(), format_args!("`{name}` takes {wanted}"));
                None
            }
        }
    }
}

pub(super) fn is_text(value: &Expr) -> bool {
    literal(value).is_none_or(|literal| matches!(literal, Lit::Str(_)))
}

pub(super) fn is_integer(value: &Expr) -> bool {
    let value = match value {
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => ungroup(expr),
        other => other,
    };
    literal(value).is_none_or(|literal| matches!(literal, Lit::Int(_)))
}

pub(super) fn is_no_literal(value: &Expr) -> bool {
    literal(value).is_none()
}

fn is_path(value: &Expr) -> bool {
    matches!(value, Expr::Path(path) if path.qself.is_none())
}

pub(super) fn literal(value: &Expr) -> Option<&Lit> {
    match ungroup(value) {
        Expr::Lit(ExprLit { lit, .. }) => Some(lit),
        _ => None,
    }
}

/// What a `macro_rules` parameter holds comes in an invisible group.
pub(super) fn ungroup(mut value: &Expr) -> &Expr {
    while let Expr::Group(group) = value {
        value = &group.expr;
    }
    value
}
